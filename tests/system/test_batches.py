"""Batch builds in real containers: through Debian's aws command line, boto3, and a pipeline's action."""

import json
import os
import subprocess
import uuid

import pytest
from batches_under_test import build_of, get, log_of, make_project, phases, statuses, wait_for_batch
from penstock_under_test import describe, load_pipeline, push, read_log, stop, wait_for_action, wait_for_end
from stack.cloud import Cloud
from stack.events import action
from stack.sandbox import REGION

AWS = "/usr/bin/aws"
GO_ON = "until [ -e /tmp/go-on ]; do sleep 0.1; done"


def aws_line(server, *arguments):
    """What Debian's aws command line prints, as a tree."""
    access_key, secret_key = server.keys
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run([AWS, "--endpoint-url", server.url, "--output", "json", "codebuild", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def codebuild(server, runner):
    return server.client("codebuild")


def container_of(server, codebuild, batch_id, identifier):
    """The container of the group's build, once that has printed 'begun' behind its name."""

    def look(batch):
        log = log_of(server, codebuild, batch, identifier)
        printed = [line for line in log if line and not line.startswith("[Container]")]
        return printed[printed.index("begun") - 1] if "begun" in printed else None

    return look(wait_for_batch(server, codebuild, batch_id, look, f"{identifier} to begin"))


GRAPH = """
version: 0.2
batch:
  build-graph:
    - {identifier: last, depend-on: [first, sick], env: {variables: {WHO: x-last}}}
    - {identifier: first, env: {variables: {WHO: x-first}}}
    - {identifier: sick, ignore-failure: true, env: {variables: {WHO: x-sick}}}
phases:
  build:
    commands:
      - echo "$WHO is $CODEBUILD_BATCH_BUILD_IDENTIFIER of $CODEBUILD_BATCH_BUILD_ARN"
      - '[ "$WHO" != x-sick ]'
"""


def test_a_graph_and_its_operations(server, codebuild):
    make_project(codebuild, "graph", GRAPH)
    started = aws_line(server, "start-build-batch", "--project-name", "graph", "--environment-variables-override", "name=WHO,value=nobody", "--idempotency-token", "once")["buildBatch"]
    assert (started["buildBatchStatus"], started["buildBatchNumber"], started["currentPhase"]) == ("IN_PROGRESS", 1, "DOWNLOAD_BATCHSPEC")
    assert codebuild.start_build_batch(projectName="graph", environmentVariablesOverride=[{"name": "WHO", "value": "nobody"}], idempotencyToken="once")["buildBatch"]["id"] == started["id"]
    batch = wait_for_batch(server, codebuild, started["id"])
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch
    assert statuses(batch) == {"DOWNLOAD_SOURCE": "SUCCEEDED", "last": "SUCCEEDED", "first": "SUCCEEDED", "sick": "FAILED"}
    assert phases(batch) == [("SUBMITTED", "SUCCEEDED"), ("DOWNLOAD_BATCHSPEC", "SUCCEEDED"), ("IN_PROGRESS", "SUCCEEDED"), ("SUCCEEDED", "SUCCEEDED")]
    last, sick = build_of(codebuild, batch, "last"), build_of(codebuild, batch, "sick")
    assert last["buildBatchArn"] == batch["arn"] and last["startTime"] >= sick["endTime"]
    assert f"x-last is last of {batch['arn']}" in log_of(server, codebuild, batch, "last")

    assert aws_line(server, "list-build-batches-for-project", "--project-name", "graph", "--filter", "status=SUCCEEDED")["ids"] == [batch["id"]]
    assert aws_line(server, "list-build-batches", "--filter", "status=FAILED")["ids"] == []
    with pytest.raises(codebuild.exceptions.InvalidInputException, match="only one that failed can be retried"):
        codebuild.retry_build_batch(id=batch["id"])
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.stop_build_batch(id="graph:nix")
    gone = aws_line(server, "delete-build-batch", "--id", batch["arn"])
    assert len(gone["buildsDeleted"]) == 4
    assert codebuild.batch_get_build_batches(ids=[batch["id"]])["buildBatchesNotFound"] == [batch["id"]]


FAST = """
version: 0.2
batch:
  fast-fail: true
  build-list:
    - {identifier: slow, env: {variables: {DO: "sleep 600"}}}
    - {identifier: sick, env: {variables: {DO: "until [ -e /tmp/go-on ]; do sleep 0.1; done; [ $CODEBUILD_BUILD_NUMBER -gt 3 ]"}}}
phases: {build: {commands: [hostname, echo begun, sh -c "$DO"]}}
"""


def test_fast_fail_kills_and_a_retry_builds_again(server, codebuild, docker):
    make_project(codebuild, "fast", FAST)
    batch_id = codebuild.start_build_batch(projectName="fast")["buildBatch"]["id"]
    slow = container_of(server, codebuild, batch_id, "slow")
    docker("exec", container_of(server, codebuild, batch_id, "sick"), "touch", "/tmp/go-on")
    batch = wait_for_batch(server, codebuild, batch_id)
    assert (batch["buildBatchStatus"], statuses(batch)) == ("FAILED", {"DOWNLOAD_SOURCE": "SUCCEEDED", "slow": "STOPPED", "sick": "FAILED"})
    assert batch["phases"][-2]["contexts"][0]["message"] == "0 of 2 builds succeeded; slow: STOPPED, sick: FAILED"
    assert docker("ps", "--quiet", "--filter", f"id={slow}") == "", "the batch ends when its containers are dead"

    again = aws_line(server, "retry-build-batch", "--id", batch_id, "--retry-type", "RETRY_FAILED_BUILDS")["buildBatch"]
    assert again["buildBatchStatus"] == "IN_PROGRESS" and again["id"] == batch_id
    docker("exec", container_of(server, codebuild, batch_id, "sick"), "touch", "/tmp/go-on")
    slow = container_of(server, codebuild, batch_id, "slow")
    codebuild.stop_build_batch(id=batch_id)
    batch = wait_for_batch(server, codebuild, batch_id)
    assert batch["buildBatchStatus"] == "STOPPED" and statuses(batch)["slow"] == "STOPPED"
    assert batch["currentPhase"] == "STOPPED"
    assert docker("ps", "--quiet", "--filter", f"id={slow}") == ""
    priors = {group["identifier"]: [one["buildStatus"] for one in group.get("priorBuildSummaryList", [])] for group in batch["buildGroups"]}
    assert priors == {"DOWNLOAD_SOURCE": [], "slow": ["STOPPED"], "sick": ["FAILED"]}


IN_S3 = """
version: 0.2
batch: {build-list: [{identifier: one}, {identifier: two}]}
phases: {build: {commands: [echo "$CODEBUILD_BATCH_BUILD_IDENTIFIER" > who.txt]}}
artifacts: {files: who.txt}
"""


def test_artifacts_in_s3_lie_in_folders(server, codebuild, aws):
    s3 = Cloud(aws).client("s3")
    bucket = "b" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    make_project(codebuild, "stored", IN_S3, artifacts={"type": "S3", "location": bucket, "path": "out", "name": "made"})
    batch = wait_for_batch(server, codebuild, codebuild.start_build_batch(projectName="stored")["buildBatch"]["id"])
    assert batch["buildBatchStatus"] == "SUCCEEDED", batch
    keys = {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode() for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {"out/one/made/who.txt": "one\n", "out/two/made/who.txt": "two\n"}


CHAIN = f"""
version: 0.2
batch:
  build-graph:
    - {{identifier: first}}
    - {{identifier: beside}}
    - {{identifier: last, depend-on: [first, beside]}}
phases: {{build: {{commands: [hostname, echo begun, '[ "$CODEBUILD_BATCH_BUILD_IDENTIFIER" = last ] || {GO_ON}']}}}}
"""


def test_the_server_is_killed_in_the_middle(server, codebuild, docker):
    make_project(codebuild, "chain", CHAIN)
    batch_id = codebuild.start_build_batch(projectName="chain")["buildBatch"]["id"]
    containers = [container_of(server, codebuild, batch_id, name) for name in ("first", "beside")]
    server.process.kill()
    for container in containers:
        docker("exec", container, "touch", "/tmp/go-on")  # both end while there is no server
    server.start()
    batch = wait_for_batch(server, codebuild, batch_id)
    assert (batch["buildBatchStatus"], statuses(batch)) == ("SUCCEEDED", {"DOWNLOAD_SOURCE": "SUCCEEDED", "first": "SUCCEEDED", "beside": "SUCCEEDED", "last": "SUCCEEDED"})
    assert not any(group.get("priorBuildSummaryList") for group in batch["buildGroups"])
    assert len(codebuild.list_builds_for_project(projectName="chain")["ids"]) == 4, "nothing was lost or doubled"


PIPELINE = """
name: {name}
stages:
  - name: Source
    actions:
      - {{name: App, provider: CodeCommit, configuration: {{RepositoryName: {name}, BranchName: main}}, outputArtifacts: [App]}}
  - name: Build
    actions:
      - name: All
        provider: CodeBuild
        configuration: {{ProjectName: {name}, BatchEnabled: "true"}}
        inputArtifacts: [App]
        outputArtifacts: [Out]
      - name: Merged
        provider: CodeBuild
        configuration: {{ProjectName: {name}, BatchEnabled: "true", CombineArtifacts: "true"}}
        inputArtifacts: [App]
        outputArtifacts: [Merged]
  - name: Look
    actions:
      - name: Look
        provider: CodeBuild
        configuration: {{ProjectName: {name}-look, PrimarySource: Out}}
        inputArtifacts: [Out, Merged]
projects:
  {name}:
    environment: {{image: penstock/busybox}}
  {name}-look:
    environment: {{image: penstock/busybox}}
    source:
      buildspec: |
        version: 0.2
        phases: {{build: {{commands: [find . -type f, cat $CODEBUILD_SRC_DIR_Merged/made-*]}}}}
"""

MATRIX = """
version: 0.2
batch:
  build-matrix:
    dynamic: {env: {variables: {COLOUR: [red, blue]}}}
phases: {build: {commands: [cat version.txt, "echo $COLOUR > made-$COLOUR", echo same > both]}}
artifacts: {files: [made-*, both]}
"""


def test_a_pipeline_combines_what_its_builds_put_out(server, runner, make_clone, tmp_path):
    load_pipeline(server, "many.yml", PIPELINE.format(name="many"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "buildspec.yml").write_text(MATRIX)
    (source / "version.txt").write_text("seven\n")
    _, execution_id = push(make_clone(server, "many", str(source)), "many")
    detail = wait_for_end(server, "many", execution_id)
    built, merged = action(detail, "Build", "All"), action(detail, "Build", "Merged")
    assert (built["status"], merged["status"]) == ("Succeeded", "Succeeded"), describe(server, detail)
    batch = get(server.client("codebuild"), built["externalExecutionId"])
    assert batch["initiator"] == "codepipeline/many" and statuses(batch) == {"DOWNLOAD_SOURCE": "SUCCEEDED", "build0": "SUCCEEDED", "build1": "SUCCEEDED", "COMBINE_ARTIFACTS": "SUCCEEDED"}
    assert [phase["phaseType"] for phase in batch["phases"]] == ["SUBMITTED", "DOWNLOAD_BATCHSPEC", "IN_PROGRESS", "COMBINE_ARTIFACTS", "SUCCEEDED"]
    assert "seven" in log_of(server, server.client("codebuild"), batch, "build1")
    lines = read_log(server, built["log"]["logId"])
    assert any("build0: build many:" in line for line in lines) and "SUCCEEDED: 2 of 2 builds succeeded" in lines[-1], lines
    seen = read_log(server, action(detail, "Look", "Look")["log"]["logId"])
    assert "./build0/made-red" in seen and "./build1/made-blue" in seen and "./build0/both" in seen, seen
    assert "red" in seen and "blue" in seen
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)


def test_stopping_an_execution_kills_all_its_builds(server, runner, make_clone, docker, tmp_path):
    load_pipeline(server, "halt.yml", PIPELINE.format(name="halt"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "buildspec.yml").write_text(MATRIX.replace("cat version.txt", "hostname, echo begun, sleep 600"))
    _, execution_id = push(make_clone(server, "halt", str(source)), "halt")
    codebuild = server.client("codebuild")
    running = wait_for_action(server, "halt", execution_id, "Build", "All", lambda one: one.get("externalExecutionId"), "the batch to begin")
    container = container_of(server, codebuild, running["externalExecutionId"], "build0")
    stop(server, "halt", execution_id)
    detail = wait_for_end(server, "halt", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(server, detail)
    assert action(detail, "Build", "All")["status"] == "Abandoned"
    assert docker("ps", "--quiet", "--filter", f"id={container}") == ""
    batch = get(codebuild, running["externalExecutionId"])
    assert batch["buildBatchStatus"] == "STOPPED" and set(statuses(batch).values()) <= {"SUCCEEDED", "STOPPED"}
