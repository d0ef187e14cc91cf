"""The load balancer by itself: health, turns, draining, what it answers without a target."""

import http.client
import http.server
import threading
import uuid

import pytest
from botocore.exceptions import ClientError
from sandbox_under_test import eventually, free_port


class Backend(http.server.ThreadingHTTPServer):
    """A small web server in this process whose answers the test decides."""

    daemon_threads = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = name
        self.health_status = 200
        self.hold = threading.Event()
        self.held = threading.Event()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        if self.path == "/slow":
            server.held.set()
            server.hold.wait(30)
        if self.path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\nfirst\r\n")
            server.hold.wait(30)
            self.wfile.write(b"4\r\nlast\r\n0\r\n\r\n")
            return
        body = f"{server.name} {self.headers.get('X-Forwarded-For')}".encode()
        self._send(server.health_status if self.path == "/health" else 200, body)

    def do_POST(self):
        self._send(200, self.rfile.read(int(self.headers["Content-Length"])))

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Balancer:
    def __init__(self, sandbox):
        self.elb = sandbox.client("elbv2")
        self.port = free_port()
        name = f"lb-{uuid.uuid4().hex[:8]}"
        self.arn = self.elb.create_load_balancer(Name=name, Subnets=["s"])["LoadBalancers"][0]["LoadBalancerArn"]
        self.group = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, TargetType="ip", VpcId="v", HealthCheckPath="/health", HealthCheckIntervalSeconds=5,
                                                  HealthyThresholdCount=2, Matcher={"HttpCode": "200-299"})["TargetGroups"][0]["TargetGroupArn"]
        action = {"Type": "forward", "TargetGroupArn": self.group}
        self.listener = self.elb.create_listener(LoadBalancerArn=self.arn, Port=self.port, Protocol="HTTP", DefaultActions=[action])["Listeners"][0]["ListenerArn"]

    def register(self, *backends):
        self.elb.register_targets(TargetGroupArn=self.group, Targets=[{"Id": "127.0.0.1", "Port": one.port} for one in backends])

    def deregister(self, backend):
        self.elb.deregister_targets(TargetGroupArn=self.group, Targets=[{"Id": "127.0.0.1", "Port": backend.port}])

    def states(self):
        return {one["Target"]["Port"]: one["TargetHealth"]["State"] for one in self.health()}

    def health(self):
        return self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]

    def healthy(self, *backends):
        eventually(lambda: all(self.states().get(one.port) == "healthy" for one in backends), "the targets are healthy")

    def request(self, path="/", method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read().decode()


@pytest.fixture
def balancer(sandbox):
    made = Balancer(sandbox)
    yield made
    made.elb.delete_load_balancer(LoadBalancerArn=made.arn)
    made.elb.delete_target_group(TargetGroupArn=made.group)


@pytest.fixture
def backends():
    made = [Backend("one"), Backend("two")]
    yield made
    for backend in made:
        backend.hold.set()
        backend.shutdown()
        backend.server_close()


def test_nobody_there(balancer):
    assert balancer.request()[0] == 503


def test_takes_turns(balancer, backends):
    balancer.register(*backends)
    balancer.healthy(*backends)
    answers = [balancer.request()[1] for _ in range(10)]
    assert sorted(answers) == ["one 127.0.0.1"] * 5 + ["two 127.0.0.1"] * 5
    assert balancer.request(method="POST", body="x" * 300_000) == (200, "x" * 300_000)


def test_unhealthy_gets_nothing(balancer, backends):
    backends[1].health_status = 500
    balancer.register(*backends)
    balancer.healthy(backends[0])
    assert {balancer.request()[1] for _ in range(6)} == {"one 127.0.0.1"}
    sick = eventually(lambda: [one for one in balancer.health() if one["TargetHealth"]["State"] == "unhealthy"], "the other is unhealthy")[0]
    assert sick["TargetHealth"]["Reason"] == "Target.ResponseCodeMismatch"
    assert sick["TargetHealth"]["Description"] == "Health checks failed with these codes: [500]"
    backends[1].health_status = 204
    balancer.healthy(*backends)


def test_draining_finishes_open_requests(balancer, backends):
    balancer.elb.modify_target_group_attributes(TargetGroupArn=balancer.group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "3"}])
    balancer.register(backends[0])
    balancer.healthy(backends[0])
    answers = []
    visitor = threading.Thread(target=lambda: answers.append(balancer.request("/slow")))
    visitor.start()
    assert backends[0].held.wait(60)
    balancer.deregister(backends[0])
    assert balancer.states() == {backends[0].port: "draining"}
    assert balancer.request()[0] == 503
    backends[0].hold.set()
    visitor.join(10)
    assert answers == [(200, "one 127.0.0.1")]
    eventually(lambda: balancer.states() == {}, "the target is gone")


def test_streams(balancer, backends):
    """The first piece of an answer arrives before the last is sent."""
    balancer.register(backends[0])
    balancer.healthy(backends[0])
    connection = http.client.HTTPConnection("127.0.0.1", balancer.port, timeout=60)
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.read(5) == b"first"
    backends[0].hold.set()
    assert response.read() == b"last"


def test_target_that_went_away(balancer, backends):
    balancer.register(backends[0])
    balancer.healthy(backends[0])
    backends[0].shutdown()
    backends[0].server_close()
    assert balancer.request()[0] in (502, 503)


def test_port_taken(sandbox, balancer):
    other = Balancer(sandbox)
    action = {"Type": "forward", "TargetGroupArn": other.group}
    with pytest.raises(ClientError, match="Address already in use"):
        other.elb.create_listener(LoadBalancerArn=other.arn, Port=balancer.port, Protocol="HTTP", DefaultActions=[action])
    with pytest.raises(ClientError, match="already exists on port"):
        other.elb.create_listener(LoadBalancerArn=other.arn, Port=other.port, Protocol="HTTP", DefaultActions=[action])
    other.elb.delete_load_balancer(LoadBalancerArn=other.arn)
    assert other.elb.describe_target_groups(TargetGroupArns=[other.group])["TargetGroups"][0]["LoadBalancerArns"] == []
    with pytest.raises(ClientError, match="ListenerNotFound"):
        other.elb.delete_listener(ListenerArn=other.listener)


def test_group_without_listener_is_unused(sandbox):
    elb = sandbox.client("elbv2")
    group = elb.create_target_group(Name=f"u-{uuid.uuid4().hex[:8]}", Protocol="HTTP", Port=80, TargetType="ip", VpcId="v")["TargetGroups"][0]
    assert (group["HealthCheckIntervalSeconds"], group["HealthyThresholdCount"], group["Matcher"]) == (30, 5, {"HttpCode": "200"})
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "127.0.0.1"}])
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (health["State"], health["Reason"]) == ("unused", "Target.NotInUse")
    elb.delete_target_group(TargetGroupArn=group["TargetGroupArn"])
