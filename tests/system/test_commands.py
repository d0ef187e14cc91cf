"""Commands actions from push to end: a definition with boto3, a real server, runner and containers."""

import pytest
from penstock_under_test import describe, load_pipeline, push, read_log, stop, wait_for_action, wait_for_end
from stack.events import action

PIPELINE = """
name: lines
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: lines, BranchName: main}, outputArtifacts: [App]}
  - name: Test
    actions:
      - name: Smoke
        provider: Commands
        namespace: Smoke
        inputArtifacts: [App]
        commands:
          - cat greeting.txt
          - 'mkdir out && cd out && echo "$MODE #{codepipeline.PipelineExecutionId}" > report.txt'
          - TAG=v$(wc -l < report.txt)
        environmentVariables: [{name: MODE, value: fast}]
        outputVariables: [TAG]
        outputArtifacts: [{name: Report, files: ['out/**/*']}]
      - name: Read
        provider: Commands
        runOrder: 2
        inputArtifacts: [App, Report]
        commands:
          - test -f greeting.txt && echo "tag is $(echo '#{Smoke.TAG}' | tr -d ' ')"
          - cat $CODEBUILD_SRC_DIR_Report/out/report.txt
"""


@pytest.fixture
def lines(server, make_runner, make_clone, tmp_path):
    """lines(text) loads a pipeline and pushes; the execution's id."""
    make_runner(server, PENSTOCK_COMMANDS_IMAGE="penstock/busybox")
    (tmp_path / "greeting.txt").write_text("hello from the repository\n")

    def start(text):
        load_pipeline(server, "lines.yml", text)
        return push(make_clone(server, "lines", str(tmp_path)), "lines")[1]

    return start


def log_of(server, one):
    return read_log(server, one["log"]["logId"]) if one.get("log") else []


def test_files_and_variables_go_from_action_to_action(server, lines):
    execution_id = lines(PIPELINE)
    detail = wait_for_end(server, "lines", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    smoke, read = action(detail, "Test", "Smoke"), action(detail, "Test", "Read")
    assert "hello from the repository" in log_of(server, smoke)
    assert "tag is v1" in log_of(server, read) and f"fast {execution_id}" in log_of(server, read)
    assert smoke["outputVariables"] == {"TAG": "v1"} and smoke["summary"] == "all 3 commands succeeded"

    page = server.client("codepipeline").list_action_executions(pipelineName="lines", filter={"pipelineExecutionId": execution_id})
    shown = {one["actionName"]: one for one in page["actionExecutionDetails"]}
    assert shown["Smoke"]["input"]["actionTypeId"] == {"category": "Compute", "owner": "AWS", "provider": "Commands", "version": "1"}
    assert shown["Smoke"]["output"]["outputVariables"] == {"TAG": "v1"}


def test_a_failing_command_is_named(server, lines):
    execution_id = lines(PIPELINE.replace("cat greeting.txt\n", "echo what a pity; exit 7\n"))
    detail = wait_for_end(server, "lines", execution_id)
    smoke = action(detail, "Test", "Smoke")
    assert detail["execution"]["status"] == "Failed" and smoke["status"] == "Failed"
    assert (smoke["errorCode"], smoke["errorMessage"]) == ("JobFailed", "command 'echo what a pity; exit 7' failed with exit code 7; it last said 'what a pity'")
    assert log_of(server, smoke)[-1] == smoke["errorMessage"]
    assert action(detail, "Test", "Read").get("status") is None


def test_a_stop_kills_the_container(server, lines, docker):
    execution_id = lines(PIPELINE.replace("cat greeting.txt\n", "hostname\n          - sleep 3600\n"))
    running = wait_for_action(server, "lines", execution_id, "Test", "Smoke", lambda one: any("Running command sleep" in line for line in log_of(server, one)), "the command to run")
    log = log_of(server, running)
    container = log[next(i for i, line in enumerate(log) if "Running command hostname" in line) + 1]
    assert docker("ps", "--quiet", "--filter", f"id={container}")
    stop(server, "lines", execution_id)
    detail = wait_for_end(server, "lines", execution_id)
    assert detail["execution"]["status"] == "Stopped" and action(detail, "Test", "Smoke")["status"] == "Abandoned", describe(server, detail)
    assert docker("ps", "--quiet", "--filter", f"id={container}") == ""
