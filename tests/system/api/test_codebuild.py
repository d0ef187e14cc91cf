"""CodeBuild as Debian's aws command line and boto3 see it."""

import datetime
import json
import re

import pytest
from stack.sandbox import ACCOUNT, REGION

INLINE = "version: 0.2\nphases: {build: {commands: [echo hello]}}\n"


def project(name, **members):
    return {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": INLINE},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "debian:12", "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [{"name": "STAGE", "value": "prod"}]},
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/builds",
        **members,
    }


def arn(name):
    return f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{name}"


@pytest.fixture
def made(codebuild, name):
    codebuild.create_project(**project(name))
    return name


class TestCreateProject:
    def test_defaults_are_filled_in(self, cli, tmp_path, name):
        path = tmp_path / "project.json"
        path.write_text(json.dumps(project(name, tags=[{"key": "team", "value": "web"}])))
        got = cli("codebuild", "create-project", "--cli-input-json", f"file://{path}")["project"]
        assert (got["arn"], got["timeoutInMinutes"], got["queuedTimeoutInMinutes"], got["badge"]) == (arn(name), 60, 480, {"badgeEnabled": False})
        assert got["environment"]["imagePullCredentialsType"] == "CODEBUILD"
        assert got["environment"]["environmentVariables"] == [{"name": "STAGE", "value": "prod", "type": "PLAINTEXT"}]
        assert got["tags"] == [{"key": "team", "value": "web"}]
        assert datetime.datetime.fromisoformat(got["created"]) and got["encryptionKey"] and got["serviceRole"].endswith("role/builds")
        for absent in ("vpcConfig", "cache", "logsConfig", "buildBatchConfig", "secondarySources", "concurrentBuildLimit"):
            assert absent not in got

    def test_refusals(self, codebuild, name):
        codebuild.create_project(**project(name))
        with pytest.raises(codebuild.exceptions.ResourceAlreadyExistsException, match=re.escape(f"Project already exists: {arn(name)}")):
            codebuild.create_project(**project(name))
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE"):
            codebuild.create_project(**project(name + "x", artifacts={"type": "CODEPIPELINE"}))
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="Value 'a b' at 'name' failed to satisfy constraint"):
            codebuild.create_project(**project("a b"))
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="at 'description' failed to satisfy constraint: Member must have length less than or equal to 255"):
            codebuild.create_project(**project(name + "x", description="x" * 256))
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="fileSystemLocations: is not supported: builds see no folder"):
            codebuild.create_project(**project(name + "x", fileSystemLocations=[{"type": "EFS"}]))
        assert codebuild.batch_get_projects(names=[name + "x"])["projectsNotFound"] == [name + "x"]


class TestUpdateProject:
    def test_is_a_patch_but_for_tags(self, codebuild, made):
        codebuild.update_project(name=made, description="new", sourceVersion="main", tags=[{"key": "a", "value": "b"}])
        got = codebuild.update_project(name=made, timeoutInMinutes=20)["project"]
        assert (got["description"], got["sourceVersion"], got["timeoutInMinutes"]) == ("new", "main", 20)
        assert got["tags"] == []
        assert got["lastModified"] >= got["created"]

    def test_empty_values_take_away(self, codebuild, made):
        codebuild.update_project(name=made, sourceVersion="main", cache={"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}, badgeEnabled=True)
        got = codebuild.update_project(name=made, sourceVersion="", concurrentBuildLimit=-1, vpcConfig={}, secondarySources=[], cache={"type": "NO_CACHE", "location": ""}, badgeEnabled=False)["project"]
        assert "sourceVersion" not in got and "concurrentBuildLimit" not in got and "vpcConfig" not in got
        assert got["cache"]["type"] == "NO_CACHE" and got["badge"] == {"badgeEnabled": False}

    def test_refusals(self, codebuild, made):
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException, match=re.escape(f"Project cannot be found: {arn('nix')}")):
            codebuild.update_project(name="nix", description="x")
        with pytest.raises(codebuild.exceptions.InvalidInputException):
            codebuild.update_project(name=made, source={"type": "GITHUB"})
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="'concurrentBuildLimit' failed to satisfy constraint: Member must have value greater than or equal to 1"):
            codebuild.update_project(name=made, concurrentBuildLimit=0)


class TestProjects:
    def test_batch_get_takes_names_and_arns(self, cli, made):
        got = cli("codebuild", "batch-get-projects", "--names", made, arn(made), "nix", arn("nix"))
        assert [one["name"] for one in got["projects"]] == [made, made]
        assert got["projectsNotFound"] == ["nix", arn("nix")]
        assert cli.run("codebuild", "batch-get-projects", "--cli-input-json", '{"names": []}').returncode == 252, "the client itself refuses"

    def test_list_is_sorted(self, cli, codebuild, name):
        names = [f"{name}-{letter}" for letter in "bca"]
        for one in names:
            codebuild.create_project(**project(one))

        def mine(listed):
            return [one for one in listed if one.startswith(name)]

        assert mine(cli("codebuild", "list-projects")["projects"]) == sorted(names)
        assert mine(cli("codebuild", "list-projects", "--sort-by", "NAME", "--sort-order", "DESCENDING")["projects"]) == sorted(names, reverse=True)
        assert mine(codebuild.list_projects(sortBy="CREATED_TIME", sortOrder="DESCENDING")["projects"]) == names[::-1]
        with pytest.raises(codebuild.exceptions.InvalidInputException):
            codebuild.list_projects(nextToken="nonsense")

    def test_delete_takes_arns_and_what_is_not_there(self, cli, made):
        assert cli("codebuild", "delete-project", "--name", arn(made)) is None
        assert cli("codebuild", "delete-project", "--name", made) is None
        assert cli("codebuild", "batch-get-projects", "--names", made)["projectsNotFound"] == [made]


class TestBuilds:
    def test_start_get_list_stop(self, cli, codebuild, made):
        build = cli("codebuild", "start-build", "--project-name", made, "--environment-variables-override", "name=STAGE,value=test", "name=MORE,value=1,type=PLAINTEXT", "--image-override", "debian:11")["build"]
        assert re.match(rf"^{made}:[0-9a-f-]{{36}}$", build["id"])
        assert build["arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{build['id']}"
        assert (build["buildNumber"], build["buildStatus"], build["buildComplete"], build["projectName"]) == (1, "IN_PROGRESS", False, made)
        assert build["environment"]["image"] == "debian:11"
        assert {one["name"]: one["value"] for one in build["environment"]["environmentVariables"]} == {"STAGE": "test", "MORE": "1"}
        assert [phase["phaseType"] for phase in build["phases"]] == ["SUBMITTED", "QUEUED"] and "endTime" not in build["phases"][1]
        assert build["initiator"] == "admin" and build["logs"]["groupName"] == f"/aws/codebuild/{made}"
        second = codebuild.start_build(projectName=made)["build"]
        assert second["buildNumber"] == 2
        assert cli("codebuild", "list-builds-for-project", "--project-name", made)["ids"] == [second["id"], build["id"]]
        assert codebuild.list_builds_for_project(projectName=made, sortOrder="ASCENDING")["ids"] == [build["id"], second["id"]]
        assert cli("codebuild", "list-builds")["ids"][:2] == [second["id"], build["id"]]
        got = cli("codebuild", "batch-get-builds", "--ids", build["id"], f"{made}:3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e")
        assert [one["id"] for one in got["builds"]] == [build["id"]]
        assert got["buildsNotFound"] == [f"{made}:3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"]
        for one in (build, second):
            stopped = cli("codebuild", "stop-build", "--id", one["id"])["build"]
            assert (stopped["id"], stopped["buildStatus"], stopped["buildComplete"]) == (one["id"], "STOPPED", True)

    def test_the_same_token_is_the_same_build(self, codebuild, made):
        first = codebuild.start_build(projectName=made, idempotencyToken="once")["build"]
        assert codebuild.start_build(projectName=made, idempotencyToken="once")["build"]["id"] == first["id"]
        codebuild.stop_build(id=first["id"])

    def test_a_build_that_a_runner_does(self, codebuild, hand, made):
        build = codebuild.start_build(projectName=made)["build"]
        job = hand.lease("CodeBuild")
        assert job["build"]["id"] == build["id"] and job["build"]["source"]["buildspec"] == INLINE
        hand.log(job, "hello\n")
        hand.finish(job)
        done = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
        assert (done["buildStatus"], done["buildComplete"]) == ("SUCCEEDED", True) and done["endTime"] >= done["startTime"]

    def test_refusals(self, cli, codebuild, made, name):
        code, message = cli.refused("codebuild", "start-build", "--project-name", "nix")
        assert (code, message) == ("ResourceNotFoundException", f"Project cannot be found: {arn('nix')}")
        assert cli.refused("codebuild", "batch-get-builds", "--ids", "no-colon") == ("InvalidInputException", "Invalid build ID: no-colon")
        assert cli.refused("codebuild", "stop-build", "--id", f"{made}:3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e")[0] == "ResourceNotFoundException"
        assert cli.refused("codebuild", "list-builds-for-project", "--project-name", "nix")[0] == "ResourceNotFoundException"
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="debugSessionEnabled is not supported: nobody can enter"):
            codebuild.start_build(projectName=made, debugSessionEnabled=True)
        codebuild.create_project(**project(name + "-piped", source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"}))
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="start its pipeline"):
            codebuild.start_build(projectName=name + "-piped")
        assert codebuild.list_builds_for_project(projectName=made)["ids"] == []
