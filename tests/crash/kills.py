"""The crash test itself: send, kill, wait, compare."""

import collections
import pathlib
import random
import time

from penstock_under_test import describe
from stack.events import execution
from stack.fixtures import REPORTS

import senders
from verdict import Verdict
from world import Killer, World

SECONDS_A_KILL = 20  # a limit for broken code


def choose_seed(given):
    return int(given) if given else random.SystemRandom().randrange(1, 1_000_000)


def run(kills, seed, *, build, folder, docker_host, docker, aws, make_clone, say=print):
    """Kill so many times. AssertionError where a promise was broken."""
    say(f"\ncrash: {kills} kills, seed {seed} (to run these again: CRASH_SEED={seed})")
    world = World(build, folder, docker_host, aws, make_clone)
    world.docker = docker
    people = senders.make_all(world, seed, world.clone, world.hook_url, world.commits)
    killer = Killer(world, seed, say)
    begun = time.monotonic()
    try:
        for sender in people.values():
            sender.start()
        killer.kill(kills, 60 + kills * SECONDS_A_KILL)
        for name in ("starts", "pushes", "webhooks", "stops"):
            people[name].end()
        say(f"{killer.count} kills done after {time.monotonic() - begun:.0f} s; letting everything end")
        stuck = world.run_dry()
        people["approvals"].end()
        verdict = Verdict(world, people)
        verdict.judge(stuck)
        say(table(world, killer, people, verdict, seed, time.monotonic() - begun))
        for pipeline, one in stuck:
            say(describe(world.server, execution(world.server, pipeline, one)))
    finally:
        world.end()
    broken = verdict.broken()
    assert not broken, "\n".join(broken)
    check_last_words(world)
    check_nothing_stays(world)


def check_nothing_stays(world):
    """Runners that ended as one does have taken everything of theirs along."""
    for runner in world.runner_ids:
        mine = ("--quiet", "--filter", f"label=penstock.runner={runner}")
        left = [*world.docker("ps", "--all", *mine).split(), *world.docker("network", "ls", *mine).split(), *world.docker("volume", "ls", *mine).split()]
        assert not left, f"of runner {runner} there stays {left}"


def check_last_words(world):
    for victim in world.victims:
        text = pathlib.Path(victim.program.log).read_text(encoding="utf-8", errors="replace")
        assert not any(report in text for report in REPORTS), text[-6000:]
        assert victim.program.process.exit_code == 0, f"{victim.name} ended with {victim.program.process.exit_code}"


def table(world, killer, people, verdict, seed, seconds):
    deaths = collections.Counter(death for victim in world.victims for death in victim.deaths)
    of_kind = collections.Counter(victim.kind for victim in world.victims for _ in victim.deaths)
    asked = {name: len(sender.ledger) for name, sender in people.items()}
    again = sum(sender.unanswered for sender in people.values())
    ended = ", ".join(f"{count} {status}" for status, count in sorted(verdict.figures["ended"].items()))
    rows = [
        ("seed", seed),
        ("kills", f"{killer.count}: server {of_kind['server']}, runners {of_kind['runner']}"),
        ("  how", ", ".join(f"{how} {count}" for how, count in deaths.most_common())),
        ("  while there ran", ", ".join(f"{what} {count}" for what, count in sorted(killer.phases.items()))),
        ("executions", f"{verdict.figures['executions']}: {ended}"),
        ("  failed as the rules say", f"{verdict.figures['lost runners']} actions whose runner was lost too often"),
        ("deployments", verdict.figures["deployments"]),
        ("containers of builds", world.containers.seen),
        ("answered with 2xx", ", ".join(f"{name} {count}" for name, count in asked.items())),
        ("asked again for want of an answer", again),
        ("lost", len(verdict.lost)),
        ("doubled", len(verdict.doubled)),
        ("stuck", len(verdict.stuck)),
        ("left over", len(verdict.left_over)),
        ("failed without a reason", len(verdict.unexplained)),
        ("seconds", f"{seconds:.0f}"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(["", *(f"  {name:<{width}}  {value}" for name, value in rows)])
