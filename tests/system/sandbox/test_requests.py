"""What every request goes through: signature, model, faults on order, ledger.  And STS."""

import datetime
import http.client
import json
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError
from sandbox_under_test import ACCOUNT, KEY, REGION, SECRET


def code_of(error):
    return error.value.response["Error"]["Code"]


def send(sandbox, body, target="AmazonEC2ContainerServiceV20141113.ListClusters", change=None, secret=SECRET, service="ecs", headers=None):
    """A signed request, altered by `change(request)` after it was signed: (status, answer)."""
    request = botocore.awsrequest.AWSRequest("POST", sandbox.endpoint + "/", data=body)
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["X-Amz-Target"] = target
    for name, value in (headers or {}).items():
        request.headers[name] = value
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, secret), service, REGION).add_auth(request)
    if change:
        change(request)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(sandbox.endpoint).netloc, timeout=60)
    connection.request("POST", "/", request.data, dict(request.headers.items()))
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text) if text else None


def test_signed_request_is_answered(sandbox):
    status, answer = send(sandbox, b"{}")
    assert status == 200 and "clusterArns" in answer


@pytest.mark.parametrize("service, code", [("ecs", "InvalidSignatureException"), ("sts", "SignatureDoesNotMatch"), ("s3", "SignatureDoesNotMatch")])
def test_wrong_secret(sandbox, service, code):
    client = sandbox.client(service, aws_secret_access_key="wrong")
    calls = {"ecs": "list_clusters", "sts": "get_caller_identity", "s3": "list_buckets"}
    with pytest.raises(ClientError) as error:
        getattr(client, calls[service])()
    assert code_of(error) == code


@pytest.mark.parametrize("service, code", [("ecs", "UnrecognizedClientException"), ("sts", "InvalidClientTokenId"), ("s3", "InvalidAccessKeyId")])
def test_unknown_key(sandbox, service, code):
    client = sandbox.client(service, aws_access_key_id="AKIDNOBODY")
    calls = {"ecs": "list_clusters", "sts": "get_caller_identity", "s3": "list_buckets"}
    with pytest.raises(ClientError) as error:
        getattr(client, calls[service])()
    assert code_of(error) == code


def test_no_signature(sandbox):
    status, answer = send(sandbox, b"{}", change=lambda request: request.headers.__delitem__("Authorization"))
    assert (status, answer["__type"]) == (400, "MissingAuthenticationTokenException")


def test_body_changed_after_signing(sandbox):
    def change(request):
        request.data = b'{"maxResults": 1}'

    assert send(sandbox, b"{}", change=change)[1]["__type"] == "InvalidSignatureException"


def test_signed_header_changed(sandbox):
    def change(request):
        request.headers.replace_header("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DeleteCluster")

    assert send(sandbox, b'{"cluster": "x"}', change=change)[1]["__type"] == "InvalidSignatureException"


def test_clock_skew(sandbox, monkeypatch):
    class Late(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return super().utcnow() - datetime.timedelta(minutes=6)

    monkeypatch.setattr(botocore.auth.datetime, "datetime", Late)
    answer = send(sandbox, b"{}")[1]
    assert answer["__type"] == "InvalidSignatureException"
    assert "Signature expired" in answer["message"]


def test_scope_of_another_service(sandbox):
    assert send(sandbox, b"{}", service="ecr")[1]["__type"] == "InvalidSignatureException"


def test_unknown_operation(sandbox):
    answer = send(sandbox, b"{}", target="AmazonEC2ContainerServiceV20141113.MakeCoffee")[1]
    assert answer["__type"] == "UnknownOperationException"


@pytest.mark.parametrize(
    "operation, body, code, words",
    [
        ("DescribeServices", {}, "InvalidParameterException", 'Missing required parameter in input: "services"'),
        ("ListClusters", {"colour": "red"}, "InvalidParameterException", 'Unknown parameter in input: "colour"'),
        ("ListClusters", {"maxResults": "many"}, "InvalidParameterException", "Invalid type for parameter maxResults"),
        ("RunTask", {"taskDefinition": "x", "launchType": "MOON"}, "InvalidParameterException", "'launchType'"),
        ("RunTask", {"taskDefinition": "x", "count": True}, "InvalidParameterException", "'count'"),
        ("RegisterTaskDefinition", {"family": "x", "containerDefinitions": [{"name": "a", "image": "b", "memmory": 1}]}, "InvalidParameterException", '"memmory"'),
    ],
)
def test_input_against_model(sandbox, operation, body, code, words):
    status, answer = send(sandbox, json.dumps(body).encode(), target=f"AmazonEC2ContainerServiceV20141113.{operation}")
    assert (status, answer["__type"]) == (400, code)
    assert words in answer["message"]


def test_body_that_is_no_json(sandbox):
    assert send(sandbox, b"{")[1]["__type"] == "SerializationException"
    assert send(sandbox, b'{"maxResults": 1, "maxResults": 2}')[1]["__type"] == "SerializationException"


def test_null_means_not_given(sandbox):
    assert send(sandbox, b'{"maxResults": null}')[0] == 200


def test_members_newer_than_the_model_of_debian(sandbox):
    """RunTask's clientToken is known, so what refuses this is the missing definition."""
    sandbox.client("ecs").create_cluster(clusterName="newer")
    body = json.dumps({"cluster": "newer", "taskDefinition": "missing", "clientToken": "t"}).encode()
    answer = send(sandbox, body, target="AmazonEC2ContainerServiceV20141113.RunTask")[1]
    assert (answer["__type"], answer["message"]) == ("ClientException", "TaskDefinition not found.")


def test_task_definition_with_newer_members(sandbox):
    """They come back as they were given."""
    container = {"name": "a", "image": "b", "memory": 8, "versionConsistency": "disabled", "credentialSpecs": ["x"],
                 "restartPolicy": {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 60}}
    body = {"family": "newer-members", "enableFaultInjection": False, "containerDefinitions": [container]}
    status, answer = send(sandbox, json.dumps(body).encode(), target="AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition")
    assert status == 200, answer
    kept = answer["taskDefinition"]
    assert kept["enableFaultInjection"] is False
    assert {name: kept["containerDefinitions"][0][name] for name in container} == container
    container["restartPolicy"]["enabled"] = "yes"
    assert send(sandbox, json.dumps(body).encode(), target="AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition")[0] == 400


def test_query_input_against_model(sandbox):
    elb = sandbox.client("elbv2", config={"parameter_validation": False})
    with pytest.raises(ClientError) as error:
        elb.create_target_group(Name="x", Protocol="HTTP", Port=99999, TargetType="ip")
    assert code_of(error) == "ValidationError" and "'Port'" in str(error.value)
    with pytest.raises(ClientError) as error:
        elb.describe_target_health()
    assert code_of(error) == "ValidationError" and "TargetGroupArn" in str(error.value)


def test_caller_identity_and_assumed_role(sandbox):
    identity = sandbox.client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/sandbox")
    role = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    answer = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="run-1", DurationSeconds=900)
    session = answer["Credentials"]
    left = session["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=14) < left <= datetime.timedelta(minutes=15)
    keys = {"aws_access_key_id": session["AccessKeyId"], "aws_secret_access_key": session["SecretAccessKey"]}
    assumed = sandbox.client("sts", **keys, aws_session_token=session["SessionToken"])
    assert assumed.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-1"
    sandbox.client("ecs", **keys, aws_session_token=session["SessionToken"]).list_clusters()
    for token in (None, "stale"):
        with pytest.raises(ClientError) as error:
            sandbox.client("ecs", **keys, aws_session_token=token).list_clusters()
        assert code_of(error) == "UnrecognizedClientException"


def test_role_of_another_account(sandbox):
    with pytest.raises(ClientError) as error:
        sandbox.client("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/x", RoleSessionName="run-1")
    assert code_of(error) == "AccessDenied"


def test_throttle_and_error500(sandbox):
    ecs = sandbox.client("ecs")
    assert sandbox.control("POST", [{"operation": "ecs:DescribeClusters", "kind": "throttle", "times": 2}, {"operation": "DescribeClusters", "kind": "error500"}])[0] == 200
    ecs.list_clusters()  # another operation is not hit
    for code in ("ThrottlingException", "ThrottlingException", "ServerException"):
        with pytest.raises(ClientError) as error:
            ecs.describe_clusters()
        assert code_of(error) == code
    ecs.describe_clusters()
    assert sandbox.control("GET") == (200, {"faults": []})


def test_dropped_reply_has_its_effect(sandbox):
    ecs = sandbox.client("ecs")
    sandbox.control("POST", {"operation": "CreateCluster", "kind": "drop-reply"})
    with pytest.raises((HTTPClientError, EndpointConnectionError)):
        ecs.create_cluster(clusterName="dropped-reply")
    assert ecs.describe_clusters(clusters=["dropped-reply"])["clusters"][0]["status"] == "ACTIVE"
    sandbox.control("POST", {"operation": "CreateCluster", "kind": "drop-request"})
    with pytest.raises((HTTPClientError, EndpointConnectionError)):
        ecs.create_cluster(clusterName="dropped-request")
    assert ecs.describe_clusters(clusters=["dropped-request"])["failures"][0]["reason"] == "MISSING"


def test_bad_fault_is_refused(sandbox):
    assert sandbox.control("POST", {"operation": "x", "kind": "explode"})[0] == 400
    assert sandbox.control("POST", {"kind": "throttle", "time": 3})[0] == 400
    sandbox.control("POST", {"kind": "delay", "ms": 1, "times": 5})
    assert sandbox.control("DELETE") == (200, {"faults": []})


def test_ledger(sandbox):
    ecs = sandbox.client("ecs")
    ecs.create_cluster(clusterName="in-the-ledger")
    container = {"name": "a", "image": "b", "memory": 8, "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"}]}
    ecs.register_task_definition(family="in-the-ledger", containerDefinitions=[container])
    with pytest.raises(ClientError):
        sandbox.client("ecs", aws_secret_access_key="wrong").create_cluster(clusterName="in-the-ledger")
    made = [line for line in sandbox.ledger() if line["operation"] == "CreateCluster" and (line["input"] or {}).get("clusterName") == "in-the-ledger"]
    assert len(made) == 1
    assert (made[0]["service"], made[0]["accessKey"], made[0]["outcome"]["status"]) == ("ecs", KEY, 200)
    assert made[0]["outcome"]["result"]["cluster"]["clusterArn"].endswith("cluster/in-the-ledger")
    refused = sandbox.ledger()[-1]
    assert (refused["operation"], refused["outcome"]["error"], refused["input"]) == ("CreateCluster", "InvalidSignatureException", None)
    text = json.dumps(sandbox.ledger())
    assert "hunter2" not in text and "fast" in text and SECRET not in text
