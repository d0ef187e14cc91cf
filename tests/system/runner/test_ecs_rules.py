"""What is deployed, and when it counts as done: templates, SuccessRule, HealthGate, draining, the way back."""

import copy
import json

from runner_steps import zip_of
from ecs_steps import IMAGES, ecs, offer_deploy, rolling, runner, server  # noqa: F401: fixtures
from test_ecs_cancel import ASKED, followed
from test_ecs_strategies import last

TEMPLATE = {"family": "shop", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
            "containerDefinitions": [{"name": "web", "image": "<web>", "essential": True}]}


def registered(ecs):  # noqa: F811
    return [body for operation, body in ecs.ledger if operation == "RegisterTaskDefinition"]


def our_tasks(ecs, addresses):  # noqa: F811
    with ecs.lock:
        ours = ecs.service["deployments"][0]
        ours["runningCount"] = len(addresses)
        ecs.running_tasks = [
            {"taskArn": f"arn:task/{address}", "startedBy": ours["id"], "lastStatus": "RUNNING", "healthStatus": "UNKNOWN",
             "taskDefinitionArn": ours["taskDefinition"],
             "attachments": [{"details": [{"name": "privateIPv4Address", "value": address}]}]} for address in addresses]


def test_a_template_of_the_artifact(server, ecs, runner, offer_deploy):  # noqa: F811
    files = {"taskdef.json": json.dumps(TEMPLATE), "imagedefinitions.json": json.dumps(IMAGES)}
    job = server.offer({"id": "11111111-1111-4111-8111-111111111111", "provider": "ECS", "category": "Deploy", "pipeline": "shop",
                        "stage": "Release", "action": "Deploy", "configuration": {**ASKED, "TaskDefinitionTemplatePath": "taskdef.json", "Preflight": "OFF"}},
                       {"Images": zip_of(files)})
    server.wait(lambda: rolling(ecs) or job.result)
    assert registered(ecs)[0]["cpu"] == "512"
    assert registered(ecs)[0]["containerDefinitions"][0]["image"] == "registry.example.com/web:2"
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"
    diff = [(line["change"], line["line"].strip()) for line in job.result["deployment"]["diff"]]
    assert any(change == "-" and "256" in line for change, line in diff) and any(change == "+" and "512" in line for change, line in diff)
    target = job.result["deployment"]["targets"][0]
    assert target["name"] == "ecs/eu-west-1/prod/shop" and (target["from"], target["to"]) == ("shop:1", "shop:2")


def test_a_template_that_is_not_there(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "TaskDefinitionTemplatePath": "deploy/taskdef.json"})
    server.wait(lambda: job.result)
    assert job.result["errorMessage"] == "did not find the task definition 'deploy/taskdef.json' in the input artifact 'Images'"
    assert ecs.mutations() == []


def test_the_newest_revision_as_base(server, ecs, runner, offer_deploy):  # noqa: F811
    newer = copy.deepcopy(ecs.revisions[ecs.first])
    ecs._register({**{key: newer[key] for key in ("family", "containerDefinitions")}, "cpu": "1024"})
    job = offer_deploy(configuration={**ASKED, "TaskDefinitionBase": "LATEST"})
    server.wait(lambda: rolling(ecs))
    assert registered(ecs)[0]["cpu"] == "1024"
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_what_was_registered_and_does_not_run_is_taken(server, ecs, runner, offer_deploy):  # noqa: F811
    same = copy.deepcopy(ecs.revisions[ecs.first])
    same["containerDefinitions"][0]["image"] = IMAGES[0]["imageUri"]
    ecs._register({key: same[key] for key in ("family", "containerDefinitions", "cpu")})
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded" and ecs.mutations() == ["UpdateService"]


def test_the_way_back_takes_the_very_revision(server, ecs, runner, offer_deploy):  # noqa: F811
    """What an execution that is gone back to had deployed."""
    job = offer_deploy()
    server.wait(lambda: rolling(ecs))
    ecs.complete()
    server.wait(lambda: job.result)
    earlier = job.result["deployment"]
    other = offer_deploy(images=[{"name": "web", "imageUri": "registry.example.com/web:3"}])
    server.wait(lambda: ecs.service["taskDefinition"].endswith("shop:3"))
    ecs.complete()
    server.wait(lambda: other.result)
    back = offer_deploy(executionType="ROLLBACK", earlier=earlier)
    server.wait(lambda: ecs.service["taskDefinition"].endswith("shop:2"))
    ecs.complete()
    server.wait(lambda: back.result)
    assert back.result["outcome"] == "succeeded" and len(registered(ecs)) == 2


def test_a_success_rule_does_not_wait_for_the_last_task(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "SuccessRule": "healthy 1 of 2 for 20 seconds"})
    followed(server, ecs, job)
    our_tasks(ecs, ["10.0.0.1"])
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"
    assert any("1 of 2 new tasks are healthy" in entry["text"] for entry in job.result["deployment"]["timeline"])
    assert ecs.service["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_the_health_gate_wants_healthy_targets(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_target_group()
    job = offer_deploy(configuration={**ASKED, "HealthGate": "ON", "Preflight": "OFF"})
    followed(server, ecs, job)
    our_tasks(ecs, ["10.0.0.1", "10.0.0.2"])
    ecs.targets = [("10.0.0.1", "healthy", ""), ("10.0.0.2", "initial", "Elb.InitialHealthChecking"), ("10.0.0.9", "draining", "")]
    ecs.complete()
    server.wait(lambda: any("1 of 2 new tasks are healthy; target 10.0.0.2 is initial" in (p.get("summary") or "") for p in job.progress))
    assert job.result is None
    ecs.targets = [("10.0.0.1", "healthy", ""), ("10.0.0.2", "healthy", "")]
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_draining_is_shown_for_what_it_is(server, ecs, runner, offer_deploy):  # noqa: F811
    ecs.with_target_group(delay=300)
    job = offer_deploy(configuration={**ASKED, "Preflight": "OFF"})
    followed(server, ecs, job)
    our_tasks(ecs, ["10.0.0.1", "10.0.0.2"])
    with ecs.lock:
        ecs.service["deployments"][1].update(runningCount=1)
    server.wait(lambda: any("drain" in (p.get("summary") or "") for p in job.progress))
    assert ("2 of 2 new tasks are running; 1 old task drains for up to 300 s because deregistration_delay.timeout_seconds of "
            "target group 'shop' is 300") in [p.get("summary") for p in job.progress]
    assert last(job)["tasks"] == {"desired": 2, "running": 2, "pending": 0, "failed": 0, "old": 1}
    ecs.complete()
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"


def test_at_most_five_calls_wait_for_each_other(server, ecs, runner, offer_deploy):  # noqa: F811
    job = offer_deploy(configuration={**ASKED, "Preflight": "OFF"})
    server.wait(lambda: rolling(ecs))
    calls = ecs.calls()
    assert calls[:calls.index("UpdateService") + 1] == [
        "DescribeServices", "DescribeTaskDefinition", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"]
    ecs.complete()
    server.wait(lambda: job.result)
