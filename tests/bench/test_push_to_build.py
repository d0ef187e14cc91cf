"""From the moment that the server has accepted a push (its HTTP reply) to the first command of the build, against
`docker run` of the same command. The two are measured in turns, so that a busy moment of the machine hits both.
"""

import datetime
import os
import re
import statistics
import subprocess
import time

from figures import spread, verdict
from penstock_under_test import describe, load_pipeline, newest_execution, read_log, wait_for_end
from stack import processes
from stack.cloud import DOCKER
from stack.events import action

ROUNDS = 15
# busybox's date knows no fractions of a second; adjtimex does.
TELL_TIME = "adjtimex | sed -n 's/.*tv_sec: */at /p; s/.*tv_usec: */and /p'"
PIPELINE = f"""
name: quick
stages:
  - name: Source
    actions:
      - {{name: App, provider: CodeCommit, configuration: {{RepositoryName: quick, BranchName: main}}, outputArtifacts: [App]}}
  - name: Build
    actions:
      - {{name: Tell, provider: CodeBuild, configuration: {{ProjectName: quick}}, inputArtifacts: [App]}}
projects:
  quick:
    environment: {{image: penstock/busybox}}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - |
                {TELL_TIME}
"""


def told_time(text):
    seconds = re.search(r"^at (\d+)$", text, re.MULTILINE).group(1)
    return int(seconds) + int(re.search(r"^and (\d+)$", text, re.MULTILINE).group(1)) / 1e6


def docker_run(docker_host):
    """Milliseconds from starting `docker run` to its command."""
    began = time.time()
    output = subprocess.run([DOCKER, "-H", docker_host, "run", "--rm", "penstock/busybox", "sh", "-c", TELL_TIME], capture_output=True, text=True, check=True).stdout
    return (told_time(output) - began) * 1000


def push(clone):
    """Push, and return the moment that the server's reply to it began to arrive."""
    environment = {**os.environ, "GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1", "GIT_TERMINAL_PROMPT": "0"}
    trace = subprocess.run(["git", "-C", clone.folder, "push", "origin", "main"], env=environment, capture_output=True, text=True, check=True).stderr
    replies = re.findall(r"^(\d\d:\d\d:\d\d\.\d+) .*<= Recv header:? HTTP/1\.1 200", trace, re.MULTILINE)
    return datetime.datetime.combine(datetime.date.today(), datetime.time.fromisoformat(replies[-1])).timestamp()


def penstock_push(server, clone):
    clone.commit("Again", allow_empty=True)
    before = newest_execution(server, "quick")
    accepted = push(clone)
    execution_id = processes.wait_until(lambda: (now := newest_execution(server, "quick")) != before and now, 20, "the push to start the pipeline")
    detail = wait_for_end(server, "quick", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    return (told_time("\n".join(read_log(server, action(detail, "Build", "Tell")["log"]["logId"]))) - accepted) * 1000


def test_push_to_first_command(server, runner, make_clone, docker_host, tmp_path):
    load_pipeline(server, "quick.yml", PIPELINE)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "README").write_text("small\n")
    clone = make_clone(server, "quick", str(tmp_path / "source"))
    penstock_push(server, clone)
    docker_run(docker_host)
    floor, ours = [], []
    for _ in range(ROUNDS):
        floor.append(docker_run(docker_host))
        ours.append(penstock_push(server, clone))
    print("\npush accepted -> first command of the build")
    spread("docker run of the same command (floor)", floor)
    spread("penstock", ours)
    verdict("penstock / docker run, medians", statistics.median(ours) / statistics.median(floor), 1.3)
