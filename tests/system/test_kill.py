"""kill -9 in the middle, start again, and the execution finishes: once, not twice."""

import pytest
from penstock_under_test import approve, containers_begun, describe, load_pipeline, push, read_log, wait_for_action, wait_for_approval, wait_for_end
from stack import application, events, processes
from stack.cloud import ledger
from stack.events import action, execution

PATIENT = """
name: patient
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: patient, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Wait, provider: CodeBuild, configuration: {ProjectName: patient}, inputArtifacts: [App], outputArtifacts: [Out]}
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
              - echo made > result.txt
        artifacts:
          files: result.txt
"""


@pytest.fixture
def patient(server, runner, make_clone, tmp_path):
    """A build that goes on when somebody touches /tmp/go-on in its container; the execution's id, build begun."""
    load_pipeline(server, "patient.yml", PATIENT)
    (tmp_path / "source").mkdir()
    _, execution_id = push(make_clone(server, "patient", str(tmp_path / "source")), "patient")
    wait_for_container(server, execution_id)
    return execution_id


def wait_for_container(server, execution_id, not_this=None):
    """The container's name once the build in it has begun."""

    def name(one):
        found = containers_begun(read_log(server, one["log"]["logId"]) if one.get("log") else [])
        return found[-1] if found and found[-1] != not_this else None

    return name(wait_for_action(server, "patient", execution_id, "Build", "Wait", name, "the build to begin"))


def test_the_server_is_killed_while_a_build_runs(server, patient, docker):
    container = wait_for_container(server, patient)
    server.process.kill()
    docker("exec", container, "touch", "/tmp/go-on")  # the build ends while there is no server
    server.start()
    detail = wait_for_end(server, "patient", patient)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    log = read_log(server, action(detail, "Build", "Wait")["log"]["logId"])
    assert log.count("begun") == 1, "the build was not begun again"
    assert any("echo made" in line for line in log), "what was printed meanwhile is there"


def test_the_runner_is_killed_while_a_build_runs(server, runner, patient, docker):
    container = wait_for_container(server, patient)
    runner.process.kill()
    runner.start()
    # A build is at least once: the new process begins it again, in a container of its own.
    again = wait_for_container(server, patient, not_this=container)
    docker("exec", again, "touch", "/tmp/go-on")
    detail = wait_for_end(server, "patient", patient)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    assert docker("ps", "--quiet", "--filter", f"id={container}") == "", "the first container is not left behind"


def test_another_runner_takes_over(server, runner, make_runner, patient, docker):
    container = wait_for_container(server, patient)
    runner.process.kill()
    make_runner(server, "other")
    # Nothing tells the server that the first runner died: its lease must run out (60 seconds).
    again = wait_for_container(server, patient, not_this=container)
    docker("exec", again, "touch", "/tmp/go-on")
    detail = wait_for_end(server, "patient", patient)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    assert action(detail, "Build", "Wait")["runner"] == "other"
    docker("rm", "--force", container)  # its runner did not come back to remove it


@pytest.mark.parametrize("killed", ["server", "runner", "both"])
def test_killed_while_ecs_deploys(shop, server, runner, killed):
    commit, execution_id = shop.push()
    old = shop.cloud.task_definition()
    approve(server, wait_for_approval(server, "shop", execution_id))
    processes.wait_until(lambda: shop.cloud.task_definition() != old, 60, "the deployment to begin", log=runner.log)
    victims = {"server": [server], "runner": [runner], "both": [server, runner]}[killed]
    for victim in victims:
        victim.process.kill()
    for victim in victims:
        victim.start()
    detail = wait_for_end(server, "shop", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    assert application.answer(shop.url) == (commit[:7], commit[:7])
    assert len(shop.changes()) == 1, "exactly one deployment"
    registered = [entry for entry in ledger_of(shop, "RegisterTaskDefinition") if entry["input"]["family"] == shop.cloud.family]
    assert len(registered) == 2, "the first version's, and one for this deployment"


def ledger_of(shop, operation):
    return ledger(shop.cloud.sandbox, service="ecs", operation=operation)


def test_the_server_is_killed_while_an_approval_waits(shop, server):
    commit, execution_id = shop.push()
    approval = wait_for_approval(server, "shop", execution_id)
    server.process.kill()
    server.start()
    assert execution(server, "shop", execution_id)["execution"]["approval"]["token"] == approval["token"]
    approve(server, approval)
    assert wait_for_end(server, "shop", execution_id)["execution"]["status"] == "Succeeded"
    assert application.answer(shop.url) == (commit[:7], commit[:7])


def test_a_runner_that_dies_while_it_undoes_a_deployment(shop, server, runner):
    """The undo itself is picked up again."""
    old = shop.cloud.task_definition()
    shop.clone.make_sick()
    _, execution_id = shop.push()
    approve(server, wait_for_approval(server, "shop", execution_id))
    events.until(server, lambda: shop.cloud.task_definition() != old, 60, "the deployment to begin")
    runner.process.kill()
    server.client("codepipeline").stop_pipeline_execution(pipelineName="shop", pipelineExecutionId=execution_id, abandon=True)
    assert execution(server, "shop", execution_id)["execution"]["status"] == "Stopping"
    runner.start()
    detail = wait_for_end(server, "shop", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(server, detail)
    assert shop.cloud.task_definition() == old
    assert application.answer(shop.url) == ("first", "first")
