"""Penstock's own operations: what the dashboard and the command line are made of (docs/doors.md)."""

import secrets

import pytest
from api_steps import Developer, approval, wait_for_status
from hand_runner import COMMIT
from stack.sandbox import ACCOUNT, REGION
from stack.server import Refused

NOWHERE = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"


def summary(api, name):
    return next(pipeline for pipeline in api.call("GetOverview")["pipelines"] if pipeline["name"] == name)


def refused(api, operation, code, words, **members):
    with pytest.raises(Refused) as answer:
        api.call(operation, **members)
    assert (answer.value.status, answer.value.name) == (400, code) and words in answer.value.message, answer.value


def test_session(api, waiting):
    assert waiting, "the runner has just done something, so it is online however slow this machine is"
    session = api.call("GetSession")
    assert (session["user"], session["region"], session["accountId"]) == ("admin", REGION, ACCOUNT)
    assert session["serverVersion"] and session["runnersOnline"] == 1 and "csrfToken" not in session


class TestOverview:
    def test_a_pipeline_before_and_at_its_approval(self, api, hand, pipeline):
        shown = summary(api, pipeline)
        assert (shown["version"], shown["origin"], shown["executionMode"], shown["pipelineType"]) == (1, "api", "SUPERSEDED", "V1")
        assert [stage["name"] for stage in shown["stages"]] == ["Source", "Release"]
        assert (shown["stages"][0]["status"], "status" in shown["stages"][1]) == ("InProgress", False)
        latest = shown["latestExecution"]
        assert (latest["number"], latest["status"], latest["trigger"]["triggerType"], latest["wait"]) == (1, "InProgress", "CreatePipeline", "waiting for a runner: Source/App")
        before = api.call("GetOverview")["approvalsPending"]
        hand.fetch(pipeline)
        shown = summary(api, pipeline)
        assert api.call("GetOverview")["approvalsPending"] == before + 1
        assert shown["latestExecution"]["wait"] == "waiting for approval: Release/Approve"
        asked = shown["approval"]
        assert (asked["pipelineName"], asked["stageName"], asked["actionName"]) == (pipeline, "Release", "Approve")
        assert asked["pipelineExecutionId"] == latest["pipelineExecutionId"] and asked["expires"] > asked["since"]
        assert asked["changes"]["to"] == COMMIT and "from" not in asked["changes"]
        assert shown["latestExecution"]["revisions"] == [{"actionName": "App", "artifactName": "App", "revisionId": COMMIT, "revisionSummary": "First version", "branch": "main", "created": 1795404612.077}]

    def test_who_waits_for_a_stage(self, api, hand, codepipeline, waiting):
        codepipeline.start_pipeline_execution(name=waiting)
        hand.fetch(waiting, commit="b" * 40)
        shown = summary(api, waiting)
        assert shown["latestExecution"]["wait"] == "waiting for execution 1 to leave stage Release"
        assert shown["stages"][1]["wait"]


def test_an_approval_shows_what_it_lets_through(api, hand, codepipeline, codecommit, pipeline, tmp_path):
    codecommit.create_repository(repositoryName=pipeline)
    execution = codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
    codepipeline.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution, abandon=True)
    clone = Developer(api, pipeline, tmp_path)
    first = clone.commit("First version")
    clone.push()
    hand.fetch(pipeline, first)
    asked = summary(api, pipeline)["approval"]
    assert asked["changes"]["to"] == first and "from" not in asked["changes"]
    assert [commit["summary"] for commit in asked["changes"]["commits"]] == ["First version"]
    names = {key: asked[key] for key in ("pipelineName", "stageName", "actionName", "token")}
    codepipeline.put_approval_result(**names, result={"status": "Approved", "summary": ""})
    clone.commit("Second version")
    third = clone.commit("Third version")
    clone.push()
    hand.fetch(pipeline, third)
    shown = summary(api, pipeline)
    changes = shown["approval"]["changes"]
    assert (changes["from"], changes["to"], changes["truncated"]) == (first, third, False)
    assert [(commit["summary"], commit["author"]) for commit in changes["commits"]] == [("Third version", "Ann"), ("Second version", "Ann")]
    assert shown["latestExecution"]["approval"] == shown["approval"]


class TestDetail:
    def test_pipeline(self, api, codecommit, waiting):
        codecommit.create_repository(repositoryName=waiting)
        detail = api.call("GetPipelineDetail", name=waiting)
        assert detail["pipeline"]["name"] == detail["declaration"]["name"] == waiting
        assert [execution["number"] for execution in detail["executions"]] == [1]
        assert detail["repository"] == {"name": waiting, "branch": "main", "cloneUrl": f"{api.url}/git/{waiting}"}
        refused(api, "GetPipelineDetail", "PipelineNotFoundException", "nix", name="nix")

    def test_execution(self, api, hand, codepipeline, codebuild, declaration, name):
        build = {"name": "Build", "actions": [{"name": "Image", "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}, "configuration": {"ProjectName": name}, "inputArtifacts": [{"name": "App"}]}]}
        codebuild.create_project(name=name, source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"}, environment={"type": "LINUX_CONTAINER", "image": "debian:12", "computeType": "BUILD_GENERAL1_SMALL"}, serviceRole="arn:aws:iam::1:role/x")
        codepipeline.create_pipeline(pipeline=declaration(build, approval()))
        hand.fetch(name)
        job = hand.lease("CodeBuild", lambda job: job["pipeline"] == name)
        hand.log(job, "one\ntwo\n")
        hand.progress(job, summary="half way", percent=50)
        execution = api.call("GetPipelineDetail", name=name)["executions"][0]["pipelineExecutionId"]
        detail = api.call("GetExecutionDetail", pipelineName=name, pipelineExecutionId=execution)
        assert (detail["canStop"], detail["canRunAgain"], detail["declarationVersion"]) == (True, False, 1)
        assert [stage["name"] for stage in detail["stages"]] == ["Source", "Build", "Release"]
        assert [stage.get("status") for stage in detail["stages"]] == ["Succeeded", "InProgress", None]
        image = detail["stages"][1]["actions"][0]
        assert (image["status"], image["summary"], image["percentComplete"], image["runner"]) == ("InProgress", "half way", 50, "hand")
        assert image["log"] == {"logId": image["actionExecutionId"], "lines": 2, "bytes": 8, "closed": False}
        assert image["build"]["buildStatus"] == "IN_PROGRESS" and image["build"]["projectName"] == name
        assert (image["inputArtifacts"], image["configuration"]) == (["App"], {"ProjectName": name})
        app = detail["stages"][0]["actions"][0]
        assert app["outputVariables"]["CommitId"] == COMMIT and app["log"]["closed"]
        assert "status" not in detail["stages"][2]["actions"][0]
        hand.fail(job, message="the build failed in phase BUILD")
        wait_for_status(codepipeline, name, execution, "Failed")
        detail = api.call("GetExecutionDetail", pipelineName=name, pipelineExecutionId=execution)
        image = detail["stages"][1]["actions"][0]
        assert (image["errorCode"], image["errorMessage"], image["log"]["closed"]) == ("JobFailed", "the build failed in phase BUILD", True)
        assert (detail["canStop"], detail["canRunAgain"]) == (False, True)

    def test_refusals(self, api, pipeline):
        refused(api, "GetExecutionDetail", "PipelineExecutionNotFoundException", NOWHERE, pipelineName=pipeline, pipelineExecutionId=NOWHERE)
        refused(api, "GetExecutionDetail", "ValidationException", "pipelineExecutionId", pipelineName=pipeline)
        execution = api.call("GetPipelineDetail", name=pipeline)["executions"][0]["pipelineExecutionId"]
        where = {"pipelineName": pipeline, "pipelineExecutionId": execution, "actionName": "App"}
        refused(api, "AbandonAction", "ConflictException", "", stageName="Source", **where)
        refused(api, "AbandonAction", "StageNotFoundException", "", stageName="Nix", **where)


class TestCheckDefinition:
    GOOD = """name: shop
stages:
  - {name: Source, actions: [{name: App, provider: CodeCommit, configuration: {RepositoryName: a, BranchName: b}, outputArtifacts: [App]}]}
  - {name: Ok, actions: [{name: Ok, provider: Manual}]}
"""

    def test_good(self, api):
        assert api.call("CheckDefinition", text=self.GOOD) == {"valid": True, "errors": []}

    def test_bad(self, api):
        answer = api.call("CheckDefinition", text=self.GOOD.replace("provider: Manual", "provider: Manuel"), fileName="shop.yml")
        assert answer == {"valid": False, "errors": [{"line": 4, "column": 47, "path": "stages[1].actions[0].provider", "message": "unknown provider 'Manuel'; did you mean 'Manual'?"}]}

    def test_not_even_yaml(self, api):
        answer = api.call("CheckDefinition", text="name: [\n")
        assert not answer["valid"] and answer["errors"][0]["line"] >= 1 and "pipeline.yml" not in answer["errors"][0]["message"]


class TestCredentials:
    def test_access_keys(self, api):
        made = api.call("CreateAccessKey", userName="deploy")
        assert made["userName"] == "deploy"
        client = api.client("codepipeline", (made["accessKeyId"], made["secretAccessKey"]))
        client.list_pipelines()
        listed = api.call("ListAccessKeys")["accessKeys"]
        assert made["accessKeyId"] in [key["accessKeyId"] for key in listed] and made["secretAccessKey"] not in str(listed)
        assert api.call("DeleteAccessKey", accessKeyId=made["accessKeyId"]) == {}
        with pytest.raises(client.exceptions.ClientError, match="UnrecognizedClientException"):
            client.list_pipelines()
        refused(api, "DeleteAccessKey", "ResourceNotFoundException", "", accessKeyId=made["accessKeyId"])
        refused(api, "CreateAccessKey", "ValidationException", "userName", userName="a b")

    def test_git_tokens(self, api):
        made = api.call("CreateGitToken", description="a laptop")
        listed = next(token for token in api.call("ListGitTokens")["gitTokens"] if token["tokenId"] == made["tokenId"])
        assert (listed["description"], listed["userName"]) == ("a laptop", "admin") and "token" not in listed
        assert api.call("DeleteGitToken", tokenId=made["tokenId"]) == {}
        refused(api, "DeleteGitToken", "ResourceNotFoundException", "", tokenId=made["tokenId"])

    def test_sign_in_links(self, api):
        made = api.call("CreateSignInLink")
        assert made["url"].startswith(f"{api.url}/sign-in?token=") and made["expires"] > 0


class TestRunners:
    def test_list_and_remove(self, api, hand):
        runner = next(runner for runner in api.call("ListRunners")["runners"] if runner["runnerId"] == hand.runner_id)
        assert (runner["name"], runner["status"], runner["version"], runner["currentJobs"]) == ("hand", "online", "0", [])
        token = api.call("CreateJoinToken")
        assert token["command"] == f"penstock-runner --join {api.url} {token['token']}" and token["expires"] > 0
        refused(api, "RemoveRunner", "ResourceNotFoundException", "", runnerId=NOWHERE)

    def test_what_a_runner_works_on(self, api, hand, pipeline):
        job = hand.lease("CodeCommit", lambda job: job["pipeline"] == pipeline)
        runner = next(runner for runner in api.call("ListRunners")["runners"] if runner["runnerId"] == hand.runner_id)
        assert [(one["pipelineName"], one["stageName"], one["actionName"]) for one in runner["currentJobs"]] == [(pipeline, "Source", "App")]
        hand.fail(job)


class TestSourceHooks:
    def test_put_list_delete(self, api, name):
        hook = {"provider": "github", "repository": f"acme/{name}", "cloneUrl": f"https://git.example.com/acme/{name}.git", "secret": secrets.token_hex(16)}
        made = api.call("PutSourceHook", **hook, cloneUserName="reader", clonePassword="hidden-password")
        assert made["payloadUrl"] == f"{api.url}/hooks/github/{made['hookId']}"
        assert api.call("PutSourceHook", **hook) == made, "the same repository keeps its address"
        listed = next(one for one in api.call("ListSourceHooks")["hooks"] if one["hookId"] == made["hookId"])
        assert listed["repository"] == hook["repository"] and listed["cloneUrl"] == hook["cloneUrl"]
        assert hook["secret"] not in str(listed) and "hidden" not in str(listed)
        assert api.call("DeleteSourceHook", hookId=made["hookId"]) == {}
        assert made["hookId"] not in [one["hookId"] for one in api.call("ListSourceHooks")["hooks"]]

    @pytest.mark.parametrize(
        "change, words",
        [
            ({"secret": "short"}, "secret"),
            ({"provider": "svn"}, "github"),
            ({"repository": "no-owner"}, "repository"),
            ({"cloneUrl": "https://user:password@git.example.com/x"}, "cloneUrl"),
            ({"cloneUrl": "file:///etc/passwd"}, "cloneUrl"),
        ],
    )
    def test_refusals(self, api, name, change, words):
        hook = {"provider": "github", "repository": f"acme/{name}", "cloneUrl": "https://git.example.com/x.git", "secret": "s" * 32, **change}
        refused(api, "PutSourceHook", "ValidationException", words, **hook)


def test_events(api, codepipeline, declaration, name):
    after = 0
    while True:
        page = api.call("ListEvents", after=after, limit=1000)["events"]
        if not page:
            break
        after = page[-1]["sequence"]
    codepipeline.create_pipeline(pipeline=declaration())
    events = [event for event in api.call("ListEvents", after=after)["events"] if event.get("pipelineName") == name]
    assert {"pipeline", "execution", "stage", "action"} <= {event["type"] for event in events}
    assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events)
    assert all(event["time"] > 1.5e9 for event in events)
