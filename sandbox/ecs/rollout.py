"""The arithmetic of a rolling update, free of any state, clock or input."""

import math
from dataclasses import dataclass


def lower_bound(desired, minimum_percent):
    """How many healthy tasks must stay."""
    return math.ceil(desired * minimum_percent / 100)


def upper_bound(desired, maximum_percent):
    """How many tasks, pending ones included, may be there at once."""
    return math.floor(desired * maximum_percent / 100)


def breaker_threshold(desired, configuration=None):
    """After how many failed tasks the circuit breaker acts: half of the desired count, from 3 to 200, unless told otherwise."""
    kind = (configuration or {}).get("type", "BOUNDED_PERCENT")
    value = (configuration or {}).get("value", 50)
    if kind == "COUNT":
        return max(1, value)
    share = math.ceil(desired * value / 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(200, max(3, share))


def launch_delay(failures, as_on_aws=False):
    """Seconds to wait before the next launch after that many failed ones in a row.  AWS's grow to 15 minutes."""
    if failures == 0:
        return 0
    return min(900, 5 * 2 ** min(failures, 10)) if as_on_aws else min(30, 0.25 * 2 ** min(failures, 10))


@dataclass
class Counts:
    """The tasks of a service that are not on their way out."""

    desired: int
    new: int  # of the primary deployment, pending ones included
    new_healthy: int
    old: int  # of the other deployments
    old_healthy: int


@dataclass
class Step:
    """What to do now."""

    start: int = 0
    stop_new: int = 0
    stop_old: int = 0  # unhealthy ones first: those cost no capacity
    stuck: bool = False


def next_step(counts, minimum_percent, maximum_percent):
    """One step of the primary deployment towards its desired count, within both bounds.

    An old task goes when a healthy new one stands for it, or to make room for a new one; in either case only as long
    as the lower bound stays kept.  Old tasks that are not healthy may always go.
    """
    room = upper_bound(counts.desired, maximum_percent) - counts.new - counts.old
    missing = max(0, counts.desired - counts.new)
    step = Step(start=max(0, min(missing, room)), stop_new=max(0, counts.new - counts.desired))
    healthy = counts.new_healthy + counts.old_healthy
    spare = max(0, healthy - lower_bound(counts.desired, minimum_percent))
    replaced = counts.old - max(0, counts.desired - counts.new_healthy)
    wanted = max(0, replaced, missing - max(0, room))
    unhealthy = counts.old - counts.old_healthy
    step.stop_old = min(wanted, counts.old, unhealthy + min(spare, counts.old_healthy))
    waits_for_nothing = counts.new == counts.new_healthy and counts.old == counts.old_healthy
    step.stuck = missing > 0 and step.start == 0 and step.stop_old == 0 and waits_for_nothing
    return step
