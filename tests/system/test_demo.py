"""`./demo` itself, after its installing and building: the same commands, with the programs under test."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from stack.sandbox import Sandbox

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(build, folder, docker_host, base_images):
    """demo("run", "--auto") runs a command of the demo; what is left at the end is stopped."""
    state = folder / "demo"

    def run(*arguments, programs=build, stdout=subprocess.PIPE):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1", "DOCKER_HOST": docker_host}
        return subprocess.run([sys.executable, "-m", "demo", str(programs), str(state), *arguments], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=400, check=False, env=environment)

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
    assert "Next: ./demo push" in approved.stdout, "nothing waits any more"

    reader, writer = os.pipe()
    os.close(reader)
    unread = demo("status", stdout=writer)
    os.close(writer)
    assert unread.stderr == "", "whoever reads may stop reading"

    pushed = demo("push", "--auto")
    assert pushed.returncode == 0 and "in both containers" in pushed.stdout, pushed.stdout + pushed.stderr
    assert pushed.stdout.count("✔ Source") == 1 and pushed.stdout.count("✔ Build") == 1, pushed.stdout

    stuck = demo("stuck", "--auto")
    assert stuck.returncode == 0, stuck.stdout + stuck.stderr
    assert stuck.stdout.count("✔ Source") == 1 and stuck.stdout.count("✔ Build") == 1, stuck.stdout
    assert "back on its old task definition" in stuck.stdout and "were answered by the old version" in stuck.stdout

    mine = "label=penstock.runner=" + json.loads((demo.state / "runner" / "runner.json").read_text())["runnerId"]
    sandbox = "label=penstock.sandbox=" + (demo.state / "sandbox" / "id").read_text().strip()
    images = "reference=" + json.loads((demo.state / "demo.json").read_text())["registry"] + "/shop/*"
    assert docker("image", "ls", "--quiet", "--filter", images), "what was built is there"
    assert docker("network", "ls", "--quiet", "--filter", mine), "builds have networks of their own"
    assert docker("ps", "--quiet", "--filter", sandbox), "the service's tasks run"
    stopped = demo("stop")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert not demo.state.exists()
    assert docker("network", "ls", "--quiet", "--filter", mine) + docker("ps", "--all", "--quiet", "--filter", mine) == ""
    assert docker("ps", "--all", "--quiet", "--filter", sandbox) == ""
    assert docker("image", "ls", "--quiet", "--filter", images) == ""
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


def test_a_secret_may_begin_with_anything(folder, docker_host):
    sandbox = Sandbox(str(folder / "sandbox"), docker_host, "AKIAPENSTOCKTEST0002", "-secret")
    sandbox.start()
    sandbox.process.end(60)


def test_a_start_that_fails_names_where_the_log_is(demo, folder):
    server = folder / "programs" / "server" / "penstock-server"
    server.parent.mkdir(parents=True)
    server.write_text("#!/bin/sh\necho 'no room'\nexit 1\n")
    server.chmod(0o755)
    failed = demo("run", programs=folder / "programs")
    kept = demo.state.with_name("demo-failed") / "server.log"
    assert failed.returncode == 1 and failed.stderr == f"demo: starting penstock-server: the program ended: no room (log: '{kept}')\n"
    assert kept.read_text() == "no room\n" and not demo.state.exists()
    stopped = demo("stop")
    assert stopped.returncode == 0 and not kept.parent.exists()
