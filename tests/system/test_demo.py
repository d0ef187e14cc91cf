"""`./demo` itself, after its installing and building: the same commands, with the programs under test."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(build, folder, docker_host, base_images):
    """demo("run", "--auto") runs a command of the demo; what is left at the end is stopped."""
    state = folder / "demo"

    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1", "DOCKER_HOST": docker_host}
        return subprocess.run([sys.executable, "-m", "demo", str(build), str(state), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False, env=environment)

    run.state = state
    yield run
    run("stop")


def test_the_demo_from_begin_to_end(demo, docker):
    first = demo("run")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "✔ Source" in first.stdout and "✔ Build" in first.stdout and "./demo approve" in first.stdout
    assert "/sign-in?token=" in first.stdout

    again = demo("run")
    assert again.returncode == 0 and "the demo is running already" in again.stdout

    approved = demo("approve")
    assert approved.returncode == 0 and "✔ Release" in approved.stdout, approved.stdout + approved.stderr

    pushed = demo("push", "--auto")
    assert pushed.returncode == 0 and "in both containers" in pushed.stdout, pushed.stdout + pushed.stderr

    stuck = demo("stuck", "--auto")
    assert stuck.returncode == 0, stuck.stdout + stuck.stderr
    assert "back on its old task definition" in stuck.stdout and "were answered by the old version" in stuck.stdout

    stopped = demo("stop")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert not demo.state.exists()
    assert docker("ps", "--all", "--quiet", "--filter", "label=com.amazonaws.ecs.cluster=prod") == ""
    assert docker("image", "ls", "--quiet", "--filter", "label=penstock.demo=shop", "--filter", "reference=*/shop/*") == ""
    assert not [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(demo.state).encode() in read(path)]


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_commands_that_need_a_running_demo(demo):
    for command in ("approve", "push", "status"):
        result = demo(command)
        assert result.returncode == 1 and result.stderr == "demo: the demo is not running: start it with ./demo\n"
    stopped = demo("stop")
    assert stopped.returncode == 0 and "there is no demo" in stopped.stdout
