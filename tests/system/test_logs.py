"""Logs from a build to the server's disk: a secret that comes letter by letter, and a log that is too long."""

import base64
import uuid

import pytest
from penstock_under_test import describe, load_pipeline, push, read_log, wait_for_end
from stack import cloud
from stack.events import action

PIPELINE = """
name: talk
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: talk, BranchName: main}, outputArtifacts: [App]}
  - name: Test
    actions:
      - name: Say
        provider: Commands
        inputArtifacts: [App]
        commands: ['COMMAND']
        environmentVariables: [{name: SECRET, value: NAME, type: SECRETS_MANAGER}]
"""
SECRET = "letter'by letter&even \"so\""


@pytest.fixture
def say(aws, make_server, make_runner, make_clone, tmp_path):
    """say(command) runs a shell script as a Commands action; (detail, its log)."""
    name = f"talk/{uuid.uuid4().hex}"
    cloud.Cloud(aws).client("secretsmanager").create_secret(Name=name, SecretString=SECRET)
    server = make_server(start=False)
    server.environment["PENSTOCK_LOG_LIMIT"] = "2"
    server.start()
    make_runner(server, PENSTOCK_COMMANDS_IMAGE="penstock/busybox")
    clone = make_clone(server, "talk", str(tmp_path))

    def run(script):
        (tmp_path / "script").write_text(script)
        clone.write("script", script)
        load_pipeline(server, "talk.yml", PIPELINE.replace("COMMAND", "sh ./script").replace("NAME", name))
        detail = wait_for_end(server, "talk", push(clone, "talk")[1])
        assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
        return "\n".join(read_log(server, action(detail, "Test", "Say")["log"]["logId"]))

    return run


LETTERS = """
left=$SECRET
while [ -n "$left" ]; do
    rest=${left#?}
    printf %s "${left%"$rest"}"
    left=$rest
    usleep 20000
done
echo " <- with pauses"
printf 'x%s' "$SECRET" | base64
printf '%s' "$SECRET" | sed 's/%/%25/g; s/ /%20/g; s/"/%22/g; s/&/%26/g; s/'"'"'/%27/g'; echo " <- for an address"
set -x; : "$SECRET"
"""


def test_a_secret_in_pieces_and_in_other_forms(say):
    log = say(LETTERS)
    assert "*** <- with pauses" in log and "*** <- for an address" in log
    assert SECRET not in log and SECRET[:6] not in log and base64.b64encode(b"x" + SECRET.encode()).decode()[4:20] not in log


def test_a_log_past_its_limit_says_so_and_harms_nobody(say):
    log = say("head -c 500000 /dev/zero | tr '\\000' x; echo; yes 'one more line' | head -c 20000000; echo never shown")
    lines = log.split("\n")
    assert lines[-1] == "[penstock] this log is larger than 2 MiB; what follows was not kept" and "never shown" not in log
    # An endless line is cut where docs/doors.md says.
    assert max(len(line) for line in lines) == 65536 and len(log) < 3_000_000
