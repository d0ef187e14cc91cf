"""The Commands action and rule in real containers, ordered by a fake server."""

import io
import uuid
import zipfile

import pytest

from runner_steps import docker, zip_of


@pytest.fixture
def runner(start_runner, image):
    return start_runner(environment={"PENSTOCK_COMMANDS_IMAGE": image})


@pytest.fixture
def offer_commands(server):
    def offer(*commands, files=None, category="Compute", inputs=None, **more):
        identity = str(uuid.uuid4())
        message = {"id": f"job-{identity}", "provider": "Commands", "category": category, "pipeline": "shop",
                   "stage": "Test", "action": "Smoke", "executionId": "e", "actionExecutionId": identity,
                   "commands": list(commands), **more}
        if category == "Rule":
            message.setdefault("condition", "BEFORE_ENTRY")
        return server.offer(message, inputs or {"App": zip_of(files or {"app.txt": "hello"})})

    return offer


def finish(server, job, seconds=60):
    server.wait(lambda: job.result, seconds)
    return job.result


def contents(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_commands_run_in_the_folder_of_the_first_input(server, runner, offer_commands):
    job = offer_commands(
        "cat app.txt", "cat $CODEBUILD_SRC_DIR_Other/other.txt", "mkdir out && cd out", "TAG=v1",
        'echo "$GREETING $TAG" > made.txt', "echo secret > ../left-behind.txt",
        'echo "$CODEBUILD_INITIATOR in $CODEBUILD_SRC_DIR, project ${CODEBUILD_PROJECT_ARN-none}"',
        inputs={"App": zip_of({"app.txt": "hello\n"}), "Other": zip_of({"other.txt": "other\n"})},
        environment=[{"name": "GREETING", "value": "it's $HOME", "type": "PLAINTEXT"}],
        outputVariables=["TAG", "GREETING", "CODEBUILD_BUILD_ID", "NEVER_SET"],
        outputs=["Made"], outputFiles={"Made": ["out/**/*", "app.txt"]})
    result = finish(server, job)
    assert result["outcome"] == "succeeded", (result, job.text)
    assert result["summary"] == "all 7 commands succeeded"
    assert "\nhello\n" in job.text and "\nother\n" in job.text
    assert "codepipeline/shop in /codebuild/output/src" in job.text and "project none" in job.text
    assert result["variables"] == {"TAG": "v1", "GREETING": "it's $HOME",
                                   "CODEBUILD_BUILD_ID": f"shop:{job.message['actionExecutionId']}"}
    assert contents(job.outputs["Made"]) == {"out/made.txt": "it's $HOME v1\n", "app.txt": "hello\n"}
    assert "build" not in result and not any("build" in progress for progress in job.progress)


def test_without_patterns_everything_is_put_out(server, runner, offer_commands):
    job = offer_commands("echo two > two.txt", files={"one.txt": "1", "sub/.hidden": "h"}, outputs=["Made"])
    assert finish(server, job)["outcome"] == "succeeded", job.text
    assert contents(job.outputs["Made"]) == {"one.txt": "1", "sub/.hidden": "h", "two.txt": "two\n"}


def test_the_first_failing_command_ends_it(server, runner, offer_commands):
    job = offer_commands("echo before", "echo no such user >&2; exit 3", "echo never ran", outputs=["Made"],
                         outputVariables=["HOME"])
    result = finish(server, job)
    assert result["outcome"] == "failed" and result["errorCode"] == "JobFailed"
    assert result["errorMessage"] == (
        "command 'echo no such user >&2; exit 3' failed with exit code 3; it last said 'no such user'")
    assert job.text.endswith(result["errorMessage"] + "\n")
    assert "\nnever ran\n" not in job.text and job.outputs == {} and result["variables"] == {}


def test_nothing_matches(server, runner, offer_commands):
    job = offer_commands("true", outputs=["Made"], outputFiles={"Made": ["dist/*"]})
    result = finish(server, job)
    assert result["outcome"] == "failed"
    assert result["errorMessage"] == (
        "the commands could not be run to their end: UPLOAD_ARTIFACTS: no matching artifact paths found")


@pytest.mark.parametrize("command, outcome", [("test -f app.txt", "succeeded"), ("test -f other.txt", "failed")])
def test_a_rule_is_what_its_commands_say(server, runner, offer_commands, command, outcome):
    job = offer_commands(command, category="Rule")
    result = finish(server, job)
    assert result["outcome"] == outcome, job.text
    assert result.get("errorMessage") == (None if outcome == "succeeded" else
                                          "command 'test -f other.txt' failed with exit code 1")


def test_a_rule_may_have_no_input(server, runner, offer_commands):
    job = server.offer({"id": "bare", "provider": "Commands", "category": "Rule", "commands": ["ls -A | wc -l"]})
    assert finish(server, job)["outcome"] == "succeeded", job.text
    assert "\n0\n" in job.text and job.result["summary"] == "the command succeeded"


@pytest.mark.parametrize("wrong, sentence", [
    ({"configuration": {"EnvironmentType": "WINDOWS_SERVER_2022_CONTAINER"}},
     "EnvironmentType 'WINDOWS_SERVER_2022_CONTAINER' is not supported; use LINUX_CONTAINER"),
    ({"configuration": {"ComputeType": "HUGE"}},
     "no ComputeType 'HUGE'; there are BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM and BUILD_GENERAL1_LARGE"),
    ({"outputVariables": ["A; rm -rf /"]},
     "output variable 'A; rm -rf /' is no variable's name; use letters, digits and '_', no digit first"),
    ({"commands": []}, "there are no commands to run"),
])
def test_what_cannot_be_run_is_a_configuration_error(server, runner, offer_commands, wrong, sentence):
    job = offer_commands(*wrong.pop("commands", ["true"]), **wrong)
    result = finish(server, job)
    assert (result["outcome"], result["errorCode"], result["errorMessage"]) == ("failed", "ConfigurationError", sentence)


def test_a_secret_without_credentials_is_refused_by_name(server, runner, offer_commands):
    job = offer_commands("true", environment=[{"name": "KEY", "value": "shop/key", "type": "SECRETS_MANAGER"}])
    result = finish(server, job)
    assert result["outcome"] == "failed"
    assert "the runner has no AWS credentials" in result["errorMessage"] and "(secret 'shop/key' for variable 'KEY'; region 'eu-west-1')" in result["errorMessage"]


def test_an_image_that_is_nowhere(server, start_runner, offer_commands, image):
    start_runner(environment={"PENSTOCK_COMMANDS_IMAGE": "127.0.0.1:1/nowhere:1"})
    result = finish(server, offer_commands("true"))
    assert result["outcome"] == "failed"
    assert "the commands could not be run to their end: PROVISIONING" in result["errorMessage"]
    assert "127.0.0.1:1/nowhere" in result["errorMessage"]


def test_a_cancel_kills_the_container(server, runner, offer_commands):
    job = offer_commands("echo started", "sleep 600")
    server.wait(lambda: "started\n" in job.text)
    server.cancel(job)
    result = finish(server, job, 20)
    assert (result["outcome"], result["summary"]) == (
        "stopped", "the action was stopped and its container is dead")


def test_a_time_limit_kills_the_container(server, runner, offer_commands):
    job = offer_commands("sleep 600", timeoutSeconds=1, category="Rule")
    result = finish(server, job, 30)
    assert (result["outcome"], result["errorMessage"]) == ("failed", "the rule has timed out")


def test_a_second_holder_starts_afresh(server, start_runner, offer_commands, image):
    runner = start_runner(environment={"PENSTOCK_COMMANDS_IMAGE": image})
    job = offer_commands("echo started", "sleep 600")
    server.wait(lambda: "started\n" in job.text)
    runner.process.kill()
    runner.process.wait()
    runner.start()
    server.wait(lambda: len(server.hellos) == 2)
    again = offer_commands("echo again", id=job.id, attempt=2, token=2)
    assert finish(server, again)["outcome"] == "succeeded"
    runner.stop()
    assert docker("ps", "-aq", "--filter", f"label=penstock.job={job.id}") == b""


def test_the_providers_are_announced(server, runner):
    server.wait(lambda: server.leases)
    assert {"Commands", "CodeBuild", "ECS"} <= set(server.leases[0]["providers"])
