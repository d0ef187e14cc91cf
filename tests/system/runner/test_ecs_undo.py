"""Undoing a deployment whose ECS is busy, loses answers, or shows for a while what was true before; and what it goes back to."""

import copy
import uuid

import pytest

from ecs_steps import EcsPlace, ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures
from fake_ecs import Refusal
from test_ecs_cancel import ASKED, followed, updates
from test_ecs_rules import our_tasks

BUSY = ("ServerException", "These are not the best of times.")


def followed_by_stages(server, job):  # noqa: F811
    server.wait(lambda: any("BLUE_GREEN: " in (p.get("summary") or "") for p in job.progress))


def test_an_answer_older_than_the_update_is_not_believed(server, ecs, runner, offer_deploy):  # noqa: F811
    """Cancelled when the update has been sent, but DescribeServices does not show it yet."""
    before = copy.deepcopy(ecs.service)
    second = ecs._register({"family": "shop"})
    ecs.deploy(second)
    stale = [before, before]
    current = ecs.DescribeServices
    ecs.DescribeServices = lambda body: {"services": [stale.pop()]} if stale else current(body)
    job = offer_deploy(cancelled=True, token=5, attempt=2, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "updateSent": True})
    server.wait(lambda: ecs.mutations() == ["UpdateService"] or job.result)
    assert job.result is None and not stale
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "back on shop:1" in job.result["summary"]
    assert ecs.service["taskDefinition"] == ecs.first


def test_a_service_that_goes_to_ours_later_is_sent_back(server, ecs, runner, offer_deploy):  # noqa: F811
    """An update that was long on its way comes into effect when the undo has begun."""
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    server.cancel(job)
    server.wait(lambda: ecs.mutations().count("UpdateService") == 2)
    ecs.deploy("arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:2")
    server.wait(lambda: ecs.mutations().count("UpdateService") == 3)
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and ecs.service["taskDefinition"] == ecs.first


def test_what_never_left_is_believed_in_the_end(server, ecs, runner, offer_deploy):  # noqa: F811
    second = ecs._register({"family": "shop"})
    job = offer_deploy(cancelled=True, token=5, attempt=2, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "updateSent": True})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "back on shop:1" in job.result["summary"]
    assert ecs.mutations() == []


def test_a_stop_is_not_proven_by_an_answer_older_than_the_update(server, ecs, runner, offer_deploy):  # noqa: F811
    """The stop is sent without a look; what the looks then show is how it was before the deployment."""
    ecs.with_service_deployments()
    before = copy.deepcopy(ecs.service)
    stale = [before] * 3
    current = ecs.DescribeServices

    def describe(body):
        stopped = "StopServiceDeployment" in ecs.mutations()
        return {"services": [stale.pop()]} if stopped and stale else current(body)

    ecs.DescribeServices = describe
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: not stale or job.result)
    server.wait(lambda: ecs.calls()[-1] == "DescribeServices" or job.result)
    assert job.result is None and ecs.service["deployments"][0]["taskDefinition"].endswith("shop:2")
    ecs.rolled_back()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and job.result["deployment"]["cancel"]["how"] == "StopServiceDeployment"
    assert updates(ecs) == ["shop:2"]


def test_a_stop_that_gets_no_answer_leaves_it_to_the_update(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments()
    job = offer_deploy()
    followed(server, ecs, job)
    ecs.refuse["StopServiceDeployment"] = [BUSY] * 1000
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:2", "shop:1"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and job.result["deployment"]["cancel"]["how"] == "UpdateService"
    assert "StopServiceDeployment gets no answer; UpdateService takes its place" in job.text


def test_an_undo_that_is_never_answered_comes_to_an_end(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "DeploymentTimeout": "1"})
    followed(server, ecs, job)
    ecs.refuse["DescribeServices"] = [BUSY] * 100_000
    server.cancel(job)
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed"
    assert "was to go back to shop:1, but was not seen stable there after 1 minutes" in job.result["errorMessage"]
    assert BUSY[1] in job.result["errorMessage"]


def test_an_update_back_whose_answer_was_lost_is_told(server, ecs, runner, offer_deploy):  # noqa: F811
    original = ecs.call

    def call(operation, body):
        status, answer = original(operation, body)
        if operation == "UpdateService" and body["taskDefinition"] == ecs.first:
            return 500, {"__type": "InternalFailure", "message": "done, and not said"}
        return status, answer

    ecs.call = call
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: "shop:1" in updates(ecs))
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "back on shop:1" in job.result["summary"]
    assert job.result["deployment"]["cancel"]["how"] == "UpdateService"


def test_a_stop_that_was_not_marked_is_told(server, ecs, runner, offer_deploy):  # noqa: F811
    """A runner stopped the deployment and died; when the next one comes the service is back already."""
    ecs.with_service_deployments()
    second = ecs._register({"family": "shop"})
    ecs._begin_service_deployment(second)
    arn = ecs.service["currentServiceDeployment"]
    ecs.rolled_back()
    job = offer_deploy(cancelled=True, token=5, attempt=2, checkpoint={
        "previous": ecs.first, "previousStood": True, "registered": second, "fingerprint": "x", "beganMs": 1,
        "deployment": "ecs-svc/7", "updateSent": True, "serviceDeployment": arn})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and updates(ecs) == []
    assert job.result["deployment"]["cancel"]["how"] == "StopServiceDeployment"


def test_traffic_that_cannot_be_asked_about_is_not_back(server, ecs, runner, offer_deploy):  # noqa: F811
    """All counts are as before while ECS still says that it is rolling back, or is too busy to say."""
    ecs.with_service_deployments("BLUE_GREEN")
    job = offer_deploy()
    followed_by_stages(server, job)
    server.cancel(job)
    server.wait(lambda: "StopServiceDeployment" in ecs.mutations())
    with ecs.lock:
        ecs.refuse["DescribeServiceDeployments"] = [BUSY] * 7
        ecs.deploy(ecs.first, "ECS deployment ecs-svc/9: rolling back to deploymentId ecs-svc/1.")
        ecs.complete()
    server.wait(lambda: not ecs.refuse["DescribeServiceDeployments"] or job.result)
    assert job.result is None
    with ecs.lock:
        ecs.service_deployment["status"] = "ROLLBACK_SUCCESSFUL"
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "cannot be seen yet" in job.text


def test_without_the_right_to_see_the_traffic_that_is_said(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments("BLUE_GREEN")
    job = offer_deploy()
    followed_by_stages(server, job)
    ecs.refuse["DescribeServiceDeployments"] = [("AccessDeniedException", "no ecs:DescribeServiceDeployments")] * 100
    server.cancel(job)
    server.wait(lambda: "StopServiceDeployment" in ecs.mutations())
    ecs.rolled_back()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "whether the traffic is back could not be seen" in job.result["summary"]


def stuck_service(ecs):  # noqa: F811
    """shop:1 runs, shop:2 hangs."""
    with ecs.lock:
        ecs.deploy(ecs._register({"family": "shop", "containerDefinitions": [{"name": "web", "image": "web:broken"}]}))


def test_where_the_one_before_hung_the_newest_complete_one_comes_back(server, ecs, runner, offer_deploy):  # noqa: F811
    stuck_service(ecs)
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: len(updates(ecs)) == 2)
    assert updates(ecs) == ["shop:3", "shop:1"]
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "the service is back on shop:1" in job.result["summary"]
    assert "shop:2, which the service was to become when this deployment began, was not" in job.result["summary"]
    assert job.result["deployment"]["cancel"]["to"] == "shop:1"


def test_the_newest_complete_one_of_the_list_of_deployments(server, ecs, runner, offer_deploy):  # noqa: F811
    """No task of the complete one runs any more, so that the service does not list it."""
    ecs.with_service_deployments()
    ecs._begin_service_deployment(ecs.first)
    ecs.service_deployment["status"] = "SUCCESSFUL"
    stuck_service(ecs)
    del ecs.service["deployments"][1]
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: len(updates(ecs)) == 2)
    assert updates(ecs) == ["shop:3", "shop:1"]
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "the service is back on shop:1" in job.result["summary"]


def test_where_none_was_complete_that_is_said(server, ecs, runner, offer_deploy):  # noqa: F811
    stuck_service(ecs)
    del ecs.service["deployments"][1]
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:3", "shop:2"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped"
    assert "it was itself not complete when this deployment began" in job.result["summary"]


def test_what_is_left_is_told_as_it_is(server, ecs, runner, offer_deploy):  # noqa: F811
    """The breaker broke in the moment of a cancel that leaves everything."""
    second = ecs._register({"family": "shop"})
    ecs.deploy(second)
    ours = ecs.service["deployments"][0]
    ours.update(rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.")
    job = offer_deploy(cancelled=True, token=5, attempt=2, configuration={**ASKED, "OnCancel": "LEAVE"}, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "deployment": ours["id"], "updateSent": True})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and ecs.mutations() == []
    assert "tasks failed to start" in job.result["summary"] and "goes on" not in job.result["summary"]


def test_more_tasks_than_a_page_has(server, ecs, runner, offer_deploy):  # noqa: F811
    """All of 150 tasks are healthy: ListTasks gives a hundred at a time, and DescribeTasks takes no more."""
    def list_tasks(body):
        tasks = ecs.running_tasks if body["desiredStatus"] == "RUNNING" else []
        start = int(body.get("nextToken", 0))
        answer = {"taskArns": [task["taskArn"] for task in tasks[start:start + 100]]}
        return {**answer, "nextToken": str(start + 100)} if start + 100 < len(tasks) else answer

    def describe_tasks(body):
        if len(body["tasks"]) > 100:
            raise Refusal("InvalidParameterException", "Tasks cannot be more than 100.")
        return {"tasks": [task for task in ecs.running_tasks if task["taskArn"] in body["tasks"]]}

    ecs.ListTasks, ecs.DescribeTasks = list_tasks, describe_tasks
    job = offer_deploy(configuration={**ASKED, "SuccessRule": "healthy 150 of 150 for 5 seconds", "Preflight": "OFF"})
    followed(server, ecs, job)
    our_tasks(ecs, [f"10.0.{number // 100}.{number % 100}" for number in range(150)])
    with ecs.lock:
        ecs.service["desiredCount"] = 150
        ecs.service["deployments"][0].update(desiredCount=150, runningCount=150)
        del ecs.service["deployments"][1:]
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text


@pytest.fixture
def roomy(ecs_place, tmp_path):
    """A runner that takes six jobs at a time."""
    runner = ecs_place.runner  # noqa: F811
    place = EcsPlace(lambda server, environment: type(runner)(runner.program, server, tmp_path / "state", ["--jobs", "6"], environment))  # noqa: F811
    yield place
    place.close()


def test_an_undo_does_not_wait_behind_who_is_throttled(roomy):
    """Six deployments wait for their turn at an ECS that throttles; the call that undoes one of them goes first."""
    server, ecs = roomy.server, roomy.door.ecs  # noqa: F811
    ecs.with_service_deployments()
    second = ecs._register({"family": "shop"})
    ecs.UpdateService({"taskDefinition": second})
    mark = {"previous": ecs.first, "previousStood": True, "registered": second, "fingerprint": "x", "updateSent": True,
            "deployment": ecs.service["deployments"][0]["id"], "serviceDeployment": ecs.service["currentServiceDeployment"]}
    ecs.refuse["DescribeServices"] = [("ThrottlingException", "Rate exceeded")] * 100_000
    jobs = [server.offer(
        {"id": str(uuid.uuid4()), "provider": "ECS", "category": "Deploy", "pipeline": "shop", "stage": "Release", "action": "Deploy",
         "configuration": ASKED, "token": 5, "attempt": 2, "checkpoint": {**mark, "beganMs": ecs.now_ms}}, {}) for _ in range(6)]
    server.wait(lambda: ecs.calls().count("DescribeServices") >= 16)  # by then all others wait in a row
    with ecs.lock:
        before = len(ecs.ledger)
    server.cancel(jobs[0])
    server.wait(lambda: "StopServiceDeployment" in ecs.calls())
    assert ecs.calls()[before:].index("StopServiceDeployment") <= 2  # looks whose turn had come
    with ecs.lock:
        del ecs.refuse["DescribeServices"]
        ecs.rolled_back()
    for job in jobs[1:]:
        server.cancel(job)
    server.wait(lambda: all(job.result for job in jobs))
    assert jobs[0].result["outcome"] == "stopped" and updates(ecs) == []
