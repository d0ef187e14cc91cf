"""Causes that come once a task runs: its checks fail, it ends by itself, or it is taken away."""

from sandbox.ecs.cause import Cause, first_essential

_MOST_FLAPS = 200


def _in_turn(begin, period, left, bad, good):
    """[seconds, state] again and again: `period` of bad, as many of good; for good after `left`."""
    times = []
    for number in range(_MOST_FLAPS):
        times.append([begin + number * period, bad if number % 2 == 0 else good])
    return [entry for entry in times if left is None or entry[0] < left]


def _course(order, begin, left, bad, good):
    course = _in_turn(begin, order["flap"], left, bad, good) if order.get("flap") else [[begin, bad]]
    return course + [[max(0, left), good]] if left is not None else course


def _web_port(task):
    return task.targets[0][1] if task.targets else 80


class HealthCheck(Cause):
    """The load balancer's checks fail."""

    ways = ("502", "404", "503", "timeout", "refused")

    def spoil(self, life, order, ecs, task, left):
        way = self.way(order)
        problem = {
            "timeout": {"reason": "Target.Timeout", "description": "Request timed out"},
            "refused": {"reason": "Target.FailedHealthChecks", "description": "Health checks failed"},
        }.get(way) or {"reason": "Target.ResponseCodeMismatch", "description": f"Health checks failed with these codes: [{way}]"}
        life.target = _course(order, order.get("after", 0), left, problem, None)


class ContainerHealth(Cause):
    """The container's own health check fails."""

    def spoil(self, life, order, ecs, task, left):
        definition = first_essential(task).definition
        check = definition.setdefault("healthCheck", {"command": ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]})
        begin = order.get("after", check.get("startPeriod", 0) + check.get("interval", 30) * check.get("retries", 3))
        life.health = _course(order, begin, left, "UNHEALTHY", "HEALTHY")


class OutOfMemory(Cause):
    def spoil(self, life, order, ecs, task, left):
        life.running, life.exit_code = order.get("after", 20), 137
        life.reason = order.get("text", "OutOfMemoryError: Container killed due to memory usage")


class CrashLoop(Cause):
    """The program ends by itself; its log says why."""

    ways = ("error", "missing-variable", "panic", "segfault", "clean-exit")

    def spoil(self, life, order, ecs, task, left):
        way = self.way(order)
        life.running = order.get("after", 4)
        life.exit_code = {"segfault": 139, "panic": 2, "clean-exit": 0}.get(way, 1)
        life.log = [order["text"]] if "text" in order else {
            "error": ["starting", "Error: connect ECONNREFUSED 10.0.3.12:5432", "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)"],
            "missing-variable": ["starting", "KeyError: 'DATABASE_URL'"],
            "panic": ["panic: runtime error: invalid memory address or nil pointer dereference", "goroutine 1 [running]:"],
            "segfault": ["starting"],
            "clean-exit": ["nothing to do"],
        }[way]


class PortTaken(Cause):
    ways = ("application", "host")

    def spoil(self, life, order, ecs, task, left):
        port = _web_port(task)
        if self.way(order) == "application":
            life.running, life.exit_code = order.get("after", 2), 1
            life.log = ["starting", f"listen tcp 0.0.0.0:{port}: bind: address already in use"]
            return
        container = first_essential(task)
        life.pending = order.get("after", life.pending)
        life.stop_code = "TaskFailedToStart"
        life.reason = f"CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint ecs-{task.definition.family}-{task.definition.revision}-{container.name}: Bind for 0.0.0.0:{port} failed: port is already allocated"
        life.stopped_reason = life.reason


class SpotInterruption(Cause):
    """The machine is taken back."""

    def spoil(self, life, order, ecs, task, left):
        life.running = order.get("after", 60)
        life.stop_code, life.stopped_reason, life.exit_code = "SpotInterruption", "Your Spot Task was interrupted.", 143


CAUSES = {
    "health-check": HealthCheck(),
    "container-health": ContainerHealth(),
    "out-of-memory": OutOfMemory(),
    "crash-loop": CrashLoop(),
    "port-taken": PortTaken(),
    "spot-interruption": SpotInterruption(),
}
