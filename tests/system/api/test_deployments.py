"""What deploys tell, where they pause for a person, who cancels them, and what runs where: with a runner played by hand,
as the dashboard, AWS's clients and the command line see it."""

import subprocess
import threading

import pytest
from api_steps import approval, events_of, wait_for_status
from botocore.exceptions import ClientError
from hand_runner import COMMIT
from stack.sandbox import ACCOUNT, REGION
from stack.server import Refused

ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"


def deploy_action(service, name="Shop", **members):
    type_id = {"category": "Deploy", "owner": "AWS", "provider": "ECS", "version": "1"}
    return {"name": name, "actionTypeId": type_id, "configuration": {"ClusterName": "prod", "ServiceName": service},
            "inputArtifacts": [{"name": "App"}], **members}


def deploy_stage(*actions, name="Deploy"):
    return {"name": name, "actions": list(actions)}


def target(service, before, after, **members):
    return {"name": f"ecs/{REGION}/prod/{service}", "from": before, "to": after, **members}


def deployment(*targets, **members):
    return {"kind": "ECS", "targets": list(targets), "timeline": [{"at": 1795404612, "text": "UpdateService was sent"}], **members}


CAUSE = {"id": "image-missing", "sentence": "the image shop:12 is not in the registry",
         "evidence": "CannotPullContainerError: shop:12: not found", "change": "push the image, or deploy another tag", "since": 1795404620}
PAUSE = {"id": "hook-1", "stage": "POST_TEST_TRAFFIC_SHIFT", "sentence": "the new version takes test traffic; look at it",
         "testUrl": "https://test.example.com/"}


@pytest.fixture
def shop(codepipeline, declaration, name):
    """A pipeline with one deploy, started once by its creation."""
    codepipeline.create_pipeline(pipeline=declaration(deploy_stage(deploy_action(name))))
    return name


@pytest.fixture
def job(hand, shop):
    """The deploy's job, begun."""
    hand.fetch(shop)
    return take(hand, shop)


def take(hand, pipeline, **members):
    return hand.lease("ECS", lambda job: job["pipeline"] == pipeline and all(job.get(key) == value for key, value in members.items()))


def newest(codepipeline, pipeline):
    return codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]


def detail(api, codepipeline, pipeline, execution=None):
    return api.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=execution or newest(codepipeline, pipeline))


def action_of(shown, stage=1, action=0):
    return shown["stages"][stage]["actions"][action]


def state(codepipeline, pipeline):
    return codepipeline.get_pipeline_state(name=pipeline)["stageStates"][1]["actionStates"][0]["latestExecution"]


def answer(codepipeline, pipeline, token, status="Approved", summary=""):
    return codepipeline.put_approval_result(pipelineName=pipeline, stageName="Deploy", actionName="Shop", token=token,
                                            result={"summary": summary, "status": status})


def refused(*arguments, **members):
    with pytest.raises(ClientError) as error:
        answer(*arguments, **members)
    return error.value.response["Error"]["Code"]


def approvals_pending(api):
    return api.call("GetOverview")["approvalsPending"]


class TestTold:
    def test_the_newest_word_is_shown_and_stays(self, api, codepipeline, hand, shop, job):
        assert "deployment" not in action_of(detail(api, codepipeline, shop))
        first = deployment(target(shop, "shop:11", "shop:12"), tasks={"desired": 2, "running": 1, "pending": 1, "failed": 0, "old": 2})
        hand.progress(job, summary="1 of 2", deployment=first)
        assert action_of(detail(api, codepipeline, shop))["deployment"] == first
        hand.progress(job, summary="2 of 2")
        assert action_of(detail(api, codepipeline, shop))["deployment"] == first
        last = deployment(target(shop, "shop:11", "shop:12"), evidence=[{"at": 1795404613, "source": "EVENT", "subject": "shop", "text": "steady"}])
        hand.finish(job, deployment=last)
        shown = action_of(detail(api, codepipeline, shop))
        assert (shown["status"], shown["deployment"]) == ("Succeeded", last)
        alone = api.call("GetDeployment", actionExecutionId=shown["actionExecutionId"])
        assert (alone["deployment"], alone["pipelineName"], alone["status"]) == (last, shop, "Succeeded")

    def test_what_is_stuck_stands_in_the_overview_and_in_the_event(self, api, codepipeline, hand, shop, job):
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), stage="BAKE_TIME", cause=CAUSE))
        wanted = {"stageName": "Deploy", "actionName": "Shop", "cause": CAUSE}
        assert detail(api, codepipeline, shop)["execution"]["stuck"] == wanted
        summary = next(pipeline for pipeline in api.call("GetOverview")["pipelines"] if pipeline["name"] == shop)
        assert summary["latestExecution"]["stuck"] == wanted
        told = [event["detail"] for event in events_of(api, shop, "action") if event.get("detail")]
        assert told[-1]["cause"] == {"id": CAUSE["id"], "sentence": CAUSE["sentence"]}
        assert told[-1]["stage"] == "BAKE_TIME"
        hand.fail(job)
        assert "stuck" not in detail(api, codepipeline, shop)["execution"]
        assert action_of(detail(api, codepipeline, shop))["deployment"]["cause"] == CAUSE

    def test_a_retry_keeps_what_the_first_try_told(self, api, codepipeline, hand, shop, job):
        first = deployment(target(shop, "shop:11", "shop:12"), cause=CAUSE)
        hand.finish(job, "failed", errorCode="JobFailed", errorMessage=CAUSE["sentence"], deployment=first)
        codepipeline.retry_stage_execution(pipelineName=shop, stageName="Deploy", pipelineExecutionId=newest(codepipeline, shop),
                                           retryMode="FAILED_ACTIONS")
        again = take(hand, shop)
        shown = action_of(detail(api, codepipeline, shop))
        assert "deployment" not in shown
        assert shown["earlierRuns"][0]["deployment"] == first
        hand.fail(again)

    def test_what_is_too_large_or_no_object_is_refused(self, api, codepipeline, hand, shop, job):
        status, told = hand.try_progress(job, deployment={"kind": "ECS", "words": "w" * (256 * 1024)})
        assert (status, "at most 262144 are taken" in told["message"]) == (400, True)
        status, told = hand.try_progress(job, deployment=[1])
        assert (status, told["message"]) == (400, "member 'deployment' must be a value of type object, not list")
        status, told = hand.try_progress(job, deployment=deployment(pause={"sentence": "?"}))
        assert (status, "pause" in told["message"]) == (400, True)
        assert "deployment" not in action_of(detail(api, codepipeline, shop))
        hand.fail(job)

    def test_no_deployment_is_not_found(self, api, codepipeline, hand, shop, job):
        with pytest.raises(Refused, match="ActionExecutionNotFoundException"):
            api.call("GetDeployment", actionExecutionId=job["actionExecutionId"])
        hand.fail(job)


class TestPause:
    @pytest.fixture
    def paused(self, codepipeline, hand, shop, job):
        """(job, token) of a deploy that waits for a person."""
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause=PAUSE))
        return job, state(codepipeline, shop)["token"]

    def test_it_waits_for_approval_wherever_one_looks(self, api, codepipeline, hand, shop, paused):
        job, token = paused
        shown = detail(api, codepipeline, shop)
        assert shown["execution"]["wait"] == "waiting for approval: Deploy/Shop"
        wanted = {"pipelineName": shop, "stageName": "Deploy", "actionName": "Shop", "token": token, "pause": PAUSE}
        for approval_shown in (shown["execution"]["approval"], action_of(shown)["approval"]):
            assert wanted.items() <= approval_shown.items()
            assert approval_shown["changes"]["to"] == COMMIT
        summary = next(pipeline for pipeline in api.call("GetOverview")["pipelines"] if pipeline["name"] == shop)
        assert summary["approval"]["token"] == token
        before = approvals_pending(api)
        answer(codepipeline, shop, token)
        assert approvals_pending(api) == before - 1
        assert [event["status"] for event in events_of(api, shop, "approval")] == ["requested", "approved"]
        hand.finish(job)

    def test_the_command_line_of_aws_answers_it(self, cli, codepipeline, hand, shop, paused):
        job, token = paused
        cli("codepipeline", "put-approval-result", "--pipeline-name", shop, "--stage-name", "Deploy", "--action-name", "Shop",
            "--token", token, "--result", "summary=looks good,status=Approved")
        assert hand.heartbeat(job)["decision"] == {"pauseId": "hook-1", "answer": "APPROVED", "by": ADMIN, "summary": "looks good"}
        assert "token" not in state(codepipeline, shop)
        assert refused(codepipeline, shop, token) == "ApprovalAlreadyCompletedException"
        hand.finish(job)
        assert refused(codepipeline, shop, token) == "ApprovalAlreadyCompletedException"

    def test_who_waits_hears_it_and_says_so(self, codepipeline, hand, shop, paused):
        job, token = paused
        heard = []
        waiting = threading.Thread(target=lambda: heard.append(hand.heartbeat(job, 10)))
        waiting.start()
        answer(codepipeline, shop, token, "Rejected", "the colour is wrong")
        waiting.join(60)
        assert heard[0]["decision"] == {"pauseId": "hook-1", "answer": "REJECTED", "by": ADMIN, "summary": "the colour is wrong"}
        assert not heard[0]["cancel"]
        # What it saw is no news to it, and still stands there for whoever holds the job next.
        assert hand.heartbeat(job, 0, decisionSeen="hook-1")["decision"]["answer"] == "REJECTED"
        seen = threading.Thread(target=lambda: heard.append(hand.heartbeat(job, 10, decisionSeen="hook-1")))
        seen.start()
        codepipeline.stop_pipeline_execution(pipelineName=shop, pipelineExecutionId=newest(codepipeline, shop), abandon=True)
        seen.join(60)
        assert heard[1]["cancel"], "it came back before there was news"
        hand.finish(job, "stopped")
        wait_for_status(codepipeline, shop, newest(codepipeline, shop), "Stopped")

    def test_an_answer_outlives_the_runner(self, codepipeline, hand, shop, paused):
        job, token = paused
        hand.checkpoint(job, step="paused")
        answer(codepipeline, shop, token)
        hand.restart()
        again = take(hand, shop)
        assert (again["id"], again["attempt"]) == (job["id"], 2)
        assert hand.heartbeat(again, 10)["decision"]["answer"] == "APPROVED"
        # The new holder describes the same pause before it hears the answer: nobody is asked twice.
        hand.progress(again, deployment=deployment(target(shop, "shop:11", "shop:12"), pause=PAUSE))
        assert "token" not in state(codepipeline, shop)
        hand.finish(again)

    def test_one_that_is_over_takes_its_token_along(self, api, codepipeline, hand, shop, paused):
        job, token = paused
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), stage="BAKE_TIME"))
        assert "token" not in state(codepipeline, shop)
        assert refused(codepipeline, shop, token) == "InvalidApprovalTokenException"
        assert "decision" not in hand.heartbeat(job)
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause=PAUSE))
        fresh = state(codepipeline, shop)["token"]
        assert fresh != token
        assert refused(codepipeline, shop, token) == "InvalidApprovalTokenException"
        # The next question of the same deploy.
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause={**PAUSE, "id": "hook-2"}))
        assert refused(codepipeline, shop, fresh) == "InvalidApprovalTokenException"
        answer(codepipeline, shop, state(codepipeline, shop)["token"])
        assert hand.heartbeat(job, 0, decisionSeen="hook-1")["decision"]["pauseId"] == "hook-2"
        shown = action_of(detail(api, codepipeline, shop))["pauses"]
        assert [(pause["id"], pause["state"], pause.get("answeredBy")) for pause in shown] == [("hook-1", "Gone", None), ("hook-2", "Approved", ADMIN)]
        assert [event["status"] for event in events_of(api, shop, "approval")] == ["requested", "gone", "requested", "gone", "requested", "approved"]
        hand.finish(job)

    def test_an_expired_one_is_answered_too_late(self, codepipeline, hand, shop, job):
        hand.progress(job, deployment=deployment(pause={**PAUSE, "expires": 1000}))
        assert refused(codepipeline, shop, state(codepipeline, shop)["token"]) == "InvalidApprovalTokenException"
        hand.fail(job)

    def test_the_deploys_end_ends_it(self, codepipeline, hand, shop, paused):
        job, token = paused
        hand.fail(job)
        assert "token" not in state(codepipeline, shop)
        assert refused(codepipeline, shop, token) == "InvalidApprovalTokenException"

    def test_a_stop_ends_it(self, codepipeline, hand, shop, paused):
        job, token = paused
        codepipeline.stop_pipeline_execution(pipelineName=shop, pipelineExecutionId=newest(codepipeline, shop), abandon=True, reason="no")
        assert refused(codepipeline, shop, token) == "InvalidApprovalTokenException"
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause=PAUSE))  # said before it heard of the stop
        assert "token" not in state(codepipeline, shop)
        hand.finish(job, "stopped")

    def test_a_manual_approval_beside_it_has_its_own_token(self, codepipeline, hand, name, declaration):
        manual = {**approval()["actions"][0], "name": "Look"}
        codepipeline.create_pipeline(pipeline=declaration(deploy_stage(deploy_action(name), manual)))
        hand.fetch(name)
        job = take(hand, name)
        hand.progress(job, deployment=deployment(pause=PAUSE))
        states = codepipeline.get_pipeline_state(name=name)["stageStates"][1]["actionStates"]
        tokens = [shown["latestExecution"]["token"] for shown in states]
        assert len(set(tokens)) == 2
        assert refused(codepipeline, name, tokens[1]) == "InvalidApprovalTokenException"
        answer(codepipeline, name, tokens[0])
        hand.finish(job)


class TestCancel:
    def test_the_runner_hears_who_and_why(self, codepipeline, hand, shop, job):
        hand.checkpoint(job, step="updated")
        codepipeline.stop_pipeline_execution(pipelineName=shop, pipelineExecutionId=newest(codepipeline, shop), abandon=True,
                                             reason="wrong commit")
        heard = hand.heartbeat(job)
        assert heard == {"cancel": True, "abandon": False, "cancelledBy": ADMIN, "reason": "wrong commit"}
        hand.restart()
        again = take(hand, shop)
        assert (again["cancelled"], again["stoppedBy"], again["stopReason"]) == (True, ADMIN, "wrong commit")
        assert again["checkpoint"] == {"step": "updated"}
        hand.finish(again, "stopped", deployment=deployment(target(shop, "shop:11", "shop:12"),
                    cancel={"by": ADMIN, "asked": 1795404620, "ended": 1795404630, "seconds": 10, "from": "shop:12", "to": "shop:11",
                            "how": "UpdateService", "sentence": "shop:11 runs again"}))
        wait_for_status(codepipeline, shop, newest(codepipeline, shop), "Stopped")

    def test_a_job_that_goes_on_has_nobody_to_name(self, hand, shop, job):
        assert hand.heartbeat(job) == {"cancel": False, "abandon": False}
        assert not {"stoppedBy", "stopReason", "earlier", "roleArn"} & set(job)
        assert job["executionType"] == "STANDARD"
        hand.fail(job)


class TestRole:
    def test_the_roles_and_the_region_of_an_action_go_to_its_runner(self, codepipeline, hand, name, declaration):
        role = "arn:aws:iam::210987654321:role/deploy"
        codepipeline.create_pipeline(pipeline=declaration(deploy_stage(deploy_action(name, roleArn=role, region="us-east-1"))))
        hand.fetch(name)
        job = take(hand, name)
        assert (job["roleArn"], job["region"]) == (role, "us-east-1")
        shown = codepipeline.list_action_executions(pipelineName=name)["actionExecutionDetails"][0]
        assert (shown["input"]["roleArn"], shown["input"]["region"]) == (role, "us-east-1")
        hand.fail(job)


class TestTargets:
    def test_they_are_what_the_deploy_told(self, ask, hand, shop, job):
        def shown():
            return ask("ListDeployActionExecutionTargets", pipelineName=shop, actionExecutionId=job["actionExecutionId"])["targets"]

        service = (f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/{shop}", "ECS_SERVICE")
        assert [(each["targetId"], each["targetType"]) for each in shown()] == [service]
        hand.progress(job, deployment=deployment({"name": f"ecs/{REGION}/prod/{shop}"}, {"name": "schedule/nightly"}, kind="RELEASE"))
        assert [(each["targetId"], each["targetType"]) for each in shown()] == [service, ("schedule/nightly", "OTHER")]
        assert shown()[1]["events"][-1]["context"] == {"message": "UpdateService was sent"}
        hand.fail(job)


def release(codepipeline, hand, pipeline, before, after, commit=COMMIT, start=True):
    """One execution that deploys; its id."""
    if start:
        codepipeline.start_pipeline_execution(name=pipeline)
    hand.fetch(pipeline, commit=commit)
    execution = newest(codepipeline, pipeline)
    job = take(hand, pipeline)
    images = [{"container": "web", "image": f"registry.example.com/{after}"}]
    hand.finish(job, deployment=deployment(target(pipeline, before, after, images=images)))
    wait_for_status(codepipeline, pipeline, execution, "Succeeded")
    return execution


def environment(api, pipeline):
    environments = api.call("ListEnvironments", pipelineName=pipeline)["environments"]
    assert len(environments) == 1
    return environments[0]


def releases(api, pipeline, **members):
    return api.call("ListReleases", pipelineName=pipeline, stageName="Deploy", **members)["releases"]


class TestReleases:
    def test_an_environment_is_there_before_anything_runs_in_it(self, api, hand, shop, job):
        shown = environment(api, shop)
        assert (shown["stageName"], shown["actions"], shown["targets"]) == ("Deploy", [{"name": "Shop", "provider": "ECS"}], [])
        assert shown["inStage"]["status"] == "InProgress"
        assert releases(api, shop) == []
        hand.fail(job)

    def test_what_runs_is_what_was_deployed_last(self, api, codepipeline, hand, shop):
        first = release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        second = release(codepipeline, hand, shop, "shop:11", "shop:12", commit="a" * 40)
        shown = environment(api, shop)["targets"]
        assert len(shown) == 1
        assert (shown[0]["name"], shown[0]["kind"], shown[0]["revision"], shown[0]["previous"]) == (f"ecs/{REGION}/prod/{shop}", "ECS", "shop:12", "shop:11")
        assert shown[0]["images"] == [{"container": "web", "image": "registry.example.com/shop:12"}]
        assert shown[0]["execution"]["pipelineExecutionId"] == second
        assert shown[0]["revisions"][0]["revisionId"] == "a" * 40
        assert shown[0]["startedBy"] == ADMIN
        assert environment(api, shop)["rollbackTarget"]["pipelineExecutionId"] == first
        listed = releases(api, shop)
        assert [(each["execution"]["pipelineExecutionId"], each["current"], each["canRollBack"]) for each in listed] == [
            (second, True, False), (first, False, True)]
        assert listed[0]["whyNot"] == "it is what runs there"
        assert listed[1]["targets"][0]["revision"] == "shop:11"
        page = api.call("ListReleases", pipelineName=shop, stageName="Deploy", maxResults=1)
        assert len(page["releases"]) == 1
        rest = api.call("ListReleases", pipelineName=shop, stageName="Deploy", maxResults=1, nextToken=page["nextToken"])
        assert [each["execution"]["pipelineExecutionId"] for each in rest["releases"]] == [first]
        assert rest["releases"][0]["current"] is False
        assert "nextToken" not in rest

    def test_what_failed_or_was_undone_leaves_what_was_there(self, api, codepipeline, hand, shop):
        release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        for outcome in ("failed", "stopped"):
            codepipeline.start_pipeline_execution(name=shop)
            hand.fetch(shop)
            job = take(hand, shop)
            if outcome == "stopped":
                codepipeline.stop_pipeline_execution(pipelineName=shop, pipelineExecutionId=newest(codepipeline, shop), abandon=True)
            error = {"errorCode": "JobFailed", "errorMessage": "no"} if outcome == "failed" else {}
            hand.finish(job, outcome, deployment=deployment(target(shop, "shop:11", "shop:12")), **error)
        assert environment(api, shop)["targets"][0]["revision"] == "shop:11"
        listed = releases(api, shop)
        assert [(each["current"], each["canRollBack"]) for each in listed] == [(True, True)]

    def test_a_rollback_gets_what_was_recorded_and_is_a_release_of_its_own(self, api, ask, codepipeline, hand, shop):
        first = release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        release(codepipeline, hand, shop, "shop:11", "shop:12", commit="a" * 40)
        back = ask("RollbackStage", pipelineName=shop, stageName="Deploy", targetPipelineExecutionId=first)["pipelineExecutionId"]
        job = take(hand, shop)
        assert job["executionType"] == "ROLLBACK"
        assert job["earlier"]["kind"] == "ECS"
        assert job["earlier"]["targets"][0]["to"] == "shop:11"
        assert set(job["earlier"]) == {"kind", "targets"}
        hand.finish(job, deployment=deployment(target(shop, "shop:12", "shop:11")))
        wait_for_status(codepipeline, shop, back, "Succeeded")
        shown = environment(api, shop)["targets"][0]
        assert (shown["revision"], shown["rollbackOf"]["pipelineExecutionId"]) == ("shop:11", first)
        assert shown["revisions"][0]["revisionId"] == COMMIT
        listed = releases(api, shop)
        assert [each["canRollBack"] for each in listed] == [False, True, False]
        assert "a rollback itself" in listed[0]["whyNot"]
        assert listed[2]["whyNot"] == "it is what runs there"

    def test_a_changed_pipeline_says_why_there_is_no_way_back(self, api, codepipeline, hand, shop, declaration):
        release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        codepipeline.update_pipeline(pipeline=declaration(deploy_stage(deploy_action(shop, runOrder=2))))
        listed = releases(api, shop)
        assert listed[0]["canRollBack"] is False
        assert "ran version 1 of the pipeline, which has version 2 now" in listed[0]["whyNot"]

    def test_who_said_yes_stands_beside_it(self, api, codepipeline, hand, name, declaration):
        first = {**approval()["actions"][0], "runOrder": 1}
        codepipeline.create_pipeline(pipeline=declaration(deploy_stage(deploy_action(name, runOrder=2), first)))
        hand.fetch(name)
        token = codepipeline.get_pipeline_state(name=name)["stageStates"][1]["actionStates"][1]["latestExecution"]["token"]
        codepipeline.put_approval_result(pipelineName=name, stageName="Deploy", actionName="Approve", token=token,
                                         result={"summary": "", "status": "Approved"})
        hand.finish(take(hand, name), deployment=deployment(target(name, "shop:1", "shop:2")))
        assert environment(api, name)["targets"][0]["approvedBy"] == ADMIN

    def test_another_pipeline_on_the_same_service_is_named(self, api, codepipeline, hand, shop, declaration):
        release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        other = f"{shop}-hotfix"
        made = {**declaration(deploy_stage(deploy_action(shop))), "name": other}
        codepipeline.create_pipeline(pipeline=made)
        hand.fetch(other)
        hand.finish(take(hand, other), deployment=deployment(target(shop, "shop:11", "shop:99")))
        replaced = environment(api, shop)["targets"][0]["replacedBy"]
        assert (replaced["pipelineName"], replaced["stageName"], replaced["revision"]) == (other, "Deploy", "shop:99")
        assert "replacedBy" not in environment(api, other)["targets"][0]
        assert [releases(api, pipeline)[0]["canRollBack"] for pipeline in (shop, other)] == [True, False]

    def test_what_is_not_there_is_not_found(self, api, shop):
        with pytest.raises(Refused, match="StageNotFoundException"):
            api.call("ListReleases", pipelineName=shop, stageName="Nowhere")
        with pytest.raises(Refused, match="PipelineNotFoundException"):
            api.call("ListEnvironments", pipelineName="nowhere-" + shop)


class TestCommandLine:
    @pytest.fixture
    def penstock(self, build, api):
        def run(*arguments):
            environment = {"PENSTOCK_CONFIG": api.config, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
            return subprocess.run([build / "cli" / "penstock", *arguments], capture_output=True, text=True, timeout=120, check=False, env=environment)

        return run

    def test_a_stuck_deploy_says_why_and_what_to_change(self, penstock, hand, shop, job):
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), cause=CAUSE))
        shown = penstock("status", shop)
        for line in (f"stuck:  {CAUSE['sentence']}", f"seen:   {CAUSE['evidence']}", f"change: {CAUSE['change']}"):
            assert line in shown.stdout
        assert f"Shop is stuck: {CAUSE['sentence']}" in penstock("status").stdout
        hand.fail(job, message=CAUSE["sentence"])
        followed = penstock("status", shop, "--follow")
        assert (followed.returncode, f"change: {CAUSE['change']}" in followed.stdout) == (1, True)

    def test_a_pause_is_approved_and_rejected(self, penstock, hand, shop, job):
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause=PAUSE))
        shown = penstock("status", shop)
        assert PAUSE["sentence"] in shown.stdout and f"penstock approve {shop}" in shown.stdout
        assert penstock("approve", shop).returncode == 0
        assert hand.heartbeat(job)["decision"]["answer"] == "APPROVED"
        hand.progress(job, deployment=deployment(target(shop, "shop:11", "shop:12"), pause={**PAUSE, "id": "hook-2"}))
        assert penstock("reject", shop, "--comment", "no").returncode == 0
        assert hand.heartbeat(job, decisionSeen="hook-1")["decision"]["answer"] == "REJECTED"
        assert penstock("approve", shop).returncode == 4
        hand.fail(job)

    def test_environments_and_releases(self, penstock, codepipeline, hand, shop):
        release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        release(codepipeline, hand, shop, "shop:11", "shop:12", commit="a" * 40)
        shown = penstock("environments", shop).stdout
        assert f"{shop}/Deploy\n" in shown
        assert "shop:12" in shown and "#2 for" in shown and "aaaaaaa First version, started by admin" in shown
        shown = penstock("releases", shop, "Deploy").stdout
        assert shown.index("→ #2 for") < shown.index("shop:12") < shown.index("  #1 for") < shown.index("shop:11")
        assert f"penstock rollback {shop} Deploy 1\n" in shown
        assert penstock("releases", shop, "Nowhere").returncode == 3
        assert "it is what runs there" not in shown

    def test_a_rollback_is_told_by_numbers_and_what_it_waits_for(self, penstock, codepipeline, hand, name, declaration):
        """An approval that stands before the deploy in the stage asks again."""
        codepipeline.create_pipeline(pipeline=declaration(deploy_stage(approval()["actions"][0], deploy_action(name, runOrder=2))))
        for number in (1, 2):
            if number == 2:
                codepipeline.start_pipeline_execution(name=name)
            hand.fetch(name)
            assert penstock("approve", name).returncode == 0
            execution = newest(codepipeline, name)
            hand.finish(take(hand, name), deployment=deployment(target(name, f"shop:{number}", f"shop:{number + 1}")))
            wait_for_status(codepipeline, name, execution, "Succeeded")
        shown = penstock("rollback", name, "Deploy", "1").stdout
        assert shown.splitlines()[0] == f"rolling back Deploy of {name} to #1, execution #3"
        assert f"waits for Deploy/Approve\nnext: penstock approve {name}\n" in shown
        assert f"{name} #3  InProgress  rolled back by admin to #1" in penstock("status", name).stdout
        assert penstock("approve", name).returncode == 0
        hand.finish(take(hand, name), deployment=deployment(target(name, "shop:3", "shop:2")))

    def test_a_rollback_without_an_approval_just_goes(self, penstock, codepipeline, hand, shop):
        release(codepipeline, hand, shop, "shop:10", "shop:11", start=False)
        release(codepipeline, hand, shop, "shop:11", "shop:12")
        assert penstock("rollback", shop, "Deploy").stdout == (
            f"rolling back Deploy of {shop} to #1, execution #3\nsee it: penstock status {shop} --follow\n")
        hand.finish(take(hand, shop), deployment=deployment(target(shop, "shop:12", "shop:11")))
