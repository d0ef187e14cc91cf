"""Deployments, ordered by a fake server, on an ECS that a test moves by hand: what all test_ecs*.py begin with.

One runner serves them all, since to start one takes longer than most of these tests; each test has an ECS of its own.
"""

import json
import uuid

import pytest

from fake_ecs import EcsDoor
from fake_server import FakeServer
from runner_steps import zip_of

IMAGES = [{"name": "web", "imageUri": "registry.example.com/web:2"}]


class EcsPlace:
    """A server, its runner, and the door to the ECS of the present test."""

    def __init__(self, start_runner):
        self.server, self.door = FakeServer(), EcsDoor()
        self.runner = start_runner(self.server, self.door.environment)

    def tidy(self):
        """Nothing of an earlier test is under way, also if that one failed or killed the runner."""
        left = [job for job in self.server.jobs.values() if not job.result and not job.stale]
        with self.server.lock:
            self.server.queue.clear()
        for job in left:
            job.stale = True
        if left and self.runner.process.poll() is None:
            self.runner.process.kill()
        if self.runner.process.poll() is not None or left:
            self.restart()

    def restart(self):
        """After a kill: the same runner in another process."""
        self.runner.process.wait(60)
        before = len(self.server.hellos)
        self.runner.start()
        self.server.wait(lambda: len(self.server.hellos) > before)

    def is_sane(self):
        log = self.runner.log()
        assert not any(word in log for word in ("Sanitizer", "runtime error")), log

    def close(self):
        self.tidy()
        if self.runner.process.poll() is None:
            assert self.runner.stop() == 0, self.runner.log()
        self.is_sane()
        self.door.close()
        self.server.close()


@pytest.fixture
def server(ecs_place):
    return ecs_place.server


@pytest.fixture
def runner(ecs_place):
    return ecs_place.runner


@pytest.fixture
def ecs(ecs_place):
    ecs_place.tidy()
    yield ecs_place.door.renew()
    ecs_place.is_sane()


@pytest.fixture
def offer_deploy(server):
    def offer(images=IMAGES, text=None, **job):
        message = {"id": str(uuid.uuid4()), "provider": "ECS", "category": "Deploy", "pipeline": "shop",
                   "stage": "Release", "action": "Deploy",
                   "configuration": {"ClusterName": "prod", "ServiceName": "shop"}, **job}
        content = json.dumps(images) if text is None else text
        return server.offer(message, {"Images": zip_of({"imagedefinitions.json": content})})

    return offer


def rolling(ecs):
    return "UpdateService" in ecs.mutations()
