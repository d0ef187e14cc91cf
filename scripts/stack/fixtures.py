"""pytest fixtures of the end-to-end tests and the benchmarks: a Docker engine, the sandbox, and Penstock's own programs
from PENSTOCK_BUILD.

Everything gets free ports and folders of its own. Whatever was started is ended by its process id, and a program that
printed a sanitizer's report fails the test that used it.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import pytest

from stack import cloud, processes
from stack.application import Clone
from stack.runner import Runner
from stack.sandbox import Sandbox
from stack.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


@pytest.fixture(scope="session")
def build():
    """The folder with the programs."""
    folder = os.environ.get("PENSTOCK_BUILD")
    if not folder:
        pytest.fail("PENSTOCK_BUILD names no build folder: run these tests with './check system'")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def docker_host():
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


@pytest.fixture(scope="session")
def docker(docker_host):
    """docker("ps", "-q") runs the docker command line and returns its output."""

    def run(*arguments):
        return processes.run([cloud.DOCKER, *arguments], {**os.environ, "DOCKER_HOST": docker_host})

    return run


@pytest.fixture(scope="session")
def base_images(docker_host):
    processes.run([str(ROOT / "scripts" / "images.sh"), "make", str(ROOT / "build" / "images")], {**os.environ, "DOCKER_HOST": docker_host})


@pytest.fixture(scope="session")
def session_folder():
    # Short, because sockets lie below it.
    folder = tempfile.mkdtemp(prefix="penstock-")
    yield pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder():
    """A test's own folder, short enough for sockets; kept when the test fails, so that logs can be read."""
    made = tempfile.mkdtemp(prefix="penstock-")
    yield pathlib.Path(made)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def aws(session_folder, docker_host, base_images, docker):
    """The sandbox, shared by all tests; each uses names of its own."""
    sandbox = Sandbox(str(session_folder / "sandbox"), docker_host, "AKIAPENSTOCKTEST0001", uuid.uuid4().hex)
    sandbox.start()
    registry = sandbox.registry
    yield sandbox
    sandbox.process.end(60)
    images = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{registry}/*/*/*").split()
    if images:
        docker("image", "rm", "--force", *images)
    docker("image", "prune", "--force", "--filter", "label=penstock.demo=shop")


@pytest.fixture
def programs():
    """Those started in a test, ended after it, newest first. Add with programs.append(...)."""
    started = []
    yield started
    for program in reversed(started):
        if program.process:
            program.process.end(20)
    for program in started:
        text = pathlib.Path(program.log).read_text(encoding="utf-8", errors="replace") if os.path.exists(program.log) else ""
        assert not any(report in text for report in REPORTS), text[-6000:]


@pytest.fixture
def make_server(build, folder, programs):
    """make_server() starts a server with a pipelines folder of its own; make_server(start=False) leaves that to you."""

    def make(name="server", start=True):
        pipelines = folder / f"{name}-pipelines"
        pipelines.mkdir()
        server = Server(str(build / "server" / "penstock-server"), str(folder / name), str(pipelines))
        programs.append(server)
        if start:
            server.start()
        return server

    return make


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def make_runner(build, folder, docker_host, aws, programs):
    def make(server, name="runner", start=True, **environment):
        # Making a build's own network takes a second at start and end; the main job and tests/system/walls have it.
        environment = {"PENSTOCK_BUILD_NETWORK": os.environ.get("PENSTOCK_BUILD_NETWORK", "bridge"), **environment}
        runner = Runner(str(build / "runner" / "penstock-runner"), str(folder / name), server, docker_host, {**aws.environment, **environment}, name)
        programs.append(runner)
        if start:
            runner.start()
        return runner

    return make


@pytest.fixture
def runner(make_runner, server):
    return make_runner(server)


@pytest.fixture
def penstock(build, server):
    """penstock("status", "shop") runs the command line as the server's admin: a finished process with text output."""

    def run(*arguments, environment=None):
        return subprocess.run([str(build / "cli" / "penstock"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "PENSTOCK_CONFIG": server.config, **(environment or {})})

    return run


@pytest.fixture
def make_clone(folder):
    """make_clone(server, "shop", source) is a developer's folder with a repository that the server hosts."""

    def make(server, repository="shop", source=str(ROOT / "examples" / "shop")):
        server.client("codecommit").create_repository(repositoryName=repository)
        clone = Clone(str(folder / f"clone-{repository}"), server, repository, source)
        clone.make()
        return clone

    return make
