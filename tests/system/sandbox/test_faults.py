"""Faults on order, on the sandbox in scripted mode: skipped, endless, deadly, stale and denied ones."""

import subprocess

import pytest
from botocore.exceptions import ClientError, HTTPClientError
from sandbox_under_test import NETWORK
from scripted_under_test import ScriptedService


@pytest.fixture
def fault(scripted):
    """Order a fault; all are cleared in the end."""

    def order(**members):
        status, answer = scripted.control("POST", members)
        assert status == 200, answer

    yield order
    scripted.control("DELETE")


@pytest.fixture
def process():
    """A process that may be killed."""
    running = subprocess.Popen(["/bin/sleep", "600"])
    yield running
    running.kill()
    running.wait()


def code_of(action):
    with pytest.raises(ClientError) as error:
        action()
    return error.value.response["Error"]["Code"]


def test_skip_lets_calls_pass(scripted, fault):
    ecs = scripted.client("ecs")
    fault(operation="ecs:ListClusters", kind="throttle", skip=2)
    ecs.list_clusters()
    ecs.describe_clusters()
    ecs.list_clusters()
    assert code_of(ecs.list_clusters) == "ThrottlingException"
    ecs.list_clusters()


def test_times_0_lasts_until_cleared(scripted, fault):
    ecs = scripted.client("ecs")
    fault(operation="ecs:*", kind="error500", times=0)
    for _ in range(3):
        assert code_of(ecs.list_clusters) == "ServerException"
    scripted.client("elbv2").describe_load_balancers()
    scripted.control("DELETE")
    ecs.list_clusters()


@pytest.mark.parametrize("kind, effects", [("kill-before", 0), ("kill-after", 1)])
def test_kill_around_the_effect(scripted, fault, process, kind, effects):
    ecs = scripted.client("ecs")
    family = f"{kind}-{process.pid}"
    fault(operation="ecs:RegisterTaskDefinition", kind=kind, pid=process.pid)
    with pytest.raises(HTTPClientError):
        ecs.register_task_definition(family=family, containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    assert process.wait(60) == -9
    assert len(ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]) == effects
    line = [line for line in scripted.ledger() if line["operation"] == "RegisterTaskDefinition"][-1]
    assert line["fault"] == kind and (line["outcome"]["status"] == 200) == bool(effects)


@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
def test_a_kill_of_somebody_else(scripted, fault, process, kind):
    ecs = scripted.client("ecs")
    fault(operation="ecs:ListClusters", kind=kind, pid=[process.pid], spare=True)
    assert "clusterArns" in ecs.list_clusters()
    assert process.wait(60) == -9


@pytest.mark.parametrize("members", [{"kind": "kill-after"}, {"kind": "kill-after", "pid": []}, {"kind": "throttle", "spare": True}, {"kind": "kill-after", "pid": 1}, {"kind": "throttle", "pid": 4000}, {"kind": "stale", "skip": -1}])
def test_bad_faults_are_refused(scripted, members):
    assert scripted.control("POST", members)[0] == 400


def test_denied_in_awss_words(scripted, fault):
    service = ScriptedService(scripted)
    ecs = scripted.client("ecs")
    fault(operation="ecs:UpdateService", kind="denied")
    with pytest.raises(ClientError) as error:
        ecs.update_service(cluster=service.cluster, service="web", desiredCount=3)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    arn = f"arn:aws:ecs:eu-west-1:123456789012:service/{service.cluster}/web"
    assert f"User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: ecs:UpdateService on resource: {arn} because no identity-based policy allows the ecs:UpdateService action" in str(error.value)
    ecs.update_service(cluster=service.cluster, service="web", desiredCount=3)


def test_denied_pass_role(scripted, fault):
    ecs = scripted.client("ecs")
    fault(operation="iam:PassRole", kind="denied")
    with pytest.raises(ClientError) as error:
        ecs.register_task_definition(family="denied", taskRoleArn="arn:aws:iam::123456789012:role/shop", containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    assert "is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/shop" in str(error.value)


def test_stale_service_is_the_one_before_the_update(scripted, fault):
    service = ScriptedService(scripted)
    service.stable(service.first)
    second = service.definition("2")
    service.update(taskDefinition=second)
    fault(operation="ecs:DescribeServices", kind="stale", ms=5000, times=2)
    assert service.service()["taskDefinition"] == service.first
    service.advance(6)
    assert service.service()["taskDefinition"] == second
    assert service.service()["taskDefinition"] == second
    service.stable(second)


def test_stale_tasks_are_missing(scripted, fault):
    service = ScriptedService(scripted)
    ecs = scripted.client("ecs")
    task = ecs.run_task(cluster=service.cluster, taskDefinition=service.first, launchType="FARGATE", networkConfiguration=NETWORK)["tasks"][0]["taskArn"]
    fault(operation="ecs:DescribeTasks", kind="stale", ms=3000, times=0)
    answer = ecs.describe_tasks(cluster=service.cluster, tasks=[task])
    assert answer["tasks"] == [] and answer["failures"] == [{"arn": task, "reason": "MISSING"}]
    service.advance(4)
    assert ecs.describe_tasks(cluster=service.cluster, tasks=[task])["tasks"][0]["lastStatus"] == "PENDING"
