"""The program, the images that cases build in, and the cases themselves: run side by side, since a build mostly waits."""

import concurrent.futures
import functools
import os
import pathlib
import subprocess
import tempfile
import threading

import pytest

from case import Case

ROOT = pathlib.Path(__file__).resolve().parents[3]
SIDE_BY_SIDE = 6
RUNTIMES_FILE = "/codebuild/image/config/runtimes.yml"
RUNTIMES = """\
version: 0.1
runtimes:
  nodejs:
    versions:
      10:
        commands: ['echo "Installing Node.js version 10 ..."', export NODE=10]
      12:
        commands: ['echo "Installing Node.js version 12 ..."', export NODE=12]
  python:
    versions:
      3.9:
        commands: [export PYTHON=3.9]
      3.10:
        commands: [export PYTHON=3.10]
  java:
    versions:
      corretto8:
        commands: [export JAVA=8]
      corretto11:
        commands: [export JAVA=11]
  android:
    versions:
      28:
        requires: {java: [corretto8]}
        commands: [export ANDROID=28]
  broken:
    versions:
      1:
        commands: [exit 3]
  slow:
    versions:
      1:
        commands: ["echo ready; sleep 100"]
"""


def ask_docker(*arguments, **options):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture(scope="session")
def docker():
    return ask_docker


@pytest.fixture(scope="session")
def runner_program():
    program = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build")) / "runner" / "penstock-runner"
    if not program.exists():
        pytest.skip(f"no {program}; build first, or set PENSTOCK_BUILD")
    return program


@pytest.fixture(scope="session")
def images(tmp_path_factory, docker):
    """Image by the name that cases call it: a function that makes it when the first case wants it."""
    try:
        docker("version")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no Docker engine answers")
    made = []

    @functools.cache
    def base(name):
        subprocess.run([ROOT / "scripts" / "images.sh", "make", tmp_path_factory.mktemp("images"), name], check=True,
                       stdout=subprocess.DEVNULL)
        return f"penstock/{name}"

    @functools.cache
    def runtimes():
        """What AWS's own images carry, over penstock/build."""
        return add_files("runtimes", {RUNTIMES_FILE: RUNTIMES})

    def add_files(name, files):
        image = f"penstock-test/{name}:{os.getpid()}"
        container = docker("create", "--label", "penstock.test=buildspec", base("build"), "true").strip()
        made.append(image)
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                target = pathlib.Path(folder) / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            docker("cp", f"{folder}/.", f"{container}:/")
        docker("commit", container, image)
        docker("rm", container)
        return image

    one_at_a_time = threading.Lock()

    def locked(make, *arguments):
        with one_at_a_time:
            return make(*arguments)

    yield {"build": functools.partial(locked, base, "build"), "busybox": functools.partial(locked, base, "busybox"),
           "runtimes": functools.partial(locked, runtimes)}
    for image in made:
        docker("rmi", "-f", image)


@pytest.fixture(scope="session")
def runs(request, runner_program, images, docker):
    """Name of a case -> its run, begun with the first test: only of the cases that this session was asked for."""
    names = [item.callspec.params["name"] for item in request.session.items
             if getattr(item, "callspec", None) and "runs" in item.fixturenames]
    images["build"]()
    names.sort(key=lambda name: "--timeout" not in Case(name).data.get("arguments", []))  # they only wait: first
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(Case(name).run, runner_program, images, docker) for name in names}
