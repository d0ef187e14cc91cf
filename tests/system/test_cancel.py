"""Cancelling ends with proof: the build's container is gone, the service is back on its old version."""

import json

import pytest
from penstock_under_test import approve, containers_begun, describe, load_pipeline, push, read_log, stop, wait_for_action, wait_for_approval, wait_for_end
from stack import application, events
from stack.events import action, execution
from stack.server import Refused

SLOW = """
name: slow
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: slow, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Wait, provider: CodeBuild, configuration: {ProjectName: slow}, inputArtifacts: [App]}
  - name: After
    actions:
      - {name: Never, provider: Manual}
projects:
  slow:
    environment: {image: penstock/busybox}
    source:
      buildspec: |
        version: 0.2
        phases:
          build:
            commands:
              - hostname
              - echo begun && sleep 3600
              - echo never reached
"""


def test_stopping_kills_the_build(server, runner, make_clone, docker, tmp_path):
    load_pipeline(server, "slow.yml", SLOW)
    (tmp_path / "source").mkdir()
    _, execution_id = push(make_clone(server, "slow", str(tmp_path / "source")), "slow")
    running = wait_for_action(server, "slow", execution_id, "Build", "Wait", lambda one: "begun" in log_of(server, one), "the build to begin")
    container = containers_begun(log_of(server, running))[0]
    assert docker("ps", "--quiet", "--filter", f"id={container}"), "the log names the container that runs"

    stop(server, "slow", execution_id)
    detail = wait_for_end(server, "slow", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(server, detail)
    # The execution ends only when the container was seen dead: no waiting here.
    assert docker("ps", "--quiet", "--filter", f"id={container}") == ""
    assert action(detail, "Build", "Wait")["status"] == "Abandoned"
    assert action(detail, "After", "Never").get("status") is None
    assert "never reached" not in log_of(server, action(detail, "Build", "Wait"))
    assert detail["execution"]["stopReason"] == "by a test"


def log_of(server, one):
    return read_log(server, one["log"]["logId"]) if one.get("log") else []


def test_stop_and_wait_lets_the_build_finish(server, runner, make_clone, docker, tmp_path):
    load_pipeline(server, "slow.yml", SLOW.replace("sleep 3600", "until [ -e /tmp/go-on ]; do sleep 0.2; done"))
    (tmp_path / "source").mkdir()
    _, execution_id = push(make_clone(server, "slow", str(tmp_path / "source")), "slow")
    running = wait_for_action(server, "slow", execution_id, "Build", "Wait", lambda one: "begun" in log_of(server, one), "the build to begin")
    container = containers_begun(log_of(server, running))[0]
    server.client("codepipeline").stop_pipeline_execution(pipelineName="slow", pipelineExecutionId=execution_id, abandon=False)
    assert execution(server, "slow", execution_id)["execution"]["status"] == "Stopping"
    docker("exec", container, "touch", "/tmp/go-on")
    detail = wait_for_end(server, "slow", execution_id)
    assert detail["execution"]["status"] == "Stopped"
    assert action(detail, "Build", "Wait")["status"] == "Succeeded"


def test_stopping_a_stuck_deployment_puts_the_service_back(shop):
    server = shop.server
    old = shop.cloud.task_definition()
    shop.clone.make_sick()
    _, execution_id = shop.push("Never healthy")
    with application.Visitors(shop.url) as visitors:
        approve(server, wait_for_approval(server, "shop", execution_id))
        events.until(server, lambda: shop.cloud.task_definition() != old and has_refused_task(shop.cloud), 120, "the deployment to hang")
        assert execution(server, "shop", execution_id)["execution"]["status"] == "InProgress"
        stop(server, "shop", execution_id)
        detail = wait_for_end(server, "shop", execution_id)
        # The execution ends when the old tasks are what runs: no waiting here.
        service = shop.cloud.describe()
    assert detail["execution"]["status"] == "Stopped", describe(server, detail)
    assert action(detail, "Release", "Deploy")["status"] == "Abandoned"
    assert service["taskDefinition"] == old
    primary = [one for one in service["deployments"] if one["status"] == "PRIMARY"][0]
    assert (primary["taskDefinition"], primary["runningCount"]) == (old, service["desiredCount"])
    tasks = shop.cloud.ecs.list_tasks(cluster=shop.cloud.cluster, serviceName="shop")["taskArns"]
    running = shop.cloud.ecs.describe_tasks(cluster=shop.cloud.cluster, tasks=tasks)["tasks"]
    assert {task["taskDefinitionArn"] for task in running if task["desiredStatus"] == "RUNNING"} == {old}
    assert visitors.count > 10 and visitors.wrong == []
    assert application.answer(shop.url) == ("first", "first")


def has_refused_task(balanced):
    service = balanced.describe()
    return any("unhealthy" in event["message"] for event in service["events"])


def test_abandoning_an_undo_leaves_what_the_provider_runs(shop, runner):
    """AWS's own meaning of abandon stays available, for one action that is being undone."""
    server = shop.server
    old = shop.cloud.task_definition()
    shop.clone.make_sick()
    _, execution_id = shop.push("Never healthy")
    approve(server, wait_for_approval(server, "shop", execution_id))
    events.until(server, lambda: shop.cloud.task_definition() != old, 120, "the deployment to begin")
    new = shop.cloud.task_definition()
    with pytest.raises(Refused, match="ConflictException"):
        abandon(server, execution_id)
    runner.process.kill()  # so that the undo cannot be done before we abandon it
    stop(server, "shop", execution_id)
    abandon(server, execution_id)
    detail = wait_for_end(server, "shop", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(server, detail)
    assert action(detail, "Release", "Deploy")["status"] == "Abandoned"
    runner.start()
    # The runner came back, and has had an answer to its first question for work.
    _, again = shop.push("Something else")
    wait_for_approval(server, "shop", again)
    assert shop.cloud.task_definition() == new
    assert len(shop.changes()) == 1, json.dumps(shop.changes())


def abandon(server, execution_id):
    server.call("AbandonAction", pipelineName="shop", pipelineExecutionId=execution_id, stageName="Release", actionName="Deploy")
