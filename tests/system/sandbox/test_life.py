"""Start and end of the program: what it leaves behind (nothing), and how it says that it cannot start."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest
from sandbox_under_test import ENGINE, KEY, NETWORK, PYTHON, ROOT, SECRET, RunningSandbox, docker, eventually


@pytest.fixture
def own(engine):
    """A sandbox for this test alone."""
    folder = tempfile.mkdtemp(prefix="sandbox-")
    running = RunningSandbox(folder)
    yield running
    if running.process and running.process.poll() is None:
        assert running.stop() == 0
    shutil.rmtree(folder)


def left_behind(identity):
    """Everything on the engine that carries the label or the registry's name."""
    label = f"label=penstock.sandbox={identity}"
    found = docker("ps", "-aq", "--filter", label).split() + docker("network", "ls", "-q", "--filter", label).split() + docker("volume", "ls", "-q", "--filter", label).split()
    return found + [line for line in docker("images", "--format", "{{.Repository}}:{{.Tag}}").split() if identity in line]


def run_a_service(sandbox, base_image, folder):
    """Push an image and start a service of two tasks with a volume; returns when both run."""
    ecr, ecs = sandbox.client("ecr"), sandbox.client("ecs")
    ecr.create_repository(repositoryName="sleeper")
    name = f"{sandbox.registry}/sleeper:1"
    docker("tag", base_image, name)
    docker("--config", sandbox.login(str(folder / "docker")), "push", "-q", name)
    docker("rmi", name)
    ecs.create_cluster(clusterName="c")
    container = {"name": "a", "image": name, "memory": 16, "command": ["/bin/sleep", "1000"], "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}
    ecs.register_task_definition(family="f", networkMode="awsvpc", containerDefinitions=[container], volumes=[{"name": "v"}])
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=2, networkConfiguration=NETWORK)
    eventually(lambda: ecs.describe_services(cluster="c", services=["s"])["services"][0]["runningCount"] == 2, "two tasks run")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_cleans_everything(own, base_image, tmp_path, number):
    own.start()
    run_a_service(own, base_image, tmp_path)
    assert len(left_behind(own.identity)) >= 8  # two tasks of two containers, network, two volumes, image
    registry = own.registry
    assert own.stop(number) == 0
    assert left_behind(own.identity) == []
    assert registry not in docker("images", "--digests", "--format", "{{.Repository}}")
    assert not os.path.exists(os.path.join(own.folder, "endpoints.json"))
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(registry.rpartition(":")[2])), 1)


def test_start_clears_what_a_killed_one_left(own, base_image, tmp_path):
    own.start()
    run_a_service(own, base_image, tmp_path)
    registry_socket = os.path.join(own.folder, "registry", "socket")
    own.stop(signal.SIGKILL)
    before = left_behind(own.identity)
    assert len(before) >= 8
    own.start()
    assert not set(before) & set(left_behind(own.identity)) - {f"penstock-sandbox-pause:{own.identity}"}
    assert own.client("ecs").list_clusters()["clusterArns"] == []
    eventually(lambda: len(processes_with(os.path.dirname(registry_socket))) == 1, "the killed one's docker-registry ends, too")


def processes_with(text):
    """The processes whose command line has that text in it."""
    return subprocess.run(["pgrep", "-f", text], capture_output=True, text=True).stdout.split()


def start_failing(*arguments):
    command = [PYTHON, "-m", "sandbox", "--access-key", KEY, "--secret-key", SECRET, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("sandbox: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_no_docker(tmp_path):
    assert "no Docker engine answers at 'unix:///no/such.sock'" in start_failing("--state", str(tmp_path), "--docker", "unix:///no/such.sock")
    assert "is no Docker engine on this machine" in start_failing("--state", str(tmp_path), "--docker", "tcp://example.com:2375")


def test_port_taken(engine, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in start_failing("--state", str(tmp_path), "--docker", ENGINE, "--port", str(port))
    with open(tmp_path / "id", encoding="utf-8") as file:
        assert left_behind(file.read().strip()) == []


def test_state_in_use(own):
    own.start()
    assert "another sandbox runs with --state" in start_failing("--state", own.folder, "--docker", ENGINE)
    own.client("sts").get_caller_identity()


def test_state_that_cannot_be_used(engine):
    assert "cannot use '/proc/nowhere'" in start_failing("--state", "/proc/nowhere", "--docker", ENGINE)
