"""ECS in scripted mode: each cause of a stuck rollout in ECS's own words, and what surrounds the tasks."""

import re

import pytest
from scripted_under_test import Refused, ScriptedService, call


def test_an_hour_passes_in_order_and_at_once(scripted):
    """Nothing happens by itself; each step happens when it is due."""
    service = ScriptedService(scripted)
    assert service.service()["runningCount"] == 0 == service.service()["pendingCount"]
    begin = service.advance(0)
    assert service.advance(3600) == begin + 3600
    found = service.service()
    assert found["runningCount"] == 2 and found["deployments"][0]["rolloutState"] == "COMPLETED"
    events = [event["createdAt"] for event in reversed(found["events"])]
    assert events == sorted(events) and begin <= events[0] and events[-1] < begin + 60
    assert service.events()[0] == "has reached a steady state."


def test_bad_orders_are_refused(scripted):
    for part, order in (("clock", {"advanceMs": -1}), ("clock", {}), ("rollouts", {"service": "a/b", "script": {"cause": "boredom"}}), ("rollouts", {"service": "a/b", "script": {"how": "x"}}),
                        ("rollouts", {"service": "a", "script": {}}), ("rollouts", {"service": "a/b", "script": [{"legs": 2}]}), ("rollouts", {"service": "a/b", "script": {"cause": "quota", "how": "moon"}})):
        assert scripted.control("POST", order, part)[0] == 400, order


STARTS = [
    ({"cause": "image-missing"}, r"CannotPullContainerError: .*example\.com/shop:2: not found"),
    ({"cause": "image-missing", "how": "manifest-unknown"}, r"CannotPullContainerError: .*manifest unknown"),
    ({"cause": "image-platform"}, r"does not contain descriptor matching platform 'linux/amd64'"),
    ({"cause": "pull-denied"}, r"403 Forbidden"),
    ({"cause": "pull-denied", "how": "not-authorized"}, r"not authorized to perform: ecr:BatchGetImage"),
    ({"cause": "pull-network"}, r"ResourceInitializationError: .*i/o timeout"),
    ({"cause": "secret-denied"}, r"ResourceInitializationError: .*secretsmanager:GetSecretValue"),
    ({"cause": "circuit-breaker"}, r"Task failed to start"),
    ({"cause": "no-ip-address"}, r"InsufficientFreeAddressesInSubnet"),
    ({"cause": "port-taken", "how": "host"}, r"CannotStartContainerError: .*port is already allocated"),
]


@pytest.mark.parametrize("script, reason", STARTS)
def test_tasks_that_fail_to_start(scripted, script, reason):
    service = ScriptedService(scripted)
    second = service.begin(script)
    stopped = service.until(lambda: [task for task in service.tasks("STOPPED") if task["taskDefinitionArn"] == second and task["lastStatus"] == "STOPPED"], "a stopped task")[0]
    assert stopped["stopCode"] == "TaskFailedToStart" and re.search(reason, stopped["stoppedReason"])
    assert "exitCode" not in stopped["containers"][0]
    service.advance(600)
    assert service.service()["runningCount"] == 2


ENDINGS = [
    ({"cause": "out-of-memory"}, 137, "OutOfMemoryError: Container killed due to memory usage"),
    ({"cause": "crash-loop"}, 1, None),
    ({"cause": "crash-loop", "how": "segfault"}, 139, None),
    ({"cause": "port-taken"}, 1, None),
    ({"cause": "image-platform", "how": "exec-format"}, 255, None),
]


@pytest.mark.parametrize("script, code, reason", ENDINGS)
def test_tasks_that_end_by_themselves(scripted, script, code, reason):
    service = ScriptedService(scripted)
    second = service.begin(script)
    stopped = service.until(lambda: [task for task in service.tasks("STOPPED") if task["taskDefinitionArn"] == second and task["lastStatus"] == "STOPPED"], "a stopped task")[0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("EssentialContainerExited", "Essential container in task exited")
    assert stopped["containers"][0]["exitCode"] == code and stopped["containers"][0].get("reason") == reason


EVENTS = [
    ({"cause": "no-capacity"}, r"was unable to place a task\. Reason: Capacity is unavailable at this time"),
    ({"cause": "no-capacity", "how": "memory"}, r"closest matching \(container-instance \w+\) has insufficient memory available"),
    ({"cause": "quota"}, r"You've reached the limit on the number of vCPUs you can run concurrently"),
    ({"cause": "no-ip-address", "how": "event"}, r"InsufficientFreeAddressesInSubnet"),
    ({"cause": "throttled"}, r"operations are being throttled\. Will try again later\."),
    ({"cause": "role"}, r"failed to launch a task with \(error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/"),
    ({"cause": "percent-deadlock"}, r"was unable to stop or start tasks during a deployment because of the service deployment configuration"),
    ({"cause": "image-missing"}, r"is unable to consistently start tasks successfully"),
    ({"cause": "health-check"}, r"\(task \w+\) \(port 8080\) is unhealthy in \(target-group \S+\) due to \(reason Health checks failed with these codes: \[502\]\)"),
    ({"cause": "container-health"}, r"\(task \w+\) failed container health checks"),
    ({"cause": "target-group"}, r"TARGET GROUP IS NOT FOUND"),
]


@pytest.mark.parametrize("script, text", EVENTS)
def test_events_tell_the_cause(scripted, script, text):
    service = ScriptedService(scripted)
    service.begin(script)
    service.until(lambda: any(re.search(text, event) for event in service.events()), text)
    assert service.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_recover_ends_the_trouble(scripted):
    service = ScriptedService(scripted)
    second = service.begin({"cause": "quota", "recover": 300})
    service.advance(290)
    assert len(service.service()["deployments"]) == 2
    service.stable(second)


def test_flapping_target(scripted):
    service = ScriptedService(scripted, settings={"healthCheckGracePeriodSeconds": 100000})
    service.begin({"cause": "health-check", "flap": 60})
    states = set()

    def seen():
        for group in (service.blue,):
            states.update(one["TargetHealth"]["State"] for one in service.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"])
        return {"unhealthy", "healthy"} <= states

    service.until(seen, "both states")


def test_trouble_of_tasks_that_run_already(scripted):
    """`now` changes the lives of the current deployment's tasks, too."""
    service = ScriptedService(scripted)
    service.stable(service.first)
    service.script({"cause": "health-check", "how": "timeout", "recover": 120}, now=True)
    service.until(lambda: any("is unhealthy in (target-group" in event and "Request timed out" in event for event in service.events()), "the event")
    service.until(lambda: service.events()[0] == "has reached a steady state." and service.service()["runningCount"] == 2, "steady again")
    service.script([{"running": 5, "exitCode": 9}, {}], now=True)
    service.until(lambda: [task for task in service.tasks("STOPPED") if task["containers"][0].get("exitCode") == 9], "a crash")


def test_replacement_starts_before_the_unhealthy_task_stops(scripted):
    service = ScriptedService(scripted)
    service.stable(service.first)
    before = {task["taskArn"] for task in service.tasks()}
    service.script([{"target": [[0, {"reason": "Target.Timeout", "description": "Request timed out"}]]}, {}], now=True)
    counts = []

    def replaced():
        counts.append(service.service()["runningCount"])
        tasks = {task["taskArn"] for task in service.tasks() if task["desiredStatus"] == "RUNNING"}
        return len(tasks) == 2 and len(tasks & before) == 1

    service.until(replaced, "the replacement", step=1)
    assert min(counts) == 2 and max(counts) == 3
    stopped = service.tasks("STOPPED")
    assert [task["stoppedReason"] for task in stopped] == [f"Task failed ELB health checks in (target-group {service.blue})"]


def test_only_some_tasks_are_hit(scripted):
    service = ScriptedService(scripted, desired=4)
    second = service.begin({"cause": "image-missing", "tasks": 2})
    service.stable(second)
    assert len([task for task in service.tasks("STOPPED") if task["stopCode"] == "TaskFailedToStart"]) == 2


def test_lives_in_order(scripted):
    """The first task fails, the second crashes with a log, the rest are well."""
    service = ScriptedService(scripted)
    second = service.begin([{"pending": 5, "stoppedReason": "Timeout waiting for network interface provisioning to complete."}, {"running": 3, "exitCode": 3}, {}])
    service.stable(second)
    stopped = [task for task in service.tasks("STOPPED") if task["taskDefinitionArn"] == second]
    assert sorted(task["stopCode"] for task in stopped) == ["EssentialContainerExited", "TaskFailedToStart"]


def test_log_lines_reach_cloudwatch(scripted):
    options = {"awslogs-group": "/shop", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web", "awslogs-create-group": "true"}
    service = ScriptedService(scripted, container={"logConfiguration": {"logDriver": "awslogs", "options": options}})
    second = service.begin({"cause": "crash-loop", "how": "missing-variable"})
    task = service.until(lambda: [one for one in service.tasks("STOPPED") if one["taskDefinitionArn"] == second], "a crash")[0]
    stream = "web/web/" + task["taskArn"].rsplit("/", 1)[-1]
    events = scripted.client("logs").get_log_events(logGroupName="/shop", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["starting", "KeyError: 'DATABASE_URL'"]


def test_slow_drain_keeps_the_deployment_in_progress(scripted):
    service = ScriptedService(scripted)
    second = service.begin({"cause": "slow-drain", "seconds": 600})
    service.until(lambda: any("has begun draining" in event for event in service.events()), "draining")
    service.advance(400)
    found = service.service()
    assert found["deployments"][0]["rolloutState"] == "IN_PROGRESS" and len(found["deployments"]) == 2
    service.stable(second)


def test_launches_are_throttled_up_to_15_minutes(scripted):
    service = ScriptedService(scripted)
    service.begin({"cause": "image-missing"})
    service.advance(6 * 3600)
    started = [event["createdAt"] for event in service.service()["events"] if "has started" in event["message"]]
    assert 880 <= started[0] - started[1] <= 940 or 880 <= started[1] - started[2] <= 940


def test_breaker_and_rollback(scripted):
    service = ScriptedService(scripted, deploymentCircuitBreaker={"enable": True, "rollback": True})
    service.begin({"cause": "image-missing"})
    arn = service.service()["currentServiceDeployment"]
    service.until(lambda: service.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL", "the rollback")
    service.stable(service.first)
    ended = service.deployment(arn)
    assert ended["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert any(re.fullmatch(r"rolling back to deployment ecs-svc/\d{19}\.", event) for event in service.events())


def test_breaker_without_rollback_stops_the_unhealthy(scripted):
    service = ScriptedService(scripted, deploymentCircuitBreaker={"enable": True, "rollback": False})
    service.begin({"cause": "health-check"})
    service.until(lambda: service.service()["deployments"][0]["rolloutState"] == "FAILED", "the failure")
    service.until(lambda: {task["taskDefinitionArn"] for task in service.tasks()} == {service.first}, "only the old version runs")
    service.advance(3600)
    assert service.service()["runningCount"] == 2 and service.deployment()["status"] == "STOPPED"


def test_alarm_fails_the_deployment(scripted):
    service = ScriptedService(scripted, alarms={"alarmNames": ["shop-errors"], "enable": True, "rollback": True})
    service.begin({"cause": "alarm", "after": 40})
    arn = service.service()["currentServiceDeployment"]
    service.until(lambda: service.deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL", "the rollback")
    assert service.deployment(arn)["alarms"]["triggeredAlarmNames"] == ["shop-errors"]
    service.stable(service.first)
    scripted.control("DELETE", part="alarms")


def test_spot_interruption(scripted):
    service = ScriptedService(scripted, desired=1)
    service.begin([{"running": 40, "stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}, {}])
    task = service.until(lambda: [one for one in service.tasks("STOPPED") if one.get("stopCode") == "SpotInterruption"], "the interruption")[0]
    assert task["stoppedReason"] == "Your Spot Task was interrupted."


def test_protected_tasks_are_not_stopped(scripted):
    service = ScriptedService(scripted)
    service.stable(service.first)
    scripted.client("ecs").update_task_protection(cluster=service.cluster, tasks=[task["taskArn"] for task in service.tasks()], protectionEnabled=True, expiresInMinutes=30)
    second = service.begin()
    service.advance(1500)
    assert any("The number of protected tasks are more than the desired count of tasks" in event for event in service.events())
    assert len(service.service()["deployments"]) == 2
    service.stable(second)


def test_images_that_ecr_knows_are_believed(scripted):
    name = "believed"
    scripted.control("POST", {"repository": name, "tag": "1", "platforms": ["linux/arm64"]}, "images")
    service = ScriptedService(scripted)
    for reference, text in ((f"{scripted.registry}/{name}:2", ":2: not found"), (f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}:1", "matching platform 'linux/amd64'")):
        definition = service.begin(image=reference)
        stopped = service.until(lambda definition=definition: [task for task in service.tasks("STOPPED") if task["taskDefinitionArn"] == definition and task["lastStatus"] == "STOPPED"], "a stopped task")[0]
        assert text in stopped["stoppedReason"]
        service.update(taskDefinition=service.first)
        service.stable(service.first)


# the EC2 launch type


def on_instances(scripted, instances, desired=2, mode="bridge", ports=({"containerPort": 8080},), **settings):
    """A service of the EC2 launch type without load balancer, on machines of its own; stable."""
    container = {"cpu": 256, "memory": 512, "portMappings": list(ports)}
    definition = {"networkMode": mode, "requiresCompatibilities": ["EC2"], "cpu": None, "memory": None}
    service = ScriptedService(scripted, desired, container, definition, {"launchType": "EC2", "networkConfiguration": None, "loadBalancers": [], **settings})
    for one in instances:
        scripted.control("POST", {"cluster": service.cluster, **one}, "instances")
    return service


def test_tasks_are_placed_on_instances(scripted):
    service = on_instances(scripted, [{"cpu": 512, "memory": 1024, "count": 2}])
    service.stable(service.first)
    tasks = service.tasks()
    assert len({task["containerInstanceArn"] for task in tasks}) == 2
    bindings = [task["containers"][0]["networkBindings"][0] for task in tasks]
    assert all(one["hostPort"] >= 32768 for one in bindings)
    ecs = scripted.client("ecs")
    described = ecs.describe_container_instances(cluster=service.cluster, containerInstances=[task["containerInstanceArn"] for task in tasks])["containerInstances"]
    assert [one["remainingResources"][0]["integerValue"] for one in described] == [256, 256]


@pytest.mark.parametrize("instances, text", [
    ([], "No Container Instances were found in your cluster."),
    ([{"cpu": 600, "memory": 4096}], "has insufficient CPU units available"),
    ([{"cpu": 4096, "memory": 1100}], "has insufficient memory available"),
])
def test_no_room_on_instances(scripted, instances, text):
    service = on_instances(scripted, instances, desired=3)
    service.until(lambda: any(text in event for event in service.events()), text)


def test_fixed_host_port_is_taken_by_the_old_task(scripted):
    service = on_instances(scripted, [{"cpu": 4096, "memory": 8192}], desired=1, ports=({"containerPort": 8080, "hostPort": 80},))
    service.begin()
    service.until(lambda: any("is already using a port required by your task" in event for event in service.events()), "the event")


def test_daemon_runs_on_each_instance(scripted):
    service = on_instances(scripted, [{"cpu": 4096, "memory": 8192, "count": 3}], schedulingStrategy="DAEMON")
    service.stable(service.first)
    assert len({task["containerInstanceArn"] for task in service.tasks()}) == 3
    second = service.begin()
    service.stable(second)
    assert service.service()["desiredCount"] == 3 and service.service()["schedulingStrategy"] == "DAEMON"


def test_capacity_provider_without_machines(scripted):
    ecs = scripted.client("ecs")
    ecs.create_capacity_provider(name="machines", autoScalingGroupProvider={"autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/machines"})
    service = on_instances(scripted, [], launchType=None, capacityProviderStrategy=[{"capacityProvider": "machines", "weight": 1}])
    service.until(lambda: any("No Container Instances were found in your capacity provider" in event for event in service.events()), "the event")
    scripted.control("POST", {"cluster": service.cluster, "provider": "machines"}, "instances")
    service.stable(service.first)


def test_run_task_in_a_script(scripted):
    service = ScriptedService(scripted)
    family = service.cluster
    params = {"cluster": service.cluster, "taskDefinition": service.first, "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}

    def run():
        answer = call(scripted, "RunTask", **params)
        return answer["failures"], [task["taskArn"] for task in answer["tasks"]]

    assert scripted.control("POST", [{"family": family, "script": [{"running": 5, "exitCode": 3, "invisible": 2}]}, {"family": family, "script": {"cause": "no-capacity"}}], "rollouts")[0] == 200
    failures, tasks = run()
    assert failures == []
    assert call(scripted, "DescribeTasks", cluster=service.cluster, tasks=tasks)["failures"][0]["reason"] == "MISSING"
    service.advance(120)
    assert call(scripted, "DescribeTasks", cluster=service.cluster, tasks=tasks)["tasks"][0]["containers"][0]["exitCode"] == 3
    failures, tasks = run()
    assert tasks == [] and "Capacity is unavailable" in failures[0]["reason"]
    failures, tasks = run()
    service.advance(120)
    assert call(scripted, "DescribeTasks", cluster=service.cluster, tasks=tasks)["tasks"][0]["containers"][0]["exitCode"] == 0


def test_daemon_is_refused_on_fargate(scripted):
    with pytest.raises(Refused) as refused:
        ScriptedService(scripted, settings={"schedulingStrategy": "DAEMON"})
    assert refused.value.code == "InvalidParameterException"
