"""What a command sees of the one before it, artifacts, and what bad builds say: CodeBuild's rules, in real containers."""

import io
import zipfile

import pytest


def run(server, start_runner, job, **options):
    start_runner(**options)
    server.wait(lambda: job.result)
    return job.result


def names(data):
    return sorted(zipfile.ZipFile(io.BytesIO(data)).namelist())


def spec(*commands, phase="build", rest=""):
    lines = "\n".join(f"      - |\n        {command}" for command in commands)
    return f"version: 0.2\nphases:\n  {phase}:\n    commands:\n{lines}\n{rest}"


def test_what_is_carried_from_command_to_command(server, start_runner, offer_build):
    job = offer_build(spec(
        "plain=1; export exported=2",
        'echo "plain=$plain exported=$exported"',
        "unset plain; unset BASE",
        'echo "plain=${plain-gone} base=${BASE-gone}"',
        "multi='a\n          b'",
        'printf "multi=[%s]\\n" "$multi"',
        "f() { echo; }; set -e; alias x=ls",
        "type f 2>/dev/null || echo no function",
        "false; echo set -e is off",
        "lost=1; (exit 0); exit 0",
        'echo "lost=${lost-gone}"',
        "echo to stderr >&2",
        "readlink /proc/self/fd/0; [ -t 0 ] || echo no terminal",
        "nohup sleep 300 > /dev/null 2>&1 &",
        'echo "background did not hold us"',
        'echo "last=$CODEBUILD_LAST_EXIT quote=it\'s"',
    ), environment={"environmentVariables": [{"name": "BASE", "value": "from project", "type": "PLAINTEXT"}]}, outputs=[])
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    for line in ("plain=1 exported=2", "plain=gone base=from project", "multi=[a\n  b]", "no function",
                 "set -e is off", "lost=gone", "to stderr", "no terminal", "background did not hold us",
                 "quote=it's"):
        assert f"\n{line}" in job.text.replace("last=0 ", ""), (line, job.text)


def test_a_shell_error_names_line_four(server, start_runner, offer_build):
    job = offer_build("version: 0.2\nphases: {build: {commands: ['nosuchprogram']}}\n", outputs=[])
    assert run(server, start_runner, job)["outcome"] == "failed"
    assert "script.sh: line 4: nosuchprogram: not found" in job.text
    assert "exit status 127" in job.result["errorMessage"]


def test_variables_and_their_precedence(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.2
env: {variables: {A: spec, B: spec, C: 'it''s $HOME'}}
phases: {build: {commands: ['echo "A=$A B=$B C=$C D=$D"', 'env | grep -c ^CODEBUILD_', 'echo $CODEBUILD_SRC_DIR $PWD']}}
""", environment={"environmentVariables": [{"name": "B", "value": "project"}, {"name": "D", "value": "project"}]},
                      job={"configuration": {"ProjectName": "shop",
                                             "EnvironmentVariables": '[{"name":"D","value":"action","type":"PLAINTEXT"}]'}},
                      outputs=[])
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert "\nA=spec B=project C=it's $HOME D=action\n" in job.text


def test_run_as(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.2
env: {variables: {FROM: spec}}
phases:
  pre_build: {commands: ['id -un', 'X=root']}
  build: {run-as: builder, commands: ['id -un', 'echo "X=$X FROM=$FROM"', 'X=builder']}
  post_build: {commands: ['id -un', 'echo "X=$X"']}
""", outputs=[])
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert "\nbuilder\n" in job.text and "\nX=root FROM=spec\n" in job.text and "\nX=builder\n" in job.text


def test_version_0_1_carries_nothing(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.1
environment_variables: {plaintext: {A: plain}}
phases: {build: {commands: ['cd /tmp && B=1 && export B', 'echo "A=$A B=${B-gone} $PWD"']}}
""", outputs=[])
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert "A=plain B=gone /codebuild/output/src" in job.text


def test_version_0_1_is_told_of_a_failure(server, start_runner, offer_build):
    job = offer_build("""\
version: 0.1
phases:
  pre_build: {commands: ['echo "before=$CODEBUILD_BUILD_SUCCEEDING"']}
  build: {commands: ['false']}
  post_build: {commands: ['echo "after=$CODEBUILD_BUILD_SUCCEEDING"']}
""", outputs=[])
    assert run(server, start_runner, job)["outcome"] == "failed"
    assert "\nbefore=1\n" in job.text and "\nafter=0\n" in job.text


@pytest.mark.parametrize("artifacts, expected", [
    ("files: ['**/*']\n  base-directory: dist", ["a.json", "deep/b.js", "deep/b.js.map"]),
    ("files: ['**/*']\n  base-directory: dist\n  exclude-paths: ['**/*.map']", ["a.json", "deep/b.js"]),
    ("files: ['dist/**/*']\n  discard-paths: yes", ["a.json", "b.js", "b.js.map"]),
    ("files: [dist/*, missing.txt]", ["dist/a.json"]),
    ("files: dist/a.json", ["dist/a.json"]),
    ("files: ['$WHERE/a.json']", ["dist/a.json"]),
    ("files: ['*.json']\n  base-directory: '$CODEBUILD_SRC_DIR/dist'", ["a.json"]),
    ("files: ['**/*']\n  base-directory: 'd*t'", ["a.json", "deep/b.js", "deep/b.js.map"]),
    ("files: [link.json, 'through/*']", ["link.json", "through/a.json"]),
    ("files: [/tmp/outside.txt]", ["tmp/outside.txt"]),
])
def test_artifacts(server, start_runner, offer_build, artifacts, expected):
    job = offer_build(spec("mkdir -p dist/deep && echo 1 > dist/a.json && echo 2 > dist/deep/b.js && touch dist/deep/b.js.map",
                           "ln -s dist/a.json link.json; ln -s dist through; echo 3 > /tmp/outside.txt; WHERE=dist; cd /tmp",
                           rest=f"artifacts:\n  {artifacts}\n"))
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert names(job.outputs["Built"]) == expected
    if "missing" in artifacts:
        assert "Skipping invalid file path missing.txt" in job.text
    if "link.json" in expected:
        assert zipfile.ZipFile(io.BytesIO(job.outputs["Built"])).read("link.json") == b"1\n"


def test_secondary_artifacts_go_by_name(server, start_runner, offer_build):
    job = offer_build(spec("echo a > a; echo b > b", rest="""\
artifacts:
  files: [a]
  secondary-artifacts:
    One: {files: [a]}
    Two: {files: [b]}
"""), outputs=["One", "Two"])
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert names(job.outputs["One"]) == ["a"] and names(job.outputs["Two"]) == ["b"]


def test_a_symlink_out_of_the_container_reads_nothing_of_the_host(server, start_runner, offer_build):
    job = offer_build(spec("ln -s /etc/hostname leak; ln -s ../../../../../../../../etc/passwd leak2; echo x > fine",
                           rest="artifacts:\n  files: ['**/*']\n"))
    assert run(server, start_runner, job)["outcome"] == "succeeded", job.text
    assert "leak" not in names(job.outputs["Built"]) and "fine" in names(job.outputs["Built"])


@pytest.mark.parametrize("buildspec, options, sentence", [
    (None, {}, "the build failed in DOWNLOAD_SOURCE: YAML file does not exist: no 'buildspec.yml' in the source"),
    ("version: 0.2\nphases: {build: {commands: [{echo foo: bar}]}}\n", {},
     "the build failed in DOWNLOAD_SOURCE: buildspec.yml:2:29: Expected Commands[0] to be of string type: found subkeys "
     "instead at line 2; put quotes around the whole text, or use a | block"),
    ("version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts: {files: ['*.json']}\n", {},
     "the build failed in UPLOAD_ARTIFACTS: no matching artifact paths found"),
    ("version: 0.2\nphases: {build: {commands: ['true']}}\n", {},
     "the build failed in UPLOAD_ARTIFACTS: the action has the output artifact 'Built', but the buildspec has no 'artifacts'"),
    ("version: 0.2\nenv: {shell: bash}\nphases: {build: {commands: ['true']}}\n", {},
     "the build failed in BUILD: Error while executing command: true. Reason: exit status 127"),
    ("version: 0.2\nphases: {build: {run-as: nobodyhere, commands: ['true']}}\n", {},
     "the build failed in BUILD: run-as 'nobodyhere'"),
])
def test_bad_builds_say_why(server, start_runner, offer_build, buildspec, options, sentence):
    job = offer_build(buildspec, **options)
    result = run(server, start_runner, job)
    assert result["outcome"] == "failed"
    assert result["errorMessage"].startswith(sentence), result["errorMessage"]


def test_an_image_that_does_not_exist(server, start_runner, offer_build):
    job = offer_build(spec("true"), environment={"image": "127.0.0.1:1/no/such:image"})
    result = run(server, start_runner, job)
    assert result["outcome"] == "failed"
    assert result["errorMessage"].startswith("the build failed in PROVISIONING: registry '127.0.0.1:1' cannot be reached for image '127.0.0.1:1/no/such:image'")
    assert [phase["phaseType"] for phase in result["build"]["phases"]][-2:] == ["PROVISIONING", "COMPLETED"]


def test_secrets_are_masked_and_no_build_has_a_socket(server, start_runner, offer_build):
    commands = ["echo $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY | tr ' ' '\\n'",
                "echo $AWS_SECRET_ACCESS_KEY | sed 's/^/x/'", "ls /var/run/docker.sock || echo no socket",
                "echo config=$DOCKER_CONFIG endpoint=$AWS_ENDPOINT_URL_ECS"]
    keys = {"AWS_ACCESS_KEY_ID": "AKIAMASKED0000000001", "AWS_SECRET_ACCESS_KEY": "s3cr$t/with+odd\\chars",
            "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:1"}
    plain = offer_build(spec(*commands), outputs=[])
    assert run(server, start_runner, plain, environment=keys)["outcome"] == "succeeded", plain.text
    assert "AKIAMASKED" not in plain.text and "s3cr" not in plain.text and "\n***\n***\n" in plain.text
    assert "\nx***\n" in plain.text and "\nno socket\n" in plain.text
    assert "\nconfig= endpoint=http://127.0.0.1:1\n" in plain.text


def test_privileged_mode_is_refused_until_the_operator_says_what_it_gets(server, start_runner, offer_build):
    commands = ["ls /var/run/docker.sock", "echo config=${DOCKER_CONFIG:+set}"]
    keys = {"AWS_ACCESS_KEY_ID": "AKIAMASKED0000000001", "AWS_SECRET_ACCESS_KEY": "secret"}
    refused = offer_build(spec(*commands), environment={"privilegedMode": True}, outputs=[])
    wary = start_runner(environment=keys)
    server.wait(lambda: refused.result)
    result = refused.result
    assert wary.stop() == 0
    assert result["outcome"] == "failed" and "--privileged-builds socket or engine" in result["errorMessage"]
    privileged = offer_build(spec(*commands), environment={"privilegedMode": True}, outputs=[])
    start_runner(environment={**keys, "PENSTOCK_PRIVILEGED_BUILDS": "socket"}, name="trusting")
    server.wait(lambda: privileged.result)
    assert "\n/var/run/docker.sock\n" in privileged.text


def test_codebuilds_own_images_are_what_the_operator_says(server, start_runner, offer_build, image):
    job = offer_build(spec("true"), environment={"image": "aws/codebuild/standard:7.0"}, outputs=[])
    without = start_runner()
    server.wait(lambda: job.result)
    result = job.result
    assert without.stop() == 0
    assert result["outcome"] == "failed"
    phase = next(phase for phase in result["build"]["phases"] if phase["phaseType"] == "PROVISIONING")
    assert phase["contexts"][0]["statusCode"] == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"
    assert "PENSTOCK_CODEBUILD_IMAGES" in phase["contexts"][0]["message"]
    assert "public.ecr.aws/codebuild/standard:7.0" in phase["contexts"][0]["message"]
    job = offer_build(spec("echo runs in $CODEBUILD_BUILD_IMAGE"), environment={"image": "aws/codebuild/standard:7.0"}, outputs=[])
    start_runner(environment={"PENSTOCK_CODEBUILD_IMAGES": f"aws/codebuild/*={image}"}, name="mapping")
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded"
    assert "\nruns in aws/codebuild/standard:7.0\n" in job.text


def test_builds_need_not_get_credentials(server, start_runner, offer_build):
    job = offer_build(spec("echo key=$AWS_ACCESS_KEY_ID region=$AWS_REGION"), outputs=[])
    result = run(server, start_runner, job, environment={
        "AWS_ACCESS_KEY_ID": "AKIAMASKED0000000001", "AWS_SECRET_ACCESS_KEY": "secret",
        "PENSTOCK_BUILD_AWS_CREDENTIALS": "none"})
    assert result["outcome"] == "succeeded" and "\nkey= region=eu-west-1\n" in job.text


@pytest.mark.parametrize("whose", ["runner", "none"])
def test_the_sign_in_to_ecr_goes_with_the_credentials(server, start_runner, offer_build, whose):
    commands = ["echo config=${DOCKER_CONFIG:+set}", "ls -d /codebuild/output/docker || echo no sign-in"]
    job = offer_build(spec(*commands), environment={"privilegedMode": True}, outputs=[])
    result = run(server, start_runner, job, environment={
        "AWS_ACCESS_KEY_ID": "AKIAMASKED0000000001", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:1",
        "PENSTOCK_BUILD_AWS_CREDENTIALS": whose, "PENSTOCK_PRIVILEGED_BUILDS": "socket"})
    assert result["outcome"] == "succeeded", job.text
    if whose == "none":
        assert "\nconfig=\n" in job.text and "\nno sign-in\n" in job.text
    else:
        assert "\nconfig=set\n" in job.text and "\n/codebuild/output/docker\n" in job.text


def test_a_flood_of_output_arrives_whole(server, start_runner, offer_build):
    job = offer_build(spec("seq 1 200000", "printf 'no newline at the end'"), outputs=[])
    assert run(server, start_runner, job)["outcome"] == "succeeded"
    numbers = [line for line in job.text.splitlines() if line.isdigit()]
    assert numbers == [str(number) for number in range(1, 200001)]
    assert "no newline at the end\n[Container]" in job.text


def test_a_build_that_takes_too_long(server, start_runner, offer_build):
    job = offer_build(spec("sleep 600"), outputs=[], job={"timeoutSeconds": 6})
    result = run(server, start_runner, job)
    assert result["outcome"] == "failed" and result["errorMessage"] == "the build has timed out"
    assert [p for p in result["build"]["phases"] if p["phaseType"] == "BUILD"][0]["phaseStatus"] == "TIMED_OUT"
