"""Faults on order: the next requests to an operation are throttled, delayed, failed, or lose their answer.

A fault is {"operation": "UpdateService" or "ecs:UpdateService" or "*", "kind": throttle | error500 | drop-reply | drop-request | delay,
"times": 1, "ms": 0}.  drop-reply lets the effect happen and then closes the connection; drop-request closes it before.
"""

import threading

from sandbox.errors import AwsError

KINDS = ("throttle", "error500", "drop-reply", "drop-request", "delay")


class Faults:
    """The faults still to come, in the order they were ordered."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = []

    def add(self, order):
        """Check and queue one order; raises ValueError with a sentence."""
        if not isinstance(order, dict):
            raise ValueError("a fault is a JSON object")
        unknown = set(order) - {"operation", "kind", "times", "ms"}
        if unknown:
            raise ValueError(f"a fault has no '{sorted(unknown)[0]}'")
        fault = {"operation": order.get("operation", "*"), "kind": order.get("kind"), "times": order.get("times", 1), "ms": order.get("ms", 0)}
        if fault["kind"] not in KINDS:
            raise ValueError(f"'kind' must be one of {', '.join(KINDS)}")
        if not isinstance(fault["times"], int) or fault["times"] < 1 or not isinstance(fault["ms"], int) or fault["ms"] < 0:
            raise ValueError("'times' must be a number from 1 and 'ms' a number from 0")
        if not isinstance(fault["operation"], str):
            raise ValueError("'operation' must be a text such as 'UpdateService' or 'ecs:UpdateService'")
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
        with self._lock:
            for fault in self._waiting:
                if fault["operation"] in ("*", operation, f"{service}:{operation}"):
                    fault["times"] -= 1
                    if fault["times"] == 0:
                        self._waiting.remove(fault)
                    return dict(fault)
        return None


def error_of(fault, protocol):
    """The AwsError that a throttle or error500 fault stands for, else None."""
    if fault["kind"] == "throttle":
        code = {"json": "ThrottlingException", "query": "Throttling", "rest-xml": "SlowDown", "rest-json": "TooManyRequestsException"}[protocol]
        return AwsError(code, "Rate exceeded", {"rest-xml": 503, "rest-json": 429}.get(protocol, 400))
    if fault["kind"] == "error500":
        code = {"json": "ServerException", "query": "InternalFailure", "rest-xml": "InternalError", "rest-json": "ServiceException"}[protocol]
        return AwsError(code, "Service Unavailable. Please try again later.", 500)
    return None
