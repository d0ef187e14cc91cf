"""A rehearsal: the sandbox in scripted mode, a server that offers deployments, and the real runner on the sandbox's clock.

A `Rehearsal` is the three of them; a `Rollout` is one service with its deployment and what came of it.  Times are the
sandbox's, in seconds.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import uuid

from fake_server import FakeServer
from runner_steps import zip_of
from sandbox_under_test import KEY, REGION, SECRET, RunningSandbox
from scripted_under_test import Refused, call

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build")) / "runner" / "penstock-runner"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "securityGroups": [], "assignPublicIp": "ENABLED"}}
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
WAIT_SECONDS = 120  # of real time, for what takes one or two


class Runner:
    """The real program; `kill` is kill -9."""

    def __init__(self, rehearsal, name, rehearsed=True):
        self.folder = rehearsal.folder / name
        self.folder.mkdir()
        self.errors = open(self.folder / "log", "ab")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        environment.update({
            "AWS_ENDPOINT_URL": rehearsal.sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "PENSTOCK_BUILD_NETWORK": "bridge",
            "ASAN_OPTIONS": "abort_on_error=0:exitcode=99"})
        clock = ["--rehearsal-clock", rehearsal.sandbox.endpoint + "/_sandbox/clock"] if rehearsed else []
        self.process = subprocess.Popen(
            [PROGRAM, "--join", rehearsal.server.url, "join-token", "--state", self.folder / "state", "--jobs", "1", *clock],
            env=environment, stderr=self.errors, stdout=self.errors)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return (self.folder / "log").read_text()

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self):
        """Cancels what it holds, and ends."""
        for _ in range(2):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(20)
                except subprocess.TimeoutExpired:
                    pass
        if self.process.poll() is None:
            self.kill()
        log = self.log()
        assert not re.search(r"Sanitizer|\.[ch]:\d+:\d+: runtime error", log), log[-5000:]  # a container may say "runtime error"


class Rehearsal:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="rehearsal-")
        self.folder = pathlib.Path(self._folder.name)
        self.sandbox = RunningSandbox(str(self.folder)).start("--scripted", "--deregistration-delay", "30")
        self.sandbox.client("iam").create_role(RoleName="shop-execution", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.server = FakeServer()
        self.runners = 0
        self.runner = None
        self.start_runner()

    def start_runner(self):
        self.runners += 1
        self.runner = Runner(self, f"runner-{self.runners}")
        return self.runner

    def close(self):
        self.runner.stop()
        self.server.close()
        self.sandbox.stop()
        self._folder.cleanup()

    # ---- the sandbox's doors ----

    def order(self, door, body):
        status, answer = self.sandbox.control("POST", body, door)
        assert status == 200, answer
        return answer

    def advance(self, seconds):
        return self.order("clock", {"advanceMs": round(seconds * 1000)})["nowMs"] / 1000

    def now(self):
        return self.sandbox.control("GET", part="clock")[1]["nowMs"] / 1000

    def call(self, operation, **params):
        return call(self.sandbox, operation, **params)

    # ---- deployments ----

    def offer(self, service, image="registry.example.com/shop:2", provider="ECS", artifacts=None, **configuration):
        """A job that deploys that image to the service."""
        message = {"id": str(uuid.uuid4()), "provider": provider, "category": "Deploy", "pipeline": "shop", "stage": "Release",
                   "action": "Deploy", "configuration": {"ClusterName": service.cluster, "ServiceName": "shop", **configuration}}
        if artifacts is None:
            artifacts = {"Images": zip_of({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": image}])})}
        return self.server.offer(message, artifacts)

    def wait(self, condition, seconds=WAIT_SECONDS):
        self.server.wait(condition, seconds)


class Service:
    """A service of the sandbox, first version running.  What it is like stands in `like`, by the names of
    tests/data/rollouts."""

    def __init__(self, rehearsal, like=None):
        self.rehearsal = rehearsal
        self.like = like or {}
        self.cluster = f"c-{uuid.uuid4().hex[:10]}"
        self.target_group = None
        self.balancer = None
        rehearsal.call("CreateCluster", clusterName=self.cluster)
        if self.like.get("launch") in ("EC2", "PROVIDER"):
            self._make_instances()
        if self.like.get("balancer"):
            self._make_balancer()
        self.first = self._define()
        rehearsal.call("CreateService", cluster=self.cluster, serviceName="shop", taskDefinition=self.first,
                       **self._parameters())
        self.settle()

    def _make_instances(self):
        self.rehearsal.order("instances", {"cluster": self.cluster, "count": self.like.get("instances", 4)})

    def _make_balancer(self):
        elb = self.rehearsal.sandbox.client("elbv2")
        name = self.cluster
        self.balancer = elb.create_load_balancer(Name=name, Subnets=["subnet-1"])["LoadBalancers"][0]["LoadBalancerArn"]
        self.target_group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1", HealthCheckPath="/health",
            HealthCheckIntervalSeconds=self.like.get("interval", 10))["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(TargetGroupArn=self.target_group, Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": str(self.like.get("drain", 30))}])
        self.listener = elb.create_listener(LoadBalancerArn=self.balancer, Port=80, Protocol="HTTP", DefaultActions=[
            {"Type": "forward", "TargetGroupArn": self.target_group}])["Listeners"][0]["ListenerArn"]

    def _define(self):
        app = {"name": "app", "image": "registry.example.com/shop:1", "memory": 256, "essential": True,
               "portMappings": [{"containerPort": 8080}]}
        if self.like.get("log", True):
            app["logConfiguration"] = {"logDriver": "awslogs", "options": {
                "awslogs-group": f"/ecs/{self.cluster}", "awslogs-region": REGION, "awslogs-stream-prefix": "shop"}}
            self.rehearsal.sandbox.client("logs").create_log_group(logGroupName=f"/ecs/{self.cluster}")
        if self.like.get("healthCheck"):
            app["healthCheck"] = {"command": ["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"]}
        containers = [app]
        for name in self.like.get("sidecars", []):
            more = {"logConfiguration": app["logConfiguration"]} if "logConfiguration" in app else {}
            containers.append({"name": name, "image": f"registry.example.com/{name}:1", "memory": 64, "essential": True, **more})
        kind = "EC2" if self.like.get("launch") == "EC2" else "FARGATE"
        return self.rehearsal.call(
            "RegisterTaskDefinition", family=self.cluster, networkMode="awsvpc", containerDefinitions=containers,
            requiresCompatibilities=[kind], cpu="256", memory="512",
            executionRoleArn="arn:aws:iam::123456789012:role/shop-execution")["taskDefinition"]["taskDefinitionArn"]

    def _parameters(self):
        like = self.like
        daemon = like.get("scheduling") == "DAEMON"
        configuration = {"minimumHealthyPercent": like.get("minimum", 100), "maximumPercent": like.get("maximum", 200)}
        if "breaker" in like:
            configuration["deploymentCircuitBreaker"] = {"enable": True, "rollback": like["breaker"] == "rollback"}
        if "alarms" in like:
            configuration["alarms"] = {"alarmNames": like["alarms"], "enable": True, "rollback": False}
            for name in like["alarms"]:
                self.rehearsal.order("alarms", {"name": name, "state": "OK"})
        if daemon:
            configuration = {"minimumHealthyPercent": 0, "maximumPercent": 100}
        parameters = {"deploymentConfiguration": configuration, "networkConfiguration": NETWORK}
        if daemon:
            parameters["schedulingStrategy"] = "DAEMON"
        else:
            parameters["desiredCount"] = like.get("desired", 2)
        if like.get("launch") == "SPOT":
            parameters["capacityProviderStrategy"] = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        else:
            parameters["launchType"] = like.get("launch", "FARGATE")
        if self.target_group:
            parameters["loadBalancers"] = [{"targetGroupArn": self.target_group, "containerName": "app", "containerPort": 8080}]
            parameters["healthCheckGracePeriodSeconds"] = like.get("grace", 0)
        return parameters

    def describe(self):
        return self.rehearsal.call("DescribeServices", cluster=self.cluster, services=["shop"])["services"][0]

    def is_settled(self):
        deployments = self.describe()["deployments"]
        return len(deployments) == 1 and deployments[0]["rolloutState"] == "COMPLETED"

    def settle(self, seconds=1200):
        for _ in range(seconds // 10):
            if self.is_settled():
                return
            self.rehearsal.advance(10)
        raise AssertionError(f"the first version does not settle: {self.describe()['deployments']}")

    def script(self, script, **more):
        self.rehearsal.order("rollouts", {"service": f"{self.cluster}/shop", "script": script, **more})

    def update(self):
        """A deployment that nobody of ours makes: the same definition once more."""
        body = self.rehearsal.call("DescribeTaskDefinition", taskDefinition=self.first)["taskDefinition"]
        names = ("family", "networkMode", "containerDefinitions", "requiresCompatibilities", "cpu", "memory", "executionRoleArn")
        second = self.rehearsal.call("RegisterTaskDefinition", **{name: body[name] for name in names if name in body})
        arn = second["taskDefinition"]["taskDefinitionArn"]
        self.rehearsal.call("UpdateService", cluster=self.cluster, service="shop", taskDefinition=arn)
        return arn

    def tasks(self, status):
        found, more = [], {}
        while more is not None:
            answer = self.rehearsal.call("ListTasks", cluster=self.cluster, serviceName="shop", desiredStatus=status,
                                         maxResults=100, **more)
            arns = answer["taskArns"]
            found += self.rehearsal.call("DescribeTasks", cluster=self.cluster, tasks=arns)["tasks"] if arns else []
            more = {"nextToken": answer["nextToken"]} if answer.get("nextToken") else None
        return found

    def events(self):
        """(when, text), the oldest first."""
        return [(event["createdAt"], event["message"]) for event in reversed(self.describe()["events"])]

    def remove(self):
        """So that its troubles are not played any longer."""
        try:
            self.rehearsal.call("DeleteService", cluster=self.cluster, service="shop", force=True)
        except Refused:
            pass


def documents(job):
    """What the runner said of the deployment, one after the other, the result's last."""
    found = [message["deployment"] for message in job.progress if message.get("deployment")]
    if job.result and job.result.get("deployment"):
        found.append(job.result["deployment"])
    return found

