"""Health checks in simulated time: no request is sent; whoever plays the target says what a check would find.

A target gets healthy after its group's threshold of checks, two seconds apart, and unhealthy no sooner than its
interval and threshold say: as with real checks here.
"""

from sandbox import clock

_CHECK_SECONDS = 2


class SimulatedChecks:
    """The health of all targets; call under ElbState.changed, but for `tell`."""

    def __init__(self, elb):
        self._elb = elb
        self._answers = {}  # (address, port) -> (reason, description) of what is wrong

    def watch(self, group, target):
        """A target was registered."""
        target.reason, target.description = "Elb.InitialHealthChecking", "Initial health checks in progress"
        self._judge_later(group, target)

    def answer(self, address, port, problem):
        """From now on checks there find `problem`, or None."""
        if problem is None:
            self._answers.pop((address, port), None)
        else:
            self._answers[(address, port)] = problem
        for group in self._elb.target_groups.values():
            target = group.targets.get((address, port))
            if target:
                self._judge_later(group, target)

    def _judge_later(self, group, target):
        if target.call:
            target.call.cancel()
        well = (target.address, target.port) not in self._answers
        check = group.check
        if target.state in ("draining", "healthy" if well else "unhealthy"):
            return
        seconds = min(check.interval, _CHECK_SECONDS) * check.healthy_threshold if well else check.interval * check.unhealthy_threshold
        target.call = clock.call_later(seconds, lambda: self._judge(group, target))

    def _judge(self, group, target):
        with self._elb.changed:
            if target.state == "draining" or group.targets.get((target.address, target.port)) is not target:
                return
            problem = self._answers.get((target.address, target.port))
            target.state = "unhealthy" if problem else "healthy"
            target.reason, target.description = problem or (None, None)
        self._elb.tell()

    def drain(self, group, target, seconds):
        """The target is gone after that time."""
        if target.call:
            target.call.cancel()
        target.call = clock.call_later(seconds, lambda: self._gone(group, target))

    def _gone(self, group, target):
        with self._elb.changed:
            key = (target.address, target.port)
            if group.targets.get(key) is target:
                del group.targets[key]
        self._elb.tell()
