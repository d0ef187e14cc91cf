"""Penstock's main job, whole: a push becomes images, an approval, and new containers that answer."""

import os
import uuid

from penstock_under_test import approve, describe, load_pipeline, newest_execution, push, read_log, wait_for_approval, wait_for_end
from stack import application, processes
from stack.events import action

MEETING = """
name: {name}
stages:
  - name: Source
    actions:
      - {{name: App, provider: CodeCommit, configuration: {{RepositoryName: hello, BranchName: main}}, outputArtifacts: [App]}}
  - name: Build
    actions:
      - {{name: Meet, provider: CodeBuild, configuration: {{ProjectName: {name}}}, inputArtifacts: [App]}}
projects:
  {name}:
    environment: {{image: penstock/build, privilegedMode: true}}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - docker volume create {meeting}-{name}
              - until docker volume inspect {meeting}-{other} > /dev/null; do sleep 0.2; done
"""
HELLO = os.path.join(os.path.dirname(__file__), "..", "..", "pipelines", "hello.yml")


def test_a_push_is_built_approved_and_deployed(shop):
    server = shop.server
    assert application.answer(shop.url) == ("first", "first")
    commit, execution_id = shop.push("Say hello")

    approval = wait_for_approval(server, "shop", execution_id)
    assert approval["stageName"] == "Release" and approval["actionName"] == "Approve"
    assert application.answer(shop.url) == ("first", "first"), "nothing may change before the approval"
    assert shop.changes() == []
    approve(server, approval)
    detail = wait_for_end(server, "shop", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)

    version = commit[:7]
    processes.wait_until(lambda: application.answer(shop.url) == (version, version), 30, "the new version")
    assert len([entry for entry in shop.changes() if entry["outcome"]["status"] == 200]) == 1
    images = {one["image"] for one in shop.cloud.ecs.describe_task_definition(taskDefinition=shop.cloud.task_definition())["taskDefinition"]["containerDefinitions"]}
    assert images == {f"{shop.cloud.image_prefix}/rp:{version}", f"{shop.cloud.image_prefix}/web:{version}"}
    tags = {image["imageTag"] for image in shop.cloud.ecr.list_images(repositoryName=f"{shop.cloud.namespace}shop/rp")["imageIds"]}
    assert version in tags

    revision = detail["execution"]["revisions"][0]
    assert revision["revisionId"] == commit and revision["revisionSummary"].startswith("Say hello")
    log = read_log(server, action(detail, "Build", "Images")["log"]["logId"])
    assert f"building shop {version}" in log
    assert any("Running command" in line for line in log)


def test_two_pushes_in_a_row_deploy_the_newer(shop):
    server = shop.server
    _, first = shop.push("First change")
    approve(server, wait_for_approval(server, "shop", first))
    assert wait_for_end(server, "shop", first)["execution"]["status"] == "Succeeded"
    commit, second = shop.push("Second change")
    approval = wait_for_approval(server, "shop", second)
    changes = approval["changes"]
    assert changes["to"] == commit
    assert [one["summary"] for one in changes["commits"]] == ["Second change"]
    approve(server, approval)
    assert wait_for_end(server, "shop", second)["execution"]["status"] == "Succeeded"
    processes.wait_until(lambda: application.answer(shop.url) == (commit[:7], commit[:7]), 30, "the second version")


def test_a_rejected_version_is_not_deployed(shop):
    server = shop.server
    _, execution_id = shop.push()
    approve(server, wait_for_approval(server, "shop", execution_id), "Rejected", "not on a Friday")
    detail = wait_for_end(server, "shop", execution_id)
    assert detail["execution"]["status"] == "Failed"
    assert "not on a Friday" in str(action(detail, "Release", "Approve"))
    assert action(detail, "Release", "Deploy").get("status") is None
    assert shop.changes() == []


def test_the_pipeline_without_aws(server, runner, make_clone, tmp_path):
    """pipelines/hello.yml as it ships, but for the image, which cannot be fetched here."""
    with open(HELLO, encoding="utf-8") as file:
        load_pipeline(server, "hello.yml", file.read().replace("debian:12", "penstock/busybox"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "greeting.txt").write_text("hello\n")
    clone = make_clone(server, "hello", str(source))
    commit, execution_id = push(clone, "hello")
    detail = wait_for_end(server, "hello", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    log = read_log(server, action(detail, "Build", "Greet")["log"]["logId"])
    assert f"hello from commit {commit}" in log
    assert any("greeting.txt" in line for line in log)


def test_other_branches_start_nothing(server, runner, make_clone, tmp_path):
    with open(HELLO, encoding="utf-8") as file:
        load_pipeline(server, "hello.yml", file.read())
    (tmp_path / "source").mkdir()
    clone = make_clone(server, "hello", str(tmp_path / "source"))
    clone.commit("On a side branch", allow_empty=True)
    clone.git("push", "--quiet", "origin", "main:side")
    assert server.client("codecommit").list_branches(repositoryName="hello")["branches"] == ["side"]
    assert server.call("GetPipelineDetail", name="hello")["executions"] == []


def test_two_runners_share_the_work(server, make_runner, make_clone, docker, tmp_path):
    """Two builds that wait for each other, and runners that do one job at a time: both runners must have one."""
    for name in ("one", "two"):
        make_runner(server, name, PENSTOCK_JOBS="1", PENSTOCK_BUILD_NETWORK="isolated")
    meeting = "penstock-test-" + uuid.uuid4().hex[:8]
    for name, other in (("left", "right"), ("right", "left")):
        load_pipeline(server, f"{name}.yml", MEETING.format(name=name, other=other, meeting=meeting))
    (tmp_path / "source").mkdir()
    clone = make_clone(server, "hello", str(tmp_path / "source"))
    clone.commit("Start both", allow_empty=True)
    clone.push()
    try:
        builders = set()
        for name in ("left", "right"):
            execution_id = processes.wait_until(lambda name=name: newest_execution(server, name), 20, name)
            detail = wait_for_end(server, name, execution_id)
            assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
            builders.add(action(detail, "Build", "Meet")["runner"])
        assert builders == {"one", "two"}
    finally:
        docker("volume", "rm", "--force", f"{meeting}-left", f"{meeting}-right")
