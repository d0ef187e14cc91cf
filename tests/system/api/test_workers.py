"""Job workers as people write them for AWS with boto3: custom action types, and a worker that polls, reads its input from
"S3", writes its output there and says how it ended. Only the endpoint and the keys are not AWS's."""

import base64
import datetime
import hashlib
import io
import json
import urllib.error
import urllib.request
import uuid
import zipfile

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions
import pytest
from api_steps import source, wait_for_status
from hand_runner import COMMIT
from stack.sandbox import ACCOUNT, REGION

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
NOWHERE = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"
NONE = {"minimumCount": 0, "maximumCount": 0}
ONE = {"minimumCount": 1, "maximumCount": 1}
PROPERTIES = [
    {"name": "Project", "required": True, "key": True, "secret": False, "queryable": True, "description": "What to build", "type": "String"},
    {"name": "Password", "required": False, "key": False, "secret": True, "queryable": False},
]
SETTINGS = {
    "entityUrlTemplate": "https://ci.example.com/projects/{Config:Project}",
    "executionUrlTemplate": "https://ci.example.com/projects/{Config:Project}/runs/{ExternalExecutionId}",
}


def zipped(text):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("result.txt", text)
    return data.getvalue()


def unzipped(data, name):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


class Worker:
    """The worker of AWS's user guide, as a class: what it calls is boto3's clients."""

    def __init__(self, server, type_id, query=None):
        self._url = server.url
        self._codepipeline = server.client("codepipeline")
        self._type_id = type_id
        self._query = {"queryParam": query} if query else {}

    def poll(self, most=1):
        return self._codepipeline.poll_for_jobs(actionTypeId=self._type_id, maxBatchSize=most, **self._query)["jobs"]

    def acknowledge(self, job):
        return self._codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"]

    def take(self):
        [job] = self.poll()
        assert self.acknowledge(job) == "InProgress"
        return job

    def s3(self, job, **settings):
        credentials = job["data"]["artifactCredentials"]
        return boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self._url,
            aws_access_key_id=credentials["accessKeyId"],
            aws_secret_access_key=credentials["secretAccessKey"],
            aws_session_token=credentials["sessionToken"],
            config=botocore.config.Config(signature_version="s3v4", retries={"max_attempts": 1}, s3={"addressing_style": "path", **settings}),
        )

    def place(self, job, kind, name):
        [artifact] = [artifact for artifact in job["data"][kind] if artifact["name"] == name]
        assert artifact["location"]["type"] == "S3"
        location = artifact["location"]["s3Location"]
        return {"Bucket": location["bucketName"], "Key": location["objectKey"]}

    def read(self, job, name="App"):
        return self.s3(job).get_object(**self.place(job, "inputArtifacts", name))["Body"].read()

    def write(self, job, data, name="Out"):
        return self.s3(job).put_object(**self.place(job, "outputArtifacts", name), Body=data, ServerSideEncryption="aws:kms")

    def succeed(self, job, **members):
        self._codepipeline.put_job_success_result(jobId=job["id"], **members)

    def fail(self, job, kind="JobFailed", message="it did not build"):
        self._codepipeline.put_job_failure_result(jobId=job["id"], failureDetails={"type": kind, "message": message})

    def details(self, job):
        return self._codepipeline.get_job_details(jobId=job["id"])["jobDetails"]


def code_of(refused):
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def type_id(codepipeline, name):
    """A custom action type of this test's own."""
    codepipeline.create_custom_action_type(
        category="Build",
        provider=name,
        version="1",
        settings=SETTINGS,
        configurationProperties=PROPERTIES,
        inputArtifactDetails=ONE,
        outputArtifactDetails=ONE,
    )
    return {"category": "Build", "owner": "Custom", "provider": name, "version": "1"}


def custom_stage(type_id, stage="Build", action="Compile", inputs=("App",), outputs=("Out",), **configuration):
    return {
        "name": stage,
        "actions": [
            {
                "name": action,
                "actionTypeId": type_id,
                "configuration": {"Project": "shop", **configuration},
                "inputArtifacts": [{"name": name} for name in inputs],
                "outputArtifacts": [{"name": name} for name in outputs],
                "namespace": action,
            }
        ],
    }


@pytest.fixture
def worker(api, type_id):
    return Worker(api, type_id, {"Project": "shop"})


@pytest.fixture
def building(codepipeline, hand, declaration, name, type_id):
    """A pipeline whose execution has come to its custom action; the execution's id."""
    codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id, Password="secret-7")))
    hand.fetch(name)
    [execution] = codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    return execution["pipelineExecutionId"]


def action_of(codepipeline, pipeline, action="Compile"):
    details = codepipeline.list_action_executions(pipelineName=pipeline)["actionExecutionDetails"]
    return next(detail for detail in details if detail["actionName"] == action)


def state_of(codepipeline, pipeline, action="Compile"):
    for stage in codepipeline.get_pipeline_state(name=pipeline)["stageStates"]:
        for state in stage["actionStates"]:
            if state["actionName"] == action:
                return state
    raise AssertionError(action)


class TestTypes:
    def test_the_command_line_creates_lists_and_deletes(self, cli, name):
        arguments = ["--category", "Test", "--provider", name, "--action-version", "1"]
        properties = json.dumps(PROPERTIES)
        made = cli(
            "codepipeline", "create-custom-action-type", *arguments, "--settings", json.dumps(SETTINGS), "--configuration-properties", properties,
            "--input-artifact-details", "minimumCount=0,maximumCount=1", "--output-artifact-details", "minimumCount=0,maximumCount=0", "--tags", "key=team,value=web",
        )  # fmt: skip
        type_id = {"category": "Test", "owner": "Custom", "provider": name, "version": "1"}
        shown = {
            "id": type_id,
            "settings": SETTINGS,
            "actionConfigurationProperties": PROPERTIES,
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
            "outputArtifactDetails": NONE,
        }
        assert made == {"actionType": shown, "tags": [{"key": "team", "value": "web"}]}
        listed = cli("codepipeline", "list-action-types", "--action-owner-filter", "Custom")["actionTypes"]
        assert [item for item in listed if item["id"] == type_id] == [shown]
        assert cli("codepipeline", "delete-custom-action-type", *arguments) is None
        assert cli("codepipeline", "delete-custom-action-type", *arguments) is None
        listed = cli("codepipeline", "list-action-types", "--action-owner-filter", "Custom")["actionTypes"]
        assert [item for item in listed if item["id"] == type_id] == []
        details = ["--input-artifact-details", "minimumCount=0,maximumCount=1", "--output-artifact-details", "minimumCount=0,maximumCount=0"]
        code, message = cli.refused("codepipeline", "create-custom-action-type", *arguments, *details)
        assert code == "ValidationException"
        assert message == f"ActionType (Category: 'Test', Provider: '{name}', Owner: 'Custom', Version: '1') was deleted, and its version cannot be used again; choose another one"

    def test_what_penstock_runs_is_listed(self, codepipeline, type_id):
        types = codepipeline.list_action_types()["actionTypes"]
        names = {(item["id"]["category"], item["id"]["owner"], item["id"]["provider"]) for item in types}
        assert {("Source", "AWS", "CodeCommit"), ("Build", "AWS", "CodeBuild"), ("Approval", "AWS", "Manual"), ("Deploy", "AWS", "ECS"), ("Build", "Custom", type_id["provider"])} <= names
        [github] = [item for item in types if item["id"]["provider"] == "GitHub"]
        assert github["id"]["owner"] == "ThirdParty"
        assert {"name": "OAuthToken", "required": True, "key": True, "secret": True, "queryable": False} in github["actionConfigurationProperties"]
        assert (github["inputArtifactDetails"], github["outputArtifactDetails"]) == (NONE, ONE)
        assert {item["id"]["owner"] for item in codepipeline.list_action_types(actionOwnerFilter="ThirdParty")["actionTypes"]} == {"ThirdParty"}
        elsewhere = codepipeline.list_action_types(regionFilter="eu-north-1", actionOwnerFilter="Custom")["actionTypes"]
        assert elsewhere == []

    @pytest.mark.parametrize(
        "change, words",
        [
            ({"category": "Compute"}, "failed to satisfy constraint: Member must satisfy enum value set"),
            ({"version": "1.0"}, "failed to satisfy constraint: Member must satisfy regular expression pattern: [0-9A-Za-z_-]+"),
            ({"inputArtifactDetails": {"minimumCount": 2, "maximumCount": 1}}, "the minimumCount in 'inputArtifactDetails' is greater than its maximumCount"),
            ({"configurationProperties": [PROPERTIES[0], PROPERTIES[0]]}, "the configuration property 'Project' stands twice"),
            ({"configurationProperties": [PROPERTIES[0], {**PROPERTIES[0], "name": "Other"}]}, "at most one queryable property; 'Other' is a second one"),
            ({"configurationProperties": [{**PROPERTIES[1], "queryable": True}]}, "the queryable property 'Password' must be required and not secret"),
            ({"settings": {"entityUrlTemplate": "https://ci.example.com/{Config:Password}"}}, "'entityUrlTemplate' names 'Password', which is not a configuration property that is required and not secret"),
            ({}, "already exists"),
        ],
        ids=["category", "version", "counts", "twice", "two-queryable", "queryable", "secret-in-url", "taken"],
    )
    def test_a_type_that_cannot_be_is_refused(self, codepipeline, type_id, change, words):
        members = {"category": "Build", "provider": type_id["provider"], "version": "1", "configurationProperties": PROPERTIES, "inputArtifactDetails": ONE, "outputArtifactDetails": ONE}
        with pytest.raises(codepipeline.exceptions.ValidationException) as refused:
            codepipeline.create_custom_action_type(**{**members, **change})
        assert words in refused.value.response["Error"]["Message"]

    def test_tags(self, codepipeline, type_id):
        arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:actiontype:Custom/Build/{type_id['provider']}/1"
        codepipeline.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "web"}, {"key": "cost", "value": "7"}])
        codepipeline.untag_resource(resourceArn=arn, tagKeys=["cost"])
        assert codepipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "web"}]
        with pytest.raises(codepipeline.exceptions.ResourceNotFoundException):
            codepipeline.list_tags_for_resource(resourceArn=arn + "0")

    def test_a_pipeline_names_only_types_that_are_there(self, codepipeline, declaration, type_id):
        codepipeline.delete_custom_action_type(category="Build", provider=type_id["provider"], version="1")
        with pytest.raises(codepipeline.exceptions.InvalidActionDeclarationException) as refused:
            codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id)))
        assert f"Provider: '{type_id['provider']}', Owner: 'Custom', Version: '1') in action 'Compile' is not available" in refused.value.response["Error"]["Message"]

    def test_the_action_of_a_deleted_type_fails(self, codepipeline, hand, declaration, name, type_id):
        codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id)))
        codepipeline.delete_custom_action_type(category="Build", provider=name, version="1")
        hand.fetch(name)
        error = state_of(codepipeline, name)["latestExecution"]["errorDetails"]
        assert error == {"code": "ConfigurationError", "message": f"the action type Custom/Build/{name}/1 was deleted; make a new version and name that"}


class TestWorker:
    def test_from_poll_to_success(self, codepipeline, worker, building, name, type_id):
        job = worker.take()
        data = job["data"]
        assert job["accountId"] == ACCOUNT
        assert data["actionTypeId"] == type_id
        assert data["actionConfiguration"] == {"configuration": {"Project": "shop", "Password": "secret-7"}}
        context = data["pipelineContext"]
        assert (context["pipelineName"], context["stage"], context["action"]["name"], context["pipelineExecutionId"]) == (name, {"name": "Build"}, "Compile", building)
        assert context["pipelineArn"] == f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{name}"
        assert [artifact["revision"] for artifact in data["inputArtifacts"]] == [COMMIT]
        assert worker.place(job, "inputArtifacts", "App")["Bucket"] == "artifacts"
        assert worker.place(job, "inputArtifacts", "App")["Key"].startswith(f"{name}/App/")
        assert unzipped(worker.read(job), "README") == "hello\n"
        worker.write(job, zipped("built"))
        worker.succeed(job, executionDetails={"summary": "built", "externalExecutionId": "run-12", "percentComplete": 100}, outputVariables={"Version": "1.2"})
        wait_for_status(codepipeline, name, building, "Succeeded")
        detail = action_of(codepipeline, name)
        assert detail["status"] == "Succeeded"
        result = detail["output"]["executionResult"]
        assert (result["externalExecutionId"], result["externalExecutionSummary"]) == ("run-12", "built")
        assert result["externalExecutionUrl"] == "https://ci.example.com/projects/shop/runs/run-12"
        assert detail["output"]["outputVariables"] == {"Version": "1.2"}
        assert detail["input"]["configuration"]["Password"] == "****"
        assert detail["input"]["resolvedConfiguration"] == {"Project": "shop", "Password": "****"}
        place = worker.place(job, "outputArtifacts", "Out")
        assert detail["output"]["outputArtifacts"] == [{"name": "Out", "s3location": {"bucket": place["Bucket"], "key": place["Key"]}}]
        assert state_of(codepipeline, name)["entityUrl"] == "https://ci.example.com/projects/shop"

    def test_secrets_are_the_workers_alone(self, api, codepipeline, worker, building, name):
        shown = codepipeline.get_pipeline(name=name)["pipeline"]
        assert shown["stages"][1]["actions"][0]["configuration"] == {"Project": "shop", "Password": "****"}
        codepipeline.update_pipeline(pipeline=shown)  # **** keeps what was there
        detail = api.call("GetExecutionDetail", pipelineName=name, pipelineExecutionId=building)
        assert "secret-7" not in json.dumps(detail)
        assert "secret-7" not in json.dumps(api.call("GetPipelineDetail", name=name))
        codepipeline.start_pipeline_execution(name=name)
        assert "secret-7" not in json.dumps(codepipeline.list_action_executions(pipelineName=name), default=str)

    def test_a_later_action_reads_what_a_worker_wrote(self, api, codepipeline, hand, declaration, name, type_id):
        second = custom_stage(type_id, stage="Package", action="Pack", inputs=("Out",), outputs=("Package",), Project="package")
        codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id), second))
        hand.fetch(name)
        builder, packer = Worker(api, type_id, {"Project": "shop"}), Worker(api, type_id, {"Project": "package"})
        assert packer.poll() == []
        job = builder.take()
        builder.write(job, zipped("first try"))
        builder.write(job, zipped("built"))  # the last one counts
        builder.succeed(job)
        job = packer.take()
        assert unzipped(packer.read(job, "Out"), "result.txt") == "built"

    def test_a_runner_reads_what_a_worker_wrote(self, codepipeline, codebuild, hand, declaration, name, type_id, worker):
        codebuild.create_project(
            name=name, source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"}, serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builds",
            environment={"type": "LINUX_CONTAINER", "image": "debian:12", "computeType": "BUILD_GENERAL1_SMALL"},
        )  # fmt: skip
        build_id = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
        test = {"name": "Test", "actions": [{"name": "Check", "actionTypeId": build_id, "configuration": {"ProjectName": name}, "inputArtifacts": [{"name": "Out"}]}]}
        codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id), test))
        hand.fetch(name)
        job = worker.take()
        data = zipped("built")
        worker.write(job, data)
        worker.succeed(job)
        job = hand.lease("CodeBuild", lambda job: job["pipeline"] == name)
        assert [(item["name"], item["sha256"]) for item in job["inputs"]] == [("Out", hashlib.sha256(data).hexdigest())]
        hand.finish(job)

    def test_a_continuation_token_goes_on_in_a_new_job(self, codepipeline, worker, building, name):
        first = worker.take()
        worker.write(first, zipped("built"))
        worker.succeed(first, continuationToken="step-2", executionDetails={"summary": "half way", "externalExecutionId": "run-1", "percentComplete": 50})
        running = state_of(codepipeline, name)["latestExecution"]
        assert (running["status"], running["summary"], running["percentComplete"]) == ("InProgress", "half way", 50)
        assert running["externalExecutionUrl"] == "https://ci.example.com/projects/shop/runs/run-1"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            worker.succeed(first)
        assert code_of(refused) == "InvalidJobStateException"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            worker.write(first, zipped("late"))
        assert code_of(refused) == "ExpiredToken"
        second = worker.take()
        assert second["id"] != first["id"]
        assert second["data"]["continuationToken"] == "step-2"
        assert worker.place(second, "outputArtifacts", "Out") == worker.place(first, "outputArtifacts", "Out")
        with pytest.raises(codepipeline.exceptions.ValidationException):
            worker.succeed(second, continuationToken="step-3", outputVariables={"A": "1"})
        worker.succeed(second)  # what the first job wrote is the action's
        wait_for_status(codepipeline, name, building, "Succeeded")

    def test_failure(self, codepipeline, worker, building, name):
        worker.fail(worker.take(), "PermissionError", "no rights on shop")
        wait_for_status(codepipeline, name, building, "Failed")
        assert state_of(codepipeline, name)["latestExecution"]["errorDetails"] == {"code": "PermissionError", "message": "no rights on shop"}

    def test_an_output_that_was_not_written_fails_the_action(self, codepipeline, worker, building, name):
        worker.succeed(worker.take())
        wait_for_status(codepipeline, name, building, "Failed")
        assert state_of(codepipeline, name)["latestExecution"]["errorDetails"] == {"code": "JobFailed", "message": "the output artifact 'Out' was not uploaded"}

    def test_output_variables_have_a_limit(self, codepipeline, worker, building):
        job = worker.take()
        with pytest.raises(codepipeline.exceptions.OutputVariablesSizeExceededException):
            worker.succeed(job, outputVariables={"A": "x" * 122881})
        assert worker.details(job)["id"] == job["id"]
        worker.fail(job)

    def test_only_the_newest_nonce_acknowledges(self, codepipeline, worker, building):
        [job] = worker.poll()
        assert worker.poll() == []
        for nonce in ("1", str(uuid.uuid4())):
            with pytest.raises(codepipeline.exceptions.InvalidNonceException):
                codepipeline.acknowledge_job(jobId=job["id"], nonce=nonce)
        with pytest.raises(codepipeline.exceptions.InvalidJobStateException):
            worker.succeed(job)
        assert worker.acknowledge(job) == "InProgress"
        assert worker.acknowledge(job) == "InProgress"  # its answer was lost
        worker.fail(job)
        assert worker.acknowledge(job) == "Failed"

    def test_jobs_that_are_not_there(self, codepipeline, worker):
        nowhere = {"id": NOWHERE, "nonce": "1"}
        for call in (worker.acknowledge, worker.details, worker.succeed, worker.fail):
            with pytest.raises(codepipeline.exceptions.JobNotFoundException):
                call(nowhere)

    def test_details_are_those_of_the_poll(self, worker, building):
        job = worker.take()
        assert worker.details(job) == {key: job[key] for key in ("id", "data", "accountId")}
        worker.fail(job)
        assert "artifactCredentials" not in worker.details(job)["data"]

    def test_stop_with_abandon_gives_the_action_up(self, codepipeline, worker, building, name):
        job = worker.take()
        codepipeline.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=building, abandon=True)
        wait_for_status(codepipeline, name, building, "Stopped")
        assert state_of(codepipeline, name)["latestExecution"]["status"] == "Abandoned"
        with pytest.raises(codepipeline.exceptions.InvalidJobStateException):
            worker.succeed(job)

    def test_stop_and_wait_lets_the_worker_end(self, codepipeline, worker, building, name):
        job = worker.take()
        codepipeline.stop_pipeline_execution(pipelineName=name, pipelineExecutionId=building)
        worker.write(job, zipped("built"))
        worker.succeed(job)
        wait_for_status(codepipeline, name, building, "Stopped")
        assert state_of(codepipeline, name)["latestExecution"]["status"] == "Succeeded"

    def test_polls_that_cannot_be(self, api, codepipeline, type_id):
        built_in = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
        for other in (built_in, {**type_id, "version": "2"}, {**type_id, "owner": "ThirdParty"}):
            with pytest.raises(codepipeline.exceptions.ActionTypeNotFoundException):
                Worker(api, other).poll()
        for query in (None, {"Password": "x"}):
            with pytest.raises(codepipeline.exceptions.ValidationException):
                Worker(api, type_id, query).poll()

    def test_several_jobs_in_one_poll(self, codepipeline, hand, declaration, name, type_id, worker):
        stage = custom_stage(type_id)
        stage["actions"] += [{**stage["actions"][0], "name": f"Compile{n}", "namespace": f"N{n}", "outputArtifacts": [{"name": f"Out{n}"}]} for n in range(3)]
        codepipeline.create_pipeline(pipeline=declaration(stage))
        hand.fetch(name)
        first, rest = worker.poll(3), worker.poll(3)
        assert (len(first), len(rest)) == (3, 1)
        assert len({job["id"] for job in first + rest}) == 4
        assert len({job["nonce"] for job in first + rest}) == 4


class TestObjects:
    """The artifacts of a job as boto3's S3 client sees them."""

    @pytest.mark.parametrize("settings", [{}, {"payload_signing_enabled": False}], ids=["signed", "unsigned"])
    def test_put_checks_what_was_said_of_the_bytes(self, worker, building, settings):
        job = worker.take()
        s3, place, data = worker.s3(job, **settings), worker.place(job, "outputArtifacts", "Out"), zipped("built")
        md5 = hashlib.md5(data)
        answer = s3.put_object(**place, Body=data, ContentMD5=base64.b64encode(md5.digest()).decode())
        assert answer["ETag"] == f'"{md5.hexdigest()}"'
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.put_object(**place, Body=data, ContentMD5=base64.b64encode(hashlib.md5(b"other").digest()).decode())
        assert code_of(refused) == "BadDigest"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.put_object(**place, Body=data, ChecksumSHA256=base64.b64encode(hashlib.sha256(b"other").digest()).decode())
        assert code_of(refused) == "BadDigest"
        s3.put_object(**place, Body=data, ChecksumSHA256=base64.b64encode(hashlib.sha256(data).digest()).decode())
        s3.put_object(**place, Body=b"")
        worker.fail(job)

    def test_what_was_uploaded_can_be_read_back(self, worker, building):
        job, data = worker.take(), zipped("built")
        s3, place = worker.s3(job), worker.place(job, "outputArtifacts", "Out")
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.get_object(**place)
        assert code_of(refused) == "AccessDenied"
        worker.write(job, data)
        s3.get_waiter("object_exists").wait(**place)
        assert s3.get_object(**place)["Body"].read() == data
        worker.write(job, data + b"!")
        assert s3.head_object(**place)["ContentLength"] == len(data) + 1
        worker.fail(job)

    def test_get_head_and_ranges(self, worker, building):
        job = worker.take()
        s3, place = worker.s3(job), worker.place(job, "inputArtifacts", "App")
        whole = s3.get_object(**place)
        data = whole["Body"].read()
        head = s3.head_object(**place)
        assert (head["ContentLength"], head["ETag"], head["LastModified"]) == (len(data), whole["ETag"], whole["LastModified"])
        assert abs(head["LastModified"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(hours=1)
        for wanted, part in (("bytes=2-5", data[2:6]), ("bytes=4-", data[4:]), ("bytes=-3", data[-3:]), ("bytes=0-99999999", data)):
            answer = s3.get_object(**place, Range=wanted)
            assert answer["Body"].read() == part
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert s3.get_object(**place, Range="bytes=2-5")["ContentRange"] == f"bytes 2-5/{len(data)}"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.get_object(**place, Range=f"bytes={len(data)}-")
        assert code_of(refused) == "InvalidRange"
        worker.fail(job)

    def test_large_files_go_in_parts(self, worker, building, codepipeline, name, tmp_path):
        job = worker.take()
        s3, place = worker.s3(job), worker.place(job, "outputArtifacts", "Out")
        data = bytes(range(256)) * 80 * 1024  # 20 MiB
        (tmp_path / "large").write_bytes(data)
        s3.upload_file(str(tmp_path / "large"), place["Bucket"], place["Key"])
        worker.succeed(job)
        wait_for_status(codepipeline, name, building, "Succeeded")
        # Large enough for a download in parts too.
        codepipeline.start_pipeline_execution(name=name)

    def test_a_large_artifact_comes_back_as_it_was(self, api, codepipeline, hand, declaration, name, type_id, tmp_path):
        second = custom_stage(type_id, stage="Package", action="Pack", inputs=("Out",), outputs=("Package",), Project="package")
        codepipeline.create_pipeline(pipeline=declaration(custom_stage(type_id), second))
        hand.fetch(name)
        builder, packer = Worker(api, type_id, {"Project": "shop"}), Worker(api, type_id, {"Project": "package"})
        job, data = builder.take(), bytes(range(255)) * 80 * 1024
        (tmp_path / "up").write_bytes(data)
        place = builder.place(job, "outputArtifacts", "Out")
        builder.s3(job).upload_file(str(tmp_path / "up"), place["Bucket"], place["Key"])
        builder.succeed(job)
        job = packer.take()
        place = packer.place(job, "inputArtifacts", "Out")
        packer.s3(job).download_file(place["Bucket"], place["Key"], str(tmp_path / "down"))
        assert (tmp_path / "down").read_bytes() == data

    def test_parts_are_put_together_as_they_are_listed(self, worker, building):
        job = worker.take()
        s3, place = worker.s3(job), worker.place(job, "outputArtifacts", "Out")
        upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
        tags = {number: s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)["ETag"] for number in (3, 1, 2)}
        parts = [{"PartNumber": number, "ETag": tags[number]} for number in (1, 3)]
        answer = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        assert answer["ETag"].endswith('-2"')
        assert s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})["ETag"] == answer["ETag"]  # again
        for wrong, code in (([parts[1], parts[0]], "InvalidPartOrder"), ([{"PartNumber": 9, "ETag": tags[1]}], "InvalidPart"), ([{"PartNumber": 1, "ETag": tags[2]}], "InvalidPart")):
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": wrong})
            assert code_of(refused) == code
        s3.abort_multipart_upload(**upload)
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.upload_part(**upload, PartNumber=1, Body=b"x")
        assert code_of(refused) == "NoSuchUpload"
        worker.fail(job)

    def test_a_list_of_parts_is_the_one_that_was_signed(self, api, worker, building):
        job = worker.take()
        s3, place, keys = worker.s3(job), worker.place(job, "outputArtifacts", "Out"), job["data"]["artifactCredentials"]
        upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
        tags = [s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)["ETag"] for number in (1, 2)]
        lists = ["".join(f"<Part><PartNumber>{n + 1}</PartNumber><ETag>{tags[n]}</ETag></Part>" for n in range(count)) for count in (1, 2)]
        signed, other = (f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>" for parts in lists)
        url = f"{api.url}/{place['Bucket']}/{place['Key']}?uploadId={upload['UploadId']}"
        request = botocore.awsrequest.AWSRequest("POST", url, data=signed)
        botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"]), "s3", REGION).add_auth(request)
        headers = {**dict(request.headers), "X-Amz-Content-SHA256": hashlib.sha256(signed.encode()).hexdigest()}
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, other.encode(), headers, method="POST"), timeout=60)
        assert (refused.value.code, b"<Code>XAmzContentSHA256Mismatch</Code>" in refused.value.read()) == (400, True)
        with urllib.request.urlopen(urllib.request.Request(url, signed.encode(), headers, method="POST"), timeout=60) as answer:
            assert answer.status == 200
        worker.fail(job)

    def test_nothing_but_the_jobs_own(self, api, worker, building):
        job = worker.take()
        s3, read, write = worker.s3(job), worker.place(job, "inputArtifacts", "App"), worker.place(job, "outputArtifacts", "Out")
        calls = [
            (s3.put_object, {**read, "Body": b"x"}, "AccessDenied"),
            (s3.get_object, write, "AccessDenied"),
            (s3.get_object, {**read, "Bucket": "others"}, "AccessDenied"),
            (s3.get_object, {**read, "Key": read["Key"][:-1]}, "AccessDenied"),
            (s3.list_objects_v2, {"Bucket": read["Bucket"]}, "NotImplemented"),
            (s3.list_buckets, {}, "AccessDenied"),
            (s3.get_object_tagging, read, "NotImplemented"),
            (s3.delete_object, write, "NotImplemented"),
            (s3.copy_object, {**write, "CopySource": read}, "NotImplemented"),
        ]
        for call, arguments, code in calls:
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                call(**arguments)
            assert code_of(refused) == code, call
        worker.fail(job)
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            s3.get_object(**read)
        assert code_of(refused) == "ExpiredToken"

    def test_credentials_of_nobody(self, api, worker, building):
        job = worker.take()
        place = worker.place(job, "inputArtifacts", "App")
        right = job["data"]["artifactCredentials"]
        access_key, secret_key = api.keys
        for change, code in (
            ({"secretAccessKey": "x" * 40}, "SignatureDoesNotMatch"),
            ({"accessKeyId": "PSWAAAAAAAAAAAAAAAAA"}, "ExpiredToken"),
            ({"sessionToken": right["sessionToken"][:-1] + "x"}, "ExpiredToken"),
            ({"sessionToken": f"psw_{NOWHERE}_" + "0" * 40}, "InvalidAccessKeyId"),
            ({"accessKeyId": access_key, "secretAccessKey": secret_key, "sessionToken": None}, "InvalidAccessKeyId"),
        ):
            wrong = {**job, "data": {**job["data"], "artifactCredentials": {**right, **change}}}
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                worker.s3(wrong).get_object(**place)
            assert code_of(refused) == code
        # What is good here is good nowhere else.
        boto3_client = boto3.client("codepipeline", region_name=REGION, endpoint_url=api.url, aws_access_key_id=right["accessKeyId"], aws_secret_access_key=right["secretAccessKey"], aws_session_token=right["sessionToken"])
        with pytest.raises(botocore.exceptions.ClientError):
            boto3_client.list_pipelines()
        worker.fail(job)

    def test_virtual_hosts(self, api, worker, building):
        job = worker.take()
        place, credentials = worker.place(job, "inputArtifacts", "App"), job["data"]["artifactCredentials"]
        port = api.url.rsplit(":", 1)[1]
        request = botocore.awsrequest.AWSRequest("GET", f"http://{place['Bucket']}.localhost:{port}/{place['Key']}")
        botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(credentials["accessKeyId"], credentials["secretAccessKey"], credentials["sessionToken"]), "s3", REGION).add_auth(request)
        headers = {**dict(request.headers), "Host": f"{place['Bucket']}.localhost:{port}"}
        sent = urllib.request.Request(f"{api.url}/{place['Key']}", headers=headers)
        with urllib.request.urlopen(sent, timeout=60) as answer:
            assert answer.read() == worker.read(job)
        worker.fail(job)


def chunked(data, sizes, signer=None):
    """A body as aws-chunked; with a signer each chunk is signed over the one before."""
    body = b""
    for size in [*sizes, 0]:
        part, data = data[:size], data[size:]
        signature = f";chunk-signature={signer(part)}" if signer else ""
        body += f"{size:x}{signature}\r\n".encode() + (part + b"\r\n" if size else b"")
    return body


class TestChunked:
    """What other SDKs than boto3 send: a body in chunks, each of them signed or not."""

    def send(self, api, worker, job, body, payload, size, sign=None, trailer=None):
        place, keys = worker.place(job, "outputArtifacts", "Out"), job["data"]["artifactCredentials"]
        headers = {"X-Amz-Content-SHA256": payload, "X-Amz-Decoded-Content-Length": str(size), "Content-Encoding": "aws-chunked"}
        if trailer:
            headers["X-Amz-Trailer"] = trailer
        request = botocore.awsrequest.AWSRequest("PUT", f"{api.url}/{place['Bucket']}/{place['Key']}", headers)
        auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"]), "s3", REGION)
        auth.payload = lambda request: payload
        auth.add_auth(request)
        headers = dict(request.headers)
        headers["X-Amz-Content-SHA256"] = payload
        if sign:
            body = body(auth, headers)
        sent = urllib.request.Request(f"{api.url}/{place['Bucket']}/{place['Key']}", body, headers, method="PUT")
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                return answer.status, answer.headers["ETag"]
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def test_unsigned_with_a_trailer(self, api, worker, building):
        import zlib

        job, data = worker.take(), zipped("built") * 500
        sizes = [70000, len(data) - 70000] if len(data) > 70000 else [len(data)]
        crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
        body = chunked(data, sizes) + f"x-amz-checksum-crc32:{crc}\r\n\r\n".encode()
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        assert self.send(api, worker, job, body, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", len(data), trailer="x-amz-checksum-crc32") == (200, etag)
        wrong = body.replace(crc.encode(), b"AAAAAA==")
        status, text = self.send(api, worker, job, wrong, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", len(data), trailer="x-amz-checksum-crc32")
        assert (status, "<Code>BadDigest</Code>" in text) == (400, True)
        for broken in (body[:500], b"zz\r\n", b"", b"5\r\nabc"):
            status, text = self.send(api, worker, job, broken, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", len(data))
            assert (status, "<Code>IncompleteBody</Code>" in text) == (400, True)
        worker.fail(job)

    def test_only_the_last_chunk_may_be_small(self, api, worker, building):
        job, payload = worker.take(), "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        data = b"x" * 8300
        assert self.send(api, worker, job, chunked(data, [8192, 108]) + b"\r\n", payload, len(data))[0] == 200
        status, text = self.send(api, worker, job, chunked(data, [8191, 109]) + b"\r\n", payload, len(data))
        assert (status, "<Code>InvalidChunkSizeError</Code>" in text) == (400, True)
        worker.fail(job)

    def test_signed_chunks(self, api, worker, building):
        import hmac

        job, data = worker.take(), zipped("built").ljust(10000, b"x")

        def body(auth, headers, change=lambda part: part):
            authorization = headers["Authorization"]
            moment, previous = headers["X-Amz-Date"], authorization.rsplit("Signature=", 1)[1]
            key = b"AWS4" + job["data"]["artifactCredentials"]["secretAccessKey"].encode()
            for word in (moment[:8], REGION, "s3", "aws4_request"):
                key = hmac.new(key, word.encode(), hashlib.sha256).digest()
            state = {"previous": previous}

            def signer(part):
                text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", moment, f"{moment[:8]}/{REGION}/s3/aws4_request", state["previous"], hashlib.sha256(b"").hexdigest(), hashlib.sha256(change(part)).hexdigest()])
                state["previous"] = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
                return state["previous"]

            return chunked(data, [9000, len(data) - 9000], signer) + b"\r\n"

        payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        assert self.send(api, worker, job, body, payload, len(data), sign=True) == (200, f'"{hashlib.md5(data).hexdigest()}"')
        status, text = self.send(api, worker, job, lambda auth, headers: body(auth, headers, lambda part: part + b"!"), payload, len(data), sign=True)
        assert (status, "<Code>SignatureDoesNotMatch</Code>" in text) == (403, True)
        worker.fail(job)
