"""The runner's actions and its AWS client before the sandbox in scripted mode: no containers, no time to wait for."""

import importlib.util
import pathlib
import shutil
import sys
import tempfile
import uuid

import pytest

SYSTEM = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(SYSTEM / "runner"), str(SYSTEM / "sandbox")]

_spec = importlib.util.spec_from_file_location("runner_conftest", SYSTEM / "runner" / "conftest.py")
_runner = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_runner)
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


class Place:
    """A fake server with one runner of its own; `offer` queues an action, `act` waits for its end, too."""

    def __init__(self, program, sandbox, folder, environment=None, arguments=()):
        self.sandbox, self.server = sandbox, FakeServer()
        settings = {"AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "PENSTOCK_REHEARSAL_CLOCK": sandbox.endpoint + "/_sandbox/clock"}
        settings.update(environment or {})
        self.environment = {name: value for name, value in settings.items() if value is not None}
        self.runner = _runner.Runner(program, self.server, folder, arguments, self.environment)

    def offer(self, provider, category, configuration=None, inputs=None, outputs=(), **job):
        number = str(uuid.uuid4())
        message = {"id": f"job-{number}", "provider": provider, "category": category, "configuration": configuration or {}, "region": REGION,
                   "pipeline": "shop", "stage": "Deploy", "action": "Do", "executionId": str(uuid.uuid4()), "actionExecutionId": number, "outputs": list(outputs), **job}
        return self.server.offer(message, {name: zip_of(files) for name, files in (inputs or {}).items()})

    def finish(self, job, seconds=60):
        self.server.wait(lambda: job.result, seconds)
        return job.result

    def act(self, *arguments, **options):
        return self.finish(self.offer(*arguments, **options))

    def close(self):
        if self.runner.process.poll() is None:
            assert self.runner.stop() == 0, self.runner.log()
        self.server.close()
        log = self.runner.log()
        assert not any(word in log for word in ("Sanitizer", "runtime error")), log


@pytest.fixture(scope="session")
def place(runner_program, sandbox, tmp_path_factory):
    made = Place(runner_program, sandbox, tmp_path_factory.mktemp("runner") / "state")
    yield made
    made.close()


@pytest.fixture
def start_place(runner_program, sandbox, tmp_path):
    """Another runner, with its own environment (None takes a variable away)."""
    made = []

    def start(environment=None):
        made.append(Place(runner_program, sandbox, tmp_path / f"state-{len(made)}", environment))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def name():
    return f"n{uuid.uuid4().hex[:16]}"
