"""What is said and done where it is not plain how things stand: no answer, no right, a pause, somebody else's hand."""

import pytest

from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures
from test_ecs_cancel import ASKED, followed
from test_ecs_rules import our_tasks
from test_ecs_strategies import blue_green, last, paused  # noqa: F401: fixture


def looks(ecs, operation="DescribeServices"):  # noqa: F811
    return ecs.calls().count(operation)


def some_looks(server, ecs, job, operation="DescribeServices", number=4):  # noqa: F811
    enough = looks(ecs, operation) + number
    server.wait(lambda: job.result or looks(ecs, operation) >= enough)


def stuck(job):
    return [entry["at"] for entry in last(job).get("timeline", []) if entry["text"].startswith("stuck for")]


def test_a_success_rule_does_not_end_a_shift_before_the_traffic_moves(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "SuccessRule": "healthy 1 of 2 for 1 seconds"})
    server.wait(lambda: rolling(blue_green))
    our_tasks(blue_green, ["10.0.0.1", "10.0.0.2"])
    blue_green.service_deployment["targetServiceRevision"].update(runningTaskCount=2)
    paused(server, blue_green, job)
    some_looks(server, blue_green, job, number=8)
    assert job.result is None and last(job)["pause"]
    server.decide(job, last(job)["pause"]["id"], "APPROVED", "arn:aws:iam::123456789012:user/joe", None)
    server.wait(lambda: "ContinueServiceDeployment" in blue_green.mutations())
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_a_task_may_be_run_for_a_service_of_code_deploy(server, ecs, runner, offer_deploy):  # noqa: F811
    """As far as this ECS goes: it knows no RunTask."""
    ecs.service.update(deploymentController={"type": "CODE_DEPLOY"}, deployments=[],
                       taskSets=[{"status": "PRIMARY", "taskDefinition": ecs.first}], taskDefinition="task-definition/gone:1")
    job = offer_deploy(provider="RunTask", category="Invoke", configuration={**ASKED, "Command": "bin/migrate", "Preflight": "OFF"})
    server.wait(lambda: job.result)
    assert ecs.mutations() == ["RegisterTaskDefinition"], job.text
    assert "RunTask" in job.result["errorMessage"] and "CodeDeployToECS" not in job.text


def test_the_time_of_a_deploy_begins_with_it(server, ecs, runner, offer_deploy):  # noqa: F811
    """Not when it is looked at: a release prepares all of its members first."""
    original, begun = ecs.call, []

    def call(operation, body):
        if operation == "DescribeTaskDefinition":
            ecs.advance(60_000)
        if operation == "RegisterTaskDefinition":
            begun.append(ecs.now_ms)
        return original(operation, body)

    ecs.call = call
    job = offer_deploy()
    server.wait(lambda: len(job.checkpoints) == 4)
    assert begun[0] - job.checkpoints[0]["beganMs"] < 60_000
    assert {mark["beganMs"] for mark in job.checkpoints} == {job.checkpoints[0]["beganMs"]}
    ecs.complete()
    server.wait(lambda: job.result)


def test_an_update_that_may_have_been_done_is_not_denied(server, ecs, runner, offer_deploy):  # noqa: F811
    """Carried out without an answer; then the right to look is gone."""
    original, sent = ecs.call, []

    def call(operation, body):
        status, answer = original(operation, body)
        if operation == "UpdateService":
            sent.append(body)
            return 500, {"__type": "ServerException", "message": "busy"}
        if sent and operation == "DescribeServices":
            return 400, {"__type": "AccessDeniedException", "message": "no right"}
        return status, answer

    ecs.call = call
    job = offer_deploy()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed"
    assert "it is not known whether service 'shop' was changed: if it was, ECS goes on to make it shop:2" in job.result["errorMessage"]
    assert "was not changed" not in job.result["errorMessage"]


def test_what_cannot_be_seen_any_more_is_named(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    followed(server, ecs, job)
    ecs.refuse["DescribeServices"] = [("AccessDeniedException", "no right")] * 3
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and job.result["errorCode"] == "PermissionError"
    assert "what becomes of the deployment cannot be seen: ECS goes on to make it shop:2" in job.result["errorMessage"]


def test_a_service_may_be_missed_in_a_look(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    followed(server, ecs, job)
    ecs.refuse["DescribeServices"] = [("ServiceNotFoundException", "Service not found.")] * 2
    server.wait(lambda: not ecs.refuse["DescribeServices"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text


def test_old_tasks_are_not_said_to_be_stopped_before_they_are(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    followed(server, ecs, job)
    our_tasks(ecs, ["10.0.0.1", "10.0.0.2"])
    server.wait(lambda: any("old tasks" in (p.get("summary") or "") for p in job.progress))
    assert "2 of 2 new tasks are running; 2 old tasks still run" in [p.get("summary") for p in job.progress]
    with ecs.lock:
        ecs.service["deployments"][1].update(runningCount=1)
    server.wait(lambda: any("1 old task is being stopped" in (p.get("summary") or "") for p in job.progress))
    ecs.complete()
    server.wait(lambda: job.result)
    assert "2 old tasks are being stopped" not in job.text


def test_one_hook_in_two_stages_wants_two_answers(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    first = paused(server, blue_green, job)
    server.decide(job, first["id"], "APPROVED", "arn:aws:iam::123456789012:user/joe", None)
    server.wait(lambda: "ContinueServiceDeployment" in blue_green.mutations())
    blue_green.pause("POST_PRODUCTION_TRAFFIC_SHIFT")
    server.wait(lambda: last(job).get("pause", {}).get("stage") == "POST_PRODUCTION_TRAFFIC_SHIFT")
    second = last(job)["pause"]
    assert first["id"] != second["id"]
    some_looks(server, blue_green, job, "DescribeServiceDeployments")
    assert blue_green.mutations().count("ContinueServiceDeployment") == 1
    server.decide(job, second["id"], "APPROVED", "arn:aws:iam::123456789012:user/joe", None)
    server.wait(lambda: blue_green.mutations().count("ContinueServiceDeployment") == 2)
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_credentials_in_what_aws_says_are_not_shown(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    followed(server, ecs, job)
    with ecs.lock:
        for number in range(3):
            ecs.service["events"].insert(0, {"id": f"no-{number}", "createdAt": ecs.now_ms / 1000 + number, "message":
                "(service shop) was unable to place a task. Reason: see https://joe:hunter22@example.com/. Please try again later."})
    server.wait(lambda: any("joe:***@example.com" in line["text"] for line in last(job).get("evidence", [])))
    ecs.complete()
    server.wait(lambda: job.result)
    assert "hunter22" not in str(job.progress) + str(job.result)


@pytest.mark.parametrize("before_ms, again", [(0, True), (3000, False)])
def test_a_rollback_from_before_the_update_is_not_ours(server, ecs, runner, offer_deploy, before_ms, again):  # noqa: F811
    """By ECS's own clock: asOfMs is the newest that it had told when the update was sent."""
    second, now_ms = ecs._register({"family": "shop"}), ecs.now_ms
    ecs.service["events"].insert(0, {"id": "back", "createdAt": now_ms / 1000, "message": "(service shop) rolling back to deployment ecs-svc/1."})
    job = offer_deploy(token=2, attempt=2, checkpoint={"previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": now_ms,
                                                       "asOfMs": now_ms - before_ms, "updateSent": True})
    server.wait(lambda: rolling(ecs) or job.result)
    assert rolling(ecs) == again
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == ("succeeded" if again else "failed"), job.text


def test_on_stuck_goes_by_one_clock(server, ecs, runner, offer_deploy):  # noqa: F811
    """The runner's is five minutes ahead: what AWS dates then has stood for no longer because of that."""
    job = offer_deploy(configuration={**ASKED, "OnStuck": "ROLLBACK", "OnStuckSeconds": "200"})
    followed(server, ecs, job)
    seen_ms = ecs.now_ms
    with ecs.lock:
        ecs.service["deployments"][0]["createdAt"] = seen_ms / 1000 - 320
        for number in range(3):
            ecs.service["events"].insert(0, {"id": f"no-{number}", "createdAt": seen_ms / 1000 - 300 + number, "message":
                "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later."})
    server.wait(lambda: stuck(job))
    undone = stuck(job)[0]
    assert undone - seen_ms / 1000 >= 195
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed"
