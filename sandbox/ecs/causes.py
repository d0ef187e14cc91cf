"""The causes of a stuck rollout, each played in the words that ECS uses for it.

An order is {"cause": id, "after"?, "tasks"?, "recover"?, "flap"?, "how"?, "seconds"?, "text"?}:
`after` seconds into each task's PENDING (causes of start) or RUNNING (causes of running), or into the deployment (alarm);
the first `tasks` tasks are hit, all where it is not said; `recover` seconds after the deployment's start all is well;
`flap` seconds of trouble and as many without, in turn; `how` chooses among a cause's wordings; `text` is one's own.
"""

from sandbox.control import check_order
from sandbox.ecs import causes_of_launch, causes_of_running, causes_of_start

_NAMES = ("cause", "after", "tasks", "recover", "flap", "how", "seconds", "text")
_CAUSES = {**causes_of_start.CAUSES, **causes_of_running.CAUSES, **causes_of_launch.CAUSES}


def read(order):
    """The Cause of an order, None for `{}`; ValueError where it is wrong."""
    check_order(order, "a script", _NAMES)
    if "cause" not in order:
        if order:
            raise ValueError("a script needs 'cause', or is a list of lives")
        return None
    cause = _CAUSES.get(order["cause"])
    if cause is None:
        raise ValueError(f"there is no cause '{order['cause']}', only {', '.join(sorted(_CAUSES))}")
    for name in ("after", "tasks", "recover", "flap", "seconds"):
        if name in order and (isinstance(order[name], bool) or not isinstance(order[name], (int, float)) or order[name] < 0):
            raise ValueError(f"'{name}' must be a number from 0")
    if "how" in order and order["how"] not in cause.ways:
        raise ValueError(f"'how' of '{order['cause']}' must be one of {', '.join(cause.ways) or 'nothing'}")
    return cause


def begin(order, ecs, service, deployment):
    _CAUSES[order["cause"]].begin(order, ecs, service, deployment)
