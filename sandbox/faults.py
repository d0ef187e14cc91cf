"""Faults on order: the next requests to an operation are throttled, delayed, failed, refused, answered as things were, or
lose their answer or their caller.

A fault is {"operation": "UpdateService", "ecs:UpdateService", "ecs:*" or "*", "kind": one of KINDS, "times": 1 (0: until
cleared), "skip": 0 (that many matching requests pass first), "ms": 0, "pid"}.  drop-reply lets the effect happen and then
closes the connection, drop-request closes it before; kill-after and kill-before do the same and kill the process `pid`
first (or each of a list).  "spare": true with them leaves the request as it is: who is killed is not who asks.  denied goes by the rights that a request needs, so that its operation may be "iam:PassRole", too.
"""

import contextlib
import os
import signal
import threading

from sandbox.errors import AwsError

KINDS = ("throttle", "error500", "drop-reply", "drop-request", "delay", "kill-before", "kill-after", "stale", "denied")
_KILLS = ("kill-before", "kill-after")


class Faults:
    """The faults still to come, in the order they were ordered."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = []

    def add(self, order):
        """Check and queue one order; raises ValueError with a sentence."""
        fault = _read(order)
        with self._lock:
            self._waiting.append(fault)

    def waiting(self):
        with self._lock:
            return [dict(fault) for fault in self._waiting]

    def clear(self):
        with self._lock:
            self._waiting.clear()

    def take(self, service, operation):
        """The next fault for this request, used up by one; None where there is none."""
        return self._take(lambda fault: fault["kind"] != "denied" and _covers(fault["operation"], service, operation))

    def denying(self):
        """Is any right taken away by order?"""
        with self._lock:
            return any(fault["kind"] == "denied" for fault in self._waiting)

    def take_denied(self, actions):
        """The first of those rights, (action, resource, context), that is taken away by order; None where none is."""
        for action, resource, _ in actions:
            service, _, operation = action.partition(":")
            if self._take(lambda fault, service=service, operation=operation: fault["kind"] == "denied" and _covers(fault["operation"], service, operation)):
                return action, resource
        return None

    def _take(self, fits):
        with self._lock:
            for fault in self._waiting:
                if not fits(fault):
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                if fault["times"] > 0:
                    fault["times"] -= 1
                    if fault["times"] == 0:
                        self._waiting.remove(fault)
                return dict(fault)
        return None


def _read(order):
    if not isinstance(order, dict):
        raise ValueError("a fault is a JSON object")
    unknown = set(order) - {"operation", "kind", "times", "ms", "skip", "pid", "spare"}
    if unknown:
        raise ValueError(f"a fault has no '{sorted(unknown)[0]}'")
    fault = {"operation": order.get("operation", "*"), "kind": order.get("kind")}
    if fault["kind"] not in KINDS:
        raise ValueError(f"'kind' must be one of {', '.join(KINDS)}")
    if not isinstance(fault["operation"], str):
        raise ValueError("'operation' must be a text such as 'UpdateService', 'ecs:UpdateService' or 'ecs:*'")
    for name, default in (("times", 1), ("ms", 0), ("skip", 0)):
        fault[name] = order.get(name, default)
        if not isinstance(fault[name], int) or isinstance(fault[name], bool) or fault[name] < 0:
            raise ValueError(f"'{name}' must be a number from 0")
    if (fault["kind"] in _KILLS) != ("pid" in order):
        raise ValueError("'pid' stands with kill-before and kill-after, and with no other kind")
    if fault["kind"] in _KILLS:
        fault["pid"] = order["pid"] if isinstance(order["pid"], list) else [order["pid"]]
        if not fault["pid"] or not all(_is_another(pid) for pid in fault["pid"]):
            raise ValueError("'pid' must be the number of another process, or a list of such")
    if not isinstance(order.get("spare", False), bool) or ("spare" in order and fault["kind"] not in _KILLS):
        raise ValueError("'spare' is true or false, and stands with kill-before and kill-after")
    fault["spare"] = order.get("spare", False)
    return fault


def _is_another(pid):
    return isinstance(pid, int) and not isinstance(pid, bool) and pid > 1 and pid != os.getpid()


def _covers(pattern, service, operation):
    return pattern in ("*", operation, f"{service}:{operation}", f"{service}:*")


def drops(fault, moment):
    """Is the connection closed then, "before" the effect or "after" it? Ends the fault's processes first, if it has any."""
    if fault["kind"] != f"kill-{moment}":
        return fault["kind"] == {"before": "drop-request", "after": "drop-reply"}[moment]
    for pid in fault["pid"]:
        with contextlib.suppress(ProcessLookupError):  # fine where it is gone
            os.kill(pid, signal.SIGKILL)
    return not fault["spare"]


def error_of(fault, protocol):
    """The AwsError that a throttle or error500 fault stands for, else None."""
    if fault["kind"] == "throttle":
        code = {"json": "ThrottlingException", "query": "Throttling", "rest-xml": "SlowDown", "rest-json": "TooManyRequestsException"}[protocol]
        return AwsError(code, "Rate exceeded", {"rest-xml": 503, "rest-json": 429}.get(protocol, 400))
    if fault["kind"] == "error500":
        code = {"json": "ServerException", "query": "InternalFailure", "rest-xml": "InternalError", "rest-json": "ServiceException"}[protocol]
        return AwsError(code, "Service Unavailable. Please try again later.", 500)
    return None
