"""RunTask: a command with the new revision, its log and its verdict; one task, whatever happens."""

import json
import uuid

import pytest

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"


class Shop:
    """A service that runs revision 1, in a cluster of its own."""

    def __init__(self, deploys):
        self.deploys = deploys
        self.ecs = deploys.sandbox.client("ecs")
        self.name = f"shop-{uuid.uuid4().hex[:8]}"
        deploys.sandbox.client("logs").create_log_group(logGroupName=self.name)
        options = {"awslogs-group": self.name, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}
        self.ecs.register_task_definition(
            family=self.name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            executionRoleArn="arn:aws:iam::123456789012:role/execution",
            containerDefinitions=[{"name": "web", "image": f"{IMAGE}:1", "essential": True, "logConfiguration": {"logDriver": "awslogs", "options": options}},
                                  {"name": "rp", "image": f"{IMAGE}-rp:1", "essential": False}])
        self.ecs.create_cluster(clusterName=self.name)
        self.ecs.create_service(cluster=self.name, serviceName="web", taskDefinition=self.name, desiredCount=1, launchType="FARGATE", networkConfiguration=NETWORK)
        self.advance(60)
        self.began = len(deploys.sandbox.ledger())

    def advance(self, seconds):
        self.deploys.sandbox.control("POST", {"advanceMs": seconds * 1000}, part="clock")

    def script(self, life):
        script = life if "cause" in life else [life]
        status, answer = self.deploys.sandbox.control("POST", {"family": self.name, "script": script}, part="rollouts")
        assert status == 200, answer

    def offer(self, provider="RunTask", images=True, **more):
        """To a shop without an ECR repository there is nothing to look through: Preflight is off."""
        configuration = {"ClusterName": self.name, "ServiceName": "web", "Preflight": "OFF", **({"LockName": "db", "Command": "bin/migrate"} if provider == "RunTask" else {}), **more}
        files = {"imagedefinitions.json": json.dumps([{"name": "web", "imageUri": f"{IMAGE}:2"}])}
        return self.deploys.offer(provider, "Invoke" if provider == "RunTask" else "Deploy", configuration, files if images else None)

    def run(self, provider="RunTask", **more):
        job = self.offer(provider, **more)
        return self.deploys.finish(job), job

    def calls(self, operation):
        return [params for name, params in self.deploys.calls(self.began) if name == f"ecs:{operation}" and params.get("cluster", self.name) == self.name and params.get("family", self.name) == self.name]

    def tasks(self):
        """Tasks of RunTask, in any state."""
        arns = [arn for status in ("RUNNING", "STOPPED") for arn in self.ecs.list_tasks(cluster=self.name, family=self.name, desiredStatus=status)["taskArns"]]
        found = self.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []
        return [task for task in found if task["group"] == f"family:{self.name}"]


@pytest.fixture
def shop(deploys):
    return Shop(deploys)


def test_a_migration_before_the_traffic_moves(shop):
    shop.script({"running": 20, "exitCode": 0, "log": ["migrating", [10, "done: 3 steps"]]})
    result, job = shop.run(Environment='{"MODE": "up"}', Cpu="512")
    assert result["outcome"] == "succeeded", (result, job.text)
    assert "migrating" in job.text and "done: 3 steps" in job.text
    [asked] = shop.calls("RunTask")
    token = job.message["actionExecutionId"]
    revision = f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{shop.name}:2"
    asked.pop("platformVersion", None)
    assert asked == {
        "cluster": shop.name, "taskDefinition": revision, "count": 1, "clientToken": token, "startedBy": token, "launchType": "FARGATE", "enableExecuteCommand": False,
        "networkConfiguration": NETWORK, "overrides": {"cpu": "512", "containerOverrides": [{"name": "web", "command": ["sh", "-c", "bin/migrate"], "environment": [{"name": "MODE", "value": "up"}]}]}}
    [task] = shop.tasks()
    assert result["variables"] == {"TaskArn": task["taskArn"], "ExitCode": "0", "TaskDefinition": revision}
    assert shop.calls("UpdateService") == []
    # The service then gets that very revision.
    result, job = shop.run("ECS")
    assert result["outcome"] == "succeeded", (result, job.text)
    assert [call["taskDefinition"] for call in shop.calls("UpdateService")] == [revision]
    assert len(shop.calls("RegisterTaskDefinition")) == 1


def test_the_exit_code_is_the_verdict(shop):
    shop.script({"running": 3, "exitCode": 3, "log": ["no such column"]})
    result, job = shop.run()
    assert result["outcome"] == "failed" and "container 'web' ended with exit code 3" in result["errorMessage"], result
    assert "no such column" in job.text
    shop.script({"cause": "image-missing"})
    result, job = shop.run()
    assert result["outcome"] == "failed" and "container 'web' did not run" in result["errorMessage"], result
    assert "CannotPullContainerError" in result["errorMessage"]
    shop.script({"cause": "no-capacity"})
    result, job = shop.run()
    assert result["outcome"] == "failed" and "ECS started no task: Capacity is unavailable" in result["errorMessage"], result


def test_a_cancel_stops_the_task(shop):
    shop.script({"running": 100000})
    job = shop.offer()
    shop.deploys.server.wait(lambda: "is RUNNING" in job.text)
    shop.deploys.server.cancel(job)
    result = shop.deploys.finish(job)
    assert result["outcome"] == "stopped" and "has stopped" in result["summary"], (result, job.text)
    [task] = shop.tasks()
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")
    assert len(shop.calls("StopTask")) == 1


def test_a_cancel_may_leave_it(shop):
    shop.script({"running": 100000})
    job = shop.offer(OnCancel="LEAVE")
    shop.deploys.server.wait(lambda: "is RUNNING" in job.text)
    shop.deploys.server.cancel(job)
    result = shop.deploys.finish(job)
    assert result["outcome"] == "stopped" and "goes on (OnCancel: LEAVE)" in result["summary"], (result, job.text)
    assert shop.calls("StopTask") == []


def test_a_command_with_what_runs(shop):
    """Without an artifact there is no new revision."""
    result, job = shop.run(images=False, ContainerName="rp", Command='["cleanup", "--all"]')
    assert result["outcome"] == "succeeded", (result, job.text)
    [asked] = shop.calls("RunTask")
    assert asked["taskDefinition"].endswith(f"{shop.name}:1")
    assert asked["overrides"] == {"containerOverrides": [{"name": "rp", "command": ["cleanup", "--all"]}]}
    assert shop.calls("RegisterTaskDefinition") == []


def test_its_time_is_over(shop):
    shop.script({"running": 100000})
    result, job = shop.run(Timeout="2")
    assert result["outcome"] == "failed" and "did not end within 2 minutes, and was stopped" in result["errorMessage"], (result, job.text)
    assert shop.tasks()[0]["lastStatus"] == "STOPPED"


@pytest.mark.parametrize("kind", ("kill-before", "kill-after"))
@pytest.mark.parametrize("operation", ("RegisterTaskDefinition", "RunTask"))
def test_a_crash_starts_no_second_one(shop, operation, kind):
    shop.script({"running": 30, "exitCode": 0})
    shop.deploys.fault(f"ecs:{operation}", kind)
    second = shop.deploys.survivor(shop.offer())
    result = shop.deploys.finish(second)
    assert result["outcome"] == "succeeded", (result, second.text)
    assert len(shop.tasks()) == 1
    revisions = shop.ecs.list_task_definitions(familyPrefix=shop.name)["taskDefinitionArns"]
    assert len(revisions) == 2


def test_cancelled_after_a_crash(shop):
    """The dead runner's task is found by what it was started by, and stopped."""
    shop.script({"running": 100000})
    shop.deploys.fault("ecs:RunTask", "kill-after")
    second = shop.deploys.survivor(shop.offer(), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "stopped" and "has stopped" in result["summary"], (result, second.text)
    assert [task["lastStatus"] for task in shop.tasks()] == ["STOPPED"]


def test_a_lost_answer_starts_no_second_one(shop):
    shop.deploys.fault("ecs:RunTask", "drop-reply")
    result, job = shop.run()
    assert result["outcome"] == "succeeded", (result, job.text)
    assert len(shop.tasks()) == 1


def test_wrong_settings_change_nothing(shop):
    for settings, sentence in (
        ({"ServiceName": "none"}, "no service 'none'"),
        ({"ContainerName": "db"}, "no container 'db'; it has 'web', 'rp'"),
        ({"Command": "[1]"}, "Command must be a JSON list of texts"),
        ({"Environment": "A=1"}, "Environment is no JSON"),
        ({"Timeout": "0"}, "Timeout must be minutes"),
    ):
        result, job = shop.run(**settings)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (settings, result)
    assert shop.calls("RunTask") == [] and shop.calls("RegisterTaskDefinition") == []


# ---- what cannot be undone, or is not known, is said ----

def cancelled(shop, **more):
    """A job whose task runs on for long, and is cancelled."""
    job = shop.offer(**more)
    shop.deploys.server.wait(lambda: "is RUNNING" in job.text)
    shop.deploys.server.cancel(job)
    return shop.deploys.finish(job), job


def test_a_stop_that_is_refused_is_said(shop):
    shop.script({"running": 100000})
    shop.deploys.fault("ecs:StopTask", "denied", times=0)
    result, job = cancelled(shop)
    assert (result["outcome"], result["errorCode"]) == ("failed", "PermissionError"), (result, job.text)
    assert "the task could not be stopped" in result["errorMessage"] and "ecs:StopTask" in result["errorMessage"]
    assert result["variables"]["TaskArn"] == shop.tasks()[0]["taskArn"]


def test_a_task_that_does_not_stop_is_named(shop):
    shop.script({"running": 100000, "stopping": 7200})
    result, job = cancelled(shop)
    assert result["outcome"] == "failed" and "was asked to stop, and had not after 15 minutes: it is " in result["errorMessage"], (result, job.text)


def test_a_lost_task_may_be_left(shop):
    """The answer to RunTask was lost with its runner: what is left is named all the same."""
    shop.script({"running": 100000})
    shop.deploys.fault("ecs:RunTask", "kill-after")
    second = shop.deploys.survivor(shop.offer(OnCancel="LEAVE"), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "stopped" and "goes on (OnCancel: LEAVE)" in result["summary"], (result, second.text)
    assert shop.calls("StopTask") == []


def test_who_is_not_followed_may_go_on(shop):
    shop.script({"running": 100000})
    shop.deploys.fault("ecs:DescribeTasks", "denied", times=0)
    result, job = shop.run()
    assert result["outcome"] == "failed" and "may go on, and nobody follows it any more" in result["errorMessage"], (result, job.text)


def test_whether_it_was_started_may_not_be_known(shop):
    shop.script({"running": 100000})
    for operation, kind in (("ecs:RunTask", "throttle"), ("ecs:ListTasks", "denied")):
        shop.deploys.fault(operation, kind, times=0)
    result, job = shop.run()
    assert result["outcome"] == "failed" and "whether the task was started is not known" in result["errorMessage"], (result, job.text)


def test_what_was_begun_is_not_taken_for_nothing(shop):
    """Whatever fails in a cancelled job that left marks."""
    begun, nothing = (shop.deploys.offer("RunTask", "Invoke", {"ClusterName": shop.name, "ServiceName": "web", "Timeout": "0"}, cancelled=True, **more)
                      for more in ({"checkpoint": {"sentMs": 1}}, {}))
    result = shop.deploys.finish(begun)
    assert result["outcome"] == "failed" and result["errorMessage"].startswith("cancelled, and what was begun may stay or go on: Timeout must be minutes"), result
    result = shop.deploys.finish(nothing)
    assert result["outcome"] == "stopped" and "before anything was begun" in result["summary"], result
