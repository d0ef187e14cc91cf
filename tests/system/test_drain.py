"""SIGTERM loses nothing: what was answered is there, who waits is told when to come again, work is finished or given back."""

import http.client
import json
import signal
import sqlite3
import threading
import urllib.parse
import uuid

import botocore.exceptions
import pytest
from penstock_under_test import containers_begun, describe, load_pipeline, newest_execution, push, read_log, wait_for_action, wait_for_end
from stack import processes
from stack.events import action, until

WAITERS = 40
STARTED = """
name: started
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: started, BranchName: main}, outputArtifacts: [App]}
  - name: Look
    actions:
      - {name: Look, provider: Manual}
"""
BUILD = """
name: patient
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: patient, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Wait, provider: CodeBuild, configuration: {ProjectName: patient}, inputArtifacts: [App]}
projects:
  patient:
    environment: {image: penstock/busybox}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - hostname
              - echo begun
              - until [ -e /tmp/go-on ]; do sleep 0.2; done
"""


def rows(server, statement):
    connection = sqlite3.connect(f"file:{server.folder}/penstock.db?mode=ro", uri=True, timeout=60)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


# The server


def test_who_waits_is_told_when_to_come_again(server):
    token = server.call("CreateJoinToken")["token"]
    address = urllib.parse.urlsplit(server.url).netloc
    joined = json.loads(server.send("POST", "/runner/join", json.dumps({"joinToken": token, "name": "hand", "version": "0"}).encode(), {"Content-Type": "application/json"})[2])
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {joined['token']}"}
    waiting = [http.client.HTTPConnection(address, timeout=30) for _ in range(WAITERS)]
    for connection in waiting:
        connection.request("POST", "/runner/lease", json.dumps({"claimId": str(uuid.uuid4()), "providers": ["ECS"], "waitSeconds": 25}), headers)
    server.call("GetOverview")  # by then the questions before it have been read
    server.process.signal(signal.SIGTERM)
    for connection in waiting:
        answer = connection.getresponse()
        assert answer.status == 503, answer.read()
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        connection.close()
    assert server.process.wait(60)
    assert server.process.exit_code == 0


def test_what_was_answered_before_the_end_is_there(server):
    server.client("codecommit").create_repository(repositoryName="started")
    load_pipeline(server, "started.yml", STARTED)
    answered, enough = [], threading.Event()

    def send():
        client = server.client("codepipeline")
        while True:
            try:
                answered.append(client.start_pipeline_execution(name="started")["pipelineExecutionId"])
            except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
                return
            if len(answered) >= 100:
                enough.set()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    assert enough.wait(60)
    server.process.signal(signal.SIGTERM)
    for sender in senders:
        sender.join()
    assert server.process.wait(60)
    assert server.process.exit_code == 0
    there = {execution for (execution,) in rows(server, "SELECT uuid FROM executions")}
    assert [execution for execution in answered if execution not in there] == []
    server.start()


def slow_git(folder, when):
    """A PATH whose git waits, in calls for which the shell's condition `when` holds, until a file appears: (PATH, that
    file, a file that shows that it waits)."""
    go, waits = folder / "go", folder / "waits"
    programs = folder / "programs"
    programs.mkdir()
    script = programs / "git"
    script.write_text(f'#!/bin/sh\nif {when}; then touch "{waits}"; until [ -e "{go}" ]; do sleep 0.05; done; fi\nexec /usr/bin/git "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return f"{programs}:/usr/bin:/bin", go, waits


PUSHES = '[ "$1" = http-backend ] && [ "$REQUEST_METHOD" = POST ] && [ "${PATH_INFO%git-receive-pack}" != "$PATH_INFO" ]'


@pytest.fixture
def slow_push(make_server, make_clone, folder):
    """(server, clone, the push under way that waits, the file that lets it go on)."""
    server = make_server(start=False)
    server.environment["PATH"], go, waits = slow_git(folder, PUSHES)
    server.start()
    (folder / "source").mkdir()
    clone = make_clone(server, "started", str(folder / "source"))
    load_pipeline(server, "started.yml", STARTED)
    clone.commit("First", allow_empty=True)
    outcome = []

    def attempt():
        try:
            outcome.append(clone.push())
        except processes.Failure as failure:
            outcome.append(failure)

    thread = threading.Thread(target=attempt)
    thread.start()
    processes.wait_until(waits.exists, 20, "the push to begin", log=server.log)
    yield server, clone, lambda: (thread.join(), outcome[0])[1], go
    go.touch()
    thread.join()


def test_a_second_sigterm_ends_the_server_at_once(slow_push):
    server, _, pushed, go = slow_push
    server.process.signal(signal.SIGTERM)
    processes.wait_until(lambda: "stopping" in open(server.log, encoding="utf-8").read(), 10, "the server to stop", log=server.log)
    assert server.process.is_alive(), "it waits for the push"
    server.process.signal(signal.SIGTERM)
    assert server.process.wait(60)
    assert server.process.exit_code == -signal.SIGTERM
    assert isinstance(pushed(), processes.Failure)
    go.touch()


def test_a_push_that_outlives_its_server_is_found(slow_push):
    """git goes on when the server is killed, and takes the push after the next server has looked for pushes. Who pushes
    again is told that everything is up to date; then it must have been seen."""
    server, clone, pushed, go = slow_push
    before = newest_execution(server, "started")
    server.process.kill()
    assert isinstance(pushed(), processes.Failure)
    server.start()
    go.touch()
    commit = clone.git("rev-parse", "HEAD").strip()
    references = f"{server.folder}/repositories/started.git/refs/heads/main"

    def taken():
        try:
            with open(references, encoding="utf-8") as file:
                return file.read().strip() == commit
        except FileNotFoundError:
            return False

    processes.wait_until(taken, 20, "the push to be taken by the git that was left", log=server.log)
    assert clone.push() == commit
    assert newest_execution(server, "started") != before
    assert rows(server, f"SELECT count(*) FROM source_revisions WHERE asked = '{commit}'") == [(1,)]


# Runners


@pytest.fixture
def source(folder):
    path = folder / "source"
    path.mkdir()
    return str(path)


def begun(server, execution_id, not_in=None):
    """The name of the container in which the build has begun."""

    def name(one):
        found = containers_begun(read_log(server, one["log"]["logId"]) if one.get("log") else [])
        return found[-1] if found and found[-1] != not_in else None

    return name(wait_for_action(server, "patient", execution_id, "Build", "Wait", name, "the build to begin"))


@pytest.fixture
def building(server, make_clone, source):
    """building() pushes, waits until the build has begun, and gives (execution id, container)."""
    load_pipeline(server, "patient.yml", BUILD)
    clone = make_clone(server, "patient", source)

    def build():
        _, execution_id = push(clone, "patient")
        return execution_id, begun(server, execution_id)

    return build


def test_what_was_offered_and_not_read_goes_back(server, runner, make_runner, make_clone, source):
    clone = make_clone(server, "started", source)
    clone.commit("First", allow_empty=True)
    clone.push()
    runner.process.signal(signal.SIGSTOP)
    load_pipeline(server, "started.yml", STARTED)
    execution_id = server.client("codepipeline").start_pipeline_execution(name="started")["pipelineExecutionId"]
    processes.wait_until(lambda: rows(server, "SELECT 1 FROM jobs WHERE state = 'offered'"), 20, "the offer", log=server.log)
    runner.process.signal(signal.SIGTERM)
    runner.process.signal(signal.SIGCONT)
    assert runner.process.wait(60)
    assert runner.process.exit_code == 0
    assert "gave back a job that was not begun" in open(runner.log, encoding="utf-8").read()
    assert rows(server, "SELECT state, attempts FROM jobs") == [("queued", 0)]
    make_runner(server, "other")
    wait_for_action(server, "started", execution_id, "Source", "App", lambda one: one.get("status") == "Succeeded", "the source")


def test_sigterm_lets_a_build_end(server, runner, building, docker):
    execution_id, container = building()
    runner.process.signal(signal.SIGTERM)
    deadline = rows(server, "SELECT max(deadline_boot_ms) FROM jobs")
    until(server, lambda: rows(server, "SELECT max(deadline_boot_ms) FROM jobs") != deadline, 30, "a heartbeat while it drains")
    assert runner.process.is_alive()
    docker("exec", container, "touch", "/tmp/go-on")
    assert runner.process.wait(30)
    assert runner.process.exit_code == 0
    detail = wait_for_end(server, "patient", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)


def test_a_second_sigterm_cancels_the_build(server, runner, building, docker):
    execution_id, container = building()
    runner.process.signal(signal.SIGTERM)
    processes.wait_until(lambda: "ending when" in open(runner.log, encoding="utf-8").read(), 10, "the first", log=runner.log)
    runner.process.signal(signal.SIGTERM)
    assert runner.process.wait(30)
    assert runner.process.exit_code == 0
    assert docker("ps", "--quiet", "--filter", f"id={container}") == ""
    detail = wait_for_end(server, "patient", execution_id)
    assert detail["execution"]["status"] == "Failed"
    assert action(detail, "Build", "Wait")["errorMessage"] == "the runner was stopped while it worked on this"


def test_after_the_grace_another_runner_builds(server, make_runner, building, docker):
    first = make_runner(server, "first", PENSTOCK_GRACE="1")
    execution_id, container = building()
    other = make_runner(server, "other")
    first.process.signal(signal.SIGTERM)
    assert first.process.wait(40)
    assert first.process.exit_code == 0
    assert docker("ps", "--quiet", "--filter", f"id={container}") == ""
    again = begun(server, execution_id, not_in=container)
    docker("exec", again, "touch", "/tmp/go-on")
    detail = wait_for_end(server, "patient", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    assert action(detail, "Build", "Wait")["runner"] == other.name
