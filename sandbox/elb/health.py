"""Health checks: a real HTTP GET to each target, again and again, and what its answers make of the target.

AWS's model allows no interval under 5 seconds, which would make each rollout in a test slow.  So a target is asked
every `most_check_seconds` at most and gets healthy by counting answers; but it gets unhealthy no sooner than the
configured interval and threshold say, so that an application slow to start is not killed earlier than on AWS.
"""

import http.client

from sandbox import clock


class Check:
    """The health check's settings, with AWS's defaults."""

    def __init__(self, params):
        self.protocol = "HTTP"
        self.port = "traffic-port"
        self.path = "/"
        self.interval = 30
        self.timeout = 5
        self.healthy_threshold = 5
        self.unhealthy_threshold = 2
        self.codes = "200"
        self.change(params)

    def change(self, params):
        """Take what CreateTargetGroup or ModifyTargetGroup says."""
        names = {
            "HealthCheckProtocol": "protocol",
            "HealthCheckPort": "port",
            "HealthCheckPath": "path",
            "HealthCheckIntervalSeconds": "interval",
            "HealthCheckTimeoutSeconds": "timeout",
            "HealthyThresholdCount": "healthy_threshold",
            "UnhealthyThresholdCount": "unhealthy_threshold",
        }
        for name, attribute in names.items():
            if name in params:
                setattr(self, attribute, params[name])
        self.codes = params.get("Matcher", {}).get("HttpCode", self.codes)

    def accepts(self, status):
        """Is the status in a matcher such as "200", "200,302" or "200-299"?"""
        for part in self.codes.split(","):
            low, _, high = part.strip().partition("-")
            if int(low) <= status <= int(high or low):
                return True
        return False

    def ask(self, address, traffic_port):
        """None if the target is well, else (reason, description) as AWS words it."""
        port = traffic_port if self.port == "traffic-port" else int(self.port)
        connection = http.client.HTTPConnection(address, port, timeout=self.timeout)
        try:
            connection.request("GET", self.path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
            status = connection.getresponse().status
        except TimeoutError:
            return "Target.Timeout", "Request timed out"
        except (OSError, http.client.HTTPException):
            return "Target.FailedHealthChecks", "Health checks failed"
        finally:
            connection.close()
        if self.accepts(status):
            return None
        return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"


def watch(state, group, target):
    """The thread of one target: check it until it is deregistered, then let it drain, then take it away."""
    key = (target.address, target.port)
    while True:
        with state.changed:
            if state.stopping or group.targets.get(key) is not target or group.arn not in state.target_groups:
                return
            draining = target.state == "draining"
            target.wake.clear()
            left = target.drain_ends_at - clock.monotonic() if draining else 0
            if draining and left <= 0:
                del group.targets[key]
        if draining and left <= 0:
            state.tell()
            return
        if draining:
            target.wake.wait(left)
            continue
        problem = group.check.ask(target.address, target.port)
        if _judge(state, group.check, target, problem):
            state.tell()
        target.wake.wait(min(group.check.interval, state.most_check_seconds))


def _judge(state, check, target, problem):
    """Count one answer; true if the target's state changed."""
    with state.changed:
        if target.state == "draining":
            return False
        before = target.state
        if problem is None:
            target.successes += 1
            target.failures = 0
            if target.state != "healthy" and target.successes >= check.healthy_threshold:
                target.state, target.reason, target.description = "healthy", None, None
        else:
            target.successes = 0
            target.failures += 1
            now = clock.monotonic()
            if target.failures == 1:
                target.first_failure_at = now
            long_enough = now - target.first_failure_at >= check.interval * (check.unhealthy_threshold - 1)
            if target.failures >= check.unhealthy_threshold and long_enough:
                target.state = "unhealthy"
                target.reason, target.description = problem
        if target.state == "initial":
            target.reason, target.description = "Elb.InitialHealthChecking", "Initial health checks in progress"
        return target.state != before
