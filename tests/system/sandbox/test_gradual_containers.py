"""A gradual deployment on real containers: a visitor is answered throughout, and traffic goes by weights."""

from sandbox_under_test import Visitor, eventually
from scripted_under_test import call

ROLE = "arn:aws:iam::123456789012:role/ecs"


def advanced(application):
    """Make the application's service one of the strategy BLUE_GREEN: a second target group beside the first."""
    green = application.elb.create_target_group(Name=f"{application.name}-g", Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1", HealthCheckPath="/health", HealthCheckIntervalSeconds=5,
                                                HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2, UnhealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
    listener = application.elb.describe_listeners(LoadBalancerArn=application.balancer)["Listeners"][0]["ListenerArn"]
    rule = application.elb.describe_rules(ListenerArn=listener)["Rules"][0]["RuleArn"]
    settings = {"alternateTargetGroupArn": green, "productionListenerRule": rule, "roleArn": ROLE}
    return {"targetGroupArn": application.group, "containerName": "web", "containerPort": 8080, "advancedConfiguration": settings}


def test_canary_with_a_pause_and_a_rollback(application):
    """Half of the requests reach version 2 while the pause waits; a rollback takes them all back, and none fails."""
    first = application.definition("1")
    application.create(first, desired=1)
    application.completed(first)
    eventually(lambda: application.get() == (200, "1"), "version 1 answers")
    hook = {"targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}
    configuration = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 50, "canaryBakeTimeInMinutes": 0}, "bakeTimeInMinutes": 0, "lifecycleHooks": [hook]}
    with Visitor(application) as visitor:
        update = {"cluster": application.name, "service": "web", "deploymentConfiguration": configuration, "loadBalancers": [advanced(application)]}
        arn = call(application.sandbox, "UpdateService", taskDefinition=application.definition("2"), **update)["service"]["currentServiceDeployment"]

        def deployment():
            return call(application.sandbox, "DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]

        def waiting():
            return next((one["hookId"] for one in deployment().get("lifecycleHookDetails", []) if one["status"] == "AWAITING_ACTION"), None)

        hook_id = eventually(waiting, "the pause")
        assert sorted(application.get()[1] for _ in range(10)) == ["1"] * 5 + ["2"] * 5 or {"1", "2"} <= visitor.versions
        call(application.sandbox, "ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook_id, action="ROLLBACK")
        eventually(lambda: deployment()["status"] == "ROLLBACK_SUCCESSFUL", "the rollback")
        application.completed(first)
        third = application.definition("3")
        call(application.sandbox, "UpdateService", cluster=application.name, service="web", taskDefinition=third, deploymentConfiguration={"strategy": "BLUE_GREEN", "lifecycleHooks": []})
        application.completed(third)
    assert application.get() == (200, "3")
    assert visitor.failed == []
    assert visitor.versions == {"1", "2", "3"}


def test_causes_on_real_containers(application):
    """What keeps tasks from starting can be ordered here, too."""
    first = application.definition("1")
    application.create(first, balanced=False, desired=1)
    application.completed(first)
    application.sandbox.control("POST", {"service": f"{application.name}/web", "script": {"cause": "secret-denied", "recover": 3}}, "rollouts")
    second = application.definition("2")
    application.update(taskDefinition=second)
    stopped = eventually(lambda: [task for task in application.tasks("STOPPED") if task["taskDefinitionArn"] == second and task["lastStatus"] == "STOPPED"], "a stopped task")[0]
    assert "secretsmanager:GetSecretValue" in stopped["stoppedReason"]
    application.completed(second)
