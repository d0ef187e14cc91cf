"""The program, the images that cases build in, and the cases themselves: run side by side, since a build mostly waits."""

import concurrent.futures
import functools
import os
import pathlib
import subprocess

import pytest

from case import Case

ROOT = pathlib.Path(__file__).resolve().parents[3]
SIDE_BY_SIDE = 4


def docker(*arguments, **options):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture(scope="session")
def runner_program():
    program = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build")) / "runner" / "penstock-runner"
    if not program.exists():
        pytest.skip(f"no {program}; build first, or set PENSTOCK_BUILD")
    return program


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    """Image by the name that cases call it: a function that makes it when the first case wants it."""
    try:
        docker("version")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no Docker engine answers")
    made = []

    @functools.cache
    def build():
        subprocess.run([ROOT / "scripts" / "images.sh", "make", tmp_path_factory.mktemp("images"), "build"], check=True)
        return "penstock/build"

    yield {"build": build}
    for image in made:
        docker("rmi", "-f", image)


@pytest.fixture(scope="session")
def runs(request, runner_program, images):
    """Name of a case -> its run, begun with the first test: only of the cases that this session was asked for."""
    names = [item.callspec.params["name"] for item in request.session.items
             if getattr(item, "callspec", None) and "runs" in item.fixturenames]
    images["build"]()
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {name: pool.submit(Case(name).run, runner_program, images, docker) for name in names}
