"""Deployments that shift traffic, and their pauses: a person's answer goes to ECS, whoever holds the job by then."""

import pytest

from fake_ecs import HOOK
from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures


@pytest.fixture
def blue_green(ecs):  # noqa: F811
    ecs.with_service_deployments("BLUE_GREEN")
    return ecs


def last(job):
    return next((p["deployment"] for p in reversed(job.progress) if p.get("deployment")), {})


def paused(server, ecs, job):  # noqa: F811
    server.wait(lambda: rolling(ecs))
    ecs.pause()
    server.wait(lambda: last(job).get("pause"))
    return last(job)["pause"]


def decide(server, job, answer, summary=None):
    server.decide(job, f"{HOOK}/POST_TEST_TRAFFIC_SHIFT", answer, "arn:aws:iam::123456789012:user/joe", summary)


def test_stage_and_traffic_are_shown(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(blue_green))
    with blue_green.lock:
        blue_green.service_deployment.update(lifecycleStage="PRODUCTION_TRAFFIC_SHIFT")
        blue_green.service_deployment["targetServiceRevision"].update(requestedProductionTrafficWeight=10.0, runningTaskCount=2)
    server.wait(lambda: last(job).get("trafficPercent") == 10)
    assert last(job)["strategy"] == "BLUE_GREEN" and last(job)["stage"] == "PRODUCTION_TRAFFIC_SHIFT"
    assert "10% of the traffic" in job.progress[-1]["summary"]
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded" and blue_green.mutations() == ["RegisterTaskDefinition", "UpdateService"]


def test_an_approval_lets_it_go_on(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={"ClusterName": "prod", "ServiceName": "shop", "TestUrl": "https://test.example.com"})
    pause = paused(server, blue_green, job)
    assert pause["id"] == f"{HOOK}/POST_TEST_TRAFFIC_SHIFT" and pause["stage"] == "POST_TEST_TRAFFIC_SHIFT" and pause["testUrl"] == "https://test.example.com"
    assert "the new tasks have the test traffic; without an answer ECS rolls back at" in pause["sentence"]
    decide(server, job, "APPROVED")
    server.wait(lambda: "ContinueServiceDeployment" in blue_green.mutations())
    server.wait(lambda: "pause" not in last(job))
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"
    sent = [body for operation, body in blue_green.ledger if operation == "ContinueServiceDeployment"]
    assert len(sent) == 1 and sent[0]["action"] == "CONTINUE" and sent[0]["hookId"] == HOOK


def test_a_rejection_rolls_back_and_fails(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    paused(server, blue_green, job)
    decide(server, job, "REJECTED", "the basket is empty")
    server.wait(lambda: "ContinueServiceDeployment" in blue_green.mutations())
    assert job.result is None
    blue_green.rolled_back()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed"
    message = job.result["errorMessage"]
    assert message.startswith("arn:aws:iam::123456789012:user/joe rejected the deployment: the basket is empty; the service is back on shop:1")
    assert blue_green.mutations()[2:] == ["ContinueServiceDeployment"]
    cancel = job.result["deployment"]["cancel"]
    assert cancel["how"] == "ContinueServiceDeployment" and cancel["by"].endswith("user/joe") and cancel["to"] == "shop:1"


def test_a_pause_outlives_its_runner(ecs_place, server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    paused(server, blue_green, job)
    runner.process.kill()
    ecs_place.restart()
    again = offer_deploy(token=2, attempt=2, checkpoint=job.checkpoints[-1])
    decide(server, again, "APPROVED")
    server.wait(lambda: "ContinueServiceDeployment" in blue_green.mutations())
    blue_green.succeed()
    server.wait(lambda: again.result)
    assert again.result["outcome"] == "succeeded"
    assert blue_green.mutations() == ["RegisterTaskDefinition", "UpdateService", "ContinueServiceDeployment"]


def test_a_pause_that_is_answered_elsewhere_is_over(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    paused(server, blue_green, job)
    blue_green.call("ContinueServiceDeployment", {"serviceDeploymentArn": blue_green.service["currentServiceDeployment"], "hookId": HOOK})
    server.wait(lambda: "pause" not in last(job))
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_the_service_deployment_is_found_by_what_it_runs(server, blue_green, runner, offer_deploy):  # noqa: F811
    """An endpoint whose services do not name it."""
    original = blue_green.call

    def call(operation, body):
        status, answer = original(operation, body)
        for service in [answer.get("service", {})] + answer.get("services", []):
            service.pop("currentServiceDeployment", None)
        return status, answer

    blue_green.call = call
    job = offer_deploy()
    paused(server, blue_green, job)
    assert {"ListServiceDeployments", "DescribeServiceRevisions"} <= set(blue_green.calls())
    blue_green.succeed()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_an_endpoint_without_service_deployments_is_followed_by_its_service(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.service["deploymentConfiguration"] = {"strategy": "BLUE_GREEN"}
    job = offer_deploy()
    server.wait(lambda: any("the stages of the deployment cannot be shown" in entry["text"] for entry in last(job).get("timeline", [])))
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_a_failed_shift_says_why(server, blue_green, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(blue_green))
    with blue_green.lock:
        blue_green.service_deployment.update(status="ROLLBACK_IN_PROGRESS", rollback={"reason": "the hook 'check' failed"})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "ECS is rolling the service back: the hook 'check' failed" in job.result["errorMessage"]
