"""CodeDeployToECS: the whole way, pauses, cancels, crashes, and what is refused."""

import hashlib
import json
import os
import signal

import pytest

from codedeploy_steps import APPSPEC, definition

FOREVER = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 2880}
CANARY = "CodeDeployDefault.ECSCanary10Percent15Minutes"


def test_the_new_revision_serves(blue_green):
    shop = blue_green(termination_minutes=60)
    result, job = shop.deploy()
    assert result["outcome"] == "succeeded", (result, job.text)
    assert shop.serving() == f"{shop.name}:2" and shop.traffic() == {"b": 100}
    [deployment] = shop.deployments()
    assert deployment["status"] == "Succeeded" and result["externalId"] == deployment["deploymentId"]
    registered = shop.ecs.describe_task_definition(taskDefinition=f"{shop.name}:2")["taskDefinition"]
    assert registered["containerDefinitions"][0]["image"] == "example.com/web:2"
    target = result["deployment"]["targets"][0]
    assert (target["from"], target["to"]) == (f"{shop.name}:1", f"{shop.name}:2") and target["name"].endswith(f"/{shop.name}/web")
    assert any(line["change"] == "+" and "web:2" in line["line"] for line in result["deployment"]["diff"])
    assert "'AllowTraffic' succeeded" in job.text and "all traffic is on the new tasks; the old ones are kept" in job.text
    before = shop.calls()[:shop.calls().index("codedeploy:CreateDeployment")]
    in_a_row = [call for call in before if call.startswith(("codedeploy:", "ecs:"))]  # the others are asked side by side, between the last two
    assert len(in_a_row) <= 4, before


def test_looking_costs_one_call_in_five_seconds(blue_green, sandbox):
    shop = blue_green(termination_minutes=60, deploymentConfigName=CANARY)
    result, job = shop.deploy()
    assert result["outcome"] == "succeeded", (result, job.text)
    [deployment] = shop.deployments()
    seconds = (deployment["completeTime"] - deployment["createTime"]).total_seconds()
    asked = [call for call in shop.calls() if call.startswith("codedeploy:") and "Create" not in call]
    assert len(asked) <= seconds / 5 + 10, (len(asked), seconds)
    assert "10% of the traffic is on the new tasks" in job.text


def pause_of(job):
    said = [one["deployment"] for one in job.progress if one.get("deployment")]
    return said[-1].get("pause") if said else None


def test_a_pause_is_approved(blue_green, deploys):
    shop = blue_green(ready=FOREVER)
    job = shop.offer({"TestUrl": "https://test.example.com"})
    deploys.server.wait(lambda: pause_of(job))
    pause = pause_of(job)
    assert pause["testUrl"] == "https://test.example.com" and f"{shop.name}:2 is ready beside {shop.name}:1" in pause["sentence"] and pause["expires"] > 0
    assert shop.traffic() == {"a": 100}
    deploys.server.decide(job, pause["id"], "APPROVED", by="arn:aws:iam::123456789012:user/anna", summary="looks good")
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded" and "approved by arn:aws:iam::123456789012:user/anna: looks good" in job.text, (result, job.text)
    assert shop.serving() == f"{shop.name}:2" and shop.count("codedeploy:ContinueDeployment") == 1
    assert "pause" not in result["deployment"]


def test_a_pause_is_rejected(blue_green, deploys):
    shop = blue_green(ready=FOREVER)
    job = shop.offer()
    deploys.server.wait(lambda: pause_of(job))
    deploys.server.decide(job, pause_of(job)["id"], "REJECTED", by="arn:aws:iam::123456789012:user/anna", summary="prices are wrong")
    result = deploys.finish(job)
    assert result["outcome"] == "failed", result
    assert result["errorMessage"].startswith("rejected by arn:aws:iam::123456789012:user/anna: prices are wrong; service 'web' is back on"), result
    assert shop.serving() == f"{shop.name}:1" and shop.traffic() == {"a": 100}


def test_a_pause_that_nobody_answers_stops(blue_green):
    shop = blue_green(ready={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 10})
    result, job = shop.deploy()
    assert result["outcome"] == "failed" and "the wait time for rerouting traffic expired" in result["errorMessage"], result
    assert shop.traffic() == {"a": 100}


@pytest.fixture(scope="session")
def slow_canary(sandbox):
    sandbox.client("codedeploy").create_deployment_config(
        deploymentConfigName="slow-canary", computePlatform="ECS",
        trafficRoutingConfig={"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 2880}})


STEPS = {
    "Install": (dict(), {"cause": "health-check"}, "'Install' began"),
    "Ready": (dict(ready=FOREVER), None, "waits for an approval"),
    "AllowTraffic": (dict(deploymentConfigName="slow-canary"), None, "10% of the traffic"),
    "kept": (dict(termination_minutes=2880), None, "the old ones are kept"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_cancel_ends_with_the_old_revision_serving(blue_green, deploys, slow_canary, step):
    group, script, words = STEPS[step]
    shop = blue_green(**group)
    if script:
        shop.script(script)
    job = shop.offer()
    deploys.server.wait(lambda: words in job.text or job.result)
    assert not job.result, (job.result, job.text)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and f"service 'web' is back on {shop.name}:1" in result["summary"], (result, job.text)
    assert shop.serving() == f"{shop.name}:1" and shop.traffic() == {"a": 100}
    assert shop.count("codedeploy:CreateDeployment") == 1 and shop.count("codedeploy:StopDeployment") == 1
    cancel = result["deployment"]["cancel"]
    assert (cancel["from"], cancel["to"], cancel["how"]) == (f"{shop.name}:2", f"{shop.name}:1", "StopDeployment") and cancel["ended"] >= cancel["asked"]


def test_a_cancel_may_leave_it(blue_green, deploys):
    shop = blue_green(ready=FOREVER)
    job = shop.offer({"OnCancel": "LEAVE"})
    deploys.server.wait(lambda: pause_of(job))
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and "was left to go on" in result["summary"], result
    assert shop.count("codedeploy:StopDeployment") == 0 and shop.deployments()[-1]["status"] == "Ready"


def test_what_succeeded_before_the_cancel_is_deployed_back(blue_green, deploys):
    shop = blue_green()
    _, first = shop.deploy()
    job = deploys.again(first, cancelled=True)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and f"service 'web' is back on {shop.name}:1" in result["summary"], (result, job.text)
    assert shop.serving() == f"{shop.name}:1" and [one["status"] for one in shop.deployments()] == ["Succeeded", "Succeeded"]
    assert result["deployment"]["cancel"]["how"] == "CreateDeployment"


def test_a_failure_is_told_with_its_event(blue_green, sandbox):
    shop = blue_green(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    sandbox.control("POST", {"application": shop.name, "group": "prod", "next": {"fail": "AfterInstall", "code": "HOOK_EXECUTION_FAILURE", "message": "the smoke test failed"}}, part="codedeploy")
    result, job = shop.deploy()
    assert result["outcome"] == "failed", result
    assert "a hook's function failed (HOOK_EXECUTION_FAILURE: the smoke test failed)" in result["errorMessage"], result
    assert "'AfterInstall' failed" in result["errorMessage"] and result["errorMessage"].endswith(f"CodeDeploy went back to {shop.name}:1"), result
    assert shop.serving() == f"{shop.name}:1"


def test_tasks_that_do_not_come_up_are_explained(blue_green, deploys):
    shop = blue_green()
    shop.script({"cause": "image-missing"})
    job = shop.offer()
    deploys.server.wait(lambda: "it hangs: " in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and shop.serving() == f"{shop.name}:1", (result, job.text)
    assert result["deployment"]["cause"]["id"] == "image-missing", (result["deployment"], job.text)
    assert any(one["source"] == "TASK" for one in result["deployment"]["evidence"])


def test_lost_answers_make_one_deployment(blue_green, sandbox):
    shop = blue_green()
    for operation in ("ecs:RegisterTaskDefinition", "codedeploy:CreateDeployment"):
        sandbox.control("POST", {"operation": operation, "kind": "drop-reply"})
    result, job = shop.deploy()
    assert result["outcome"] == "succeeded", (result, job.text)
    assert len(shop.deployments()) == 1 and shop.serving() == f"{shop.name}:2"


def test_a_killed_runner_leaves_one_deployment(blue_green, deploys, sandbox):
    """Killed at every other call, too: tests/deploy/test_crashes_codedeploy.py."""
    shop = blue_green()
    sandbox.control("POST", {"operation": "codedeploy:CreateDeployment", "kind": "kill-after", "pid": deploys.runner.process.pid})
    job = shop.offer()
    deploys.server.wait(lambda: deploys.runner.process.poll() is not None)
    assert deploys.runner.process.poll() == -signal.SIGKILL
    sandbox.control("DELETE")
    sandbox.control("POST", {"advanceMs": 900_000}, part="clock")  # it is over when somebody comes to look
    deploys.start()
    job = deploys.again(job)
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    assert len(shop.deployments()) == 1 and shop.serving() == f"{shop.name}:2"
    assert len(shop.ecs.list_task_definitions(familyPrefix=shop.name)["taskDefinitionArns"]) == 2


def test_somebody_elses_deployment_is_not_taken_for_ours(blue_green, sandbox):
    shop = blue_green(ready=FOREVER)
    sandbox.client("codedeploy").create_deployment(applicationName=shop.name, deploymentGroupName="prod", revision=_revision(shop))
    sandbox.control("POST", {"advanceMs": 300_000}, part="clock")
    result, job = shop.deploy()
    assert result["outcome"] == "failed" and "already has an active Deployment" in result["errorMessage"], result
    assert f"{shop.name}:2 was made and is not used" in result["errorMessage"]


def _revision(shop):
    text = APPSPEC.replace("<TASK_DEFINITION>", shop.first)
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}}


def test_what_is_wrong_is_said_before_anything_changes(blue_green):
    shop = blue_green()
    wrong = [
        ({"artifacts": {"Built": {"appspec.yaml": APPSPEC}}}, "did not find the file 'taskdef.json' in the input artifact 'Built'"),
        ({"artifacts": {"Built": {"taskdef.json": json.dumps(definition(shop.name))}}}, "did not find the file 'appspec.yaml'"),
        ({"artifacts": {"Image": {"imageDetail.json": "[]"}}}, "imageDetail.json"),
        ({"artifacts": {"Built": {"taskdef.json": json.dumps(definition(shop.name)), "appspec.yaml": APPSPEC.replace("web", "other")}}}, "other"),
        ({"artifacts": {"Built": {"taskdef.json": json.dumps(definition(shop.name)), "appspec.yaml": APPSPEC.replace("<TASK_DEFINITION>", shop.first)}}}, "write <TASK_DEFINITION>"),
        ({"configuration": {"Image1ContainerName": ""}}, "Image1ArtifactName and Image1ContainerName belong together"),
        ({"configuration": {"Image1ContainerName": "OTHER"}}, "IMAGE1_NAME"),
        ({"configuration": {"OnCancel": "Leave"}}, "OnCancel must be ROLLBACK or LEAVE, not 'Leave'"),
        ({"configuration": {"DeploymentGroupName": "none"}}, "has no deployment group 'none'"),
        ({"artifacts": {"Image": {"imageDetail.json": "{}", "large": os.urandom(3_200_000)}}}, "CodeDeployToECS takes 3145728"),
    ]
    for options, sentence in wrong:
        result, job = shop.deploy(**options)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (options, result)
        assert result["errorCode"] == "ConfigurationError", result
    assert shop.count("ecs:RegisterTaskDefinition") == 0 and shop.count("codedeploy:CreateDeployment") == 0


def test_an_image_that_is_not_there_changes_nothing(blue_green, sandbox):
    shop = blue_green()
    sandbox.control("POST", {"repository": shop.name, "tag": "1"}, part="images")
    image = f"{sandbox.registry}/{shop.name}:2"
    result, job = shop.deploy(image=image)
    assert result["outcome"] == "failed" and image in result["errorMessage"] and "(nothing was changed)" in result["errorMessage"], (result, job.text)
    assert shop.count("ecs:RegisterTaskDefinition") == 0 and any(one["status"] == "FAILED" for one in result["deployment"]["preflight"])
    result, job = shop.deploy({"Preflight": "OFF"}, image=image)
    assert shop.count("ecs:RegisterTaskDefinition") == 1 and "preflight" not in result["deployment"]


def test_a_refused_right_is_told(blue_green, sandbox):
    shop = blue_green()
    sandbox.control("POST", {"operation": "codedeploy:CreateDeployment", "kind": "denied"})
    result, job = shop.deploy()
    assert result["outcome"] == "failed" and result["errorCode"] == "PermissionError", result
    assert "is not authorized to perform: codedeploy:CreateDeployment" in result["errorMessage"], result
