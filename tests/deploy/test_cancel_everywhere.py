"""A deployment that is cancelled at any moment: the service is back on what it ran before, with one change and one undo.

A moment is a call to AWS: the sandbox holds the answer back until somebody has cancelled.  A clean run says how many
calls a strategy's deployment makes; cancelled is at the first of them, and then at a share of the others.
"""

import json
import time
import uuid

import pytest
from rehearsal import documents
from runner_steps import zip_of
from scripted_under_test import ScriptedService, call

HELD_MS = 1500
FIRST = 9  # calls up to the first looks: each of them
MORE = 6  # of the others

STRATEGIES = {
    "rolling": {},
    "breaker": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    "daemon": {"settings": {"schedulingStrategy": "DAEMON", "launchType": "EC2"}, "minimumHealthyPercent": 0, "maximumPercent": 100,
               "definition": {"requiresCompatibilities": ["EC2"]}, "desired": None},
    "blue-green": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2},
    "canary": {"strategy": "CANARY", "bakeTimeInMinutes": 1, "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1}},
    "linear": {"strategy": "LINEAR", "bakeTimeInMinutes": 1, "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 1}},
}


class Deployed:
    """A service with its first version running, to be deployed to."""

    def __init__(self, rehearsal, strategy):
        like = dict(STRATEGIES[strategy])
        self.rehearsal = rehearsal
        self.service = ScriptedService(rehearsal.sandbox, **like)
        if strategy == "daemon":
            rehearsal.order("instances", {"cluster": self.service.cluster, "count": 2})
        self.service.stable(self.service.first)
        self.began = len(rehearsal.sandbox.ledger())

    def offer(self, **configuration):
        images = json.dumps([{"name": "web", "imageUri": "example.com/shop:2"}])
        return self.rehearsal.server.offer(
            {"id": str(uuid.uuid4()), "provider": "ECS", "category": "Deploy", "pipeline": "shop", "stage": "Release",
             "action": "Deploy", "configuration": {"ClusterName": self.service.cluster, "ServiceName": "web", **configuration}},
            {"Images": zip_of({"imagedefinitions.json": images})})

    def calls(self):
        """The calls to ECS since this service stood."""
        return [line for line in self.rehearsal.sandbox.ledger()[self.began:] if line["service"] == "ecs"]

    def changes(self, *operations):
        return [line for line in self.calls() if line["operation"] in operations and line["outcome"]["status"] == 200]

    def assert_is_back(self, after):
        service = self.service.service()
        first = self.service.first
        assert service["taskDefinition"] == first and service["deployments"][0]["taskDefinition"] == first, after
        running = [task["taskDefinitionArn"] for task in self.service.tasks()]
        assert len(running) == 2 and set(running) == {first}, after
        assert self.service.weights() in ((100, 0), (0, 0)), after  # (0, 0): a rule without weights

    def remove(self):
        call(self.rehearsal.sandbox, "DeleteService", cluster=self.service.cluster, service="web", force=True)


@pytest.fixture
def deployed(rehearsal):
    made = []

    def make(strategy):
        made.append(Deployed(rehearsal, strategy))
        return made[-1]

    yield make
    rehearsal.sandbox.control("DELETE")
    for one in made:
        one.remove()


def moments(count):
    """Which calls to cancel at."""
    rest = list(range(FIRST, count))
    step = max(1, len(rest) // MORE)
    return list(range(min(FIRST, count))) + rest[::step]


def cancel_at(rehearsal, one, moment):
    """Offers, and cancels while that call's answer is held back; the ended job."""
    rehearsal.order("faults", {"operation": "ecs:*", "kind": "delay", "ms": HELD_MS, "skip": moment})
    job = one.offer(OnCancel="ROLLBACK")
    rehearsal.wait(lambda: job.result or not rehearsal.sandbox.control("GET")[1]["faults"])
    rehearsal.server.cancel(job)
    rehearsal.wait(lambda: job.result)
    rehearsal.sandbox.control("DELETE")
    return job


def take_over(rehearsal, job):
    """The cancelled job, with its last checkpoint, for the next runner."""
    message = {name: value for name, value in job.message.items() if name not in ("inputs", "token", "attempt")}
    job.stale = True
    return rehearsal.server.offer({**message, "id": str(uuid.uuid4()), "token": 2, "attempt": 2, "cancelled": True,
                                   "checkpoint": job.checkpoints[-1]}, job.inputs)


@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
@pytest.mark.parametrize("strategy", ["rolling", "blue-green"])
def test_the_runner_dies_at_each_call_of_the_undo(rehearsal, deployed, strategy, kind):
    for moment in range(4):  # the call that undoes, and looks
        one = deployed(strategy)
        one.service.script({"cause": "health-check"})  # so that it does not end by itself
        job = one.offer()
        rehearsal.wait(lambda: any("new tasks" in (p.get("summary") or "") for p in job.progress))  # noqa: B023
        # A look may be under way: the runner dies at that one, or at those that come after it.
        rehearsal.order("faults", {"operation": "StopServiceDeployment" if moment == 0 else "ecs:*", "kind": kind,
                                   "pid": rehearsal.runner.pid, "skip": moment})
        rehearsal.server.cancel(job)
        rehearsal.wait(lambda: job.result or rehearsal.runner.process.poll() is not None)  # noqa: B023
        rehearsal.sandbox.control("DELETE")
        if not job.result:
            rehearsal.start_runner()
            job = take_over(rehearsal, job)
            rehearsal.wait(lambda: job.result)  # noqa: B023
        what = (strategy, moment, kind, job.result, job.text)
        assert job.result["outcome"] == "stopped", what
        one.assert_is_back(what)
        assert len(one.changes("UpdateService")) == 1, what  # ours; ECS itself went back


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_cancelled_at_every_step(rehearsal, deployed, strategy):
    clean = deployed(strategy)
    job = clean.offer()
    rehearsal.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", (job.result, job.text)
    calls = [line["operation"] for line in clean.calls()]
    assert len(clean.changes("UpdateService")) == 1 and len(clean.changes("RegisterTaskDefinition")) == 1
    for moment in moments(len(calls)):
        one = deployed(strategy)
        job = cancel_at(rehearsal, one, moment)
        what = (strategy, moment, calls[moment], job.result, job.text)
        if job.result["outcome"] == "succeeded":  # its last look was the one that was held
            assert moment >= len(calls) - 3, what
            continue
        assert job.result["outcome"] == "stopped", what
        one.assert_is_back(what)
        forth = [line for line in one.changes("UpdateService") if line["input"]["taskDefinition"] != one.service.first]
        back = [line for line in one.changes("UpdateService") if line["input"]["taskDefinition"] == one.service.first]
        back += one.changes("StopServiceDeployment")
        assert len(forth) <= 1 and len(one.changes("RegisterTaskDefinition")) <= 1, what
        assert len(back) == len(forth), what
        cancel = documents(job)[-1]["cancel"]
        assert cancel["ended"] >= cancel["asked"] and cancel["sentence"] == job.result["summary"], what
        assert (cancel["how"] == "nothing to undo") == (not forth), what
