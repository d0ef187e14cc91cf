"""Rolling updates on real containers: what the service says, and what a visitor sees meanwhile."""

import re

from sandbox_under_test import Visitor, eventually


def test_rolling_update_answers_throughout(application):
    """Two tasks go from 1 to 2; no request fails, and the service tells the story as ECS does."""
    first = application.definition("1")
    application.create(first)
    application.completed(first)
    eventually(lambda: application.get() == (200, "1"), "version 1 answers")
    second = application.definition("2")
    with Visitor(application) as visitor:
        answer = application.update(taskDefinition=second)
        assert [one["status"] for one in answer["deployments"]] == ["PRIMARY", "ACTIVE"]
        assert re.fullmatch(r"ecs-svc/\d{19}", answer["deployments"][0]["id"])
        assert answer["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        application.completed(second)
    assert application.get() == (200, "2")
    assert visitor.failed == []
    assert visitor.versions == {"1", "2"}
    events = application.events()
    assert events[0].endswith("has reached a steady state.")
    assert any(re.search(r"\(deployment ecs-svc/\d+\) deployment completed\.", event) for event in events)
    for text in ("has started 2 tasks: (task ", "registered 1 targets in (target-group ", "has begun draining connections on 1 tasks.", "has stopped "):
        assert any(text in event for event in events), (text, events)


def test_stays_within_its_percents(application):
    """minimum 50, maximum 100 of two tasks: never more than two, never fewer than one."""
    first = application.definition("1")
    application.create(first, minimumHealthyPercent=50, maximumPercent=100)
    application.completed(first)
    second = application.definition("2")
    application.update(taskDefinition=second)
    most = 0

    def done():
        nonlocal most
        service = application.service()
        present = [task for task in application.tasks() if task["desiredStatus"] == "RUNNING"]
        most = max(most, len(present))
        return service["deployments"][0]["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1

    with Visitor(application) as visitor:
        eventually(done, "the update completes")
    assert most == 2
    assert visitor.failed == []


def test_deadlock_of_percents_is_told(application):
    """desired 1, minimum 100, maximum 100 cannot move; the service says so and the old version stays."""
    first = application.definition("1")
    application.create(first, desired=1, minimumHealthyPercent=100, maximumPercent=100)
    application.completed(first)
    application.update(taskDefinition=application.definition("2"))
    eventually(lambda: any("was unable to stop or start tasks during a deployment" in event for event in application.events()), "the event")
    assert application.get() == (200, "1")


def test_circuit_breaker_rolls_back(application):
    """A version whose health check never passes fails after three tasks and gives way to the completed one."""
    first = application.definition("1")
    application.create(first, deploymentCircuitBreaker={"enable": True, "rollback": True})
    application.completed(first)
    good = application.primary()["id"]
    with Visitor(application) as visitor:
        bad = application.update(taskDefinition=application.definition("2", sick=True))["deployments"][0]["id"]

        def rolled_back():
            return {one["id"]: one for one in application.service()["deployments"]}.get(good, {}).get("status") == "PRIMARY"

        eventually(rolled_back, "the rollback")
        reasons = {one["id"]: (one["rolloutState"], one["rolloutStateReason"]) for one in application.service()["deployments"]}
        if bad in reasons:
            assert reasons[bad] == ("FAILED", "ECS deployment circuit breaker: tasks failed to start.")
        assert application.completed(first)["taskDefinition"] == first
    assert visitor.failed == []
    assert visitor.versions == {"1"}
    events = application.events()
    assert any(f"rolling back to deployment {good}." in event for event in events)
    assert any("is unhealthy in (target-group" in event and "Health checks failed with these codes: [404]" in event for event in events)
    reasons = {task["stoppedReason"] for task in application.tasks("STOPPED") if task["startedBy"] == bad}
    assert any(reason.startswith("Task failed ELB health checks in (target-group ") for reason in reasons)


def test_unpullable_image(application):
    """Without a circuit breaker ECS tries for ever; the stopped tasks say why."""
    first = application.definition("1")
    application.create(first)
    application.completed(first)
    missing = application.image.rpartition(":")[0] + ":missing"
    update = application.update(taskDefinition=application.definition("2", image=missing))
    deployment = update["deployments"][0]["id"]
    stopped = eventually(lambda: [task for task in application.tasks("STOPPED") if task["startedBy"] == deployment and task["lastStatus"] == "STOPPED"], "a stopped task")
    assert stopped[0]["stopCode"] == "TaskFailedToStart"
    assert stopped[0]["stoppedReason"].startswith("CannotPullContainerError: ")
    assert "manifest unknown" in stopped[0]["stoppedReason"]
    assert "exitCode" not in stopped[0]["containers"][0]
    eventually(lambda: application.primary()["failedTasks"] >= 3, "failedTasks rises")
    assert application.primary()["rolloutState"] == "IN_PROGRESS"
    assert application.get() == (200, "1")


def test_unpullable_image_with_breaker_and_no_rollback(application):
    """The deployment FAILS and launches nothing more; the old version goes on."""
    first = application.definition("1")
    application.create(first, deploymentCircuitBreaker={"enable": True, "rollback": False})
    application.completed(first)
    missing = application.image.rpartition(":")[0] + ":missing"
    application.update(taskDefinition=application.definition("2", image=missing))
    eventually(lambda: application.primary()["rolloutState"] == "FAILED", "the deployment fails")
    assert application.primary()["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert application.primary()["failedTasks"] >= 3
    assert application.get() == (200, "1")


def test_update_back_during_stuck_rollout(application):
    """The way out of a stuck rollout: the old definition again.  Nobody notices."""
    first = application.definition("1")
    application.create(first)
    application.completed(first)
    with Visitor(application) as visitor:
        stuck = application.update(taskDefinition=application.definition("2", sick=True))["deployments"][0]["id"]
        eventually(lambda: [task for task in application.tasks() if task["startedBy"] == stuck and task["lastStatus"] == "RUNNING"], "the stuck version runs")
        back = application.update(taskDefinition=first, forceNewDeployment=True)
        assert back["deployments"][0]["taskDefinition"] == first
        assert {one["status"] for one in back["deployments"][1:]} == {"ACTIVE"}
        application.completed(first)
    assert visitor.failed == []
    assert visitor.versions == {"1"}
    assert {task["taskDefinitionArn"] for task in application.tasks()} == {first}


def test_same_update_again_starts_no_deployment(application):
    """UpdateService with what already is leaves the deployment alone, unless forced."""
    first = application.definition("1")
    application.create(first, balanced=False, desired=1)
    application.completed(first)
    before = application.primary()["id"]
    assert application.update(taskDefinition=first)["deployments"][0]["id"] == before
    assert application.update(desiredCount=2)["deployments"][0]["id"] == before
    application.completed(first)
    assert len(application.tasks()) == 2
    assert application.update(forceNewDeployment=True)["deployments"][0]["id"] != before
    application.completed(first)


def test_crashed_task_is_replaced(application):
    """A task that somebody stops comes back, and the service is steady again."""
    first = application.definition("1")
    application.create(first)
    application.completed(first)
    victim = application.tasks()[0]["taskArn"]
    application.ecs.stop_task(cluster=application.name, task=victim, reason="a test")
    eventually(lambda: len([task for task in application.tasks() if task["lastStatus"] == "RUNNING" and task["taskArn"] != victim]) == 2, "its replacement runs")
    stopped = eventually(lambda: [task for task in application.tasks("STOPPED") if task["taskArn"] == victim and task["lastStatus"] == "STOPPED"], "it stops")[0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "a test")
    application.completed(first)


def test_delete_service(application):
    """Deleting needs force above 0; the tasks go, and the service is INACTIVE at last."""
    first = application.definition("1")
    application.create(first, balanced=False, desired=1)
    application.completed(first)
    try:
        application.ecs.delete_service(cluster=application.name, service="web")
        raise AssertionError("deleted above 0")
    except application.ecs.exceptions.InvalidParameterException as error:
        assert "scaled above 0" in str(error)
    assert application.ecs.delete_service(cluster=application.name, service="web", force=True)["service"]["status"] == "DRAINING"
    eventually(lambda: application.service()["status"] == "INACTIVE", "the service is gone")
    assert application.tasks() == []
