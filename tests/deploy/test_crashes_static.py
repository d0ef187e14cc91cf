"""A runner dies at each call to AWS, before its effect and after it: another takes over, and there is one effect.

For static files, invalidations, tasks that run once and scheduled tasks."""

import importlib.util
import pathlib
import sys
import uuid

import pytest

STATIC = pathlib.Path(__file__).resolve().parents[1] / "system" / "static"


def _load(name):
    spec = importlib.util.spec_from_file_location(f"static_{name}", STATIC / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_static = _load("conftest")
runner_program, sandbox, server, deploys = _static.runner_program, _static.sandbox, _static.server, _static.deploys
sys.modules["test_run_task"] = _load("test_run_task")
Shop, Schedule, Site = sys.modules["test_run_task"].Shop, _load("test_scheduled_task").Schedule, _load("test_s3").Site

FIRST = {"index.html": "old", "app-1a2b3c4d.js": "1", "logo.svg": "same"}
SECOND = {"index.html": "new", "app-5e6f7a8b.js": "2", "logo.svg": "same"}


class StaticFiles:
    """A second release over a first one, and a third so old that its files go."""

    def __init__(self, deploys):
        self.site = Site(deploys)
        self.site.deploy({"index.html": "oldest", "app-0a0b0c0d.js": "0"}, KeepReleases="1")
        self.site.deploy(FIRST, KeepReleases="1")
        deploys.sandbox.control("POST", {"advanceMs": 60000}, part="clock")
        self.deploys = deploys

    def offer(self):
        return self.deploys.offer("S3", "Deploy", self.site.configuration(KeepReleases="1"), SECOND, succeededExecutions=self.site.succeeded)

    def check(self):
        assert self.site.files() == ["app-1a2b3c4d.js", "app-5e6f7a8b.js", "index.html", "logo.svg"]
        assert self.site.read("index.html") == "new"
        assert len(self.site.keys(".penstock/releases/")) == 2 and self.site.keys(".penstock/before/") == []

    def check_undone(self):
        assert {key: self.site.read(key) for key in FIRST} == FIRST
        assert len(self.site.keys(".penstock/releases/")) <= 2 and self.site.keys(".penstock/before/") == []


class Invalidation:
    def __init__(self, deploys):
        self.deploys, self.name = deploys, f"E{uuid.uuid4().hex[:12].upper()}"
        deploys.sandbox.control("POST", {"id": self.name, "seconds": 12}, part="distributions")

    def offer(self):
        return self.deploys.offer("CloudFront", "Invoke", {"DistributionId": self.name})

    def check(self):
        found = [one for one in self.deploys.sandbox.control("GET", part="distributions")[1]["distributions"] if one["id"] == self.name]
        assert [one["invalidations"] for one in found] == [1]

    def check_undone(self):
        """There is nothing to undo."""


class Migration:
    def __init__(self, deploys):
        self.shop = Shop(deploys)
        self.shop.script({"running": 12, "exitCode": 0, "log": ["done"]})

    def offer(self):
        return self.shop.offer()

    def check(self):
        assert [task["lastStatus"] for task in self.shop.tasks()] == ["STOPPED"]
        assert len(self.shop.ecs.list_task_definitions(familyPrefix=self.shop.name)["taskDefinitionArns"]) == 2

    def check_undone(self):
        assert all(task["lastStatus"] == "STOPPED" for task in self.shop.tasks()) and len(self.shop.tasks()) <= 1
        assert len(self.shop.ecs.list_task_definitions(familyPrefix=self.shop.name)["taskDefinitionArns"]) <= 2


class Scheduled:
    def __init__(self, deploys):
        self.schedule = Schedule(deploys)

    def offer(self):
        return self.schedule.offer()

    def check(self):
        assert len(self.schedule.revisions()) == 2
        assert self.schedule.targets() == self.schedule.moved(self.schedule.revisions()[-1])

    def check_undone(self):
        assert len(self.schedule.revisions()) <= 2
        assert self.schedule.targets() == {"report": self.schedule.target, "other": self.schedule.other}


WORLDS = (StaticFiles, Invalidation, Migration, Scheduled)


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    yield
    sandbox.control("DELETE")


def calls_of_a_clean_run(deploys, world):
    made = world(deploys)
    before = len(deploys.sandbox.ledger())
    job = made.offer()
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    count = len(deploys.sandbox.ledger()) - before
    made.check()
    return count


def dies(deploys, made, kind, number):
    """Offers the job to a runner that dies at that call; the job, or None where it came to its end before."""
    deploys.fault("*", kind, skip=number)
    job = made.offer()
    deploys.server.wait(lambda: job.result or deploys.runner.process.poll() is not None)
    deploys.sandbox.control("DELETE")
    if deploys.runner.process.poll() is None:
        assert job.result["outcome"] == "succeeded", (job.result, job.text)
        return None
    return job


@pytest.mark.parametrize("kind", ("kill-before", "kill-after"))
@pytest.mark.parametrize("world", WORLDS)
def test_there_is_one_effect(deploys, world, kind):
    count = calls_of_a_clean_run(deploys, world)
    assert count >= 2
    died = 0
    for number in range(count):
        made = world(deploys)
        job = dies(deploys, made, kind, number)
        if job:
            died += 1
            second = deploys.survivor(job)
            result = deploys.finish(second)
            assert result["outcome"] == "succeeded", (number, result, second.text)
        made.check()
    assert died >= count - 2  # calls are not quite as many each time: logs and looks go by the clock


@pytest.mark.parametrize("world", WORLDS)
def test_a_cancel_after_it_undoes(deploys, world):
    for number in range(calls_of_a_clean_run(deploys, world)):
        made = world(deploys)
        job = dies(deploys, made, "kill-after", number)
        if job:
            second = deploys.survivor(job, cancelled=True)
            result = deploys.finish(second)
            if "before the cancel came" in (result.get("summary") or ""):
                made.check()
                continue
            assert result["outcome"] == "stopped", (number, result, second.text)
            made.check_undone()
