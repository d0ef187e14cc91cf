"""What undoes a deployment, and the ends of a cancel that is too late, refused, or not wanted to undo anything."""

from ecs_steps import ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures
from test_ecs_strategies import last

ASKED = {"ClusterName": "prod", "ServiceName": "shop"}


def updates(ecs):  # noqa: F811
    return [body["taskDefinition"].rpartition("/")[2] for operation, body in ecs.ledger if operation == "UpdateService"]


def followed(server, ecs, job):  # noqa: F811
    server.wait(lambda: rolling(ecs) and any("of 2 new tasks" in (p.get("summary") or "") for p in job.progress))


def test_our_service_deployment_is_stopped_first_of_all(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments()
    job = offer_deploy()
    followed(server, ecs, job)
    with ecs.lock:
        before = len(ecs.ledger)
        server.cancel(job)
    server.wait(lambda: "StopServiceDeployment" in ecs.mutations())
    # A look may have been under way.
    assert "StopServiceDeployment" in ecs.calls()[before:before + 2]
    ecs.rolled_back()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "the service is back on shop:1" in job.result["summary"]
    cancel = job.result["deployment"]["cancel"]
    assert cancel["from"] == "shop:2" and cancel["to"] == "shop:1" and cancel["how"] == "StopServiceDeployment"
    assert cancel["ended"] >= cancel["asked"] and cancel["sentence"] == job.result["summary"]
    assert updates(ecs) == ["shop:2"]


def test_one_that_succeeds_in_that_moment_is_put_back(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments()
    original = ecs.call

    def call(operation, body):
        if operation == "StopServiceDeployment":
            ecs.succeed()
        return original(operation, body)

    ecs.call = call
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:2", "shop:1"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and job.result["deployment"]["cancel"]["how"] == "UpdateService"


def test_without_the_right_to_stop_the_update_does_it(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments()
    ecs.refuse["StopServiceDeployment"] = [("AccessDeniedException", "no ecs:StopServiceDeployment")]
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:2", "shop:1"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped"
    assert "no ecs:StopServiceDeployment" in job.text and "UpdateService takes its place" in job.text


def test_where_the_one_before_was_not_complete_ecs_does_not_choose(server, ecs, runner, offer_deploy):  # noqa: F811
    """ECS would go back to the last revision that was complete, which is another."""
    ecs.with_service_deployments()
    ecs.service["deployments"][0]["rolloutState"] = "IN_PROGRESS"
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:2", "shop:1"])
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "StopServiceDeployment" not in ecs.mutations()


def test_a_refused_right_is_named_with_what_is_left(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy()
    followed(server, ecs, job)
    ecs.refuse["UpdateService"] = [("AccessDeniedException", "no ecs:UpdateService")]
    server.cancel(job)
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and job.result["errorCode"] == "PermissionError"
    message = job.result["errorMessage"]
    assert "could not be put back on shop:1" in message and "no ecs:UpdateService" in message
    assert "left to become shop:2, with which ECS goes on" in message and "--task-definition shop:1" in message


def test_throttling_delays_an_undo_and_does_not_end_it(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_service_deployments()
    job = offer_deploy()
    followed(server, ecs, job)
    ecs.refuse["StopServiceDeployment"] = [("ThrottlingException", "Rate exceeded")] * 3
    server.cancel(job)
    server.wait(lambda: not ecs.refuse["StopServiceDeployment"] and ecs.mutations()[-1] == "StopServiceDeployment")
    ecs.rolled_back()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and updates(ecs) == ["shop:2"]


def test_what_somebody_else_deployed_meanwhile_is_left(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(cancelled=True, token=5, attempt=2, checkpoint={
        "previous": ecs.first, "registered": ecs._register({"family": "shop"}), "fingerprint": "x", "beganMs": 1, "updateSent": True})
    ecs.deploy(ecs._register({"family": "shop"}))
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and ecs.mutations() == []
    assert job.result["summary"] == "cancelled; the service was left on shop:3, which somebody else deployed"
    assert job.result["deployment"]["cancel"]["to"] == "shop:3"


def test_on_cancel_leave(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "OnCancel": "LEAVE"})
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and updates(ecs) == ["shop:2"]
    assert "the service was left to become shop:2, with which ECS goes on" in job.result["summary"]


def test_a_revision_that_never_ran_is_gone_back_to_all_the_same(server, ecs, runner, offer_deploy):  # noqa: F811
    """The first deployment of a service whose first definition has no task that runs."""
    ecs.service["deployments"][0].update(runningCount=0, rolloutState="IN_PROGRESS")
    job = offer_deploy()
    followed(server, ecs, job)
    server.cancel(job)
    server.wait(lambda: updates(ecs) == ["shop:2", "shop:1"])
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "stopped" and "it did not run before this deployment either" in job.result["summary"]


def test_on_stuck_undoes_and_fails_with_the_cause(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "OnStuck": "ROLLBACK", "OnStuckSeconds": "5"})
    followed(server, ecs, job)
    with ecs.lock:
        ours = ecs.service["deployments"][0]
        for number in range(3):
            ecs.service["events"].insert(0, {"id": f"no-{number}", "createdAt": ecs.now_ms / 1000 + number, "message":
                "(service shop) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later."})
        ours["pendingCount"] = 0
    server.wait(lambda: "shop:1" in updates(ecs))
    server.wait(lambda: last(job).get("cause"))
    assert last(job)["cause"]["id"] == "no-capacity"
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "the service is back on shop:1" in job.result["errorMessage"]
    assert job.result["deployment"]["cancel"]["by"] == "OnStuck"


def test_settings_that_mean_nothing(server, ecs, runner, offer_deploy):  # noqa: F811
    for setting, value, sentence in [
            ("OnCancel", "UNDO", "OnCancel must be ROLLBACK or LEAVE, not 'UNDO'"),
            ("OnStuckSeconds", "0", "OnStuckSeconds must be seconds from 1 to 86400, not '0'"),
            ("DeploymentTimeout", "43201", "DeploymentTimeout must be minutes from 1 to 43200, not '43201'"),
            ("SuccessRule", "most", "SuccessRule must be 'healthy N of M for T seconds'"),
            ("HealthGate", "yes", "HealthGate must be OFF or ON, not 'yes'")]:
        job = offer_deploy(configuration={**ASKED, setting: value})
        server.wait(lambda: job.result)  # noqa: B023
        assert sentence in job.result["errorMessage"] and job.result["errorCode"] == "ConfigurationError"
    assert ecs.calls() == []
