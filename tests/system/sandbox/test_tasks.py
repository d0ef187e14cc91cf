"""Single tasks: RunTask, exit codes, several containers in one network, dependencies, health checks, failures."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from sandbox_under_test import NETWORK, eventually


@pytest.fixture
def cluster(sandbox):
    name = f"tasks-{uuid.uuid4().hex[:10]}"
    sandbox.client("ecs").create_cluster(clusterName=name)
    return name


class Runner:
    def __init__(self, sandbox, image, cluster):
        self.ecs = sandbox.client("ecs")
        self.image = image
        self.cluster = cluster

    def container(self, name, script, **more):
        return {"name": name, "image": self.image, "memory": 32, "stopTimeout": 2, "command": ["/bin/sh", "-c", script], **more}

    def register(self, *containers, **more):
        answer = self.ecs.register_task_definition(family=self.cluster, networkMode="awsvpc", containerDefinitions=list(containers), **more)
        return answer["taskDefinition"]["taskDefinitionArn"]

    def run(self, definition, **more):
        answer = self.ecs.run_task(cluster=self.cluster, taskDefinition=definition, networkConfiguration=NETWORK, **more)
        assert answer["failures"] == []
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"][0]

    def stopped(self, arn):
        return eventually(lambda: (lambda task: task if task["lastStatus"] == "STOPPED" else None)(self.task(arn)), "the task stops")

    def reaches(self, arn, status):
        return eventually(lambda: (lambda task: task if task["lastStatus"] == status else None)(self.task(arn)), f"the task is {status}")


@pytest.fixture
def runner(sandbox, pushed_image, cluster):
    made = Runner(sandbox, pushed_image, cluster)
    yield made
    for arn in made.ecs.list_tasks(cluster=cluster)["taskArns"]:
        made.ecs.stop_task(cluster=cluster, task=arn)


def containers_of(task):
    return {container["name"]: container for container in task["containers"]}


def test_exit_codes(runner):
    arn = runner.run(runner.register(runner.container("job", "exit 7")), startedBy="a-test")
    task = runner.stopped(arn)
    assert (task["stopCode"], task["stoppedReason"], task["startedBy"]) == ("EssentialContainerExited", "Essential container in task exited", "a-test")
    assert task["containers"][0]["exitCode"] == 7
    assert task["createdAt"] <= task["pullStartedAt"] <= task["pullStoppedAt"] <= task["startedAt"] <= task["stoppedAt"]
    assert arn in runner.ecs.list_tasks(cluster=runner.cluster, desiredStatus="STOPPED")["taskArns"]
    assert arn not in runner.ecs.list_tasks(cluster=runner.cluster)["taskArns"]


def test_overrides(sandbox, runner):
    definition = runner.register(runner.container("job", "exit 1", environment=[{"name": "A", "value": "definition"}, {"name": "B", "value": "kept"}]))
    override = {"name": "job", "command": ["/bin/sh", "-c", 'echo "$A $B"; [ "$A $B" = "override kept" ]'], "environment": [{"name": "A", "value": "override"}]}
    arn = runner.run(definition, overrides={"containerOverrides": [override]})
    assert runner.stopped(arn)["containers"][0]["exitCode"] == 0
    with open(f"{sandbox.folder}/logs/{arn.rsplit('/', 1)[1]}-job.log", encoding="utf-8") as file:
        assert file.read() == "override kept\n"
    with pytest.raises(ClientError, match="not a container in the TaskDefinition"):
        runner.run(definition, overrides={"containerOverrides": [{"name": "other"}]})


def test_containers_share_localhost(runner):
    """One container serves, another reaches it on localhost once it is HEALTHY; a third prepared a file for both."""
    volume = {"mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}]}
    definition = runner.register(
        runner.container("prepare", "echo ready > /shared/index.html", essential=False, **volume),
        runner.container("serve", "exec httpd -f -p 8080 -h /shared", essential=False, dependsOn=[{"containerName": "prepare", "condition": "SUCCESS"}],
                         healthCheck={"command": ["CMD-SHELL", "wget -q -O - http://localhost:8080/"], "interval": 5, "timeout": 2, "retries": 3}, **volume),
        runner.container("ask", '[ "$(wget -q -O - http://localhost:8080/)" = ready ]', dependsOn=[{"containerName": "serve", "condition": "HEALTHY"}]),
        volumes=[{"name": "shared"}],
    )
    task = runner.stopped(runner.run(definition))
    codes = {name: container.get("exitCode") for name, container in containers_of(task).items()}
    assert codes["prepare"] == 0 and codes["ask"] == 0, task
    addresses = {entry["value"] for entry in task["attachments"][0]["details"] if entry["name"] == "privateIPv4Address"}
    assert len(addresses) == 1


def test_sidecar_may_end(runner):
    """A container that is not essential ends; the task goes on, and its network with it."""
    definition = runner.register(
        runner.container("sidecar", "exit 3", essential=False),
        runner.container("main", "httpd -p 8080 -h /; while :; do wget -q -O /dev/null http://localhost:8080/bin/sh || exit 9; sleep 0.2; done"),
    )
    arn = runner.run(definition)
    eventually(lambda: containers_of(runner.task(arn))["sidecar"].get("exitCode") == 3, "the sidecar ends")
    runner.reaches(arn, "RUNNING")
    runner.ecs.stop_task(cluster=runner.cluster, task=arn, reason="enough")
    task = runner.stopped(arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert containers_of(task)["main"]["exitCode"] in (137, 143)


def test_stop_gives_time_to_end(runner):
    # RUNNING says that the shell was started, not that it has set its trap: the health check says that.
    ready = {"command": ["CMD-SHELL", "test -e /ready"], "interval": 5, "timeout": 2, "retries": 3}
    command = "trap 'exit 5' TERM; touch /ready; while :; do sleep 0.1; done"
    arn = runner.run(runner.register(runner.container("job", command, stopTimeout=20, healthCheck=ready)))
    eventually(lambda: runner.task(arn)["healthStatus"] == "HEALTHY", "the task is HEALTHY")
    runner.ecs.stop_task(cluster=runner.cluster, task=arn)
    assert runner.stopped(arn)["containers"][0]["exitCode"] == 5


def test_container_health_is_told(runner):
    well = {"command": ["CMD-SHELL", "true"], "interval": 5, "timeout": 2, "retries": 1}
    arn = runner.run(runner.register(runner.container("job", "sleep 60", healthCheck=well)))
    eventually(lambda: runner.task(arn)["healthStatus"] == "HEALTHY", "the task is HEALTHY")
    assert runner.task(arn)["containers"][0]["healthStatus"] == "HEALTHY"


def test_command_that_does_not_exist(runner):
    task = runner.stopped(runner.run(runner.register(runner.container("job", "", command=["/no/such/program"]))))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["containers"][0]["reason"].startswith("CannotStartContainerError: Error response from daemon: ")
    assert "exitCode" not in task["containers"][0]


def test_repository_that_does_not_exist(sandbox, runner):
    task = runner.stopped(runner.run(runner.register(runner.container("job", "", image=f"{sandbox.registry}/no/such:1"))))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "name unknown" in task["stoppedReason"] and task["stoppedReason"].startswith("CannotPullContainerError: ")


def test_out_of_memory(runner):
    greedy = runner.container("job", "tail /dev/zero", memory=16)
    container = runner.stopped(runner.run(runner.register(greedy)))["containers"][0]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_secret_cannot_be_had(runner):
    task = runner.stopped(runner.run(runner.register(runner.container("job", "true", secrets=[{"name": "A", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}]))))
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets")


def test_client_token_runs_one_task(sandbox, runner):
    """The same token gives the same task, other parameters a conflict.  boto3 of Debian does not know the token."""
    from test_requests import send

    body = {"cluster": runner.cluster, "taskDefinition": runner.register(runner.container("job", "sleep 60")), "networkConfiguration": NETWORK, "clientToken": "once"}
    target = "AmazonEC2ContainerServiceV20141113.RunTask"
    first, second = (send(sandbox, json.dumps(body).encode(), target)[1] for _ in range(2))
    assert first["tasks"][0]["taskArn"] == second["tasks"][0]["taskArn"]
    assert send(sandbox, json.dumps({**body, "count": 2}).encode(), target)[1]["__type"] == "ConflictException"
    assert len(runner.ecs.list_tasks(cluster=runner.cluster)["taskArns"]) == 1


def test_task_definition_is_kept_verbatim(runner):
    """What DescribeTaskDefinition gives, less the read-only fields, can be registered again and comes back the same."""
    containers = [
        runner.container("web", "true", portMappings=[{"containerPort": 80, "name": "http"}], dockerLabels={"a": "b"}, ulimits=[{"name": "nofile", "softLimit": 64, "hardLimit": 64}],
                         logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g"}}, linuxParameters={"initProcessEnabled": True}),
        runner.container("rp", "true", dependsOn=[{"containerName": "web", "condition": "START"}], essential=False),
    ]
    arn = runner.register(*containers, cpu="256", memory="512", requiresCompatibilities=["FARGATE"], taskRoleArn="arn:aws:iam::123456789012:role/t",
                          tags=[{"key": "team", "value": "a"}], runtimePlatform={"cpuArchitecture": "X86_64"})
    answer = runner.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    first = answer["taskDefinition"]
    assert answer["tags"] == [{"key": "team", "value": "a"}]
    for given, kept in zip(containers, first["containerDefinitions"]):
        for name, value in given.items():
            if name != "portMappings":
                assert kept[name] == value
    assert first["containerDefinitions"][0]["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http"}]
    read_only = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy")
    again = runner.ecs.register_task_definition(**{name: value for name, value in first.items() if name not in read_only})["taskDefinition"]
    assert again["revision"] == 2
    assert {name: value for name, value in again.items() if name not in read_only} == {name: value for name, value in first.items() if name not in read_only}
    assert runner.ecs.list_task_definitions(familyPrefix=runner.cluster, sort="DESC")["taskDefinitionArns"] == [again["taskDefinitionArn"], arn]
    runner.ecs.deregister_task_definition(taskDefinition=arn)
    assert runner.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["status"] == "INACTIVE"
    with pytest.raises(ClientError, match="TaskDefinition is inactive"):
        runner.run(arn)


def test_refused_task_definitions(runner):
    def refused(match, *containers, **more):
        with pytest.raises(ClientError, match=match) as error:
            runner.register(*containers, **more)
        assert error.value.response["Error"]["Code"] == "ClientException"

    refused("unique", runner.container("a", ""), runner.container("a", ""))
    refused("essential", runner.container("a", "", essential=False))
    refused("image", runner.container("a", "", image=""))
    refused("not in the task definition", runner.container("a", "", dependsOn=[{"containerName": "b", "condition": "START"}]))
    refused("Circular", runner.container("a", "", dependsOn=[{"containerName": "b", "condition": "START"}]), runner.container("b", "", dependsOn=[{"containerName": "a", "condition": "START"}]))
    refused("Unknown volume", runner.container("a", "", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]))
    refused("defined at the task level", runner.container("a", ""), requiresCompatibilities=["FARGATE"])


def test_refused_services(sandbox, runner):
    definition = runner.register(runner.container("web", "true"))
    create = {"cluster": runner.cluster, "serviceName": "s", "taskDefinition": definition, "desiredCount": 1, "networkConfiguration": NETWORK}

    def refused(match, **changes):
        arguments = {name: value for name, value in {**create, **changes}.items() if value is not None}
        with pytest.raises(ClientError, match=match):
            runner.ecs.create_service(**arguments)

    refused("Cluster not found", cluster="nowhere")
    refused("TaskDefinition not found", taskDefinition="nothing:1")
    refused("Network Configuration must be provided", networkConfiguration=None)
    group = sandbox.client("elbv2").create_target_group(Name=f"g-{uuid.uuid4().hex[:8]}", Protocol="HTTP", Port=80, TargetType="ip", VpcId="v")["TargetGroups"][0]["TargetGroupArn"]
    refused("does not have an associated load balancer", loadBalancers=[{"targetGroupArn": group, "containerName": "web", "containerPort": 80}])
    answer = runner.ecs.describe_services(cluster=runner.cluster, services=["s"])
    assert answer["services"] == [] and answer["failures"][0]["reason"] == "MISSING"
