"""Task sets of a service whose controller is EXTERNAL: made, scaled, made primary and removed by somebody else."""

import pytest
from sandbox_under_test import NETWORK
from scripted_under_test import Refused, ScriptedService, call


@pytest.fixture
def service(scripted):
    """A service without any version yet."""
    return ScriptedService(scripted, settings={"deploymentController": {"type": "EXTERNAL"}, "launchType": None, "networkConfiguration": None, "loadBalancers": None, "taskDefinition": None})


def make(service, definition, group, percent):
    balancer = {"targetGroupArn": group, "containerName": "web", "containerPort": 8080}
    return service.call("CreateTaskSet", taskDefinition=definition, launchType="FARGATE", networkConfiguration=NETWORK, loadBalancers=[balancer], scale={"value": percent, "unit": "PERCENT"})["taskSet"]


def task_sets(service):
    return {one["id"]: one for one in service.call("DescribeTaskSets")["taskSets"]}


def test_two_versions_side_by_side(service):
    assert service.service()["taskSets"] == [] and service.service()["deploymentController"] == {"type": "EXTERNAL"}
    first = make(service, service.first, service.blue, 100)
    service.call("UpdateServicePrimaryTaskSet", primaryTaskSet=first["taskSetArn"])
    service.elb.modify_rule(RuleArn=service.test_rule, Actions=[{"Type": "forward", "TargetGroupArn": service.green}])
    second = make(service, service.definition("2"), service.green, 50)
    service.until(lambda: [one["runningCount"] for one in task_sets(service).values()] == [2, 1], "both run")
    assert {one["status"] for one in task_sets(service).values()} == {"PRIMARY", "ACTIVE"}
    service.call("UpdateTaskSet", taskSet=second["taskSetArn"], scale={"value": 100, "unit": "PERCENT"})
    service.until(lambda: task_sets(service)[second["id"]]["stabilityStatus"] == "STEADY_STATE" and task_sets(service)[second["id"]]["runningCount"] == 2, "the second is whole")
    service.call("UpdateServicePrimaryTaskSet", primaryTaskSet=second["taskSetArn"])
    with pytest.raises(Refused):
        service.call("DeleteTaskSet", taskSet=second["taskSetArn"], force=True)
    service.call("DeleteTaskSet", taskSet=first["taskSetArn"], force=True)
    service.until(lambda: list(task_sets(service)) == [second["id"]], "the first is gone")


def test_update_service_does_not_deploy(service):
    with pytest.raises(Refused) as refused:
        service.update(taskDefinition=service.definition("2"))
    assert refused.value.code == "InvalidParameterException" and "EXTERNAL" in str(refused.value)
    service.update(desiredCount=3)
    with pytest.raises(Refused) as refused:
        service.call("DeleteTaskSet", taskSet="arn:aws:ecs:eu-west-1:123456789012:task-set/a/b/ecs-svc/1")
    assert refused.value.code == "TaskSetNotFoundException"


def test_task_sets_of_other_controllers_are_refused(scripted):
    service = ScriptedService(scripted)
    with pytest.raises(Refused):
        make(service, service.first, service.blue, 100)
    assert call(scripted, "DescribeTaskSets", cluster=service.cluster, service="web")["taskSets"] == []
