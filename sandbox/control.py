"""The sandbox's own door, `/_sandbox/NAME`, for tests and demos: what AWS has no operation for, without a signature.

`faults` orders the next requests to fail, `alarms` puts alarms into a state, `functions` says what Lambda functions
answer.  POST takes one order or a list, GET lists, DELETE clears.
"""

import json

from sandbox.wire.message import Reply


class Control:
    """`parts` maps a name to an object with `add(order)` (ValueError with a sentence where it is wrong), `waiting()`
    and `clear()`.  With `whole_answer` true, what `waiting` gives is the answer itself."""

    def __init__(self, parts):
        self._parts = parts

    def answer(self, request):
        if request.header("origin") is not None:
            return _reply(403, {"error": "not for browsers"})
        name = request.path[len("/_sandbox/"):]
        part = self._parts.get(name)
        if part is None:
            return _reply(404, {"error": "there is only " + ", ".join(f"/_sandbox/{known}" for known in self._parts)})
        if request.method == "POST":
            try:
                orders = json.loads(request.body)
                for order in orders if isinstance(orders, list) else [orders]:
                    part.add(order)
            except ValueError as error:
                return _reply(400, {"error": str(error)})
        elif request.method == "DELETE":
            try:
                part.clear()
            except ValueError as error:
                return _reply(405, {"error": str(error)})
        elif request.method != "GET":
            return _reply(405, {"error": "GET, POST or DELETE"})
        answer = part.waiting()
        return _reply(200, answer if getattr(part, "whole_answer", False) else {name: answer})


def check_order(order, what, known):
    """Raise ValueError where an order is no object or has members that nobody knows."""
    if not isinstance(order, dict):
        raise ValueError(f"{what} is a JSON object")
    unknown = set(order) - set(known)
    if unknown:
        raise ValueError(f"{what} has no '{sorted(unknown)[0]}'")


def _reply(status, value):
    return Reply(status, json.dumps(value).encode() + b"\n", {"Content-Type": "application/json"})
