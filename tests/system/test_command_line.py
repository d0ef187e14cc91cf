"""`penstock` as people and scripts use it: words, JSON, exit codes."""

import json
import os
import pathlib

import pytest
from penstock_under_test import load_pipeline, newest_execution, push, wait_for_approval
from stack import cloud

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINE = """
name: small
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: small, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Say, provider: CodeBuild, configuration: {ProjectName: small}, inputArtifacts: [App]}
  - name: Release
    actions:
      - {name: Approve, provider: Manual}
projects:
  small:
    environment: {image: penstock/busybox}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - printf '\\033[32mgreen\\033[0m\\n'
"""


@pytest.fixture
def small(server, runner, make_clone, tmp_path):
    load_pipeline(server, "small.yml", PIPELINE)
    (tmp_path / "source").mkdir()
    _, execution_id = push(make_clone(server, "small", str(tmp_path / "source")), "small", "Say green")
    wait_for_approval(server, "small", execution_id)
    return execution_id


def test_from_status_to_approval(penstock, server, small):
    overview = penstock("status")
    assert overview.returncode == 0 and "small" in overview.stdout and "waiting for approval" in overview.stdout
    status = penstock("status", "small")
    assert status.returncode == 0
    assert "✔ Source" in status.stdout and "Say green" in status.stdout and "penstock approve small" in status.stdout
    assert "\033" not in status.stdout, "no colours without a terminal"
    detail = json.loads(penstock("status", "small", "--json").stdout)
    assert detail["execution"]["pipelineExecutionId"] == small

    log = penstock("log", "small", "Build/Say")
    assert log.returncode == 0 and "green\n" in log.stdout and "\033" not in log.stdout

    builds = server.client("codebuild")
    own = builds.start_build(projectName="small", sourceTypeOverride="NO_SOURCE", artifactsOverride={"type": "NO_ARTIFACTS"})["build"]["id"]
    of_pipeline = next(build for build in builds.list_builds_for_project(projectName="small")["ids"] if build != own)
    assert penstock("log", of_pipeline).stdout == log.stdout
    assert "green\n" in penstock("log", own, "--follow").stdout
    missing = penstock("log", "small:none")
    assert missing.returncode == 3 and missing.stderr == "penstock: there is no build 'small:none'\n"

    approved = penstock("approve", "small", "--comment", "fine")
    assert approved.returncode == 0 and "approved Release/Approve of small" in approved.stdout
    followed = penstock("status", "small", "--follow", "--timeout", "120")
    assert followed.returncode == 0 and "✔ Release" in followed.stdout
    again = penstock("approve", "small")
    assert again.returncode == 4 and again.stderr == "penstock: nothing in 'small' waits for an approval\n"


def test_rejecting_fails_the_execution(penstock, small):
    assert penstock("reject", "small").returncode == 2, "a rejection says why"
    assert penstock("reject", "small", "1", "--comment", "not yet").returncode == 0
    assert penstock("status", "small", "1", "--follow").returncode == 1


def test_starting_and_stopping(penstock, small, server):
    started = penstock("start", "small", "--json")
    assert started.returncode == 0
    execution_id = json.loads(started.stdout)["pipelineExecutionId"]
    assert newest_execution(server, "small") == execution_id
    stopped = penstock("stop", "small", execution_id[:8], "--follow", "--reason", "enough")
    assert stopped.returncode == 0, stopped.stderr
    assert penstock("status", "small", "2").returncode == 1
    assert json.loads(penstock("status", "small", "2", "--json").stdout)["execution"]["stopReason"] == "enough"
    timed = penstock("status", "small", "1", "--follow", "--timeout", "1")
    assert timed.returncode == 6 and "still under way" in timed.stderr


def test_stages(penstock, small):
    assert penstock("reject", "small", "--comment", "not yet").returncode == 0
    assert penstock("status", "small", "--follow").returncode == 1
    retried = penstock("retry", "small", "Release")
    assert retried.returncode == 0 and f"retrying Release of small, execution {small}" in retried.stdout, retried.stderr
    assert penstock("approve", "small").returncode == 0
    assert penstock("status", "small", "--follow").returncode == 0
    again = penstock("retry", "small", "Release", "1", "--all")
    assert again.returncode == 4 and again.stderr == "penstock: stage 'Release' cannot be retried: all its actions succeeded\n"
    assert penstock("retry", "small", "Nix").returncode == 3

    nothing = penstock("rollback", "small", "Release")
    assert nothing.returncode == 4 and "has nothing to go back to now" in nothing.stderr
    back = json.loads(penstock("rollback", "small", "Release", "1", "--json").stdout)["pipelineExecutionId"]
    assert penstock("approve", "small").returncode == 0
    assert penstock("status", "small", back, "--follow").returncode == 0
    assert "rolled back by admin" in penstock("status", "small", back).stdout

    assert penstock("disable-transition", "small", "Release").returncode == 2, "it says why"
    closed = penstock("disable-transition", "small", "Release", "--reason", "release freeze")
    assert closed.returncode == 0 and "nothing enters Release of small any more" in closed.stdout
    opened = penstock("enable-transition", "small", "Release")
    assert opened.returncode == 0 and opened.stdout == "Release of small is open\n"
    assert penstock("enable-transition", "small", "Nix").returncode == 3


def test_tokens(penstock, server):
    key = json.loads(penstock("token", "access-key", "--user", "deploy", "--json").stdout)
    assert server.client("codepipeline", (key["accessKeyId"], key["secretAccessKey"])).list_pipelines()["pipelines"] == []
    assert key["accessKeyId"] in penstock("token", "list").stdout
    assert penstock("token", "delete", key["accessKeyId"]).returncode == 0
    assert key["accessKeyId"] not in penstock("token", "list").stdout
    git = json.loads(penstock("token", "git", "--description", "laptop", "--json").stdout)
    assert "laptop" in penstock("token", "list").stdout
    assert penstock("token", "delete", git["tokenId"]).returncode == 0
    link = penstock("token", "sign-in")
    assert link.stdout.startswith(server.url + "/sign-in?token=")
    joining = penstock("join")
    assert joining.stdout.startswith(f"penstock-runner --join {server.url} ")


def test_repositories(penstock, server):
    created = penstock("repository", "create", "shop")
    assert created.returncode == 0 and f"push to {server.url}/git/shop" in created.stdout
    assert penstock("repository", "list").stdout == "shop\n"
    again = penstock("repository", "create", "shop")
    assert again.returncode == 4 and "shop" in again.stderr
    assert penstock("repository", "create").returncode == 2


def test_hooks(penstock):
    made = json.loads(penstock("hook", "github", "acme/shop", "--json").stdout)
    assert len(made["secret"]) >= 32 and made["payloadUrl"].endswith(made["hookId"])
    assert "acme/shop" in penstock("hook", "list").stdout
    assert penstock("hook", "delete", made["hookId"]).returncode == 0
    assert penstock("hook", "list").stdout == ""


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["status", "nobody"], 3, "nobody"),
        (["start", "nobody"], 3, "nobody"),
        (["aprove", "shop"], 2, "did you mean 'approve'"),
        (["approve"], 2, "penstock approve PIPELINE"),
        (["status", "--folow"], 2, "did you mean '--follow'"),
    ],
)
def test_what_goes_wrong_has_its_exit_code(penstock, arguments, code, words):
    result = penstock(*arguments)
    assert result.returncode == code and words in result.stderr and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_a_wrong_key_and_a_missing_server(penstock, server):
    own = {"PENSTOCK_CONFIG": "", "HOME": "/nonexistent", "PENSTOCK_URL": server.url, "PENSTOCK_ACCESS_KEY_ID": "AKIAWRONGWRONGWRONG1", "PENSTOCK_SECRET_ACCESS_KEY": "wrong"}
    assert penstock("status", environment=own).returncode == 4
    nobody = penstock("status", environment={**own, "PENSTOCK_URL": f"http://127.0.0.1:{cloud.free_port()}"})
    assert nobody.returncode == 5 and "cannot be reached" in nobody.stderr


def test_check_needs_no_server(penstock, tmp_path):
    shipped = [str(path) for path in sorted((ROOT / "pipelines").glob("*.yml"))] + [str(ROOT / "pipelines" / "nuxt-fargate" / "pipeline.yml")]
    alone = {"PENSTOCK_CONFIG": "/nonexistent"}
    assert penstock("check", *shipped, environment=alone).returncode == 0
    bad = tmp_path / "bad.yml"
    bad.write_text(PIPELINE.replace("provider: Manual", "provider: Manuell").replace("inputArtifacts: [App]", "inputArtifacts: [Ap]"))
    result = penstock("check", str(bad), environment=alone)
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 2 and lines[0].startswith(f"{bad}:9:") and "did you mean 'Manual'" in lines[1]
    assert all(line.startswith(f"{bad}:") for line in lines)
    report = json.loads(penstock("check", "--json", str(bad), shipped[0], environment=alone).stdout)
    assert [file["valid"] for file in report["files"]] == [False, True]
    assert report["files"][0]["errors"][0]["line"] == 9
    missing = penstock("check", os.fspath(tmp_path / "none.yml"), environment=alone)
    assert missing.returncode == 1 and "none.yml" in missing.stdout
