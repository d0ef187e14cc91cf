"""Ends that take more than a buildspec: an engine that goes away, a registry that does not answer."""

import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

BUILDSPEC = "version: 0.2\nphases: {build: {commands: [\"printf 'ready\\\\nlast bytes'; sleep 300\"], finally: [echo never]}}\n"


class Proxy:
    """A way to the engine that can be cut."""

    def __init__(self, path):
        self.path, self.sockets = path, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))
            self.sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def pass_on(self, one, other):
        try:
            while piece := one.recv(65536):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        self.path.unlink()
        for end in [self.listener, *self.sockets]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


@pytest.fixture
def start(runner_program, images, tmp_path):
    def run(*arguments, buildspec=BUILDSPEC):
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        (source / "buildspec.yml").write_text(buildspec)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PENSTOCK_"))}
        environment.update({"XDG_CACHE_HOME": str(tmp_path / "cache"), "AWS_EC2_METADATA_DISABLED": "true",
                            "PENSTOCK_BUILD_NETWORK": "none", "ASAN_OPTIONS": "abort_on_error=0:exitcode=99"})
        if "--image" not in arguments:
            arguments = [*arguments, "--image", images["build"]()]
        return subprocess.Popen([runner_program, "build", source, "--json", *arguments], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return run


def read_until(process, text):
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def told(process):
    out, log = process.communicate(timeout=60)
    assert "Sanitizer" not in log and "runtime error" not in log, log
    result = json.loads(out)
    phases = [(phase["phaseType"], phase.get("phaseStatus"), phase.get("contexts", [{}])[0].get("statusCode"))
              for phase in result["phases"]]
    return result, phases, log


def test_an_engine_that_goes_away_is_a_fault(start, docker, tmp_path):
    proxy = Proxy(pathlib.Path(tmp_path / "engine.sock"))
    process = start("--docker", f"unix://{proxy.path}")
    log = read_until(process, "ready\n")
    proxy.cut()
    result, phases, rest = told(process)
    claim, = (tmp_path / "cache" / "penstock-runner" / "local").iterdir()
    assert docker("ps", "-aq", "--filter", f"label=penstock.runner={claim.name}").split()
    start("--timeout", "1").communicate()
    assert not docker("ps", "-aq", "--filter", f"label=penstock.runner={claim.name}").split()
    assert result["buildStatus"] == "FAULT" and process.returncode == 1
    assert phases[-2:] == [("BUILD", "FAULT", "INTERNAL_SERVICE_ERROR"), ("COMPLETED", None, None)]
    assert "last bytes" in log + rest and "\nnever" not in rest
    assert "the Docker engine went away" in result["message"]


@pytest.fixture
def silent_registry():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}/silent:1"


def test_a_stop_while_the_image_is_pulled(start, silent_registry):
    process = start("--image", silent_registry)
    read_until(process, "Pulling image")
    process.send_signal(2)
    result, phases, _ = told(process)
    assert result["buildStatus"] == "STOPPED"
    assert phases == [("PROVISIONING", "STOPPED", None), ("COMPLETED", None, None)]


def test_a_timeout_while_the_image_is_pulled(start, silent_registry):
    result, phases, _ = told(start("--image", silent_registry, "--timeout", "1"))
    assert result["buildStatus"] == "TIMED_OUT"
    assert phases == [("PROVISIONING", "TIMED_OUT", "BUILD_TIMED_OUT"), ("COMPLETED", None, None)]


LARGE = """\
version: 0.2
phases: {build: {commands: [truncate -s 6G large]}}
artifacts: {files: [large]}
"""


def test_a_stop_while_a_large_file_is_copied_out(start, tmp_path):
    process = start(buildspec=LARGE)
    copies = tmp_path / "cache" / "penstock-runner" / "work"
    while process.poll() is None and not list(copies.glob("*/tree-*/**/large")):
        time.sleep(0.01)
    process.send_signal(2)
    result, phases, _ = told(process)
    assert result["buildStatus"] == "STOPPED" and result["message"] == "the build was stopped and its container is dead"
    assert phases[-2:] == [("UPLOAD_ARTIFACTS", "STOPPED", None), ("COMPLETED", None, None)]


SETS = """\
version: 0.2
phases: {build: {commands: [mkdir d, echo 1 > d/one, echo 2 > two]}}
artifacts:
  files: [two]
  secondary-artifacts:
    first: {files: ["**/*"], base-directory: d}
    second: {files: [two], base-directory: "$(echo ready >&2; sleep 100)"}
"""


def test_a_set_that_is_packed_leaves_nothing_on_the_runner(start, tmp_path):
    process = start(buildspec=SETS)
    log = read_until(process, "ready\n")
    job, = (tmp_path / "cache" / "penstock-runner" / "work").iterdir()
    left = [path.name for path in job.iterdir() if path.name.startswith(("tree-", "output-"))]
    process.send_signal(2)
    _, _, rest = told(process)
    assert log.count("Found 1 file(s)") == 2 and not left, (left, log + rest)
