"""Deployments, ordered by a fake server, on an ECS that the test moves by hand."""

import pytest

from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures


def test_a_deployment_goes_through(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    ecs.service["deployments"][0]["runningCount"] = 1
    ecs.event("(service shop) has started 1 tasks: (task 1).")
    server.wait(lambda: any("1 of 2 new tasks are running" == p.get("summary") for p in job.progress))
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded" and job.result["summary"] == "service 'shop' runs shop:2"
    assert ecs.mutations() == ["RegisterTaskDefinition", "UpdateService"]
    registered = next(body for operation, body in ecs.ledger if operation == "RegisterTaskDefinition")
    web, rp = registered["containerDefinitions"]
    assert web["image"] == "registry.example.com/web:2" and rp["image"] == "rp:1"
    assert web["newFangledField"] == {"kept": [1, 2.5]} and registered["tags"] == [{"key": "team", "value": "a"}]
    assert not {"taskDefinitionArn", "revision", "status", "compatibilities", "registeredAt", "registeredBy",
                "requiresAttributes"} & set(registered)
    assert "has started 1 tasks" in job.text and "steady state" not in job.text
    marks = [set(mark) - {"beganMs", "cluster", "service", "fingerprint", "previous", "previousStood"}
             for mark in job.checkpoints]
    assert marks == [set(), {"registered"}, {"registered", "updateSent"}, {"registered", "updateSent", "deployment"}]


@pytest.mark.parametrize("text, sentence", [
    ('[{"name": "web"}]', "lacks 'imageUri'"),
    ('[{"name": "web", "imageUrl": "x"}]', "has 'imageUrl'; write 'imageUri' instead"),
    ('{"ImageURI": "x"}', "imageDetail.json's object"),
    ('[{"name": "app", "imageUri": "x"}]', "the AWS ECS container 'app' does not exist"),
    ('[{"name": "web", "imageUri": "x"},]', "contains invalid JSON format"),
])
def test_bad_image_definitions_change_nothing(server, ecs, runner, offer_deploy, text, sentence):  # noqa: F811
    job = offer_deploy(text=text)
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and sentence in job.result["errorMessage"]
    assert job.result["errorCode"] == "ConfigurationError"
    assert ecs.mutations() == [] and job.checkpoints == []


def test_a_service_that_does_not_exist(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.service = None
    job = offer_deploy()
    server.wait(lambda: job.result)
    assert job.result["errorMessage"] == "no service 'shop' in cluster 'prod'"
    assert job.text == "no service 'shop' in cluster 'prod'\n"


def test_a_cluster_that_does_not_exist(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.refuse["DescribeServices"] = [("ClusterNotFoundException", "Cluster not found.")]
    job = offer_deploy()
    server.wait(lambda: job.result)
    assert job.result["errorMessage"] == "no cluster 'prod' in region 'eu-west-1'; create it, or correct ClusterName"
    assert job.result["errorCode"] == "ConfigurationError" and job.text == job.result["errorMessage"] + "\n"


def test_the_circuit_breaker_is_a_failure_with_its_reason(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    with ecs.lock:
        mine = ecs.service["deployments"][0]
        ecs.stopped_tasks = [{"taskArn": "arn:task/1", "taskDefinitionArn": mine["taskDefinition"],
                              "stoppedReason": "Essential container in task exited",
                              "containers": [{"name": "web", "exitCode": 1}]}]
        mine.update(rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.")
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and job.result["errorCode"] == "JobFailed"
    assert "circuit breaker: tasks failed to start" in job.result["errorMessage"]
    assert "Essential container in task exited; container 'web' ended with exit code 1" in job.result["errorMessage"]


def test_a_finished_rollback_is_not_a_success(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(ecs) and any("of 2 new tasks" in (p.get("summary") or "") for p in job.progress))
    with ecs.lock:
        ecs.deploy(ecs.first, "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.")
        ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "rolled the service back to shop:1" in job.result["errorMessage"]


def test_somebody_elses_deployment_is_told(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(ecs) and any("of 2 new tasks" in (p.get("summary") or "") for p in job.progress))
    ecs.deploy(ecs._register({"family": "other"}))
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "somebody else deployed other:3" in job.result["errorMessage"]


def test_a_cancel_puts_the_service_back_and_proves_it(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    with ecs.lock:
        ecs.service["deployments"][0]["runningCount"] = 1
    server.cancel(job)
    server.wait(lambda: ecs.mutations().count("UpdateService") == 2)
    server.wait(lambda: any("going back to shop:1" in (p.get("summary") or "") for p in job.progress))
    assert job.result is None
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped"
    assert job.result["summary"].startswith("the service is back on shop:1 after ")
    assert job.result["summary"].endswith(" s: 2 of 2 old tasks are running, 0 new ones are left")
    assert ecs.service["taskDefinition"] == ecs.first


def test_a_cancelled_job_is_undone_by_whoever_gets_it(server, ecs, runner, offer_deploy):  # noqa: F811
    second = ecs._register({"family": "shop"})
    ecs.deploy(second)
    job = offer_deploy(cancelled=True, token=5, attempt=2, checkpoint={
        "previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1, "deployment": "ecs-svc/2"})
    server.wait(lambda: ecs.mutations() == ["UpdateService"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "back on shop:1" in job.result["summary"]


def test_a_cancel_before_anything_changed(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(cancelled=True)
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "before the service was changed" in job.result["summary"]
    assert ecs.mutations() == []


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService"])
def test_a_lost_answer_has_one_effect(server, ecs, runner, offer_deploy, operation):  # noqa: F811
    ecs.lose_reply_of = operation
    job = offer_deploy()
    server.wait(lambda: rolling(ecs) and any("of 2 new tasks" in (p.get("summary") or "") for p in job.progress))
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"
    assert ecs.next_deployment == 3  # the first, and ours


@pytest.mark.parametrize("point", ["registering", "updating", "watching"])
def test_kill_9_has_one_effect(ecs_place, server, ecs, runner, offer_deploy, point):  # noqa: F811
    """Killed after the call, before its answer could be marked; the next process adopts what it finds."""
    marks = {"registering": 1, "updating": 3, "watching": 4}[point]
    job = offer_deploy()
    original = ecs.call

    def call(operation, body):
        answer = original(operation, body)
        if (point, operation) in (("registering", "RegisterTaskDefinition"), ("updating", "UpdateService")):
            runner.process.kill()
            runner.process.wait()
        return answer

    ecs.call = call
    if point == "watching":
        server.wait(lambda: len(job.checkpoints) == 4)
        runner.process.kill()
    runner.process.wait(30)
    ecs.call = original
    assert len(job.checkpoints) == marks
    ecs_place.restart()
    again = offer_deploy(token=2, attempt=2, checkpoint=job.checkpoints[-1])
    server.wait(lambda: any("of 2 new tasks" in (p.get("summary") or "") for p in again.progress))
    assert (job.checkpoints + again.checkpoints)[-1]["deployment"]
    ecs.complete()
    server.wait(lambda: again.result)
    assert again.result["outcome"] == "succeeded", again.result
    assert ecs.mutations() == ["RegisterTaskDefinition", "UpdateService"]


def test_after_a_crash_somebody_elses_revision_is_a_conflict(server, ecs, runner, offer_deploy):  # noqa: F811
    second, third = ecs._register({"family": "shop"}), ecs._register({"family": "shop"})
    ecs.deploy(third)
    job = offer_deploy(attempt=2, checkpoint={"previous": ecs.first, "registered": second, "fingerprint": "x", "beganMs": 1})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "is on shop:3, which is neither" in job.result["errorMessage"]
    assert ecs.mutations() == []


def test_throttling_is_waited_out(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.refuse = {"UpdateService": [("ThrottlingException", "Rate exceeded")] * 2,
                  "DescribeServices": [("ServerException", "busy")]}
    job = offer_deploy()
    server.wait(lambda: len(job.checkpoints) == 4)
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_a_refusal_names_its_cause(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.refuse = {"RegisterTaskDefinition": [("AccessDeniedException", "User is not authorized to perform: iam:PassRole")]}
    job = offer_deploy()
    server.wait(lambda: job.result)
    assert job.result["errorCode"] == "PermissionError"
    assert job.result["errorMessage"] == (
        "ecs RegisterTaskDefinition: AccessDeniedException: User is not authorized to perform: iam:PassRole; it takes the right iam:PassRole")
