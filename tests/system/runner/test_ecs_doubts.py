"""What is said and done where it is not plain how things stand: no answer, no right, a pause, somebody else's hand."""

import pytest

from fake_ecs import HOOK
from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures
from test_ecs_cancel import ASKED, followed
from test_ecs_rules import our_tasks
from test_ecs_strategies import blue_green, last, paused  # noqa: F401: fixture


def looks(ecs, operation="DescribeServices"):  # noqa: F811
    return ecs.calls().count(operation)


def some_looks(server, ecs, job, operation="DescribeServices", number=4):  # noqa: F811
    enough = looks(ecs, operation) + number
    server.wait(lambda: job.result or looks(ecs, operation) >= enough)


def test_a_success_rule_does_not_end_a_shift_before_the_traffic_moves(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "SuccessRule": "healthy 1 of 2 for 1 seconds"})
    server.wait(lambda: rolling(blue_green))
    our_tasks(blue_green, ["10.0.0.1", "10.0.0.2"])
    paused(server, blue_green, job)
    some_looks(server, blue_green, job)
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
