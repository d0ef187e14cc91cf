"""What the programs say when they cannot start: one sentence on stderr, exit code 1."""

import os
import pathlib
import socket
import subprocess

import pytest
from stack import cloud


@pytest.fixture
def run(folder):
    """run(program, ...) runs it to its end: (exit code, stderr)."""

    def run_program(*arguments, wrapper=()):
        result = subprocess.run([*wrapper, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, cwd=folder)
        return result.returncode, result.stderr

    return run_program


def assert_one_sentence(result, *words):
    code, text = result
    assert code == 1, text
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    assert all(word in text for word in words), text


def unprivileged():
    """A prefix that takes root's power to pass by permissions away."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


def test_the_port_is_taken(build, folder, run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_sentence(run(build / "server" / "penstock-server", "--data", folder / "data", "--listen", f"127.0.0.1:{port}"), str(port))


def test_another_server_has_the_data(build, server, run):
    assert_one_sentence(run(build / "server" / "penstock-server", "--data", server.folder, "--listen", "127.0.0.1:0"), server.folder)
    assert server.call("GetOverview") is not None


def test_the_data_folder_may_not_be_used(build, folder, run):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    folder.chmod(0o755)
    closed.chmod(0)
    assert_one_sentence(run(build / "server" / "penstock-server", "--data", closed / "data", "--listen", "127.0.0.1:0", wrapper=unprivileged()), "closed")
    closed.chmod(0o700)


def test_the_disk_is_full(build, folder, run):
    (folder / "data").mkdir()
    mount = f"mount -t tmpfs -o size=16k none '{folder}/data' && exec \"$@\""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    assert_one_sentence(run(build / "server" / "penstock-server", "--data", folder / "data", "--listen", "127.0.0.1:0", wrapper=[*unshare, "sh", "-c", mount, "sh"]), str(folder / "data"))


@pytest.mark.parametrize("arguments, word", [(["--listen", "nonsense"], "nonsense"), (["--listne", "127.0.0.1:0"], "--listne"), (["--data"], "--data"), (["--pipelines", "/no/such"], "/no/such")])
def test_wrong_settings_of_the_server(build, folder, run, arguments, word):
    assert_one_sentence(run(build / "server" / "penstock-server", "--data", folder / "data", "--listen", "127.0.0.1:0", *arguments), word)


def test_there_is_no_docker_engine(build, folder, server, run):
    token = server.call("CreateJoinToken")["token"]
    assert_one_sentence(run(build / "runner" / "penstock-runner", "--state", folder / "state", "--docker", f"unix://{folder}/nothing", "--join", server.url, token), f"{folder}/nothing")


def test_the_docker_engine_may_not_be_used(build, folder, server, run, docker_host):
    path = pathlib.Path(docker_host.removeprefix("unix://"))
    if os.geteuid() != 0:
        pytest.skip("only root can ask as somebody else")
    token = server.call("CreateJoinToken")["token"]
    folder.chmod(0o777)
    assert_one_sentence(run(build / "runner" / "penstock-runner", "--state", folder / "state", "--docker", docker_host, "--join", server.url, token, wrapper=unprivileged()), str(path))


def test_a_runner_that_never_joined(build, folder, run, docker_host):
    assert_one_sentence(run(build / "runner" / "penstock-runner", "--state", folder / "state", "--docker", docker_host), "join")


def test_a_join_token_is_good_once(build, folder, server, runner, run, docker_host):
    token = server.call("CreateJoinToken")["token"]
    assert server.send("POST", "/runner/join", b'{"joinToken": "%s", "name": "a", "version": "1"}' % token.encode(), {"Content-Type": "application/json"})[0] == 200
    assert_one_sentence(run(build / "runner" / "penstock-runner", "--state", folder / "second", "--docker", docker_host, "--join", server.url, token), "token")


def test_the_server_is_not_there(build, folder, run, docker_host):
    port = cloud.free_port()
    assert_one_sentence(run(build / "runner" / "penstock-runner", "--state", folder / "state", "--docker", docker_host, "--join", f"http://127.0.0.1:{port}", "x" * 40), str(port))
