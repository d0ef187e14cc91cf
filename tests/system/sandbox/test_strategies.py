"""BLUE_GREEN, CANARY and LINEAR in simulated time: stages, weights, hooks, bake times, stop and rollback."""

import pytest
from scripted_under_test import Refused, ScriptedService, call

HOOK_ROLE = "arn:aws:iam::123456789012:role/hooks"


def pause(stage, **more):
    return {"targetType": "PAUSE", "lifecycleStages": [stage], **more}


def waiting(service):
    """The hook that waits for an answer, or None."""
    return next((one for one in service.deployment().get("lifecycleHookDetails", []) if one["status"] == "AWAITING_ACTION"), None)


def test_blue_green_moves_all_traffic_and_bakes(scripted):
    service = ScriptedService(scripted, strategy="BLUE_GREEN", bakeTimeInMinutes=5)
    second = service.begin()
    arn = service.service()["currentServiceDeployment"]
    stages = []

    def shifted():
        stage = service.deployment(arn).get("lifecycleStage")
        if stage and stage not in stages:
            stages.append(stage)
        return stage == "BAKE_TIME"

    service.until(shifted, "the traffic shift", step=1)
    assert stages == ["RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
                      "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"]
    assert service.weights() == (0, 100) and service.weights(service.test_rule) == (0, 100)
    assert service.service()["runningCount"] == 4
    service.advance(240)
    assert service.deployment(arn)["lifecycleStage"] == "BAKE_TIME"
    service.stable(second)
    ended = service.deployment(arn)
    assert ended["status"] == "SUCCESSFUL" and ended["finishedAt"] > ended["startedAt"]
    assert ended["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    assert service.service()["runningCount"] == 2
    assert "currentServiceDeployment" not in service.service()


def test_next_deployment_uses_the_other_target_group(scripted):
    service = ScriptedService(scripted, strategy="BLUE_GREEN")
    service.stable(service.begin())
    assert service.weights() == (0, 100)
    third = service.definition("3")
    service.update(taskDefinition=third)
    service.stable(third)
    assert service.weights() == (100, 0)
    targets = service.elb.describe_target_health(TargetGroupArn=service.blue)["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in targets] == ["healthy"] * 2


def test_canary_waits_at_its_share(scripted):
    service = ScriptedService(scripted, strategy="CANARY", canaryConfiguration={"canaryPercent": 10, "canaryBakeTimeInMinutes": 10})
    second = service.begin()
    service.until(lambda: service.weights() == (90, 10), "the canary")
    service.advance(540)
    assert service.weights() == (90, 10)
    service.advance(70)
    assert service.weights() == (0, 100)
    service.stable(second)


def test_linear_goes_step_by_step(scripted):
    service = ScriptedService(scripted, strategy="LINEAR", linearConfiguration={"stepPercent": 25, "stepBakeTimeInMinutes": 2})
    second = service.begin()
    seen = []

    def moved():
        weights = service.weights()
        if weights not in seen:
            seen.append(weights)
        return weights == (0, 100)

    service.until(moved, "all traffic")
    assert seen == [(100, 0), (75, 25), (50, 50), (25, 75), (0, 100)]
    service.stable(second)


def test_pause_waits_for_continue(scripted):
    service = ScriptedService(scripted, strategy="BLUE_GREEN", lifecycleHooks=[pause("POST_TEST_TRAFFIC_SHIFT")])
    second = service.begin()
    hook = service.until(lambda: waiting(service), "the pause")
    assert hook["hookId"].startswith("ecs-pause-") and hook["targetType"] == "PAUSE" and hook["timeoutAction"] == "ROLLBACK"
    service.advance(3600)
    deployment = service.deployment()
    assert (deployment["status"], deployment["lifecycleStage"]) == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    assert service.weights() == (100, 0) and service.weights(service.test_rule) == (0, 100)
    targets = service.elb.describe_target_health(TargetGroupArn=service.green)["TargetHealthDescriptions"]
    assert [one["TargetHealth"]["State"] for one in targets] == ["healthy"] * 2
    params = {"serviceDeploymentArn": deployment["serviceDeploymentArn"], "hookId": hook["hookId"]}
    assert call(scripted, "ContinueServiceDeployment", **params, action="CONTINUE") == {"serviceDeploymentArn": deployment["serviceDeploymentArn"]}
    with pytest.raises(Refused):
        call(scripted, "ContinueServiceDeployment", **params)
    service.stable(second)


def test_pause_answered_with_rollback(scripted):
    service = ScriptedService(scripted, strategy="CANARY", lifecycleHooks=[pause("PRODUCTION_TRAFFIC_SHIFT")])
    service.begin()
    hook = service.until(lambda: waiting(service), "the pause")
    assert service.weights() == (95, 5)
    arn = service.deployment()["serviceDeploymentArn"]
    call(scripted, "ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"], action="ROLLBACK")
    service.stable(service.first)
    ended = service.deployment(arn)
    assert ended["status"] == "ROLLBACK_SUCCESSFUL" and ended["rollback"]["serviceRevisionArn"] == ended["sourceServiceRevisions"][0]["arn"]
    assert service.weights() == (100, 0)


@pytest.mark.parametrize("action, kept", [("ROLLBACK", 1), ("CONTINUE", 2)])
def test_pause_times_out(scripted, action, kept):
    service = ScriptedService(scripted, strategy="BLUE_GREEN", lifecycleHooks=[pause("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 10, "action": action})])
    second = service.begin()
    service.until(lambda: waiting(service), "the pause")
    service.stable({1: service.first, 2: second}[kept])


def hook_of(scripted, name, stage, **answer):
    status, said = scripted.control("POST", {"name": name, **answer}, "functions")
    assert status == 200, said
    return {"hookTargetArn": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}", "roleArn": HOOK_ROLE, "lifecycleStages": [stage]}


def test_lambda_hook_that_says_yes_later(scripted):
    hook = hook_of(scripted, "later", "POST_SCALE_UP", returns={"hookStatus": "IN_PROGRESS", "callBackDelay": 60})
    service = ScriptedService(scripted, strategy="BLUE_GREEN", lifecycleHooks=[hook])
    second = service.begin()
    service.until(lambda: service.deployment().get("lifecycleStage") == "POST_SCALE_UP", "the hook's stage")
    service.advance(600)
    assert service.deployment()["lifecycleStage"] == "POST_SCALE_UP"
    scripted.control("POST", {"name": "later", "returns": {"hookStatus": "SUCCEEDED"}}, "functions")
    service.stable(second)


@pytest.mark.parametrize("answer", [{"returns": {"hookStatus": "FAILED"}}, {"fails": {"errorMessage": "no"}}])
def test_lambda_hook_that_says_no(scripted, answer):
    hook = hook_of(scripted, "never", "POST_PRODUCTION_TRAFFIC_SHIFT", **answer)
    service = ScriptedService(scripted, strategy="BLUE_GREEN", lifecycleHooks=[hook])
    second = service.begin()
    arn = service.deployment()["serviceDeploymentArn"]
    service.until(lambda: service.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL", "the rollback")
    service.stable(service.first)
    assert service.weights() == (100, 0)
    assert {task["taskDefinitionArn"] for task in service.tasks()} == {service.first} != {second}


@pytest.mark.parametrize("strategy, stage", [("BLUE_GREEN", "SCALE_UP"), ("BLUE_GREEN", "BAKE_TIME"), ("CANARY", "PRODUCTION_TRAFFIC_SHIFT"), ("LINEAR", "PRODUCTION_TRAFFIC_SHIFT"), ("ROLLING", None)])
def test_stop_rolls_back_from_any_stage(scripted, strategy, stage):
    service = ScriptedService(scripted, strategy=strategy, bakeTimeInMinutes=60)
    service.begin()
    arn = service.until(lambda: service.deployment().get("lifecycleStage") == stage and service.deployment()["serviceDeploymentArn"], f"stage {stage}", step=1)
    assert call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn, stopType="ROLLBACK") == {"serviceDeploymentArn": arn}
    assert service.deployment(arn)["status"] == "ROLLBACK_REQUESTED"
    call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn)
    service.stable(service.first)
    assert service.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL"
    with pytest.raises(Refused) as refused:
        call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn)
    assert refused.value.code == "ConflictException"


def test_next_update_takes_over_in_the_middle(scripted):
    service = ScriptedService(scripted, strategy="LINEAR", linearConfiguration={"stepPercent": 50})
    service.begin()
    service.until(lambda: service.weights() == (50, 50), "half of the traffic")
    third = service.definition("3")
    service.update(taskDefinition=third)
    assert service.weights() == (100, 0)
    service.stable(third)
    assert [one["status"] for one in service.deployments()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_new_version_that_never_gets_healthy(scripted):
    """Without a circuit breaker it stays in SCALE_UP, no traffic moves, and after a day it is given up."""
    service = ScriptedService(scripted, strategy="BLUE_GREEN")
    service.begin({"cause": "health-check"})
    service.until(lambda: "unhealthy" in {one["TargetHealth"]["State"] for one in service.elb.describe_target_health(TargetGroupArn=service.green)["TargetHealthDescriptions"]}, "a failed check", step=2)
    service.advance(3600)
    assert service.deployment()["lifecycleStage"] == "SCALE_UP" and service.weights() == (100, 0)
    service.until(lambda: service.deployment()["status"] == "ROLLBACK_SUCCESSFUL", "the rollback", 24 * 3600, 3600)


def test_strategy_needs_its_target_groups(scripted):
    service = ScriptedService(scripted)
    service.stable(service.first)
    with pytest.raises(Refused) as refused:
        service.update(deploymentConfiguration={"strategy": "BLUE_GREEN"})
    assert refused.value.code == "InvalidParameterException" and "alternateTargetGroupArn" in str(refused.value)


def test_revisions_are_told(scripted):
    service = ScriptedService(scripted, strategy="BLUE_GREEN")
    second = service.begin()
    deployment = service.deployment()
    arns = [deployment["sourceServiceRevisions"][0]["arn"], deployment["targetServiceRevision"]["arn"]]
    revisions = call(scripted, "DescribeServiceRevisions", serviceRevisionArns=arns)["serviceRevisions"]
    assert [one["taskDefinition"] for one in revisions] == [service.first, second]
    service.stable(second)


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN"])
def test_abort_leaves_things_as_they_are(scripted, strategy):
    """ABORT ends the deployment without a rollback: nothing is launched, nothing that serves is taken away."""
    service = ScriptedService(scripted, strategy=strategy, bakeTimeInMinutes=30)
    service.begin({"cause": "slow-drain"})
    service.until(lambda: service.service()["runningCount"] >= 3, "new tasks run", step=1)
    arn = service.deployment()["serviceDeploymentArn"]
    call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn, stopType="ABORT")
    service.until(lambda: service.deployment(arn)["status"] == "STOPPED", "the end")
    service.advance(1200)
    assert service.weights() == (100, 0)
    assert service.service()["deployments"][0]["rolloutState"] == "FAILED"
    assert sum(task["taskDefinitionArn"] == service.first for task in service.tasks()) >= 1


def test_early_success_does_not_wait_for_the_old_tasks(scripted):
    service = ScriptedService(scripted, earlySuccessCriteria={"enable": True, "healthyPercent": 50})
    second = service.begin({"cause": "slow-drain", "seconds": 1200})
    service.until(lambda: service.deployment()["status"] == "SUCCESSFUL", "early success", 300)
    assert len(service.service()["deployments"]) == 2
    service.stable(second)


def test_stop_of_the_first_deployment_has_nothing_to_go_back_to(scripted):
    service = ScriptedService(scripted)
    arn = service.deployment()["serviceDeploymentArn"]
    call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn)
    service.advance(60)
    assert service.deployment(arn)["status"] == "ROLLBACK_FAILED"
    with pytest.raises(Refused) as refused:
        call(scripted, "StopServiceDeployment", serviceDeploymentArn=arn + "x")
    assert refused.value.code == "ServiceDeploymentNotFoundException"
