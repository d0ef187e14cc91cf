"""What a user of AWS has before the first pipeline runs: repositories, a load balancer, a cluster, a service.

Everything goes through boto3, unmodified, at the sandbox's address.
"""

import base64
import contextlib
import json
import os
import socket

import boto3
import botocore.config

from stack import processes
from stack.sandbox import ACCOUNT, REGION

DOCKER = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else "docker"
_ROLE = "ecsTaskExecutionRole"
_EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/{_ROLE}"
_TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cloud:
    """One service of two containers, `rp` and `web`, behind a load balancer."""

    def __init__(self, sandbox, cluster="prod", service="shop", namespace=""):
        self.sandbox = sandbox
        self.cluster = cluster
        self.service = service
        self.namespace = namespace  # of the image repositories: "" or "team/"
        settings = botocore.config.Config(retries={"max_attempts": 2})

        def client(name):
            return boto3.client(name, region_name=REGION, endpoint_url=sandbox.endpoint, aws_access_key_id=sandbox.access_key, aws_secret_access_key=sandbox.secret_key, config=settings)

        self.client = client
        self.ecs, self.ecr, self.elb, self.iam = client("ecs"), client("ecr"), client("elbv2"), client("iam")

    @property
    def image_prefix(self):
        return f"{self.sandbox.registry}/{self.namespace}{self.service}"

    @property
    def family(self):
        return f"{self.cluster}-{self.service}"

    def make_repositories(self):
        for name in ("rp", "web"):
            self.ecr.create_repository(repositoryName=f"{self.namespace}{self.service}/{name}")

    def push_version(self, source, version, docker_host, folder):
        """Build both images of the application at `source` and push them, as one does by hand the first time."""
        environment = {**os.environ, "DOCKER_HOST": docker_host, "DOCKER_CONFIG": folder, "DOCKER_BUILDKIT": "0"}
        os.makedirs(folder, 0o700, exist_ok=True)
        token = self.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        processes.run([DOCKER, "login", "--username", user, "--password-stdin", self.sandbox.registry], environment, text=password, what="signing in to the registry")
        for name in ("rp", "web"):
            image = f"{self.image_prefix}/{name}:{version}"
            processes.run([DOCKER, "build", "--quiet", "--build-arg", f"VERSION={version}", "--tag", image, os.path.join(source, name)], environment, what=f"building {image}")
            processes.run([DOCKER, "push", "--quiet", image], environment, what=f"pushing {image}")

    def make_service(self, version, port, count=2):
        """The service, with the load balancer listening on `port`."""
        self._make_role()
        self.ecs.create_cluster(clusterName=self.cluster)
        name = f"{self.cluster}-{self.service}"
        balancer = self.elb.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
        group = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=balancer["VpcId"], TargetType="ip", HealthCheckPath="/health", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2, UnhealthyThresholdCount=2)["TargetGroups"][0]
        forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
        self.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=[forward])
        self.ecs.register_task_definition(**task_definition(self.family, self.image_prefix, version))
        self.ecs.create_service(
            cluster=self.cluster,
            serviceName=self.service,
            taskDefinition=self.family,
            desiredCount=count,
            launchType="FARGATE",
            loadBalancers=[{"targetGroupArn": group["TargetGroupArn"], "containerName": "rp", "containerPort": 8080}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
            deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 200},
        )

    def _make_role(self):
        """As whom ECS pulls the images: one for the whole account."""
        with contextlib.suppress(self.iam.exceptions.EntityAlreadyExistsException):
            self.iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))

    def describe(self):
        return self.ecs.describe_services(cluster=self.cluster, services=[self.service])["services"][0]

    def is_steady(self):
        service = self.describe()
        return len(service["deployments"]) == 1 and service["deployments"][0].get("rolloutState") == "COMPLETED"

    def task_definition(self):
        """The revision that the service is to run."""
        return self.describe()["taskDefinition"]


def task_definition(family, image_prefix, version):
    return {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": _EXECUTION_ROLE,
        "containerDefinitions": [
            {"name": "rp", "image": f"{image_prefix}/rp:{version}", "essential": True, "portMappings": [{"containerPort": 8080}], "stopTimeout": 5},
            {"name": "web", "image": f"{image_prefix}/web:{version}", "essential": True, "stopTimeout": 5},
        ],
    }


def ledger(sandbox, **wanted):
    """The requests that reached the sandbox's AWS, in order; `wanted` are members that must be equal."""
    path = os.path.join(sandbox.folder, "ledger.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        entries = [json.loads(line) for line in file if line.endswith("\n")]
    return [entry for entry in entries if all(entry.get(name) == value for name, value in wanted.items())]
