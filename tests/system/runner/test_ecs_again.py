"""Deployments whose UpdateService got no answer, or whose runner died when it had sent it."""

from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures


def test_an_update_without_an_answer_is_asked_after(server, ecs, runner, offer_deploy):  # noqa: F811
    """Carried out, but ECS answers nothing but errors for longer than one call is repeated."""
    original, busy = ecs.call, [True] * 12

    def call(operation, body):
        status, answer = original(operation, body)
        if operation == "UpdateService" and busy:
            busy.pop()
            return 500, {"__type": "ServerException", "message": "busy"}
        return status, answer

    ecs.call = call
    job = offer_deploy()
    server.wait(lambda: job.result or len(job.checkpoints) == 4)
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded" and "UpdateService: ServerException: busy; trying again" in job.text
    assert ecs.next_deployment == 3  # the first, and ours


def test_what_ecs_rolled_back_is_not_deployed_again(server, ecs, runner, offer_deploy):  # noqa: F811
    second = ecs._register({"family": "shop"})
    ecs.deploy(second)
    ecs.deploy(ecs.first, "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.")
    job = offer_deploy(token=2, attempt=2, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "updateSent": True})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and ecs.mutations() == []
    assert job.result["errorMessage"] == (
        "ECS rolled the service back to shop:1; look why shop:2 failed, then run again")


def test_an_update_that_never_arrived_is_sent_again(server, ecs, runner, offer_deploy):  # noqa: F811
    second = ecs._register({"family": "shop"})
    job = offer_deploy(token=2, attempt=2, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "updateSent": True})
    server.wait(lambda: rolling(ecs) and job.checkpoints)
    ecs.complete()
    server.wait(lambda: job.result)
    assert ecs.mutations() == ["UpdateService"]
