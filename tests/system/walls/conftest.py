"""A runner with its walls up, a fake server, and builds that try to get out. The runner is shared: it must live on."""

import importlib.util
import os
import pathlib
import socketserver
import subprocess
import sys
import threading
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "system" / "runner"))

from fake_server import FakeServer  # noqa: E402
from runner_steps import zip_of  # noqa: E402
from wall_steps import host_addresses, left_of  # noqa: E402

_spec = importlib.util.spec_from_file_location("runner_conftest", ROOT / "tests" / "system" / "runner" / "conftest.py")
_runner = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_runner)

class World:
    """A fake server and the runners that work for it."""

    def __init__(self, folder):
        self.server = FakeServer()
        self.folder = folder
        self.runners = []

    def start_runner(self, name="state", **environment):
        program = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build")) / "runner" / "penstock-runner"
        settings = {"PENSTOCK_BUILD_NETWORK": "isolated", "PENSTOCK_BUILD_DISK": "1", "PENSTOCK_JOBS": "4", "PENSTOCK_ENGINE_IMAGE": "penstock/engine"}
        self.runners.append(_runner.Runner(program, self.server, self.folder / name, environment={**settings, **environment}))
        return self.runners[-1]

    def offer(self, *commands, variables=None, environment=None, spec=""):
        """Queues a build of these commands."""
        identity = f"wall:{uuid.uuid4()}"
        lines = "".join("      - '{}'\n".format(command.replace("'", "''")) for command in commands)
        text = f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}{spec}"
        settings = {"image": "penstock/build", "computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER",
                    "environmentVariables": [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in (variables or {}).items()], **(environment or {})}
        return self.server.offer({
            "id": identity.replace(":", "-"), "provider": "CodeBuild", "category": "Build", "pipeline": "wall", "stage": "Build",
            "action": "Climb", "outputs": ["Built"] if spec else [], "configuration": {"ProjectName": "wall"},
            "build": {"id": identity, "arn": f"arn:aws:codebuild:eu-west-1:123456789012:build/{identity}", "buildNumber": 1,
                      "projectName": "wall", "timeoutInMinutes": 5, "initiator": "codepipeline/wall", "environment": settings,
                      "source": {"type": "CODEPIPELINE"}},
        }, {"App": zip_of({"buildspec.yml": text})})

    def wait(self, condition, seconds=60):
        self.server.wait(condition, seconds)

    def end(self):
        for runner in self.runners:
            if runner.process.poll() is None:
                assert runner.stop() == 0, runner.log()
            assert not any(word in runner.log() for word in ("Sanitizer", "runtime error")), runner.log()
        self.server.close()
        assert left_of(self.server.runner_id) == []


@pytest.fixture(scope="session")
def images():
    subprocess.run([ROOT / "scripts" / "images.sh", "make", ROOT / "build" / "images", "busybox", "build", "engine"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def lone(images, tmp_path):
    """A world of a test's own."""
    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture(scope="module")
def walled(images, tmp_path_factory):
    """A world with one runner, for all tests of a file: it must live on, whatever they do."""
    world = World(tmp_path_factory.mktemp("walls"))
    service = socketserver.TCPServer(("0.0.0.0", 0), socketserver.BaseRequestHandler)  # takes callers and hangs up
    threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True).start()
    world.opened = (host_addresses() or ["127.0.0.1"])[0], service.server_address[1]
    world.start_runner(PENSTOCK_BUILD_REACH="{}:{}".format(*world.opened))
    yield world
    world.end()
    service.shutdown()
    service.server_close()
