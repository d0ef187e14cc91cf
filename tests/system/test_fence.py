"""A runner that was replaced and wakes up: whatever it still says is refused, and nothing of it is written."""

import hashlib
import json
import pathlib
import sqlite3
import uuid

import pytest
from penstock_under_test import load_pipeline, push

# What goes on by itself while nobody says anything about the job: leases are extended, runners are seen.
MOVING = ("jobs.deadline_boot_ms", "runners.seen_ms")
PIPELINE = """
name: fenced
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: fenced, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Wait, provider: CodeBuild, configuration: {ProjectName: fenced}, inputArtifacts: [App], outputArtifacts: [Out]}
projects:
  fenced:
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
              - echo made > result.txt
        artifacts:
          files: result.txt
"""


def dump(server):
    """Every row of every table, and every log's and artifact's bytes by their hash."""
    connection = sqlite3.connect(f"file:{server.folder}/penstock.db?mode=ro", uri=True, timeout=60)
    found = {}
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if f"{table}.{row[1]}" not in MOVING]
            found[table] = sorted(connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall(), key=repr)
    finally:
        connection.close()
    for folder in ("logs", "artifacts"):
        files = [path for path in pathlib.Path(server.folder, folder).rglob("*") if path.is_file()]
        found[folder] = sorted((str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files)
    return found


def difference(before, after):
    return {name: (before.get(name), after.get(name)) for name in before | after if before.get(name) != after.get(name)}


@pytest.fixture
def started(server, make_clone, folder):
    """started() pushes; the execution's id."""
    (folder / "source").mkdir()
    load_pipeline(server, "fenced.yml", PIPELINE)
    clone = make_clone(server, "fenced", str(folder / "source"))
    return lambda: push(clone, "fenced")[1]


def test_every_late_message_is_refused(server, started):
    """By hand, so that each message is sent: the job's holder is replaced by the next process of the same runner."""

    def send(method, path, body, runner_token=None, **headers):
        if runner_token:
            headers["Authorization"] = f"Bearer {runner_token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, answer = server.send(method, path, data, headers)
        return status, json.loads(answer) if answer else None

    joined = send("POST", "/runner/join", {"joinToken": server.call("CreateJoinToken")["token"], "name": "hand", "version": "0"})[1]
    token = joined["token"]

    def hello():
        assert send("POST", "/runner/hello", {"instanceId": str(uuid.uuid4()), "version": "0"}, token)[0] == 200

    hello()
    started()
    status, job = send("POST", "/runner/lease", {"claimId": str(uuid.uuid4()), "providers": ["CodeCommit"], "waitSeconds": 20}, token)
    assert status == 200
    door, fence = f"/runner/jobs/{job['id']}", job["token"]
    assert send("POST", f"{door}/acknowledge", {"token": fence}, token)[0] == 200
    assert send("POST", f"{door}/log?token={fence}&offset=0", b"in time\n", token)[0] == 200
    hello()
    before = dump(server)
    zip_bytes = b"PK\x05\x06" + b"\0" * 18
    late = {
        "acknowledge": ("POST", {"token": fence}),
        "return": ("POST", {"token": fence}),
        "heartbeat": ("POST", {"token": fence, "waitSeconds": 0, "cancelSeen": False}),
        f"log?token={fence}&offset=8": ("POST", b"too late\n"),
        "checkpoint": ("POST", {"token": fence, "checkpoint": {"late": True}}),
        "progress": ("POST", {"token": fence, "percent": 50, "summary": "late"}),
        f"artifacts/App?token={fence}": ("PUT", zip_bytes),
        "result": ("POST", {"token": fence, "outcome": "succeeded"}),
    }
    for name, (method, body) in late.items():
        headers = {"X-Penstock-Sha256": hashlib.sha256(zip_bytes).hexdigest()} if method == "PUT" else {}
        status, answer = send(method, f"{door}/{name}", body, token, **headers)
        assert (status, answer["__type"]) == (409, "StaleTokenException"), (name, status, answer)
        assert difference(before, dump(server)) == {}, name
