"""A runner dies at each call to AWS, before its effect and after it: another takes over, and there is one effect.

For static files, invalidations, tasks that run once, scheduled tasks and releases of all of these."""

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
_release = _load("test_release")
LOOKS = ("Describe", "List", "Get", "Head")
SOME_LOOKS = 25  # of a release: each member makes its own, one like the other

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


class Release:
    """Static files, three services and a scheduled task."""

    def __init__(self, deploys):
        self.shop = _release.Shop(deploys)

    def offer(self):
        return self.shop.offer()

    def revisions(self):
        families = [self.shop.name(member) for member in (*_release.SERVICES, "report")]
        return [len(self.shop.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]) for family in families]

    def check(self):
        assert self.shop.runs() == _release.NEW
        assert self.revisions() == [2, 2, 2, 2]
        self.remove()

    def check_undone(self):
        assert self.shop.runs() == _release.OLD
        assert max(self.revisions()) <= 2
        self.remove()

    def remove(self):
        """So that the sandbox's scheduler has less to look at."""
        for service in _release.SERVICES:
            self.shop.ecs.delete_service(cluster=_release.CLUSTER, service=self.shop.name(service), force=True)


WORLDS = (StaticFiles, Invalidation, Migration, Scheduled, Release)


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    yield
    sandbox.control("DELETE")


def calls_of_a_clean_run(deploys, world):
    """The numbers of its calls; of a release's all that change something, and the first looks."""
    made = world(deploys)
    before = len(deploys.sandbox.ledger())
    job = made.offer()
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    calls = [line["operation"] for line in deploys.sandbox.ledger()[before:]]
    made.check()
    assert len(calls) >= 2
    looks = [number for number, name in enumerate(calls) if name.startswith(LOOKS)]
    left_out = looks[SOME_LOOKS:] if world is Release else []
    return [number for number in range(len(calls)) if number not in left_out]


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
    numbers = calls_of_a_clean_run(deploys, world)
    died = 0
    for number in numbers:
        made = world(deploys)
        job = dies(deploys, made, kind, number)
        if job:
            died += 1
            second = deploys.survivor(job)
            result = deploys.finish(second)
            assert result["outcome"] == "succeeded", (number, result, second.text)
        made.check()
    assert died >= len(numbers) - 2  # calls are not quite as many each time: logs and looks go by the clock


@pytest.mark.parametrize("world", WORLDS)
def test_a_cancel_after_it_undoes(deploys, world):
    for number in calls_of_a_clean_run(deploys, world):
        made = world(deploys)
        job = dies(deploys, made, "kill-after", number)
        if job:
            second = deploys.survivor(job, cancelled=True)
            result = deploys.finish(second)
            # A release that has begun to remove what it would take to go back stays, too.
            if "before the cancel came" in (result.get("summary") or "") or (world is Release and result["outcome"] == "succeeded"):
                made.check()
                continue
            assert result["outcome"] == "stopped", (number, result, second.text)
            made.check_undone()
