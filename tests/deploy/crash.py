"""kill -9 of the runner at every call of an action to AWS, before its effect and after it.

`everywhere(rehearsal, make_world)`: `make_world()` gives a fresh world with `offer()`, which queues the job, and `check()`,
which asserts that there was one effect.  One clean run counts the calls of the ledger; then, for each of them, a world, a
runner that dies there, and another that takes the job over with the last checkpoint, as the server gives it.
"""

import uuid

KINDS = ("kill-before", "kill-after")
SECONDS = 60


def finish(rehearsal, job):
    rehearsal.wait(lambda: job.result, SECONDS)
    assert job.result["outcome"] == "succeeded", (job.result, job.text)


def count_calls(rehearsal, make_world):
    world = make_world()
    before = len(rehearsal.sandbox.ledger())
    job = world.offer()
    finish(rehearsal, job)
    calls = rehearsal.sandbox.ledger()[before:]
    world.check()
    return calls


def take_over(rehearsal, job):
    """The same job with the next token and its last checkpoint, for the next runner."""
    message = {name: value for name, value in job.message.items() if name not in ("inputs", "token", "attempt")}
    if job.checkpoints:
        message["checkpoint"] = job.checkpoints[-1]
    job.stale = True
    return rehearsal.server.offer({**message, "id": str(uuid.uuid4()), "token": 2, "attempt": 2}, job.inputs)


def die_at(rehearsal, make_world, number, kind):
    """False where the run was over before that call."""
    world = make_world()
    runner = rehearsal.runner
    rehearsal.order("faults", {"operation": "*", "kind": kind, "pid": runner.pid, "skip": number})
    job = world.offer()
    rehearsal.wait(lambda: job.result or runner.process.poll() is not None, SECONDS)
    rehearsal.sandbox.control("DELETE")
    if job.result:
        world.check()
        return False
    rehearsal.start_runner()
    finish(rehearsal, take_over(rehearsal, job))
    world.check()
    return True


def everywhere(rehearsal, make_world, most=None):
    """At each call, or at the first `most`; those after are looks at a rollout, one like the other.  How often it died."""
    calls = count_calls(rehearsal, make_world)
    died = 0
    for number in range(len(calls))[:most]:
        for kind in KINDS:
            try:
                died += die_at(rehearsal, make_world, number, kind)
            except AssertionError as error:
                what = calls[number]
                raise AssertionError(f"{kind} of call {number} ({what['service']}:{what['operation']}): {error}") from error
    return died
