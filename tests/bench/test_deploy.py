"""What a deployment costs: from the click on Cancel to the call that undoes it, how many calls to AWS one has to wait for
before the service is changed, how often a rollout is asked about, and how soon its end is seen.

The sandbox is scripted: its tasks cost nothing, and its clock is moved on with the wall's.
"""

import json
import statistics
import sys
import threading
import time
import urllib.request
import uuid

import boto3
import pytest
from figures import percentile, spread, verdict
from penstock_under_test import PATIENCE, load_pipeline, push, wait_for_end, wait_for_execution
from stack import processes
from stack.events import action
from stack.sandbox import REGION, Sandbox

PIPELINE = """\
name: rollout
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: rollout, BranchName: main}, outputArtifacts: [App]}
  - name: Release
    actions:
      - {name: Deploy, provider: ECS, inputArtifacts: [App], configuration: {ClusterName: bench, ServiceName: shop}}
"""
DEFINITION = {"family": "shop", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
              "containerDefinitions": [{"name": "web", "image": "shop:1", "essential": True}]}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
CANCELS, ROLLOUTS = 40, 5
UNDO = ("UpdateService", "StopServiceDeployment")


class WallClock(threading.Thread):
    """Moves the sandbox's clock on as fast as the wall's goes."""

    def __init__(self, aws):
        super().__init__(daemon=True)
        self.aws, self.over = aws, threading.Event()

    def run(self):
        before = time.monotonic()
        while not self.over.wait(0.1):
            now = time.monotonic()
            order(self.aws, "clock", {"advanceMs": int((now - before) * 1000)})
            before += int((now - before) * 1000) / 1000


def order(aws, name, what):
    request = urllib.request.Request(f"{aws.endpoint}/_sandbox/{name}", json.dumps(what).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def ledger(aws, since=0.0):
    with open(f"{aws.folder}/ledger.jsonl", encoding="utf-8") as file:
        return [line for line in map(json.loads, file) if line["time"] >= since and line["service"] != "sts"]


@pytest.fixture
def aws(folder):
    """In place of the sandbox with containers that the other benchmarks share."""
    sandbox = Sandbox(str(folder / "scripted"), None, "AKIAPENSTOCKTEST0001", uuid.uuid4().hex)
    sandbox.start()
    clock = WallClock(sandbox)
    clock.start()
    yield sandbox
    clock.over.set()
    clock.join()
    sandbox.process.end(60)


@pytest.fixture
def make_runner(build, folder, docker_host, aws, programs):
    from stack.runner import Runner

    def make(server):
        runner = Runner(str(build / "runner" / "penstock-runner"), str(folder / "runner"), server, docker_host, {**aws.environment, "PENSTOCK_BUILD_NETWORK": "bridge"}, "runner")
        programs.append(runner)
        runner.start()
        return runner

    return make


@pytest.fixture
def ecs(aws):
    client = boto3.client("ecs", endpoint_url=aws.endpoint, region_name=REGION, aws_access_key_id=aws.access_key, aws_secret_access_key=aws.secret_key)
    client.create_cluster(clusterName="bench")
    client.register_task_definition(**DEFINITION)
    client.create_service(cluster="bench", serviceName="shop", taskDefinition="shop", desiredCount=2, launchType="FARGATE", networkConfiguration=NETWORK)
    processes.wait_until(lambda: settled(client), PATIENCE, "the first version")
    return client


def settled(ecs):
    deployments = ecs.describe_services(cluster="bench", services=["shop"])["services"][0]["deployments"]
    return len(deployments) == 1 and deployments[0]["rolloutState"] == "COMPLETED"


@pytest.fixture
def clone(server, runner, make_clone, ecs, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "imagedefinitions.json").write_text(json.dumps([{"name": "web", "imageUri": "shop:2"}]))
    load_pipeline(server, "rollout.yml", PIPELINE)
    return make_clone(server, "rollout", str(source))


def started(server, clone, number):
    """Pushes one more version; the execution's id, once its service is being updated."""
    clone.write("imagedefinitions.json", json.dumps([{"name": "web", "imageUri": f"shop:{number}"}]))
    clone.commit(f"version {number}")
    _, execution_id = push(clone, "rollout")
    return execution_id


def cancelled(server, aws, clone, number):
    """Milliseconds from the click to the first call that undoes; the time it is asked is that of the ledger's machine, which is this one."""
    order(aws, "rollouts", {"service": "bench/shop", "script": {"cause": "health-check"}})
    execution_id = started(server, clone, number)
    wait_for_execution(server, "rollout", execution_id, lambda detail: "running" in (action(detail, "Release", "Deploy").get("summary") or ""), "the rollout")
    click = time.time()
    server.client("codepipeline").stop_pipeline_execution(pipelineName="rollout", pipelineExecutionId=execution_id, abandon=True, reason="bench")
    assert wait_for_end(server, "rollout", execution_id)["execution"]["status"] == "Stopped"
    return next(line["time"] - click for line in ledger(aws, click) if line["operation"] in UNDO) * 1000


def test_from_click_to_undo(server, aws, clone, ecs):
    print(f"\nclick on Cancel to the call that undoes, {CANCELS} cancels", file=sys.stdout)
    times = [cancelled(server, aws, clone, 10 + number) for number in range(CANCELS)]
    spread("click to undo", times)
    verdict("99% within", percentile(times, 0.99), 200, " ms")


def test_calls_and_the_end(server, aws, clone, ecs):
    before, rates, lags = [], [], []
    for number in range(ROLLOUTS):
        began = time.time()
        execution_id = started(server, clone, 100 + number)
        end = wait_for_end(server, "rollout", execution_id)
        assert end["execution"]["status"] == "Succeeded"
        calls = ledger(aws, began)
        update = next(index for index, line in enumerate(calls) if line["operation"] == "UpdateService")
        watched = calls[update:]
        before.append(longest_row(calls[: update + 1]))
        rates.append(len(watched) / (watched[-1]["time"] - watched[0]["time"]))
        completed = ecs.describe_services(cluster="bench", services=["shop"])["services"][0]["deployments"][0]["updatedAt"]
        lags.append((simulated(action(end, "Release", "Deploy")["ended"], aws) - completed.timestamp()) * 1000)
    print(f"\n{ROLLOUTS} rollouts")
    verdict("calls one after the other until the service is changed", max(before), 5)
    verdict("calls a second while it is watched", statistics.median(rates), 0.2)
    spread("end of the rollout to end of the action", lags)
    verdict("the end is seen after", max(lags), 2000, " ms")


def longest_row(calls):
    """How many of them had to wait for the one before: those that began within 2 ms of each other went side by side."""
    row, latest = 0, 0.0
    for line in calls:
        row += line["time"] - latest > 0.002
        latest = line["time"]
    return row


def simulated(wall_seconds, aws):
    """A moment of this machine in the sandbox's time."""
    return wall_seconds - time.time() + order(aws, "clock", {"advanceMs": 0})["nowMs"] / 1000
