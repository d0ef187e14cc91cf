"""`penstock-runner build` as a program: its usage, and what becomes of a build whose program was killed."""

import os
import subprocess

import pytest


@pytest.fixture
def build(runner_program, images, tmp_path):
    """Starts it in a folder with one buildspec."""
    def start(buildspec, *arguments):
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        (source / "buildspec.yml").write_text(buildspec)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PENSTOCK_"))}
        environment.update({"XDG_CACHE_HOME": str(tmp_path / "cache"), "AWS_EC2_METADATA_DISABLED": "true",
                            "PENSTOCK_BUILD_NETWORK": "none", "ASAN_OPTIONS": "abort_on_error=0:exitcode=99"})
        return subprocess.Popen([runner_program, "build", source, "--image", images["build"](), *arguments],
                                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return start


def spec(command):
    return f"version: 0.2\nphases: {{build: {{commands: [{command}]}}}}\n"


@pytest.mark.parametrize("arguments, sentence", [
    (["--env", "1X=a"], "--env wants NAME=VALUE, not '1X=a'"),
    (["--source", "tools"], "--source wants NAME=DIR, not 'tools'"),
    (["elsewhere"], "one folder is built, not "),
    (["--nosuch", "x"], "no flag '--nosuch'"),
    (["--json", "--timeout"], "--timeout wants a value"),
    (["--timeout", "soon"], "--timeout must be seconds from 1 to 129600, not 'soon'"),
    (["--project", "/nosuch.json"], "cannot read '/nosuch.json'"),
    (["--docker", "unix:///nosuch.sock"], "no Docker engine at 'unix:///nosuch.sock'"),
])
def test_wrong_usage_is_one_sentence(build, arguments, sentence):
    process = build(spec("true"), *arguments)
    out, errors = process.communicate()
    assert process.returncode == 2 and errors.startswith(f"penstock-runner: {sentence}") and not out, errors
    assert errors.count("\n") == 1


def test_help(build):
    out, _ = build(spec("true"), "--help").communicate()
    assert out.startswith("usage: penstock-runner build") and "--artifacts" in out


def test_the_log_is_on_stdout_and_its_last_line_says_how_it_ended(build):
    process = build(spec("exit 3"))
    out, errors = process.communicate()
    assert process.returncode == 1 and not errors
    assert out.splitlines()[-1].startswith("penstock-runner: FAILED in BUILD after ")


def test_the_commit_that_is_checked_out(build, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    git = ["git", "-C", source, "-c", "user.name=A", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    out, _ = build(spec("'echo commit=$CODEBUILD_RESOLVED_SOURCE_VERSION=$CODEBUILD_SOURCE_VERSION'")).communicate()
    assert f"\ncommit={commit}={commit}\n" in out


@pytest.mark.parametrize("name", ["../other.yml", "{}/other.yml", "link.yml"])
def test_a_buildspec_from_outside_the_folder(build, tmp_path, name):
    (tmp_path / "other.yml").write_text(spec("echo the other one"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "link.yml").symlink_to(tmp_path / "other.yml")
    out, errors = build(spec("echo never"), "--buildspec", name.format(tmp_path)).communicate()
    assert "\nthe other one\n" in out, out + errors


def test_what_a_killed_program_left_is_removed_by_the_next_build(build, docker, tmp_path):
    first = build(spec("echo ready; sleep 300"))
    for line in first.stdout:
        if line == "ready\n":
            break
    first.kill()
    first.communicate()
    claim, = (tmp_path / "cache" / "penstock-runner" / "local").iterdir()
    assert docker("ps", "-aq", "--filter", f"label=penstock.runner={claim.name}").split()
    second = build(spec("echo fine"))
    out, errors = second.communicate()
    assert second.returncode == 0, out + errors
    assert not docker("ps", "-aq", "--filter", f"label=penstock.runner={claim.name}").split()
    assert not list((tmp_path / "cache" / "penstock-runner" / "work").iterdir())
    assert not list((tmp_path / "cache" / "penstock-runner" / "local").iterdir())


def test_what_a_server_may_refuse_is_said(build):
    line = "penstock-runner: the build gets {}; a server's runner may refuse what it does with that ({})"
    out, _ = build(spec("echo fine"), "--build-network", "bridge", "--privileged").communicate()
    assert out.splitlines().count(line.format("the network 'bridge' and privilegedMode", "--build-network, --privileged-builds")) == 1, out
    out, _ = build(spec("echo fine"), "--build-network", "none").communicate()
    assert "the build gets" not in out, out
