"""Fixtures: a running sandbox, a busybox image made here, that image pushed, and an application.

Without a Docker engine the tests are skipped.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid

import pytest
from scripted_under_test import ScriptedService
from sandbox_under_test import BUSYBOX, DOCKER, ENGINE, SERVER, Application, RunningSandbox, docker


@pytest.fixture(scope="session")
def engine():
    """Skips where there is no Docker engine."""
    path = ENGINE[len("unix://"):] if ENGINE.startswith("unix://") else None
    if path is None:
        pytest.skip(f"the sandbox needs a Docker engine on a unix socket, DOCKER_HOST is '{ENGINE}'")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            pytest.skip(f"no Docker engine at '{ENGINE}': {error}")
    if not os.access(BUSYBOX, os.X_OK) or b"statically" not in subprocess.run(["file", BUSYBOX], capture_output=True).stdout:
        if subprocess.run(["dpkg", "-s", "busybox-static"], capture_output=True).returncode != 0:
            pytest.skip("busybox-static is not installed")
    return ENGINE


@pytest.fixture(scope="session")
def base_image(engine):
    """An image made of /bin/busybox alone."""
    name = f"penstock-sandbox-test:{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "bin"))
        os.makedirs(os.path.join(folder, "tmp"))
        shutil.copy(BUSYBOX, os.path.join(folder, "bin", "busybox"))
        for applet in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
            if applet != "busybox":
                os.symlink("busybox", os.path.join(folder, "bin", applet))
        tar = subprocess.run(["tar", "-C", folder, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run([DOCKER, "-H", engine, "import", "-", name], input=tar, check=True, capture_output=True)
    yield name
    docker("rmi", "-f", name)


@pytest.fixture(scope="session")
def sandbox(engine):
    """One sandbox for all tests that share it well; each uses names of its own."""
    folder = tempfile.mkdtemp(prefix="sandbox-")
    running = RunningSandbox(folder).start()
    yield running
    assert running.stop() == 0
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def scripted():
    """One sandbox in scripted mode; it needs no Docker engine.  Its time goes on for all tests that share it."""
    folder = tempfile.mkdtemp(prefix="sandbox-")
    running = RunningSandbox(folder).start("--scripted")
    yield running
    assert running.stop() == 0
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def end_scripted_services():
    """Services that crash for ever would make time pass slowly for the tests to come."""
    yield
    ScriptedService.end_all()


@pytest.fixture(scope="session")
def pushed_image(sandbox, base_image, tmp_path_factory):
    """The server image in the sandbox's registry; its whole name."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "server").write_text(SERVER)
    (folder / "server").chmod(0o755)
    (folder / "Dockerfile").write_text(f"FROM {base_image}\nCOPY server /bin/server\nENV PATH=/bin\nCMD [\"/bin/server\"]\n")
    name = f"{sandbox.registry}/server:1"
    sandbox.client("ecr").create_repository(repositoryName="server")
    docker("build", "-q", "-t", name, str(folder), env={"DOCKER_BUILDKIT": "0"})
    configuration = sandbox.login(str(folder / "docker"))
    docker("--config", configuration, "push", "-q", name)
    docker("rmi", name)
    return name


@pytest.fixture
def application(sandbox, pushed_image):
    made = Application(sandbox, pushed_image, f"app-{uuid.uuid4().hex[:10]}")
    yield made
    made.remove()
