"""The AWS door to the byte: what every SDK relies on, whichever operation it calls."""

import http.client
import json
import pathlib
import re
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from api_steps import Developer
from stack.sandbox import ACCOUNT, REGION

JSON = "application/x-amz-json-1.1"
ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture
def post(api):
    """post(target, body) is (status, headers, bytes) of a signed call as it stands, with nothing checked before."""

    def send(target, body, service="codepipeline", path="/", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": JSON, **headers}
        if target:
            given["X-Amz-Target"] = target
        request = botocore.awsrequest.AWSRequest("POST", api.url + path, given, data)
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(*api.keys), service, REGION).add_auth(request)
        return api.send("POST", path, data, dict(request.prepare().headers.items()))

    return send


def test_an_answer_has_its_headers(post):
    status, headers, body = post("CodePipeline_20150709.ListPipelines", {})
    assert (status, headers["Content-Type"]) == (200, JSON)
    assert re.match(r"^[0-9a-f-]{36}$", headers["x-amzn-RequestId"]) and headers["Date"].endswith("GMT")
    assert int(headers["Content-Length"]) == len(body) and "pipelines" in json.loads(body)


@pytest.mark.parametrize("path", ["/", "/aws", "/aws/"])
@pytest.mark.parametrize("target", ["CodePipeline_20150709.ListPipelines", "com.amazonaws.codepipeline.CodePipeline_20150709.ListPipelines"])
def test_paths_and_prefixes(post, path, target):
    assert post(target, {}, path=path)[0] == 200


def test_an_error_is_in_body_and_header(post, name):
    status, headers, body = post("CodePipeline_20150709.GetPipeline", {"name": name})
    assert (status, headers["Content-Type"], headers["x-amzn-ErrorType"]) == (400, JSON, "PipelineNotFoundException")
    assert json.loads(body) == {"__type": "PipelineNotFoundException", "message": f"Account '{ACCOUNT}' does not have a pipeline with name '{name}'"}


@pytest.mark.parametrize("target", ["CodePipeline_20150709.RetryTheWorld", "CodePipeline_19990101.ListPipelines", "ListPipelines", "x", None])
def test_unknown_operations(post, target):
    status, headers, body = post(target, {})
    assert (status, headers["x-amzn-ErrorType"], json.loads(body)["__type"]) == (400, "UnknownOperationException", "UnknownOperationException")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b'{"name": "a", "name": "b"}', b'{"name": 7}', b'{"name": "\xff"}'])
def test_bodies_that_are_no_input(post, body):
    status, headers, _ = post("CodePipeline_20150709.GetPipeline", body)
    assert (status, headers["x-amzn-ErrorType"]) == (400, "SerializationException")


def test_an_empty_body_is_an_empty_input(post):
    assert post("CodePipeline_20150709.ListPipelines", b"")[0] == 200
    assert json.loads(post("CodePipeline_20150709.GetPipeline", b"")[2]) == {
        "__type": "ValidationException",
        "message": "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    }


def test_an_unknown_parameter_is_named(post):
    body = json.loads(post("CodePipeline_20150709.GetPipeline", {"name": "a", "pipelineVersion": 1, "naem": "x"})[2])
    assert body["__type"] == "ValidationException" and "pipelineVersion: unknown key" in body["message"] and "did you mean 'name'?" in body["message"]


def test_operations_without_output_answer_nothing(post):
    status, headers, body = post("CodePipeline_20150709.DeletePipeline", {"name": "nix"})
    assert (status, headers["Content-Length"], body) == (200, "0", b"")


def test_times_are_numbers(post, codepipeline, declaration, name):
    codepipeline.create_pipeline(pipeline=declaration())
    got = json.loads(post("CodePipeline_20150709.GetPipeline", {"name": name})[2])
    assert isinstance(got["metadata"]["created"], float) and got["metadata"]["created"] > 1.5e9
    assert got["pipeline"]["version"] == 1 and isinstance(got["pipeline"]["version"], int)
    assert (got["pipeline"]["pipelineType"], got["pipeline"]["executionMode"]) == ("V1", "SUPERSEDED")


def test_the_scope_must_be_the_services(post):
    status, headers, _ = post("CodeBuild_20161006.ListProjects", {}, service="codepipeline")
    assert (status, headers["x-amzn-ErrorType"]) == (400, "InvalidSignatureException")
    assert post("CodeBuild_20161006.ListProjects", {}, service="codebuild")[0] == 200


def test_nobody_comes_in_without_credentials(api):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Cookie": "penstock_session=x"}):
        status, answer, body = api.send("POST", "/", b"{}", {"X-Amz-Target": "CodePipeline_20150709.ListPipelines", "Content-Type": JSON, **headers})
        assert status in (400, 401, 403), headers
        assert answer["x-amzn-ErrorType"] == json.loads(body)["__type"]


def test_a_body_over_the_limit_is_refused_before_it_is_sent(api):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(api.url).netloc, timeout=60)
    request = botocore.awsrequest.AWSRequest("POST", api.url + "/", {"X-Amz-Target": "CodePipeline_20150709.CreatePipeline"}, b"")
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*api.keys), "codepipeline", REGION).add_auth(request)
    connection.putrequest("POST", "/")
    for key, value in request.prepare().headers.items():
        if key.lower() != "content-length":
            connection.putheader(key, value)
    connection.putheader("Content-Length", str((1 << 20) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_repeated_call_gets_its_first_answer(post, codepipeline, declaration, name):
    call = {"pipeline": declaration()}
    invocation = {"amz-sdk-invocation-id": str(uuid.uuid4())}
    first = post("CodePipeline_20150709.CreatePipeline", call, **invocation)
    again = post("CodePipeline_20150709.CreatePipeline", call, **invocation)
    assert (first[0], again[0]) == (200, 200) and json.loads(first[2]) == json.loads(again[2])
    assert len(codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]) == 1
    other = post("CodePipeline_20150709.CreatePipeline", call, **{"amz-sdk-invocation-id": str(uuid.uuid4())})
    assert json.loads(other[2])["__type"] == "PipelineNameInUseException"


def test_second_generation_pipelines(post, declaration, name):
    """What Debian's older SDK does not know, as newer ones and Terraform send it."""
    sent = declaration(executionMode="QUEUED", pipelineType="V2", variables=[{"name": "stage", "defaultValue": "prod", "description": "where"}], triggers=[])
    made = json.loads(post("CodePipeline_20150709.CreatePipeline", {"pipeline": sent})[2])["pipeline"]
    assert (made["executionMode"], made["pipelineType"], made["variables"]) == ("QUEUED", "V2", sent["variables"])
    started = json.loads(post("CodePipeline_20150709.StartPipelineExecution", {"name": name, "variables": [{"name": "stage", "value": "test"}]})[2])
    got = json.loads(post("CodePipeline_20150709.GetPipelineExecution", {"pipelineName": name, **started})[2])["pipelineExecution"]
    assert got["variables"] == [{"name": "stage", "resolvedValue": "test"}]
    assert (got["executionMode"], got["executionType"]) == ("QUEUED", "STANDARD")
    status, _, body = post("CodePipeline_20150709.StartPipelineExecution", {"name": name, "variables": [{"name": "nix", "value": "x"}]})
    assert (status, json.loads(body)["__type"]) == (400, "ValidationException")


def test_conditions_and_triggers_come_back(post, name):
    """What AWS's get-pipeline prints, with every structure of the second generation."""
    sent = json.loads((ROOT / "tests/data/good/printed-with-conditions.json").read_text())["pipeline"] | {"name": name, "version": 1}
    assert json.loads(post("CodePipeline_20150709.CreatePipeline", {"pipeline": sent})[2])["pipeline"] == sent
    assert json.loads(post("CodePipeline_20150709.GetPipeline", {"name": name})[2])["pipeline"] == sent
    assert json.loads(post("CodePipeline_20150709.UpdatePipeline", {"pipeline": sent})[2])["pipeline"] == sent | {"version": 2}


@pytest.mark.parametrize(
    "members, code, words",
    [
        ({"triggers": [{"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "App"}}]}, "InvalidStructureException", "Make sure to choose valid filter combinations"),
        ({"unknownThing": 1}, "InvalidStructureException", "unknownThing: unknown key"),
    ],
    ids=["triggers", "unknown"],
)
def test_what_does_not_run_yet_is_refused(post, declaration, members, code, words):
    body = json.loads(post("CodePipeline_20150709.CreatePipeline", {"pipeline": declaration(**members)})[2])
    assert body["__type"] == code and words in body["message"]


def test_get_caller_identity(api, post, cli):
    assert cli("sts", "get-caller-identity") == {"UserId": api.keys[0], "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/admin"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, body = post(None, b"Action=GetSessionToken&Version=2011-06-15", service="sts", **form)
    assert (status, headers["Content-Type"]) == (400, "text/xml") and b"<Code>InvalidAction</Code>" in body
    assert post(None, b"Action=GetCallerIdentity&Version=2011-06-15", service="codepipeline", **form)[0] == 403


def test_a_repeated_delete_spares_what_has_the_name_now(api, post, codecommit, name, tmp_path):
    def delete(call):
        return post("CodeCommit_20150413.DeleteRepository", {"repositoryName": name}, "codecommit", **{"amz-sdk-invocation-id": call})

    call = str(uuid.uuid4())
    codecommit.create_repository(repositoryName=name)
    status, _, first = delete(call)
    assert status == 200
    codecommit.create_repository(repositoryName=name)
    clone = Developer(api, name, tmp_path)
    commit = clone.commit("Kept")
    clone.push()
    assert delete(call)[::2] == (200, first)
    assert codecommit.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"] == commit
