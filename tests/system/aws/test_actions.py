"""Lambda, StepFunctions, and sources in S3 and ECR."""

import hashlib
import json
import re
import uuid

import pytest
from runner_steps import unzipped, zip_of
from sandbox_under_test import ACCOUNT, REGION

PASSING = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def operations(sandbox, name):
    """What the ledger has of a service's operation: list of inputs."""
    return [line["input"] for line in sandbox.ledger() if line["operation"] == name]


# ---- Step Functions ----

@pytest.fixture
def machine(sandbox, name):
    return sandbox.client("stepfunctions").create_state_machine(name=name, definition=PASSING, roleArn=f"arn:aws:iam::{ACCOUNT}:role/m")["stateMachineArn"]


def inputs(sandbox, machine):
    client = sandbox.client("stepfunctions")
    return [client.describe_execution(executionArn=one["executionArn"])["input"] for one in client.list_executions(stateMachineArn=machine)["executions"]]


def test_an_execution_is_followed_to_its_end(place, sandbox, machine, name):
    sandbox.control("POST", {"name": name, "returns": {"version": 7}, "seconds": 300}, part="machines")
    job = place.offer("StepFunctions", "Invoke", {"StateMachineArn": machine, "Input": '{"a": 1}', "ExecutionNamePrefix": "pre"}, outputs=["Out"])
    result = place.finish(job)
    assert result["outcome"] == "succeeded", result
    execution = f"{machine.replace('stateMachine', 'execution')}:pre-{job.message['actionExecutionId']}"
    assert result["externalId"] == execution
    assert result["variables"] == {"StateMachineArn": machine, "ExecutionArn": execution}
    assert json.loads(unzipped(job.outputs["Out"])["output.json"]) == {"version": 7}
    assert inputs(sandbox, machine) == ['{"a": 1}']


def test_how_an_execution_failed_is_said(place, sandbox, machine, name):
    sandbox.control("POST", {"name": name, "fails": {"error": "Broken", "cause": "no more disks"}}, part="machines")
    result = place.act("StepFunctions", "Invoke", {"StateMachineArn": machine, "InputType": "FilePath", "Input": "in/a.json"}, inputs={"App": {"in/a.json": '{"b": 2}'}})
    assert result["outcome"] == "failed" and result["errorCode"] == "JobFailed"
    assert result["errorMessage"].endswith("ended as FAILED: Broken: no more disks")
    assert inputs(sandbox, machine) == ['{"b": 2}']


@pytest.mark.parametrize("configuration, sentence", [
    ({"StateMachineArn": "release"}, "StateMachineArn must be the ARN of a state machine"),
    ({"StateMachineArn": "ARN", "Input": "{"}, "Input: "),
    ({"StateMachineArn": "ARN", "InputType": "File"}, "InputType must be Literal or FilePath, not 'File'"),
    ({"StateMachineArn": "ARN", "ExecutionNamePrefix": "p" * 50}, "ExecutionNamePrefix may have 43 characters at most"),
    ({"StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:missing"}, "no state machine 'arn:aws:states:"),
])
def test_what_is_wrong_with_a_state_machine_is_said(place, machine, configuration, sentence):
    configuration = {key: machine if value == "ARN" else value for key, value in configuration.items()}
    result = place.act("StepFunctions", "Invoke", configuration)
    assert result["outcome"] == "failed" and sentence in result["errorMessage"]


def test_a_cancelled_execution_is_stopped(start_place, sandbox, machine, name):
    sandbox.control("POST", {"name": name, "hold": True}, part="machines")
    place = start_place({"PENSTOCK_REHEARSAL_CLOCK": None})
    job = place.offer("StepFunctions", "Invoke", {"StateMachineArn": machine})
    place.server.wait(lambda: "started execution" in job.text)
    place.server.cancel(job)
    result = place.finish(job)
    assert result["outcome"] == "stopped" and result["summary"].endswith("was stopped: it is ABORTED")
    assert sandbox.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"][0]["status"] == "ABORTED"


def test_one_that_cannot_be_looked_at_is_stopped_all_the_same(start_place, sandbox, machine, name):
    sandbox.control("POST", {"name": name, "hold": True}, part="machines")
    place = start_place({"PENSTOCK_REHEARSAL_CLOCK": None})
    job = place.offer("StepFunctions", "Invoke", {"StateMachineArn": machine})
    place.server.wait(lambda: "started execution" in job.text)
    sandbox.control("POST", {"operation": "DescribeExecution", "kind": "throttle", "times": 0})
    place.server.wait(lambda: "asking again" in job.text, 60)
    place.server.cancel(job)
    place.server.wait(lambda: operations(sandbox, "StopExecution"), 60)
    sandbox.control("DELETE")
    result = place.finish(job)
    assert result["outcome"] == "stopped" and result["summary"].endswith("was stopped: it is ABORTED"), result


def taken_over(place, sandbox, machine, name, operation):
    """A cancelled job whose execution runs, and which may not do that."""
    number = str(uuid.uuid4())
    sandbox.control("POST", {"name": name, "hold": True}, part="machines")
    sandbox.client("stepfunctions").start_execution(stateMachineArn=machine, name=number, input="{}")
    mark = {"execution": f"{machine.replace('stateMachine', 'execution')}:{number}"}
    sandbox.control("POST", {"operation": f"states:{operation}", "kind": "denied", "times": 0})
    result = place.act("StepFunctions", "Invoke", {"StateMachineArn": machine}, actionExecutionId=number, checkpoint=mark, cancelled=True)
    sandbox.control("DELETE")
    [execution] = sandbox.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert (result["outcome"], result["errorCode"]) == ("failed", "PermissionError"), result
    return result["errorMessage"], execution["status"]


def test_a_stop_that_is_refused_is_said(place, sandbox, machine, name):
    message, status = taken_over(place, sandbox, machine, name, "StopExecution")
    assert status == "RUNNING" and "was to be stopped, and may go on" in message
    assert "states:StopExecution" in message


def test_a_stop_that_is_not_seen_is_said(place, sandbox, machine, name):
    message, status = taken_over(place, sandbox, machine, name, "DescribeExecution")
    assert status == "ABORTED" and "was told to stop" in message


def test_one_that_was_never_started_is_not_stopped(place, sandbox, machine):
    number = str(uuid.uuid4())
    mark = {"execution": f"{machine.replace('stateMachine', 'execution')}:{number}"}
    result = place.act("StepFunctions", "Invoke", {"StateMachineArn": machine}, actionExecutionId=number, checkpoint=mark, cancelled=True)
    assert result["outcome"] == "stopped" and result["summary"] == f"execution {number} was not started", result


def test_an_execution_is_started_once(start_place, sandbox, machine, name):
    """The runner dies before the call, after it, and the answer is lost: one execution each time."""
    for kind in ("drop-reply", "error500", "throttle"):
        sandbox.control("POST", {"operation": "StartExecution", "kind": kind})
        place = start_place()
        assert place.act("StepFunctions", "Invoke", {"StateMachineArn": machine})["outcome"] == "succeeded"
    executions = sandbox.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert len(executions) == 3


def test_who_takes_an_execution_over_finds_it(place, sandbox, machine):
    number = "0b1c6f0e-0000-4000-8000-000000000001"
    sandbox.client("stepfunctions").start_execution(stateMachineArn=machine, name=number, input="{}")
    mark = {"execution": f"{machine.replace('stateMachine', 'execution')}:{number}"}
    result = place.act("StepFunctions", "Invoke", {"StateMachineArn": machine}, actionExecutionId=number, checkpoint=mark)
    assert result["outcome"] == "succeeded"
    assert len(sandbox.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1


# ---- Lambda ----

def test_a_function_is_given_codepipelines_event(place, sandbox, name):
    sandbox.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    code = zip_of({"main.py": "def handler(event, context):\n    return {'outputVariables': {'event': __import__('json').dumps(event)}, 'executionDetails': {'summary': 'all done'}}\n"})
    sandbox.client("lambda").create_function(FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/f", Runtime="python3.9", Handler="main.handler", Code={"ZipFile": code})
    job = place.offer("Lambda", "Invoke", {"FunctionName": name, "UserParameters": "hello"}, inputs={"App": {"a": "1"}}, artifactBucket=name)
    result = place.finish(job)
    assert result["outcome"] == "succeeded" and result["summary"] == "all done", result
    event = json.loads(result["variables"]["event"])["CodePipeline.job"]
    assert event["id"] == job.message["actionExecutionId"] and event["accountId"] == ACCOUNT
    assert event["data"]["actionConfiguration"]["configuration"] == {"FunctionName": name, "UserParameters": "hello"}
    place_of = event["data"]["inputArtifacts"][0]["location"]["s3Location"]
    stored = sandbox.client("s3").get_object(Bucket=place_of["bucketName"], Key=place_of["objectKey"])["Body"].read()
    assert unzipped(stored) == {"a": "1"} and event["data"]["inputArtifacts"][0]["name"] == "App"


def test_outputs_come_by_the_bucket(place, sandbox, name):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    sandbox.control("POST", {"name": name, "returns": None}, part="functions")
    number = "0b1c6f0e-0000-4000-8000-000000000002"
    s3.put_object(Bucket=name, Key=f"shop/Out/{number}.zip", Body=zip_of({"made": "here"}))
    job = place.offer("Lambda", "Invoke", {"FunctionName": name}, outputs=["Out"], artifactBucket=name, actionExecutionId=number)
    assert place.finish(job)["outcome"] == "succeeded"
    assert unzipped(job.outputs["Out"]) == {"made": "here"}
    result = place.act("Lambda", "Invoke", {"FunctionName": name}, outputs=["Out"])
    assert result["errorCode"] == "ConfigurationError" and "set artifactStore" in result["errorMessage"]


def test_a_function_that_wants_to_go_on_is_called_again(place, sandbox, name):
    code = zip_of({"main.py": "def handler(event, context):\n    token = event['CodePipeline.job']['data'].get('continuationToken')\n"
                   "    return {'continuationToken': (token or '') + 'x'} if token != 'xx' else {'outputVariables': {'token': token}}\n"})
    sandbox.client("lambda").create_function(FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/f", Runtime="python3.9", Handler="main.handler", Code={"ZipFile": code})
    job = place.offer("Lambda", "Invoke", {"FunctionName": name})
    result = place.finish(job)
    assert result["outcome"] == "succeeded" and result["variables"] == {"token": "xx"}
    assert len([one for one in operations(sandbox, "Invoke") if one["FunctionName"] == name]) == 3
    assert [mark.get("continuationToken") for mark in job.checkpoints] == [None, "x", "x", "xx", "xx"]


@pytest.mark.parametrize("answer, code, sentence", [
    ({"fails": {"errorMessage": "no", "errorType": "KeyError"}}, "JobFailed", "function '{}' failed: KeyError: no"),
    ({"returns": {"failureDetails": {"type": "ConfigurationError", "message": "bad table"}}}, "ConfigurationError", "function '{}' reports a failure: bad table"),
])
def test_how_a_function_failed_is_said(place, sandbox, name, answer, code, sentence):
    sandbox.control("POST", {"name": name, **answer}, part="functions")
    result = place.act("Lambda", "Invoke", {"FunctionName": name})
    assert (result["outcome"], result["errorCode"], result["errorMessage"]) == ("failed", code, sentence.format(name))


def test_a_function_is_called_once(place, sandbox, name):
    sandbox.control("POST", {"name": name, "returns": True}, part="functions")
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "drop-reply"})
    result = place.act("Lambda", "Invoke", {"FunctionName": name})
    assert result["outcome"] == "failed" and "was called, and nobody knows how it ended" in result["errorMessage"]
    again = place.act("Lambda", "Invoke", {"FunctionName": name}, checkpoint={"calling": True, "calls": 1})
    assert again["outcome"] == "failed" and "the runner that called it was lost" in again["errorMessage"]
    assert len([one for one in operations(sandbox, "Invoke") if one["FunctionName"] == name]) == 1


# ---- sources ----

def test_a_zip_in_a_bucket_is_a_source(place, sandbox, name):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=name, Key="app.zip", Body=zip_of({"v": "1"}))["VersionId"]
    new = s3.put_object(Bucket=name, Key="app.zip", Body=zip_of({"v": "2"}))["VersionId"]
    configuration = {"S3Bucket": name, "S3ObjectKey": "app.zip"}
    job = place.offer("S3", "Source", configuration, outputs=["App"])
    result = place.finish(job)
    assert result["outcome"] == "succeeded" and result["revisionId"] == new, result
    assert unzipped(job.outputs["App"]) == {"v": "2"}
    assert result["variables"]["VersionId"] == new
    job = place.offer("S3", "Source", configuration, outputs=["App"], source={"commit": old})
    assert place.finish(job)["revisionId"] == old and unzipped(job.outputs["App"]) == {"v": "1"}
    missing = place.act("S3", "Source", {**configuration, "S3ObjectKey": "other.zip"}, outputs=["App"])
    assert missing["outcome"] == "failed" and f"s3://{name}/other.zip" in missing["errorMessage"]


def test_a_bucket_without_versions_is_no_source(place, sandbox, name):
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="app.zip", Body=zip_of({"v": "1"}))
    result = place.act("S3", "Source", {"S3Bucket": name, "S3ObjectKey": "app.zip"}, outputs=["App"])
    assert result["errorCode"] == "ConfigurationError" and "keeps no versions" in result["errorMessage"]


def test_an_image_is_a_source(place, sandbox, name):
    ecr = sandbox.client("ecr")
    ecr.create_repository(repositoryName=name)
    status, _ = sandbox.control("POST", {"repository": name, "tag": "latest"}, part="images")
    assert status == 200
    image = ecr.describe_images(repositoryName=name)["imageDetails"][0]
    job = place.offer("ECR", "Source", {"RepositoryName": name}, outputs=["Image"])
    result = place.finish(job)
    assert result["outcome"] == "succeeded" and result["revisionId"] == image["imageDigest"], result
    detail = json.loads(unzipped(job.outputs["Image"])["imageDetail.json"])
    assert detail["ImageURI"] == f"{sandbox.registry}/{name}@{image['imageDigest']}" and detail["Version"] == "1.0"
    assert detail["ImageTags"] == ["latest"] and detail["ImageSizeInBytes"] == str(image["imageSizeInBytes"])
    assert re.fullmatch(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}", detail["ImagePushedAt"])
    assert result["variables"]["ImageURI"] == detail["ImageURI"]
    gone = place.act("ECR", "Source", {"RepositoryName": name, "ImageTag": "other"}, outputs=["Image"])
    assert gone["errorCode"] == "ConfigurationError" and f"there is no image '{name}:other'" in gone["errorMessage"]
    digest = "sha256:" + hashlib.sha256(b"x").hexdigest()
    gone = place.act("ECR", "Source", {"RepositoryName": name}, outputs=["Image"], source={"commit": digest})
    assert f"there is no image '{name}@{digest}'" in gone["errorMessage"]
