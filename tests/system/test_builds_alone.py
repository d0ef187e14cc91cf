"""Builds without a pipeline, from StartBuild to end: a hosted repository, a real server, runner and containers."""

from stack import processes
from stack.sandbox import ACCOUNT

SPEC = """\
version: 0.2
phases:
  build:
    on-failure: RETRY-2
    commands:
      - test -d .git && cat .git/HEAD
      - cat $CODEBUILD_SRC_DIR_lib/.git/HEAD
      - echo build $CODEBUILD_BUILD_NUMBER of $STAGE
      - test "$CODEBUILD_BUILD_NUMBER" -ge 2
"""


def publish(clone):
    clone.commit("All of it")
    return clone.push()


def test_a_build_is_tried_again_with_its_sources(server, runner, make_clone, tmp_path):
    codebuild = server.client("codebuild")
    for name, files in (("app", {"ci/spec.yml": SPEC}), ("lib", {"code": "library\n"})):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    heads = {name: publish(make_clone(server, name, str(tmp_path / name))) for name in ("app", "lib")}
    place = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/"
    codebuild.create_project(
        name="app", serviceRole=f"arn:aws:iam::{ACCOUNT}:role/builds", artifacts={"type": "NO_ARTIFACTS"}, concurrentBuildLimit=1, badgeEnabled=True,
        source={"type": "CODECOMMIT", "location": place + "app", "buildspec": "ci/spec.yml", "gitCloneDepth": 1},
        secondarySources=[{"type": "CODECOMMIT", "location": place + "lib", "sourceIdentifier": "lib"}],
        environment={"type": "LINUX_CONTAINER", "image": "penstock/busybox", "computeType": "BUILD_GENERAL1_SMALL"})
    first = codebuild.start_build(projectName="app", environmentVariablesOverride=[{"name": "STAGE", "value": "test"}])["build"]

    def ended(uuid_or_number):
        ids = codebuild.list_builds_for_project(projectName="app", sortOrder="ASCENDING")["ids"]
        builds = codebuild.batch_get_builds(ids=ids)["builds"] if len(ids) > uuid_or_number else []
        return builds if builds and all(build["buildComplete"] for build in builds) else None

    one, two = processes.wait_until(lambda: ended(1), 60, "the second build to end", log=runner.log)
    assert (one["id"], one["buildStatus"], two["buildStatus"], two["buildNumber"]) == (first["id"], "FAILED", "SUCCEEDED", 2)
    assert one["resolvedSourceVersion"] == two["resolvedSourceVersion"] == heads["app"]
    assert [phase["phaseType"] for phase in two["phases"]] == ["SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"]
    assert all(phase["phaseStatus"] == "SUCCEEDED" and phase["durationInSeconds"] >= 0 for phase in two["phases"][:-1]) and set(two["phases"][-1]) == {"phaseType", "startTime"}
    log = server.request("GET", f"/logs/{two['logs']['streamName']}/raw").decode()
    assert all(words in log for words in (heads["app"], heads["lib"], "build 2 of test"))
    address = codebuild.batch_get_projects(names=["app"])["projects"][0]["badge"]["badgeRequestUrl"].removeprefix(server.url)
    assert b"passing" in server.send("GET", address + "&branch=main")[2]
