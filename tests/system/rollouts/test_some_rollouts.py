"""One rollout of each cause, and some that are well: what `./check deploy` plays whole (tests/deploy)."""

from labelled import play_all, read_set, wrong_ones

EVERY = 12  # of those that are well


def test_one_of_each_cause_and_some_that_are_well(rehearsal):
    first = {}
    for rollout in read_set():
        first.setdefault(rollout.get("cause", "(well)"), rollout)
    well = [rollout for rollout in read_set("healthy/")][::EVERY]
    causes = [rollout for cause, rollout in first.items() if cause != "(well)"]
    assert wrong_ones(play_all(rehearsal, causes + well)) == []
