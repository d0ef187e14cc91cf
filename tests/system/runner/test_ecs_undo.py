"""Cancelled deployments whose ECS shows, for a while, what was true before."""

import copy

from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures


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
