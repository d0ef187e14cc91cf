"""What CodeBuild's projects and builds can be told beyond starting: overrides, limits, retries, credentials, badges; with
Debian's aws command line and boto3, and by hand where those are older than the parameter."""

import json
import re

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from stack.sandbox import ACCOUNT, REGION
from test_codebuild import INLINE, project

NOBODY = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"


@pytest.fixture
def made(codebuild, hand, name):
    """A project. What its builds leave is ended, so that the next test's job is the first in the queue."""
    codebuild.create_project(**project(name))
    yield name
    ids = codebuild.list_builds_for_project(projectName=name)["ids"]
    for build in codebuild.batch_get_builds(ids=ids)["builds"] if ids else []:
        if build["buildStatus"] == "IN_PROGRESS":
            codebuild.stop_build(id=build["id"])
    hand.let_go()


@pytest.fixture
def call(api):
    """An operation with parameters that Debian's clients do not know yet."""

    def run(operation, **members):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"CodeBuild_20161006.{operation}"}
        body = json.dumps(members).encode()
        access_key, secret_key = api.keys
        request = botocore.awsrequest.AWSRequest("POST", api.url + "/", headers, body)
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key, secret_key), "codebuild", REGION).add_auth(request)
        status, _, data = api.send("POST", "/", body, dict(request.prepare().headers.items()))
        assert status == 200, data
        return json.loads(data)

    return run


def try_lease(hand, provider="CodeBuild"):
    return hand.offered([provider])


def begin(hand, build):
    return hand.lease("CodeBuild", lambda job: job["build"]["id"] == build["id"])


def shown(codebuild, build):
    return codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]


class TestOverrides:
    def test_each_takes_effect(self, codebuild, hand, made):
        source = {"type": "S3", "location": "bucket/data.zip", "sourceIdentifier": "data"}
        codebuild.update_project(name=made, secondarySources=[source], logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": "builds", "streamName": "web"}})
        build = codebuild.start_build(
            projectName=made, sourceVersion="pr/7", sourceTypeOverride="GITHUB", sourceLocationOverride="https://github.com/acme/shop", gitCloneDepthOverride=1,
            gitSubmodulesConfigOverride={"fetchSubmodules": True}, buildspecOverride="ci/build.yml", insecureSslOverride=True,
            secondarySourcesOverride=[source, {"type": "CODECOMMIT", "location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/lib", "sourceIdentifier": "lib"}],
            secondarySourcesVersionOverride=[{"sourceIdentifier": "lib", "sourceVersion": "v1"}, {"sourceIdentifier": "data", "sourceVersion": "3"}],
            artifactsOverride={"type": "S3", "location": "out", "path": "p", "name": "app", "packaging": "ZIP", "namespaceType": "BUILD_ID"},
            secondaryArtifactsOverride=[{"type": "S3", "location": "out", "name": "docs", "artifactIdentifier": "docs"}],
            environmentVariablesOverride=[{"name": "STAGE", "value": "/app/stage", "type": "PARAMETER_STORE"}], imageOverride="debian:13", computeTypeOverride="BUILD_GENERAL1_LARGE",
            privilegedModeOverride=True, imagePullCredentialsTypeOverride="SERVICE_ROLE", registryCredentialOverride={"credential": "login", "credentialProvider": "SECRETS_MANAGER"},
            cacheOverride={"type": "S3", "location": "out/cache"}, timeoutInMinutesOverride=7, queuedTimeoutInMinutesOverride=8, serviceRoleOverride="arn:aws:iam::1:role/other",
            logsConfigOverride={"cloudWatchLogs": {"status": "ENABLED", "groupName": "g", "streamName": "pre"}, "s3Logs": {"status": "ENABLED", "location": "out/logs"}})["build"]
        job = begin(hand, build)
        one = job["build"]
        assert job["source"] == {"url": "https://github.com/acme/shop", "ref": "refs/pull/7/head", "depth": 1, "submodules": True, "insecure": True}
        assert job["secondarySources"][0] == {"identifier": "data", "s3": "bucket/data.zip", "version": "3"}
        assert job["secondarySources"][1]["url"].endswith("/git/lib") and job["secondarySources"][1]["branch"] == "v1"
        assert (one["buildspec"], one["timeoutInMinutes"], one["environment"]["image"], one["environment"]["privilegedMode"]) == ("ci/build.yml", 7, "debian:13", True)
        assert one["environment"]["environmentVariables"] == [{"name": "STAGE", "value": "/app/stage", "type": "PARAMETER_STORE"}]
        assert one["environment"]["registryCredential"]["credential"] == "login" and one["cache"]["location"] == "out/cache" and one["artifacts"]["packaging"] == "ZIP"
        assert (job["timeoutSeconds"], one["cacheGeneration"]) == (420, 0)
        hand.finish(job, build={"currentPhase": "COMPLETED", "phases": [], "resolvedSourceVersion": "c0ffee", "artifacts": {"location": "arn:aws:s3:::out/p/app", "sha256sum": "5", "md5sum": "6"},
                                "secondaryArtifacts": [{"artifactIdentifier": "docs", "location": "arn:aws:s3:::out/docs"}], "exportedEnvironmentVariables": [{"name": "V", "value": "1"}]})
        got = shown(codebuild, build)
        assert (got["sourceVersion"], got["resolvedSourceVersion"], got["serviceRole"]) == ("pr/7", "c0ffee", "arn:aws:iam::1:role/other")
        assert (got["source"]["type"], got["source"]["gitCloneDepth"], got["source"]["buildspec"]) == ("GITHUB", 1, "ci/build.yml")
        assert got["artifacts"] == {"location": "arn:aws:s3:::out/p/app", "sha256sum": "5", "md5sum": "6"}
        assert got["secondaryArtifacts"] == [{"location": "arn:aws:s3:::out/docs", "artifactIdentifier": "docs"}]
        assert got["exportedEnvironmentVariables"] == [{"name": "V", "value": "1"}] and [one["sourceIdentifier"] for one in got["secondarySources"]] == ["data", "lib"]
        uuid_ = build["id"].split(":")[1]
        assert (got["logs"]["groupName"], got["logs"]["streamName"], got["logs"]["s3LogsArn"]) == ("g", f"pre/{uuid_}", f"arn:aws:s3:::out/logs/{uuid_}.gz")
        assert got["logs"]["s3Logs"] == {"status": "ENABLED", "location": "out/logs", "encryptionDisabled": False}

    def test_what_could_only_fail_later_is_refused(self, codebuild, made):
        for members, sentence in [
            ({"sourceTypeOverride": "GITHUB"}, "location is required for source type GITHUB"),
            ({"artifactsOverride": {"type": "S3"}}, "location is required for artifacts type S3"),
            ({"environmentTypeOverride": "WINDOWS_CONTAINER"}, "builds run in Linux containers"),
            ({"registryCredentialOverride": {"credential": "x", "credentialProvider": "SECRETS_MANAGER"}}, "imagePullCredentialsType must be SERVICE_ROLE"),
            ({"sourceTypeOverride": "CODEPIPELINE", "artifactsOverride": {"type": "CODEPIPELINE"}}, "start its pipeline"),
            ({"certificateOverride": "arn:aws:s3:::b/c"}, "certificateOverride is not supported: put the certificate"),
            ({"secondarySourcesVersionOverride": [{"sourceIdentifier": "x", "sourceVersion": "1"}]}, "no secondary source with identifier x"),
        ]:
            with pytest.raises(codebuild.exceptions.InvalidInputException, match=sentence):
                codebuild.start_build(projectName=made, **members)
        assert codebuild.list_builds_for_project(projectName=made)["ids"] == []


class TestQueue:
    def test_a_limit_waits_and_refuses_nothing(self, codebuild, hand, made, name):
        codebuild.update_project(name=made, concurrentBuildLimit=1)
        codebuild.create_project(**project(name + "-other"))
        builds = [codebuild.start_build(projectName=made)["build"] for _ in range(3)]
        other = codebuild.start_build(projectName=name + "-other")["build"]
        first = begin(hand, builds[0])
        beside = try_lease(hand)
        assert beside["build"]["id"] == other["id"] and try_lease(hand) is None
        hand.finish(first)
        assert begin(hand, builds[1]) and try_lease(hand) is None
        codebuild.update_project(name=made, concurrentBuildLimit=-1)
        assert begin(hand, builds[2])
        for build in [*builds[1:], other]:
            codebuild.stop_build(id=build["id"])

    def test_builds_for_arm_wait_for_such_a_machine(self, codebuild, hand, made):
        build = codebuild.start_build(projectName=made, environmentTypeOverride="ARM_CONTAINER")["build"]
        assert try_lease(hand) is None
        job = hand.lease("CodeBuildArm")
        assert job["build"]["id"] == build["id"]
        hand.finish(job)


class TestRetries:
    def test_retry_build(self, cli, codebuild, hand, made):
        build = codebuild.start_build(projectName=made, imageOverride="debian:13")["build"]
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="is in progress; stop it"):
            codebuild.retry_build(id=build["id"])
        hand.fail(begin(hand, build))
        again = cli("codebuild", "retry-build", "--id", build["id"], "--idempotency-token", "t")["build"]
        assert (again["buildNumber"], again["environment"]["image"], again["buildStatus"]) == (2, "debian:13", "IN_PROGRESS") and again["id"] != build["id"]
        assert codebuild.retry_build(id=build["id"], idempotencyToken="t")["build"]["id"] == again["id"]
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.retry_build(id=f"{made}:{NOBODY}")
        codebuild.stop_build(id=again["id"])

    def test_a_project_may_want_it_without_being_asked(self, call, codebuild, hand, made):
        call("UpdateProject", name=made, autoRetryLimit=1)
        build = codebuild.start_build(projectName=made)["build"]
        hand.log(job := begin(hand, build), "the first\n")
        hand.fail(job)
        newest = codebuild.list_builds_for_project(projectName=made)["ids"]
        assert len(newest) == 2
        one, two = (call("BatchGetBuilds", ids=[id_])["builds"][0] for id_ in (build["id"], newest[0]))
        assert one["buildStatus"] == "FAILED" and two["buildStatus"] == "IN_PROGRESS"
        assert one["autoRetryConfig"] == {"autoRetryLimit": 1, "autoRetryNumber": 0, "nextAutoRetry": two["arn"]}
        assert two["autoRetryConfig"] == {"autoRetryLimit": 1, "autoRetryNumber": 1, "previousAutoRetry": one["arn"]}
        hand.fail(begin(hand, two))
        assert len(codebuild.list_builds_for_project(projectName=made)["ids"]) == 2

    def test_a_pipeline_hears_of_the_last_one(self, api, codebuild, codepipeline, declaration, hand, name):
        codebuild.create_project(**project(name, source={"type": "CODEPIPELINE", "buildspec": INLINE}, artifacts={"type": "CODEPIPELINE"}))
        action = {"name": "Make", "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}, "inputArtifacts": [{"name": "App"}], "configuration": {"ProjectName": name}}
        codepipeline.create_pipeline(pipeline=declaration({"name": "Build", "actions": [action]}))
        hand.fetch(name)
        mine = lambda job: job["pipeline"] == name  # noqa: E731

        def state():
            found = codepipeline.get_pipeline_state(name=name)["stageStates"][1]["actionStates"][0]["latestExecution"]
            return found["status"], found["externalExecutionId"]

        first = hand.lease("CodeBuild", mine)
        hand.log(first, "the first\n")
        hand.finish(first, "failed", errorCode="JobFailed", errorMessage="no", build={"currentPhase": "COMPLETED", "phases": [], "retry": {"limit": 1}})
        second = hand.lease("CodeBuild", mine)
        assert second["build"]["id"] != first["build"]["id"] and second["actionExecutionId"] == first["actionExecutionId"]
        assert state() == ("InProgress", second["build"]["id"])
        hand.log(second, "the second\n", offset=len("the first\n"))
        hand.finish(second)
        assert state() == ("Succeeded", second["build"]["id"])
        assert api.request("GET", f"/logs/{second['actionExecutionId']}/raw") == b"the first\nthe second\n"


class TestEnds:
    def test_statuses_of_runners(self, codebuild, hand, made):
        for told, status in [({"buildStatus": "FAULT"}, "FAULT"), ({"buildStatus": "TIMED_OUT"}, "TIMED_OUT"), ({}, "FAILED")]:
            build = codebuild.start_build(projectName=made)["build"]
            phases = [{"phaseType": "PROVISIONING", "phaseStatus": "SUCCEEDED", "startTime": 1795404612, "endTime": 1795404615, "durationInSeconds": 3}, {"phaseType": "BUILD", "startTime": 1795404615}]
            hand.finish(begin(hand, build), "failed", errorCode="JobFailed", errorMessage="why", build={"currentPhase": "BUILD", "phases": phases, **told})
            got = shown(codebuild, build)
            assert (got["buildStatus"], got["currentPhase"]) == (status, "COMPLETED")
            assert [(phase["phaseType"], phase.get("phaseStatus")) for phase in got["phases"]] == [("SUBMITTED", "SUCCEEDED"), ("QUEUED", "SUCCEEDED"), ("PROVISIONING", "SUCCEEDED"), ("BUILD", status), ("COMPLETED", None)]
            assert all("durationInSeconds" in phase for phase in got["phases"][:-1]) and set(got["phases"][-1]) == {"phaseType", "startTime"}
            assert got["phases"][3]["contexts"] == [{"statusCode": "", "message": "why"}]

    def test_deleted_builds_are_gone(self, codebuild, hand, made):
        done, running = (codebuild.start_build(projectName=made)["build"] for _ in range(2))
        hand.finish(begin(hand, done))
        got = codebuild.batch_delete_builds(ids=[done["id"], running["arn"], f"{made}:{NOBODY}"])
        assert got["buildsDeleted"] == [done["arn"]]
        assert got["buildsNotDeleted"] == [{"id": running["arn"], "statusCode": "BUILD_IN_PROGRESS"}, {"id": f"{made}:{NOBODY}", "statusCode": "BUILD_NOT_FOUND"}]
        assert codebuild.batch_get_builds(ids=[done["id"]])["buildsNotFound"] == [done["id"]]
        assert codebuild.list_builds_for_project(projectName=made)["ids"] == [running["id"]]
        third = codebuild.start_build(projectName=made)["build"]
        assert third["buildNumber"] == 3
        for build in (running, third):
            codebuild.stop_build(id=build["id"])


class TestProjectsBeyond:
    def test_source_credentials(self, codebuild, hand, made):
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:token/github"
        assert codebuild.import_source_credentials(serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN", token="s3cret")["arn"] == arn
        assert codebuild.list_source_credentials()["sourceCredentialsInfos"] == [{"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}]
        with pytest.raises(codebuild.exceptions.ResourceAlreadyExistsException):
            codebuild.import_source_credentials(serverType="GITHUB", authType="OAUTH", token="x", shouldOverwrite=False)
        # To GitHub it goes, and to no other host that a project calls so.
        for location, password in [("https://github.com/acme/shop", "s3cret"), ("https://github.com.example.com/acme/shop", None)]:
            build = codebuild.start_build(projectName=made, sourceTypeOverride="GITHUB", sourceLocationOverride=location)["build"]
            job = begin(hand, build)
            assert job["source"].get("password") == password and job["source"].get("username") == (password and "x-access-token")
            assert "s3cret" not in str(job["build"])
            hand.finish(job)
        codebuild.import_source_credentials(serverType="GITHUB", authType="SECRETS_MANAGER", token="arn:aws:secretsmanager:eu-west-1:1:secret:git")
        build = codebuild.start_build(projectName=made, sourceTypeOverride="GITHUB", sourceLocationOverride="https://github.com/acme/shop")["build"]
        job = begin(hand, build)
        assert job["source"]["secret"] == "arn:aws:secretsmanager:eu-west-1:1:secret:git" and "password" not in job["source"]
        hand.finish(job)
        assert codebuild.delete_source_credentials(arn=arn)["arn"] == arn
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.delete_source_credentials(arn=arn)

    def test_caches_are_forgotten(self, codebuild, hand, made):
        codebuild.invalidate_project_cache(projectName=made)
        build = codebuild.start_build(projectName=made)["build"]
        job = begin(hand, build)
        assert job["build"]["cacheGeneration"] == 1
        hand.finish(job)
        with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
            codebuild.invalidate_project_cache(projectName="nix")

    def test_what_there_is_little_of(self, codebuild, made):
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{made}"
        assert codebuild.list_shared_projects()["projects"] == []
        assert "aws/codebuild/standard:7.0" in str(codebuild.list_curated_environment_images())
        assert codebuild.update_project_visibility(projectArn=arn, projectVisibility="PRIVATE")["projectVisibility"] == "PRIVATE"
        with pytest.raises(codebuild.exceptions.InvalidInputException, match="to those who sign in"):
            codebuild.update_project_visibility(projectArn=arn, projectVisibility="PUBLIC_READ")

    def test_a_badge(self, api, codebuild, hand, made):
        assert "badgeRequestUrl" not in codebuild.batch_get_projects(names=[made])["projects"][0]["badge"]
        badge = codebuild.update_project(name=made, badgeEnabled=True)["project"]["badge"]
        assert badge["badgeEnabled"] and badge["badgeRequestUrl"].startswith(f"{api.url}/badges?uuid=")
        address = badge["badgeRequestUrl"].removeprefix(api.url)

        def words(query=""):
            status, headers, body = api.send("GET", address + query)
            assert (status, headers["Content-Type"]) == (200, "image/svg+xml") and "no-cache" in headers["Cache-Control"]
            return re.search(r"<title>build: (.*?)</title>", body.decode()).group(1)

        assert words() == "unknown"
        git = {"sourceTypeOverride": "GITHUB", "sourceLocationOverride": "https://github.com/acme/shop"}
        main = begin(hand, codebuild.start_build(projectName=made, sourceVersion="main", **git)["build"])
        assert (words(), words("&branch=main"), words("&branch=topic")) == ("in progress", "in progress", "unknown")
        hand.finish(main)
        hand.fail(begin(hand, codebuild.start_build(projectName=made, sourceVersion="refs/heads/topic", **git)["build"]))
        assert (words(), words("&branch=main"), words("&branch=refs/heads/topic")) == ("failing", "passing", "failing")
        codebuild.update_project(name=made, badgeEnabled=False)
        assert words() == "unknown"
        assert api.send("GET", f"/badges?uuid={NOBODY}")[0] == 200


class TestAsTerraformSendsIt:
    """hashicorp/aws writes these blocks and compares what BatchGetProjects says of them; then it takes each away."""

    BLOCKS = {
        "secondarySources": [
            {"type": "GITHUB", "location": "https://github.com/acme/lib.git", "gitCloneDepth": 1, "insecureSsl": False, "reportBuildStatus": False, "sourceIdentifier": "lib", "gitSubmodulesConfig": {"fetchSubmodules": True}, "buildspec": ""},
            {"type": "S3", "location": "data/source.zip", "gitCloneDepth": 0, "insecureSsl": False, "reportBuildStatus": False, "sourceIdentifier": "data", "buildspec": ""},
        ],
        "secondarySourceVersions": [{"sourceIdentifier": "lib", "sourceVersion": "v1"}],
        "secondaryArtifacts": [{"type": "S3", "location": "out", "name": "docs", "path": "p", "namespaceType": "BUILD_ID", "packaging": "ZIP", "encryptionDisabled": False, "overrideArtifactName": True, "artifactIdentifier": "docs", "bucketOwnerAccess": "FULL"}],
        "sourceVersion": "main",
        "cache": {"type": "S3", "location": "out/cache"},
        "vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "builds", "streamName": "web"}, "s3Logs": {"status": "ENABLED", "location": "out/logs", "encryptionDisabled": True}},
        "buildBatchConfig": {"serviceRole": "arn:aws:iam::1:role/batch", "combineArtifacts": True, "restrictions": {"maximumBuildsAllowed": 10, "computeTypesAllowed": ["BUILD_GENERAL1_SMALL"]}, "timeoutInMins": 480},
        "concurrentBuildLimit": 2,
        "badgeEnabled": True,
    }

    def test_every_block_comes_back_and_can_be_taken_away(self, codebuild, name):
        codebuild.create_project(**project(name, **self.BLOCKS))
        arn = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{name}"
        got = codebuild.batch_get_projects(names=[arn])["projects"][0]
        assert got["badge"]["badgeEnabled"]
        for member, value in self.BLOCKS.items():
            assert member == "badgeEnabled" or got[member] == value, member
        disabled = {"cloudWatchLogs": {"status": "ENABLED"}, "s3Logs": {"status": "DISABLED", "encryptionDisabled": False}}
        got = codebuild.update_project(name=name, cache={"type": "NO_CACHE", "location": ""}, logsConfig=disabled, secondarySources=[], secondaryArtifacts=[], secondarySourceVersions=[], sourceVersion="",
                                       vpcConfig={}, buildBatchConfig={}, concurrentBuildLimit=-1, badgeEnabled=False)["project"]
        assert got["logsConfig"] == disabled and got["cache"]["type"] == "NO_CACHE" and not got["badge"]["badgeEnabled"]
        assert not {"secondarySources", "secondaryArtifacts", "secondarySourceVersions", "sourceVersion", "vpcConfig", "buildBatchConfig", "concurrentBuildLimit"} & set(got)
