"""Builds in real containers, ordered by a fake server."""

import io
import zipfile


def names(data):
    return sorted(zipfile.ZipFile(io.BytesIO(data)).namelist())


def contents(data, name):
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


def finish(server, job, seconds=60):
    server.wait(lambda: job.result, seconds)
    return job.result


def phases(result):
    return {phase["phaseType"]: phase.get("phaseStatus") for phase in result["build"]["phases"]}


def test_a_build_passes(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.2
env:
  variables: {GREETING: hello, NUMBER: 0755}
  exported-variables: [TAG]
phases:
  install:
    commands:
      - cd sub
  build:
    commands:
      - pwd
      - echo "$GREETING $NUMBER $CODEBUILD_BUILD_NUMBER $CODEBUILD_BUILD_SUCCEEDING"
      - TAG=v1
      - |
        for i in 1 2 3; do
          echo "line $i"
        done
  post_build:
    commands:
      - echo "tag $TAG in $(pwd)"
      - mkdir -p dist/.hidden && echo one > dist/a.txt && echo two > dist/.hidden/b && chmod 755 dist/a.txt
artifacts:
  base-directory: sub/dist
  files: ['**/*']
""", files={"sub/file.txt": "x"})
    start_runner()
    result = finish(server, job)
    assert result["outcome"] == "succeeded", job.text
    assert "\nhello 0755 7 1\n" in job.text
    assert "line 1\nline 2\nline 3\n" in job.text
    assert "/src/sub\n" in job.text and "tag v1 in /codebuild/output/src" in job.text
    assert "[Container]" in job.text and "Entering phase INSTALL" in job.text
    assert "Phase complete: BUILD State: SUCCEEDED" in job.text
    assert names(job.outputs["Built"]) == [".hidden/b", "a.txt"]
    entry = zipfile.ZipFile(io.BytesIO(job.outputs["Built"])).getinfo("a.txt")
    assert entry.external_attr >> 16 & 0o777 == 0o755
    assert result["variables"] == {"TAG": "v1"}
    assert set(phases(result).values()) == {"SUCCEEDED", None}
    assert job.acknowledged and job.progress


def test_a_failing_build_says_why(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.2
phases:
  build:
    commands: [echo before, exit 3, echo never]
    finally: [echo finally here]
  post_build:
    commands: ['echo "succeeding=$CODEBUILD_BUILD_SUCCEEDING"']
artifacts: {files: [nothing.json]}
""")
    start_runner()
    result = finish(server, job)
    assert result["outcome"] == "failed" and result["errorCode"] == "JobFailed"
    assert result["errorMessage"] == (
        "the build failed in BUILD: Error while executing command: exit 3. Reason: exit status 3")
    assert "finally here\n" in job.text and "succeeding=0\n" in job.text and "\nnever" not in job.text
    assert "Command did not exit successfully exit 3 exit status 3" in job.text
    assert phases(result)["POST_BUILD"] == "SUCCEEDED" and phases(result)["BUILD"] == "FAILED"


def test_a_cancel_kills_the_container_within_a_second(server, start_runner, offer_build):
    job = offer_build("version: 0.2\nphases: {build: {commands: ['echo started', 'sleep 600']}}\n", outputs=[])
    start_runner()
    server.wait(lambda: "started\n" in job.text)
    server.cancel(job)
    result = finish(server, job, 20)
    assert result["outcome"] == "stopped"
    assert phases(result)["BUILD"] == "STOPPED"
