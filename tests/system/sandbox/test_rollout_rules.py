"""The arithmetic of a rolling update, by itself; needs no engine."""

import os
import sys

import pytest

sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..")))

from sandbox.ecs.rollout import Counts, breaker_threshold, launch_delay, lower_bound, next_step, upper_bound  # noqa: E402


def test_bounds():
    assert [lower_bound(3, 50), lower_bound(3, 100), lower_bound(1, 1), lower_bound(0, 100)] == [2, 3, 1, 0]
    assert [upper_bound(3, 150), upper_bound(3, 125), upper_bound(1, 200)] == [4, 3, 2]


@pytest.mark.parametrize("desired, threshold", [(0, 3), (1, 3), (25, 13), (400, 200), (1000, 200)])
def test_breaker_threshold(desired, threshold):
    assert breaker_threshold(desired) == threshold


def test_launch_delay_grows_and_ends():
    delays = [launch_delay(count) for count in range(30)]
    assert delays[0] == 0 and delays == sorted(delays) and delays[-1] == 30


@pytest.mark.parametrize("minimum, maximum", [(100, 200), (50, 100), (50, 200), (0, 100), (0, 200), (100, 150), (75, 125)])
@pytest.mark.parametrize("desired", [0, 1, 2, 3, 4, 7, 10])
def test_every_update_ends_within_its_bounds(desired, minimum, maximum):
    """Play the steps, new tasks getting healthy one at a time; the bounds hold at each."""
    old, new, new_healthy = desired, 0, 0
    for _ in range(200):
        step = next_step(Counts(desired, new, new_healthy, old, old), minimum, maximum)
        old -= step.stop_old
        new += step.start
        assert new + old <= upper_bound(desired, maximum) or step.start == 0
        assert new_healthy + old >= lower_bound(desired, minimum)
        if step.stuck:
            break
        if old == 0 and new_healthy == desired:
            break
        if new_healthy < new:
            new_healthy += 1
    room = upper_bound(desired, maximum) > desired or lower_bound(desired, minimum) < desired
    assert (old == 0 and new_healthy == desired) == (room or desired == 0)
    assert step.stuck == (not room and desired > 0)


@pytest.mark.parametrize("desired, minimum, maximum", [(1, 100, 100), (2, 75, 100), (3, 100, 125)])
def test_deadlocks(desired, minimum, maximum):
    assert next_step(Counts(desired, 0, 0, desired, desired), minimum, maximum).stuck


def test_stuck_version_makes_room_at_once():
    """Two healthy old tasks, two of a version that never gets healthy, a third version to come: the sick go first."""
    step = next_step(Counts(desired=2, new=0, new_healthy=0, old=4, old_healthy=2), 100, 200)
    assert (step.start, step.stop_old) == (0, 2)
