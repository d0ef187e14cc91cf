"""The sandbox as a program under test: starting it, clients for it, an application on it, and a visitor.

It is the real program on a real Docker engine (DOCKER_HOST, else the usual socket).  Waiting is always for a condition.
"""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time

import boto3
import botocore.config
import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
PYTHON = "/usr/bin/python3"
DOCKER = "/usr/bin/docker"
ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
ACCOUNT, REGION, KEY, SECRET = "123456789012", "eu-west-1", "AKIDSANDBOXTEST", "sandbox-test-secret"
BUSYBOX = "/bin/busybox"

# Serves its version; "sick" answers 503 on /health for ever; a plain TERM ends it at once.
SERVER = """#!/bin/sh
mkdir -p /www/cgi-bin
echo "$VERSION" > /www/index.html
[ -n "$SICK" ] || echo fine > /www/health
trap 'exit 0' TERM
httpd -f -p "${PORT:-8080}" -h /www &
wait
"""

# A session reads the services' descriptions once, which takes longer than a test's calls; its clients are made one at a time.
_session, _session_lock, _clients = boto3.session.Session(), threading.Lock(), {}


def docker(*arguments, **options):
    """Run the docker client against the engine; returns its output."""
    environment = {**os.environ, **options.pop("env", {})}
    result = subprocess.run([DOCKER, "-H", ENGINE, *arguments], capture_output=True, text=True, env=environment, timeout=300, **options)
    if result.returncode != 0:
        raise RuntimeError(f"docker {arguments[0]}: {result.stderr.strip()}")
    return result.stdout.strip()


def eventually(condition, what, seconds=90):
    """Wait until `condition()` is true and return what it gave; fail with `what` and the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}; last: {value!r}")
        time.sleep(0.1)


class RunningSandbox:
    """The program, started; `client(name)` is boto3 unmodified."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self, *extra):
        command = [PYTHON, "-m", "sandbox", "--state", self.folder, "--port", "0", "--docker", ENGINE, "--region", REGION,
                   "--account", ACCOUNT, "--access-key", KEY, "--secret-key", SECRET, *extra]
        path = os.path.join(self.folder, "endpoints.json")
        if os.path.exists(path):
            os.unlink(path)
        self.process = subprocess.Popen(command, cwd=ROOT)
        eventually(lambda: os.path.exists(path) or self.process.poll() is not None, "the sandbox is ready", 30)
        assert self.process.poll() is None, "the sandbox ended at its start"
        with open(path, encoding="utf-8") as file:
            self.endpoints = json.load(file)
        self.endpoint = self.endpoints["endpoint"]
        self.registry = self.endpoints["registry"]
        return self

    @property
    def identity(self):
        with open(os.path.join(self.folder, "id"), encoding="utf-8") as file:
            return file.read().strip()

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)

    def client(self, name, **options):
        """boto3's; one without options is made once."""
        with _session_lock:
            key = (name, self.endpoint)
            if options:
                return self._make_client(name, **options)
            if key not in _clients:
                _clients[key] = self._make_client(name)
            return _clients[key]

    def _make_client(self, name, **options):
        config = botocore.config.Config(retries={"max_attempts": 0}, **options.pop("config", {}))
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION, "endpoint_url": self.endpoint, **options}
        return _session.client(name, config=config, **keys)

    def ledger(self, since=0):
        """What was asked, one entry per request, but for the first `since` of them."""
        with open(os.path.join(self.folder, "ledger.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in itertools.islice(file, since, None)]

    def control(self, method, body=None, part="faults"):
        """A request to the sandbox's own door: (status, answer)."""
        host = self.endpoint.partition("//")[2]
        connection = http.client.HTTPConnection(host, timeout=120)
        connection.request(method, f"/_sandbox/{part}", json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def login(self, folder):
        """A docker configuration folder with the ECR token in it."""
        data = self.client("ecr").get_authorization_token()["authorizationData"][0]
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump({"auths": {self.registry: {"auth": data["authorizationToken"]}}}, file)
        return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": [], "assignPublicIp": "ENABLED"}}


class Application:
    """A cluster with one service behind a load balancer, and the means to change and watch it."""

    def __init__(self, sandbox, image, name):
        self.sandbox = sandbox
        self.image = image
        self.name = name
        self.ecs = sandbox.client("ecs")
        self.elb = sandbox.client("elbv2")
        self.port = free_port()
        self.group = None

    def definition(self, version="1", image=None, sick=False, **container):
        """Register a revision; its ARN."""
        environment = [{"name": "VERSION", "value": version}] + ([{"name": "SICK", "value": "1"}] if sick else [])
        web = {"name": "web", "image": image or self.image, "essential": True, "memory": 64, "stopTimeout": 5,
               "portMappings": [{"containerPort": 8080}], "environment": environment, **container}
        answer = self.ecs.register_task_definition(family=self.name, networkMode="awsvpc", containerDefinitions=[web],
                                                   requiresCompatibilities=["FARGATE"], cpu="256", memory="512")
        return answer["taskDefinition"]["taskDefinitionArn"]

    def make_balancer(self, interval=5):
        self.balancer = self.elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"][0]["LoadBalancerArn"]
        self.group = self.elb.create_target_group(Name=self.name, Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1", HealthCheckPath="/health",
                                                  HealthCheckIntervalSeconds=interval, HealthCheckTimeoutSeconds=2, HealthyThresholdCount=2,
                                                  UnhealthyThresholdCount=2)["TargetGroups"][0]["TargetGroupArn"]
        self.elb.create_listener(LoadBalancerArn=self.balancer, Port=self.port, Protocol="HTTP", DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}])

    def create(self, definition, desired=2, balanced=True, **configuration):
        self.ecs.create_cluster(clusterName=self.name)
        if balanced:
            self.make_balancer()
        balancers = [{"targetGroupArn": self.group, "containerName": "web", "containerPort": 8080}] if balanced else []
        self.ecs.create_service(cluster=self.name, serviceName="web", taskDefinition=definition, desiredCount=desired, launchType="FARGATE",
                                networkConfiguration=NETWORK, loadBalancers=balancers, deploymentConfiguration=configuration)

    def update(self, **changes):
        return self.ecs.update_service(cluster=self.name, service="web", **changes)["service"]

    def service(self):
        return self.ecs.describe_services(cluster=self.name, services=["web"])["services"][0]

    def primary(self):
        return self.service()["deployments"][0]

    def completed(self, definition):
        """Wait until that definition is all that runs; the service."""
        def done():
            service = self.service()
            first = service["deployments"][0]
            good = first["taskDefinition"] == definition and first["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1
            return service if good and service["runningCount"] == service["desiredCount"] else None
        return eventually(done, f"the service is stable on {definition}")

    def events(self):
        return [event["message"] for event in self.service()["events"]]

    def tasks(self, status="RUNNING"):
        arns = self.ecs.list_tasks(cluster=self.name, serviceName="web", desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []

    def get(self, path="/"):
        """(status, text) through the load balancer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode().strip()
        finally:
            connection.close()

    def remove(self):
        try:
            self.ecs.delete_service(cluster=self.name, service="web", force=True)
        except self.ecs.exceptions.ClientError:
            pass


class Visitor(threading.Thread):
    """Asks the application again and again; keeps every answer."""

    def __init__(self, application):
        super().__init__(daemon=True)
        self._application = application
        self._end = threading.Event()
        self.answers = []

    def run(self):
        while not self._end.wait(0.02):
            try:
                self.answers.append(self._application.get())
            except OSError as error:
                self.answers.append((0, str(error)))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()

    @property
    def failed(self):
        return [answer for answer in self.answers if answer[0] != 200]

    @property
    def versions(self):
        return {text for status, text in self.answers if status == 200}
