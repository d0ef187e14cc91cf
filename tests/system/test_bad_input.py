"""What bad input gets: one sentence that names the cause, with its place where there is one, and nothing else touched."""

import json
import signal

import pytest
from penstock_under_test import describe, load_pipeline, pipeline_summary, push, read_log, wait_for_end
from stack import cloud, processes
from stack.events import action

GOOD = """
name: good
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: app, BranchName: main}, outputArtifacts: [App]}
  - name: Look
    actions:
      - {name: Look, provider: Manual}
"""


@pytest.mark.parametrize(
    "old, new, place, words",
    [
        ("provider: Manual", "provider: Manuel", "good.yml:9:", "did you mean 'Manual'"),
        ("outputArtifacts", "outputArtefacts", "good.yml:6:", "outputArtifacts"),
        ("provider: Manual", "provider: Manual, runOrder: soon", "good.yml:9:", "runOrder"),
        ("  - name: Look\n", "  - name: Source\n", "good.yml:7:", "Source"),
        ("name: Look, provider: Manual", "name: Look, provider: ECS, configuration: {ClusterName: a, ServiceName: b}, inputArtifacts: [Nix]", "good.yml:9:", "Nix"),
        ("stages:\n", "stages: [\n", "good.yml:", ""),
    ],
)
def test_a_broken_pipeline_file_leaves_the_old_one_in_force(server, old, new, place, words):
    load_pipeline(server, "good.yml", GOOD)
    assert pipeline_summary(server, "good")["fileError"] is None
    load_pipeline(server, "good.yml", GOOD.replace(old, new))
    summary = pipeline_summary(server, "good")
    assert place in summary["fileError"] and words in summary["fileError"]
    assert summary["version"] == 1
    actions = server.client("codepipeline").get_pipeline(name="good")["pipeline"]["stages"][1]["actions"]
    assert actions[0]["actionTypeId"]["provider"] == "Manual"


def test_a_broken_file_at_the_start_keeps_nobody_else_out(make_server):
    server = make_server(start=False)
    for name, text in (("bad.yml", GOOD.replace("name: good", "name: bad").replace("Manual", "Manuel")), ("good.yml", GOOD)):
        with open(f"{server.pipelines}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    server.start()
    assert pipeline_summary(server, "good")["version"] == 1
    with open(server.log, encoding="utf-8") as file:
        assert "bad.yml:9:" in file.read()


def test_a_repaired_file_is_taken(server):
    load_pipeline(server, "good.yml", GOOD)
    load_pipeline(server, "good.yml", GOOD.replace("Manual", "Manuel"))
    load_pipeline(server, "good.yml", GOOD.replace("name: Look, provider", "name: Watch, provider"))
    assert pipeline_summary(server, "good") ["version"] == 2
    assert pipeline_summary(server, "good")["fileError"] is None


# builds that cannot work

BUILD = """
name: build
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: build, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Try, provider: CodeBuild, configuration: {ProjectName: build}, inputArtifacts: [App], outputArtifacts: [Out]}
  - name: After
    actions:
      - {name: Look, provider: Manual}
projects:
  build:
    environment: {image: IMAGE, privilegedMode: true, environmentVariables: {REGISTRY: REGISTRY_ADDRESS}}
"""
FINE = "version: 0.2\nphases: {build: {commands: [echo hello, echo made > result]}}\nartifacts: {files: result}\n"


@pytest.mark.parametrize(
    "image, buildspec, words",
    [
        ("penstock/no-such-image:1", FINE, ["penstock/no-such-image"]),
        ("penstock/busybox", None, ["buildspec.yml"]),
        ("penstock/busybox", "version: 0.2\nphases:\n  build:\n    commands:\n      - echo: foo\n", ["line 5"]),
        ("penstock/busybox", "version: 0.2\nphases: [\n", ["buildspec"]),
        ("penstock/busybox", FINE.replace("files: result", "files: nothing/*"), ["no matching artifact paths found"]),
        ("penstock/busybox", FINE.replace("echo hello", "exit 7"), ["exit 7", "7"]),
        ("penstock/build", FINE.replace("echo hello", "docker pull $REGISTRY/no/such:1"), ["docker pull"]),
    ],
    ids=["image", "no-buildspec", "buildspec-map", "buildspec-yaml", "artifact", "exit-code", "registry"],
)
def test_a_build_that_cannot_work_says_why(server, runner, aws, make_clone, tmp_path, image, buildspec, words):
    load_pipeline(server, "build.yml", BUILD.replace("IMAGE", image).replace("REGISTRY_ADDRESS", aws.registry))
    source = tmp_path / "source"
    source.mkdir()
    (source / "README").write_text("nothing\n")
    if buildspec:
        (source / "buildspec.yml").write_text(buildspec)
    _, execution_id = push(make_clone(server, "build", str(source)), "build")
    detail = wait_for_end(server, "build", execution_id)
    failed = action(detail, "Build", "Try")
    assert (detail["execution"]["status"], failed["status"]) == ("Failed", "Failed"), describe(server, detail)
    assert "\n" not in failed["errorMessage"].strip()
    assert all(word in failed["errorMessage"] for word in words), failed["errorMessage"]
    assert action(detail, "After", "Look").get("status") is None
    log = "\n".join(read_log(server, failed["log"]["logId"]))
    assert log, "the log holds the details"
    # The next push is not kept from trying.
    assert action(detail, "Source", "App")["status"] == "Succeeded"


# deployments that cannot work

DEPLOY = """
name: deploy
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: deploy, BranchName: main}, outputArtifacts: [App]}
  - name: Deploy
    actions:
      - {name: Deploy, provider: ECS, configuration: {ClusterName: CLUSTER, ServiceName: SERVICE}, inputArtifacts: [App]}
"""


def definitions(text):
    return {"imagedefinitions.json": text} if text is not None else {"README": "nothing"}


@pytest.mark.parametrize(
    "service, text, words",
    [
        ("nobody", '[{"name": "rp", "imageUri": "example.com/rp:1"}]', ["nobody"]),
        ("shop", None, ["imagedefinitions.json"]),
        ("shop", '[{"name": "rp", "imageUri": ', ["imagedefinitions.json"]),
        ("shop", '{"name": "rp", "imageUri": "example.com/rp:1"}', ["imagedefinitions.json"]),
        ("shop", '[{"name": "rp", "imageUrl": "example.com/rp:1"}]', ["imageUri"]),
        ("shop", '[{"name": "proxy", "imageUri": "example.com/rp:1"}]', ["proxy"]),
    ],
    ids=["service", "no-file", "json", "object", "imageUrl", "container"],
)
def test_a_deployment_that_cannot_work_says_why(shop_service, server, runner, make_clone, tmp_path, service, text, words):
    load_pipeline(server, "deploy.yml", DEPLOY.replace("CLUSTER", shop_service.cluster).replace("SERVICE", service))
    source = tmp_path / "source"
    source.mkdir()
    for name, content in definitions(text).items():
        (source / name).write_text(content)
    _, execution_id = push(make_clone(server, "deploy", str(source)), "deploy")
    detail = wait_for_end(server, "deploy", execution_id)
    failed = action(detail, "Deploy", "Deploy")
    assert failed["status"] == "Failed", describe(server, detail)
    assert "\n" not in failed["errorMessage"].strip()
    assert all(word in failed["errorMessage"] for word in words), failed["errorMessage"]
    assert [entry["operation"] for entry in cloud.ledger(shop_service.sandbox, service="ecs") if entry["operation"] in ("UpdateService", "RegisterTaskDefinition") and shop_service.cluster in json.dumps(entry["input"])] == ["RegisterTaskDefinition"]


@pytest.fixture(scope="module")
def shop_service(aws):
    """A service that exists, without any task."""
    made = cloud.Cloud(aws, "bad-input", "shop", namespace="bad-input/")
    made.make_service("none", cloud.free_port(), count=0)
    processes.wait_until(made.is_steady, 60, "a service without tasks")
    return made


def test_hangup_is_harmless(server):
    load_pipeline(server, "good.yml", GOOD)
    for _ in range(20):
        server.process.signal(signal.SIGHUP)
    assert server.call("GetOverview")["pipelines"][0]["version"] == 1
