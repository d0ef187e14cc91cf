"""The labelled set: the right cause for 95% of the rollouts that hang, and none for one that is well (labelled.py)."""

import os

import pytest
from labelled import confusion, play_all, read_set, share, wrong_ones

LEAST_RIGHT = 0.95
ONLY = os.environ.get("ROLLOUTS", "")  # part of a name, to look at some


def test_the_labelled_set(rehearsal, capsys):
    played = play_all(rehearsal, read_set(ONLY))
    stuck = [row for row in played if "cause" in row[0]]
    held_out = [row for row in stuck if "heldOut" in row[0]]
    well = [row for row in played if "cause" not in row[0]]
    with capsys.disabled():
        print("\n" + "\n".join(confusion(played) + wrong_ones(played)))
        print(f"right: {share(stuck):.1%} of {len(stuck)} that hang ({share(held_out):.1%} of {len(held_out)} in words from "
              f"elsewhere), {share(well):.1%} of {len(well)} that are well")
    if ONLY:
        pytest.skip("only some were played")
    assert len(stuck) >= 60 and len(well) >= 40
    assert not [rollout["name"] for rollout, came in well if came["first"]], "called stuck"
    assert share(well) == 1.0
    assert share(stuck) >= LEAST_RIGHT, "see the table"
