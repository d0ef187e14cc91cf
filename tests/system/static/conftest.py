"""Deploys that need no containers: a real runner, a fake server, and the sandbox in scripted mode, where time is played.

All tests share the sandbox; each has buckets, clusters and rules of its own."""

import importlib.util
import pathlib
import shutil
import sys
import tempfile
import uuid

import pytest

SYSTEM = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(SYSTEM / "runner"), str(SYSTEM / "sandbox")]


def _load(folder):
    spec = importlib.util.spec_from_file_location(f"{folder}_conftest", SYSTEM / folder / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_runner = _load("runner")
runner_program = _runner.runner_program

from fake_server import FakeServer  # noqa: E402
from runner_steps import zip_of  # noqa: E402
from sandbox_under_test import KEY, REGION, SECRET, RunningSandbox  # noqa: E402


@pytest.fixture(scope="session")
def sandbox():
    folder = tempfile.mkdtemp(prefix="sandbox-")
    running = RunningSandbox(folder).start("--scripted")
    yield running
    assert running.stop() == 0
    shutil.rmtree(folder)


class Deploys:
    """Offers deploys to a runner, which a test may stop and replace."""

    def __init__(self, program, server, sandbox, folder):
        self.program, self.server, self.sandbox, self.folder = program, server, sandbox, folder
        self.runners = []
        self.start()

    def start(self):
        environment = {"AWS_ENDPOINT_URL": self.sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        arguments = ["--jobs", "2", "--rehearsal-clock", self.sandbox.endpoint + "/_sandbox/clock"]
        self.runner = _runner.Runner(self.program, self.server, self.folder / f"state-{len(self.runners)}", arguments, environment)
        self.runners.append(self.runner)

    def offer(self, provider, category, configuration, files=None, **more):
        return self.offer_artifacts(provider, category, configuration, {"App": files} if files else {}, **more)

    def offer_artifacts(self, provider, category, configuration, artifacts, **more):
        message = {"id": f"job-{uuid.uuid4()}", "provider": provider, "category": category, "region": REGION, "pipeline": "shop", "stage": "Deploy",
                   "action": "Deploy", "executionId": str(uuid.uuid4()), "actionExecutionId": str(uuid.uuid4()), "configuration": configuration, **more}
        return self.server.offer(message, {name: zip_of(files) for name, files in artifacts.items()})

    def fault(self, operation, kind, **more):
        """Orders one; a kill is of the present runner."""
        order = {"operation": operation, "kind": kind, **({"pid": self.runner.process.pid} if kind.startswith("kill") else {}), **more}
        status, answer = self.sandbox.control("POST", order)
        assert status == 200, answer

    def survivor(self, job, cancelled=False):
        """The runner has killed itself over the job: another one, and the job as it gets it."""
        self.runner.process.wait(60)
        job.stale = True
        self.start()
        return self.again(job, cancelled)

    def finish(self, job):
        self.server.wait(lambda: job.result, 60)
        return job.result

    def deploy(self, *arguments, **options):
        """(result, job) of a deploy that was waited for."""
        job = self.offer(*arguments, **options)
        return self.finish(job), job

    def again(self, job, cancelled=False):
        """The job as the next holder gets it, after the runner was killed."""
        message = {**job.message, "id": f"job-{uuid.uuid4()}", "attempt": 2, "cancelled": cancelled}
        if job.checkpoints:
            message["checkpoint"] = job.checkpoints[-1]
        message.pop("inputs")
        return self.server.offer(message, job.inputs)

    def calls(self, since=0):
        """What the sandbox was asked: (service:operation, input), refused or not."""
        return [(f"{line['service']}:{line['operation']}", line["input"] or {}) for line in self.sandbox.ledger(since)]

    def close(self):
        for runner in self.runners:
            if runner.process.poll() is None:
                assert runner.stop() == 0, runner.log()
            log = runner.log()
            assert not any(word in log for word in ("Sanitizer", "runtime error")), log


@pytest.fixture(scope="session")
def server():
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture(scope="session")
def deploys(runner_program, server, sandbox, tmp_path_factory):
    made = Deploys(runner_program, server, sandbox, tmp_path_factory.mktemp("runners"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    yield
    sandbox.control("DELETE")
