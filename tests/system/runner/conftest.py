"""A runner program, a fake server, and an image to build in, for tests of the runner alone."""

import io
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import uuid

import pytest

from ecs_steps import EcsPlace
from fake_server import FakeServer
from runner_steps import docker, zip_of

ROOT = pathlib.Path(__file__).resolve().parents[3]
IMAGE = f"penstock-test/runner-base:{os.getpid()}"
APPLETS = ("sh ls cat echo env pwd mkdir rm mv sleep date tar id printf test true false touch ln chmod kill ps wc head "
           "grep sed tr cut seq su").split()


@pytest.fixture(scope="session")
def runner_program():
    folder = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build"))
    program = folder / "runner" / "penstock-runner"
    if not program.exists():
        pytest.skip(f"no {program}; build first, or set PENSTOCK_BUILD")
    return program


@pytest.fixture(scope="session")
def image():
    """busybox-static as an image; no registry is asked."""
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("busybox-static is not installed")
    try:
        docker("version")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no Docker engine answers")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
        for name in APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name, text in {
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbuilder:x:1000:1000:builder:/tmp:/bin/sh\n",
            "etc/group": "root:x:0:\nbuilder:x:1000:\n",
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    docker("import", "-", IMAGE, input=out.getvalue())
    yield IMAGE
    docker("rmi", "-f", IMAGE)


@pytest.fixture
def server():
    fake = FakeServer()
    yield fake
    fake.close()


class Runner:
    def __init__(self, program, server, state, arguments=(), environment=None):
        self.program, self.server, self.state = program, server, state
        self.arguments, self.environment = list(arguments), environment or {}
        self.errors = open(state.parent / f"{state.name}.log", "ab")
        self.process = None
        self.start()

    def start(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        # Making a build's own network takes a second at start and end; tests/system/walls is about it.
        environment.update({"PENSTOCK_BUILD_NETWORK": "bridge", "AWS_EC2_METADATA_DISABLED": "true", "ASAN_OPTIONS": "abort_on_error=0:exitcode=99"})
        environment.update(self.environment)
        self.process = subprocess.Popen(
            [self.program, "--join", self.server.url, "join-token", "--state", self.state, *self.arguments],
            env=environment, stderr=self.errors, stdout=self.errors)

    def stop(self):
        """Ends it at once and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(60)

    def log(self):
        return pathlib.Path(self.errors.name).read_text()


@pytest.fixture
def start_runner(runner_program, server, tmp_path):
    started = []

    def start(*arguments, environment=None, name="state"):
        runner = Runner(runner_program, server, tmp_path / name, arguments, environment)
        started.append(runner)
        return runner

    yield start
    for runner in started:
        if runner.process.poll() is None:
            assert runner.stop() == 0, runner.log()
    left = docker("ps", "-aq", "--filter", f"label=penstock.runner={server.runner_id}").split()
    if left:
        docker("rm", "-f", *[name.decode() for name in left])
    for runner in started:
        log = runner.log()
        assert not any(word in log for word in ("Sanitizer", "runtime error")), log


@pytest.fixture(scope="session")
def ecs_place(runner_program, tmp_path_factory):
    """For test_ecs*.py."""
    folder = tmp_path_factory.mktemp("ecs")
    place = EcsPlace(lambda server, environment: Runner(runner_program, server, folder / "state", environment=environment))
    yield place
    place.close()


@pytest.fixture
def offer_build(server, image):
    """Queues a build of a buildspec over files."""

    def offer(buildspec, files=None, outputs=("Built",), environment=None, job=None, **build):
        identity = f"shop:{uuid.uuid4()}"
        source = dict(files or {})
        if buildspec is not None:
            source["buildspec.yml"] = buildspec
        message = {
            "id": identity.replace(":", "-"), "provider": "CodeBuild", "category": "Build", "pipeline": "shop",
            "stage": "Build", "action": "Image", "outputs": list(outputs),
            "configuration": {"ProjectName": "shop"},
            "build": {
                "id": identity, "arn": f"arn:aws:codebuild:eu-west-1:123456789012:build/{identity}", "buildNumber": 7,
                "projectName": "shop", "timeoutInMinutes": 5, "initiator": "codepipeline/shop",
                "resolvedSourceVersion": "1234567890123456789012345678901234567890",
                "environment": {"image": image, "computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER",
                                "environmentVariables": [], **(environment or {})},
                "source": {"type": "CODEPIPELINE"}, **build,
            },
        }
        message.update(job or {})
        return server.offer(message, {"App": zip_of(source)})

    return offer
