"""CodePipeline as Debian's aws command line and boto3 see it: each operation with what it answers and how it refuses."""

import datetime
import json
import re
import uuid

import pytest
from api_steps import approval, source, wait_for_status
from hand_runner import COMMIT
from stack.sandbox import ACCOUNT, REGION

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
NOWHERE = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"


def not_there(name):
    return ("PipelineNotFoundException", f"Account '{ACCOUNT}' does not have a pipeline with name '{name}'")


@pytest.fixture
def file(tmp_path):
    def write(tree):
        path = tmp_path / "input.json"
        path.write_text(json.dumps(tree))
        return f"file://{path}"

    return write


class TestCreatePipeline:
    def test_answers_the_pipeline_with_defaults_and_starts_it(self, cli, file, declaration, name):
        made = cli("codepipeline", "create-pipeline", "--cli-input-json", file({"pipeline": declaration(), "tags": [{"key": "team", "value": "web"}]}))
        assert made["tags"] == [{"key": "team", "value": "web"}]
        assert made["pipeline"]["version"] == 1
        action = made["pipeline"]["stages"][0]["actions"][0]
        assert (action["runOrder"], action["inputArtifacts"]) == (1, [])
        executions = cli("codepipeline", "list-pipeline-executions", "--pipeline-name", name)["pipelineExecutionSummaries"]
        assert [execution["trigger"]["triggerType"] for execution in executions] == ["CreatePipeline"]
        assert executions[0]["status"] == "InProgress"

    def test_a_name_is_taken_once(self, cli, file, declaration, pipeline):
        refused = cli.refused("codepipeline", "create-pipeline", "--cli-input-json", file({"pipeline": declaration()}))
        assert refused == ("PipelineNameInUseException", f"A pipeline with the name '{pipeline}' already exists in account '{ACCOUNT}'")

    @pytest.mark.parametrize(
        "change, code, words",
        [
            (lambda p: p.update(name="my shop"), "ValidationException", "1 validation error detected: Value 'my shop' at 'pipeline.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"),
            (lambda p: p["stages"].pop(), "InvalidStructureException", "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline"),
            (lambda p: p.pop("artifactStore"), "InvalidStructureException", "Pipeline should have either artifactStore or artifactStores"),
            (lambda p: p["stages"].__setitem__(0, approval("First")), "InvalidStructureException", "Pipeline should start with a stage that only contains source actions"),
            (lambda p: p["stages"][0]["actions"][0]["configuration"].pop("BranchName"), "InvalidActionDeclarationException", "Action configuration for action 'App' is missing required configuration 'BranchName'"),
            (lambda p: p["stages"][0]["actions"][0]["configuration"].update(Branch="x"), "InvalidActionDeclarationException", "Action configuration for action 'App' contains unknown configuration 'Branch'"),
            (lambda p: p["stages"][0]["actions"][0].pop("outputArtifacts"), "InvalidActionDeclarationException", "Action App declares 0 output artifacts which is less than the minimum count (1)"),
            (lambda p: p["stages"][1]["actions"][0]["actionTypeId"].update(provider="Jenkins", owner="Custom", category="Build"), "InvalidActionDeclarationException", "ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'Custom', Version: '1') in action 'Approve' is not available"),
        ],
        ids=["name", "one-stage", "no-store", "no-source", "missing-key", "unknown-key", "no-output", "unknown-type"],
    )
    def test_a_broken_structure_is_refused(self, cli, file, declaration, name, change, code, words):
        broken = declaration()
        change(broken)
        assert cli.refused("codepipeline", "create-pipeline", "--cli-input-json", file({"pipeline": broken})) == (code, words)
        assert cli.refused("codepipeline", "get-pipeline", "--name", name) == not_there(name)

    def test_boto3_knows_the_exceptions(self, codepipeline, declaration, pipeline):
        with pytest.raises(codepipeline.exceptions.PipelineNameInUseException):
            codepipeline.create_pipeline(pipeline=declaration())
        with pytest.raises(codepipeline.exceptions.InvalidStructureException):
            codepipeline.create_pipeline(pipeline={**declaration(), "stages": [source()]})

    @pytest.mark.parametrize("key, code", [("aws:x", "InvalidTagsException"), ("twice", "InvalidTagsException")])
    def test_tags_are_checked(self, codepipeline, declaration, name, key, code):
        with pytest.raises(codepipeline.exceptions.ClientError) as refused:
            codepipeline.create_pipeline(pipeline=declaration(), tags=[{"key": "twice", "value": "1"}, {"key": key, "value": "2"}])
        assert refused.value.response["Error"]["Code"] == code
        with pytest.raises(codepipeline.exceptions.PipelineNotFoundException):
            codepipeline.get_pipeline(name=name)


class TestGetPipeline:
    def test_what_was_sent_comes_back(self, cli, declaration, pipeline):
        got = cli("codepipeline", "get-pipeline", "--name", pipeline)
        sent = declaration()
        assert got["metadata"]["pipelineArn"] == f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{pipeline}"
        assert datetime.datetime.fromisoformat(got["metadata"]["created"]).year >= 2020
        assert list(got["pipeline"]) == ["name", "roleArn", "artifactStore", "stages", "version"]
        for stage, sent_stage in zip(got["pipeline"]["stages"], sent["stages"]):
            for action, sent_action in zip(stage["actions"], sent_stage["actions"]):
                assert action["configuration"] == sent_action["configuration"]
                assert action["actionTypeId"] == sent_action["actionTypeId"]
                assert action["outputArtifacts"] == sent_action.get("outputArtifacts", [])

    def test_refusals(self, cli, codepipeline, pipeline, name):
        assert cli.refused("codepipeline", "get-pipeline", "--name", "nix-" + name) == not_there("nix-" + name)
        code, _ = cli.refused("codepipeline", "get-pipeline", "--name", pipeline, "--pipeline-version", "7")
        assert code == "PipelineVersionNotFoundException"
        with pytest.raises(codepipeline.exceptions.PipelineVersionNotFoundException):
            codepipeline.get_pipeline(name=pipeline, version=7)
        code, message = cli.refused("codepipeline", "get-pipeline", "--name", "a b")
        assert code == "ValidationException"
        assert message.startswith("1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: ")


class TestUpdatePipeline:
    def test_counts_versions_and_keeps_the_old_ones(self, cli, file, declaration, pipeline):
        changed = cli("codepipeline", "get-pipeline", "--name", pipeline)["pipeline"]
        changed["stages"][1]["name"] = "Ship"
        updated = cli("codepipeline", "update-pipeline", "--cli-input-json", file({"pipeline": changed}))["pipeline"]
        assert (updated["version"], updated["stages"][1]["name"]) == (2, "Ship")
        assert cli("codepipeline", "get-pipeline", "--name", pipeline)["pipeline"]["version"] == 2
        first = cli("codepipeline", "get-pipeline", "--name", pipeline, "--pipeline-version", "1")["pipeline"]
        assert (first["version"], first["stages"][1]["name"]) == (1, "Release")
        executions = cli("codepipeline", "list-pipeline-executions", "--pipeline-name", pipeline)["pipelineExecutionSummaries"]
        assert len(executions) == 1, "an update starts nothing"

    def test_refusals(self, cli, codepipeline, file, declaration, pipeline, name):
        other = {**declaration(), "name": "nix-" + name}
        assert cli.refused("codepipeline", "update-pipeline", "--cli-input-json", file({"pipeline": other})) == not_there("nix-" + name)
        with pytest.raises(codepipeline.exceptions.InvalidStructureException):
            codepipeline.update_pipeline(pipeline={**declaration(), "stages": [source()]})
        assert codepipeline.get_pipeline(name=pipeline)["pipeline"]["version"] == 1

    def test_a_hidden_secret_stays_what_it_was(self, api, codepipeline, declaration, name):
        github = source()
        github["actions"][0]["actionTypeId"] = {"category": "Source", "owner": "ThirdParty", "provider": "GitHub", "version": "1"}
        github["actions"][0]["configuration"] = {"Owner": "acme", "Repo": "shop", "Branch": "main", "OAuthToken": "s3cret"}
        with pytest.raises(codepipeline.exceptions.InvalidActionDeclarationException, match="may be used in secret properties only when updating"):
            hidden = json.loads(json.dumps(github).replace("s3cret", "****"))
            codepipeline.create_pipeline(pipeline={**declaration(), "stages": [hidden, approval()]})
        made = codepipeline.create_pipeline(pipeline={**declaration(), "stages": [github, approval()]})["pipeline"]
        assert made["stages"][0]["actions"][0]["configuration"]["OAuthToken"] == "****"
        updated = codepipeline.update_pipeline(pipeline=made)["pipeline"]
        assert updated["stages"][0]["actions"][0]["configuration"]["OAuthToken"] == "****"
        assert "s3cret" not in json.dumps(api.call("GetPipelineDetail", name=name))


class TestListPipelines:
    def test_pages(self, api, cli, codepipeline, declaration, name):
        names = [f"{name}-{letter}" for letter in "abc"]
        for one in names:
            codepipeline.create_pipeline(pipeline={**declaration(), "name": one})
        listed = cli("codepipeline", "list-pipelines", "--page-size", "2")["pipelines"]
        assert [pipeline["name"] for pipeline in listed if pipeline["name"].startswith(name)] == names
        assert all(pipeline["version"] >= 1 and pipeline["created"] for pipeline in listed)
        page = codepipeline.list_pipelines(maxResults=1)
        assert len(page["pipelines"]) == 1 and page["nextToken"]

    def test_refusals(self, cli, codepipeline):
        with pytest.raises(codepipeline.exceptions.InvalidNextTokenException):
            codepipeline.list_pipelines(nextToken="no base64!")
        code, message = cli.refused("codepipeline", "list-pipelines", "--page-size", "1001")
        assert code == "ValidationException" and "at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000" in message


class TestDeletePipeline:
    def test_is_gone_and_missing_is_fine(self, cli, pipeline):
        assert cli("codepipeline", "delete-pipeline", "--name", pipeline) is None
        assert cli.refused("codepipeline", "get-pipeline", "--name", pipeline) == not_there(pipeline)
        assert cli("codepipeline", "delete-pipeline", "--name", pipeline) is None

    def test_the_name_is_free_again(self, codepipeline, declaration, pipeline):
        codepipeline.delete_pipeline(name=pipeline)
        assert codepipeline.create_pipeline(pipeline=declaration())["pipeline"]["version"] == 1
        assert len(codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]) == 1


class TestExecutions:
    def test_start_is_idempotent_by_its_token(self, cli, codepipeline, pipeline):
        started = cli("codepipeline", "start-pipeline-execution", "--name", pipeline)["pipelineExecutionId"]
        assert re.match(UUID, started)
        token = str(uuid.uuid4())
        first = codepipeline.start_pipeline_execution(name=pipeline, clientRequestToken=token)["pipelineExecutionId"]
        assert codepipeline.start_pipeline_execution(name=pipeline, clientRequestToken=token)["pipelineExecutionId"] == first
        assert codepipeline.start_pipeline_execution(name=pipeline)["pipelineExecutionId"] != first
        listed = cli("codepipeline", "list-pipeline-executions", "--pipeline-name", pipeline)["pipelineExecutionSummaries"]
        assert len(listed) == 4
        assert listed[0]["trigger"] == {"triggerType": "StartPipelineExecution", "triggerDetail": f"arn:aws:iam::{ACCOUNT}:user/admin"}
        assert [summary["startTime"] for summary in listed] == sorted((summary["startTime"] for summary in listed), reverse=True)

    def test_start_refuses(self, cli, name):
        assert cli.refused("codepipeline", "start-pipeline-execution", "--name", "nix-" + name) == not_there("nix-" + name)

    def test_pages_of_executions(self, codepipeline, pipeline):
        started = [codepipeline.start_pipeline_execution(name=pipeline)["pipelineExecutionId"] for _ in range(4)]
        pages = list(codepipeline.get_paginator("list_pipeline_executions").paginate(pipelineName=pipeline, PaginationConfig={"PageSize": 2}))
        assert [len(page["pipelineExecutionSummaries"]) for page in pages] == [2, 2, 1]
        ids = [summary["pipelineExecutionId"] for page in pages for summary in page["pipelineExecutionSummaries"]]
        assert ids[:4] == started[::-1]
        with pytest.raises(codepipeline.exceptions.InvalidNextTokenException):
            codepipeline.list_pipeline_executions(pipelineName=pipeline, nextToken="cGlwZWxpbmVzIGE=")

    def test_get_shows_what_was_fetched(self, cli, waiting, codepipeline):
        listed = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]
        assert listed["sourceRevisions"] == [{"actionName": "App", "revisionId": COMMIT, "revisionSummary": "First version"}]
        got = cli("codepipeline", "get-pipeline-execution", "--pipeline-name", waiting, "--pipeline-execution-id", listed["pipelineExecutionId"])["pipelineExecution"]
        assert (got["pipelineName"], got["pipelineVersion"], got["status"]) == (waiting, 1, "InProgress")
        revision = got["artifactRevisions"][0]
        assert (revision["name"], revision["revisionId"], revision["revisionSummary"]) == ("App", COMMIT, "First version")
        assert datetime.datetime.fromisoformat(revision["created"]).timestamp() == pytest.approx(1795404612.077)

    def test_get_refuses(self, cli, pipeline, name):
        code, message = cli.refused("codepipeline", "get-pipeline-execution", "--pipeline-name", pipeline, "--pipeline-execution-id", NOWHERE)
        assert code == "PipelineExecutionNotFoundException" and NOWHERE in message
        assert cli.refused("codepipeline", "get-pipeline-execution", "--pipeline-name", "nix-" + name, "--pipeline-execution-id", NOWHERE) == not_there("nix-" + name)
        code, message = cli.refused("codepipeline", "get-pipeline-execution", "--pipeline-name", pipeline, "--pipeline-execution-id", "7")
        assert code == "ValidationException" and "at 'pipelineExecutionId'" in message


class TestStop:
    def test_a_waiting_approval_is_abandoned(self, cli, codepipeline, waiting):
        execution = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
        arguments = ("codepipeline", "stop-pipeline-execution", "--pipeline-name", waiting, "--pipeline-execution-id", execution, "--abandon", "--reason", "a test")
        assert cli(*arguments) == {"pipelineExecutionId": execution}
        wait_for_status(codepipeline, waiting, execution, "Stopped")
        listed = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]
        assert listed["stopTrigger"] == {"reason": "a test"}
        action = codepipeline.list_action_executions(pipelineName=waiting)["actionExecutionDetails"][0]
        assert (action["actionName"], action["status"]) == ("Approve", "Abandoned")
        assert cli.refused(*arguments)[0] == "PipelineExecutionNotStoppableException"

    def test_stop_and_wait_waits(self, codepipeline, hand, pipeline):
        execution = codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
        job = hand.lease("CodeCommit", lambda job: job["pipeline"] == pipeline)
        codepipeline.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
        with pytest.raises(codepipeline.exceptions.DuplicatedStopRequestException):
            codepipeline.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution)
        wait_for_status(codepipeline, pipeline, execution, "Stopping")
        hand.put_artifact(job, "App", {"README": "x"})
        hand.finish(job, revisionId=COMMIT)
        wait_for_status(codepipeline, pipeline, execution, "Stopped")

    def test_refusals(self, cli, codepipeline, pipeline, name):
        arguments = ("codepipeline", "stop-pipeline-execution", "--pipeline-execution-id", NOWHERE, "--pipeline-name")
        assert cli.refused(*arguments, "nix-" + name) == not_there("nix-" + name)
        assert cli.refused(*arguments, pipeline)[0] == "PipelineExecutionNotFoundException"
        with pytest.raises(codepipeline.exceptions.ClientError, match="Member must have length less than or equal to 200"):
            codepipeline.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=NOWHERE, reason="x" * 201)


class TestGetPipelineState:
    def test_before_and_after_the_source(self, cli, codepipeline, hand, pipeline):
        state = cli("codepipeline", "get-pipeline-state", "--name", pipeline)
        assert (state["pipelineName"], state["pipelineVersion"]) == (pipeline, 1)
        first, second = state["stageStates"]
        assert first["inboundTransitionState"] == second["inboundTransitionState"] == {"enabled": True}
        assert (first["stageName"], first["latestExecution"]["status"]) == ("Source", "InProgress")
        assert first["actionStates"][0]["latestExecution"]["status"] == "InProgress"
        assert "latestExecution" not in second and second["actionStates"] == [{"actionName": "Approve"}]
        hand.fetch(pipeline)
        first, second = codepipeline.get_pipeline_state(name=pipeline)["stageStates"]
        assert first["latestExecution"]["status"] == "Succeeded"
        assert first["actionStates"][0]["currentRevision"]["revisionId"] == COMMIT
        asked = second["actionStates"][0]["latestExecution"]
        assert asked["status"] == "InProgress" and re.match(UUID, asked["token"])
        assert asked["actionExecutionId"] and isinstance(asked["lastStatusChange"], datetime.datetime)

    def test_who_waits_in_front_of_a_stage(self, codepipeline, hand, waiting):
        second = codepipeline.start_pipeline_execution(name=waiting)["pipelineExecutionId"]
        hand.fetch(waiting, commit="a" * 40)
        release = codepipeline.get_pipeline_state(name=waiting)["stageStates"][1]
        assert release["inboundExecution"] == {"pipelineExecutionId": second, "status": "InProgress"}
        assert release["latestExecution"]["pipelineExecutionId"] != second

    def test_a_failure_is_shown(self, codepipeline, hand, pipeline):
        hand.fail(hand.lease("CodeCommit", lambda job: job["pipeline"] == pipeline), "ConfigurationError", "there is no branch 'main'")
        stage = codepipeline.get_pipeline_state(name=pipeline)["stageStates"][0]
        assert stage["latestExecution"]["status"] == "Failed"
        assert stage["actionStates"][0]["latestExecution"]["errorDetails"] == {"code": "ConfigurationError", "message": "there is no branch 'main'"}

    def test_refuses(self, cli, name):
        assert cli.refused("codepipeline", "get-pipeline-state", "--name", "nix-" + name) == not_there("nix-" + name)


class TestListActionExecutions:
    def test_input_and_output(self, cli, codepipeline, waiting):
        execution = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
        listed = cli("codepipeline", "list-action-executions", "--pipeline-name", waiting, "--filter", f"pipelineExecutionId={execution}")["actionExecutionDetails"]
        assert [detail["actionName"] for detail in listed] == ["Approve", "App"], "newest first"
        app = listed[1]
        assert (app["stageName"], app["status"], app["pipelineVersion"], app["pipelineExecutionId"]) == ("Source", "Succeeded", 1, execution)
        assert app["input"]["actionTypeId"]["provider"] == "CodeCommit"
        assert app["input"]["configuration"] == app["input"]["resolvedConfiguration"] == {"RepositoryName": waiting, "BranchName": "main"}
        assert (app["input"]["region"], app["input"]["namespace"], app["input"]["inputArtifacts"]) == (REGION, "Source", [])
        assert app["output"]["outputArtifacts"][0]["name"] == "App" and app["output"]["outputArtifacts"][0]["s3location"]["key"]
        assert app["output"]["outputVariables"]["CommitId"] == COMMIT

    def test_variables_are_resolved(self, codepipeline, hand, declaration, name):
        asks = approval(CustomData="release #{Source.CommitId} of #{codepipeline.PipelineExecutionId}")
        codepipeline.create_pipeline(pipeline=declaration(asks))
        hand.fetch(name)
        detail = codepipeline.list_action_executions(pipelineName=name)["actionExecutionDetails"][0]
        assert detail["input"]["configuration"]["CustomData"] == asks["actions"][0]["configuration"]["CustomData"]
        assert detail["input"]["resolvedConfiguration"]["CustomData"] == f"release {COMMIT} of {detail['pipelineExecutionId']}"

    def test_pages(self, codepipeline, waiting):
        pages = list(codepipeline.get_paginator("list_action_executions").paginate(pipelineName=waiting, PaginationConfig={"PageSize": 1}))
        assert [page["actionExecutionDetails"][0]["actionName"] for page in pages] == ["Approve", "App"]
        execution = pages[0]["actionExecutionDetails"][0]["pipelineExecutionId"]
        pages = list(codepipeline.get_paginator("list_action_executions").paginate(pipelineName=waiting, filter={"pipelineExecutionId": execution}, PaginationConfig={"PageSize": 1}))
        assert [page["actionExecutionDetails"][0]["actionName"] for page in pages] == ["Approve", "App"]

    def test_refusals(self, cli, codepipeline, pipeline, name):
        assert cli.refused("codepipeline", "list-action-executions", "--pipeline-name", "nix-" + name) == not_there("nix-" + name)
        with pytest.raises(codepipeline.exceptions.PipelineExecutionNotFoundException):
            codepipeline.list_action_executions(pipelineName=pipeline, filter={"pipelineExecutionId": NOWHERE})
        with pytest.raises(codepipeline.exceptions.InvalidNextTokenException):
            codepipeline.list_action_executions(pipelineName=pipeline, nextToken="x")


class TestPutApprovalResult:
    def token(self, codepipeline, pipeline):
        return codepipeline.get_pipeline_state(name=pipeline)["stageStates"][1]["actionStates"][0]["latestExecution"]["token"]

    def arguments(self, pipeline, token, **others):
        names = {"pipeline-name": pipeline, "stage-name": "Release", "action-name": "Approve", "result": "summary=fine,status=Approved", "token": token, **others}
        return ["codepipeline", "put-approval-result", *(part for key, value in names.items() for part in (f"--{key}", value))]

    def test_approved(self, cli, codepipeline, waiting):
        token = self.token(codepipeline, waiting)
        answered = cli(*self.arguments(waiting, token))
        assert datetime.datetime.fromisoformat(answered["approvedAt"])
        execution = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]
        wait_for_status(codepipeline, waiting, execution["pipelineExecutionId"], "Succeeded")
        action = codepipeline.get_pipeline_state(name=waiting)["stageStates"][1]["actionStates"][0]["latestExecution"]
        assert (action["status"], action["summary"], action["lastUpdatedBy"]) == ("Succeeded", "fine", f"arn:aws:iam::{ACCOUNT}:user/admin")
        assert cli.refused(*self.arguments(waiting, token))[0] == "ApprovalAlreadyCompletedException"

    def test_rejected(self, codepipeline, waiting):
        codepipeline.put_approval_result(pipelineName=waiting, stageName="Release", actionName="Approve", token=self.token(codepipeline, waiting), result={"summary": "", "status": "Rejected"})
        execution = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"][0]
        wait_for_status(codepipeline, waiting, execution["pipelineExecutionId"], "Failed")

    def test_refusals(self, cli, codepipeline, waiting, name):
        token = self.token(codepipeline, waiting)
        assert cli.refused(*self.arguments("nix-" + name, token)) == not_there("nix-" + name)
        assert cli.refused(*self.arguments(waiting, token, **{"stage-name": "Nix"}))[0] == "StageNotFoundException"
        assert cli.refused(*self.arguments(waiting, token, **{"action-name": "Nix"}))[0] == "ActionNotFoundException"
        assert cli.refused(*self.arguments(waiting, NOWHERE))[0] == "InvalidApprovalTokenException"
        code, message = cli.refused(*self.arguments(waiting, token, result="summary=x,status=Maybe"))
        assert code == "ValidationException" and "Member must satisfy enum value set: [Approved, Rejected]" in message
        with pytest.raises(codepipeline.exceptions.InvalidApprovalTokenException):
            codepipeline.put_approval_result(pipelineName=waiting, stageName="Release", actionName="Approve", token=NOWHERE, result={"summary": "", "status": "Approved"})
        assert self.token(codepipeline, waiting) == token, "still waiting for the right answer"


class TestTags:
    def test_come_and_go(self, cli, pipeline):
        arn = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{pipeline}"
        assert cli("codepipeline", "list-tags-for-resource", "--resource-arn", arn) == {"tags": []}
        cli("codepipeline", "tag-resource", "--resource-arn", arn, "--tags", "key=a,value=1", "key=b,value=2")
        cli("codepipeline", "tag-resource", "--resource-arn", arn, "--tags", "key=a,value=3")
        cli("codepipeline", "untag-resource", "--resource-arn", arn, "--tag-keys", "b", "nix")
        assert cli("codepipeline", "list-tags-for-resource", "--resource-arn", arn) == {"tags": [{"key": "a", "value": "3"}]}

    def test_refusals(self, cli, codepipeline, pipeline, name):
        assert cli.refused("codepipeline", "list-tags-for-resource", "--resource-arn", "arn:aws:s3:::bucket")[0] == "InvalidArnException"
        assert cli.refused("codepipeline", "list-tags-for-resource", "--resource-arn", f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:nix-{name}")[0] == "ResourceNotFoundException"
        with pytest.raises(codepipeline.exceptions.TooManyTagsException):
            codepipeline.tag_resource(resourceArn=f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{pipeline}", tags=[{"key": str(i), "value": ""} for i in range(51)])
