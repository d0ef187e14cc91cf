"""The sandbox in scripted mode, and a service on it: what the tests of deployments in simulated time begin with.

Debian's botocore does not know the newer members and operations of ECS, so requests are signed here and sent as they are.
"""

import http.client
import json
import threading
import time
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from sandbox_under_test import KEY, NETWORK, REGION, SECRET

TARGET = "AmazonEC2ContainerServiceV20141113."


class Refused(Exception):
    """AWS's refusal: its code, and its message as the text."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


_kept = threading.local()  # each thread's connections, used again since these tests ask often
_IDLE_SECONDS = 20  # the sandbox closes one after 120


def _send(sandbox, path, body, headers):
    connections = _kept.__dict__.setdefault("connections", {})
    connection, used_at = connections.pop(sandbox.endpoint, (None, 0))
    if connection is None or time.monotonic() > used_at + _IDLE_SECONDS:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(sandbox.endpoint).netloc, timeout=120)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connections[sandbox.endpoint] = connection, time.monotonic()
    return answer


def call(sandbox, operation, **params):
    """One operation of ECS; its answer, or Refused."""
    request = botocore.awsrequest.AWSRequest("POST", sandbox.endpoint + "/", data=json.dumps(params).encode())
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["X-Amz-Target"] = TARGET + operation
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), "ecs", REGION).add_auth(request)
    status, answer = _send(sandbox, "/", request.data, dict(request.headers.items()))
    if status != 200:
        raise Refused(answer["__type"], answer["message"])
    return answer


class ScriptedService:
    """A service behind a load balancer with two target groups, on a cluster of its own."""

    alive = []

    @classmethod
    def end_all(cls):
        """Delete what tests have made, where they did not themselves; their tasks end as time goes on."""
        while cls.alive:
            service = cls.alive.pop()
            try:
                call(service.sandbox, "DeleteService", cluster=service.cluster, service="web", force=True)
            except Refused as refusal:
                if refusal.code != "ServiceNotFoundException":
                    raise

    def __init__(self, sandbox, desired=2, container=None, definition=None, settings=None, **configuration):
        self.sandbox = sandbox
        self.cluster = f"c-{uuid.uuid4().hex[:10]}"
        self.elb = sandbox.client("elbv2")
        self.container = container or {}
        self.more = definition or {}
        call(sandbox, "CreateCluster", clusterName=self.cluster)
        self._make_balancer()
        balancer = {"targetGroupArn": self.blue, "containerName": "web", "containerPort": 8080}
        if configuration.get("strategy", "ROLLING") != "ROLLING":
            balancer["advancedConfiguration"] = {"alternateTargetGroupArn": self.green, "productionListenerRule": self.rule, "testListenerRule": self.test_rule, "roleArn": "arn:aws:iam::123456789012:role/ecs"}
        self.first = self.definition("1")
        params = {"taskDefinition": self.first, "launchType": "FARGATE", "networkConfiguration": NETWORK, "loadBalancers": [balancer], **(settings or {})}
        params = {name: value for name, value in params.items() if value is not None}
        call(sandbox, "CreateService", cluster=self.cluster, serviceName="web", desiredCount=desired, deploymentConfiguration=configuration, **params)
        self.alive.append(self)

    def _make_balancer(self):
        name = self.cluster
        balancer = self.elb.create_load_balancer(Name=name, Subnets=["subnet-1"])["LoadBalancers"][0]["LoadBalancerArn"]
        self.blue, self.green = (
            self.elb.create_target_group(Name=f"{name}-{color}", Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1", HealthCheckIntervalSeconds=10)["TargetGroups"][0]["TargetGroupArn"]
            for color in ("blue", "green")
        )
        self.rule, self.test_rule = (self._make_listener(balancer, port) for port in (80, 8443))

    def _make_listener(self, balancer, port):
        actions = [{"Type": "forward", "TargetGroupArn": self.blue}]
        listener = self.elb.create_listener(LoadBalancerArn=balancer, Port=port, Protocol="HTTP", DefaultActions=actions)["Listeners"][0]["ListenerArn"]
        return self.elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/*"]}], Actions=actions)["Rules"][0]["RuleArn"]

    def definition(self, version, **container):
        web = {"name": "web", "image": f"example.com/shop:{version}", "memory": 64, "portMappings": [{"containerPort": 8080}], **self.container, **container}
        body = {"family": self.cluster, "networkMode": "awsvpc", "containerDefinitions": [web], "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", **self.more}
        return call(self.sandbox, "RegisterTaskDefinition", **{name: value for name, value in body.items() if value is not None})["taskDefinition"]["taskDefinitionArn"]

    def advance(self, seconds):
        status, answer = _send(self.sandbox, "/_sandbox/clock", json.dumps({"advanceMs": round(seconds * 1000)}), {})
        assert status == 200, answer
        return answer["nowMs"] / 1000

    def until(self, condition, what, seconds=3600, step=5):
        """Let time pass until the condition holds; what it gave."""
        for _ in range(round(seconds / step) + 1):
            value = condition()
            if value:
                return value
            self.advance(step)
        raise AssertionError(f"not within {seconds} simulated seconds: {what}; {self.service()['deployments']} {self.events()[:10]}")

    def script(self, script, **more):
        status, answer = self.sandbox.control("POST", {"service": f"{self.cluster}/web", "script": script, **more}, "rollouts")
        assert status == 200, answer

    def service(self):
        return call(self.sandbox, "DescribeServices", cluster=self.cluster, services=["web"])["services"][0]

    def call(self, operation, **params):
        """An operation on this service."""
        return call(self.sandbox, operation, cluster=self.cluster, service="web", **params)

    def update(self, **changes):
        return call(self.sandbox, "UpdateService", cluster=self.cluster, service="web", **changes)["service"]

    def events(self):
        return [event["message"].partition(") ")[2] for event in self.service()["events"]]

    def tasks(self, status="RUNNING"):
        arns = call(self.sandbox, "ListTasks", cluster=self.cluster, serviceName="web", desiredStatus=status)["taskArns"]
        return call(self.sandbox, "DescribeTasks", cluster=self.cluster, tasks=arns)["tasks"] if arns else []

    def stable(self, definition):
        """Wait until that definition is all that runs."""

        def done():
            service = self.service()
            first = service["deployments"][0]
            return first["taskDefinition"] == definition and first["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1 and service

        return self.until(done, f"only {definition} runs")

    def begin(self, script=None, **container):
        """The first version stable, then the update to a second one; its ARN."""
        self.stable(self.first)
        if script is not None:
            self.script(script)
        second = self.definition("2", **container)
        self.update(taskDefinition=second)
        return second

    def deployments(self):
        return call(self.sandbox, "ListServiceDeployments", cluster=self.cluster, service="web")["serviceDeployments"]

    def deployment(self, arn=None):
        """The newest service deployment, or the one of that ARN."""
        arn = arn or self.deployments()[0]["serviceDeploymentArn"]
        return call(self.sandbox, "DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def weights(self, rule=None):
        """(blue's, green's) share of a listener rule's traffic."""
        actions = self.elb.describe_rules(RuleArns=[rule or self.rule])["Rules"][0]["Actions"]
        groups = actions[0].get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": actions[0]["TargetGroupArn"], "Weight": 100}]
        shares = {group["TargetGroupArn"]: group["Weight"] for group in groups}
        return shares.get(self.blue, 0), shares.get(self.green, 0)
