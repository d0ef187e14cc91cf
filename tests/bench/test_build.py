"""What a build costs over doing the same by hand with docker: three commands, 100 MB of log, a source of 10,000 files.
Ratios of medians, taken in turns. A build's time is the runner's: from the lease (the end of QUEUED) to the result.
"""

import os
import random
import shutil
import statistics
import subprocess
import time

import pytest
from figures import spread, verdict
from stack import events
from stack.cloud import DOCKER

PATIENCE = 300  # seconds; a limit for broken code
IMAGE = "penstock/busybox"
LOG_BYTES = 100_000_000
LINE = "[INFO] compiling module 0123456789 of the application, with nothing remarkable to say about it at all\n"
FILES, FILE_BYTES = 10_000, 20_000


def build_milliseconds(server, project):
    """One build: from its lease to its result, and from there to the end of DOWNLOAD_SOURCE."""
    client = server.client("codebuild")
    build_id = client.start_build(projectName=project)["build"]["id"]

    def look():
        build = client.batch_get_builds(ids=[build_id])["builds"][0]
        return build if build["buildComplete"] else None

    build = events.until(server, look, PATIENCE, "the build")
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    ends = {phase["phaseType"]: phase.get("endTime") for phase in build["phases"]}
    leased = ends["QUEUED"]
    return ((build["endTime"] - leased).total_seconds() * 1000, (ends["DOWNLOAD_SOURCE"] - leased).total_seconds() * 1000, build)


def make_project(server, name, commands, source=None):
    lines = "".join(f"      - {command}\n" for command in commands)
    buildspec = f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}"
    server.client("codebuild").create_project(
        name=name,
        source={"type": "NO_SOURCE", **(source or {}), "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": IMAGE, "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/build",
    )


def docker_run(docker_host, command, output=subprocess.DEVNULL):
    began = time.monotonic()
    subprocess.run([DOCKER, "-H", docker_host, "run", "--rm", IMAGE, "sh", "-c", command], stdout=output, check=True)
    return (time.monotonic() - began) * 1000


def test_three_commands(server, runner, docker_host):
    commands = ["echo one", "echo two", "echo three"]
    make_project(server, "three", commands)
    build_milliseconds(server, "three")
    docker_run(docker_host, "; ".join(commands))
    floor, ours = [], []
    for _ in range(15):
        floor.append(docker_run(docker_host, "; ".join(commands)))
        ours.append(build_milliseconds(server, "three")[0])
    print("\na build of three trivial commands, from lease to result")
    spread("docker run of the same commands (floor)", floor)
    spread("penstock", ours)
    verdict("penstock / docker run, medians", statistics.median(ours) / statistics.median(floor), 1.2)


def test_log(server, runner, docker_host, folder):
    command = f"yes '{LINE[:-1]}' | head -c {LOG_BYTES}"
    make_project(server, "log", [command])
    floor, ours = [], []
    for round_number in range(4):
        with open(folder / "log", "wb") as file:
            by_hand = docker_run(docker_host, command, file)
        assert os.path.getsize(folder / "log") == LOG_BYTES
        taken, _, build = build_milliseconds(server, "log")
        raw = server.request("GET", f"/logs/{build['logs']['streamName']}/raw")
        assert raw.count(LINE.encode()) >= LOG_BYTES // len(LINE)
        if round_number > 0:
            floor.append(by_hand)
            ours.append(taken)
    print("\n100 MB of log, container to the server's disk")
    spread("docker run > file (floor)", floor)
    spread("penstock", ours)
    verdict("penstock / docker run, medians", statistics.median(ours) / statistics.median(floor), 2)


@pytest.fixture
def big_source(folder):
    """10,000 files, 200 MB: words, as sources are, in a hundred folders."""
    source = folder / "big"
    chance = random.Random(1)
    words = [chance.randbytes(chance.randint(2, 6)).hex() for _ in range(5000)]
    for number in range(FILES):
        path = source / f"folder{number % 100}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(" ".join(chance.choices(words, k=10)) for _ in range(250))[:FILE_BYTES].ljust(FILE_BYTES))
    return source


def test_source(server, runner, make_clone, big_source, folder):
    clone = make_clone(server, "big", str(big_source))
    clone.commit("Many files")
    clone.git("push", "--quiet", "origin", "main")
    make_project(server, "big", ["test $(find . -name 'file*.txt' | wc -l) = 10000"], {"type": "CODECOMMIT", "location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/big"})
    build_milliseconds(server, "big")
    floor, ours = [], []
    for _ in range(2):
        target = folder / "by-hand"
        began = time.monotonic()
        subprocess.run(["git", "-C", clone.folder, "archive", "--format=zip", "-o", str(folder / "hand.zip"), "HEAD"], check=True)
        subprocess.run(["unzip", "-q", str(folder / "hand.zip"), "-d", str(target)], check=True)
        floor.append((time.monotonic() - began) * 1000)
        shutil.rmtree(target)
        ours.append(build_milliseconds(server, "big")[1])
    print("\na source of 10,000 files, 200 MB, from a warm mirror into the container")
    spread("git archive and unzip (floor)", floor)
    spread("penstock, from lease to the end of DOWNLOAD_SOURCE", ours)
    verdict("penstock / by hand, medians", statistics.median(ours) / statistics.median(floor), 1.5)
