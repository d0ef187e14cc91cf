"""The runner's mirrors of repositories: what breaks one for good, and is mended by itself."""

import functools
import os
import subprocess
import threading
import uuid
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Repository:
    """Served as files, which git can fetch from."""

    def __init__(self, folder):
        self.bare, self.work = folder / "bare.git", folder / "work"
        self.git("init", "-q", "--bare", self.bare)
        self.git("init", "-q", "-b", "main", self.work)
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/bare.git"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def git(self, *arguments):
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments], check=True,
                       env=environment, capture_output=True)

    def push(self, branch, text, *deleted):
        (self.work / "file").write_text(text)
        self.git("-C", self.work, "add", "file")
        self.git("-C", self.work, "commit", "-q", "-m", text)
        for name in deleted:
            self.git("-C", self.work, "push", "-q", self.bare, f":refs/heads/{name}")
        self.git("-C", self.work, "push", "-q", self.bare, f"HEAD:refs/heads/{branch}")
        self.git("-C", self.bare, "update-server-info")


@pytest.fixture
def repository(tmp_path):
    served = Repository(tmp_path)
    yield served
    served.http.shutdown()
    served.http.server_close()


def fetch(server, repository, branch):
    job = server.offer({
        "id": str(uuid.uuid4()), "provider": "GitHub", "category": "Source", "pipeline": "shop", "stage": "Source",
        "action": "Source", "outputs": ["App"], "configuration": {"Owner": "acme", "Repo": "shop", "Branch": branch},
        "source": {"url": repository.url, "branch": branch}}, {})
    server.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text
    return job


def test_a_branch_in_the_place_of_a_folder(server, repository, start_runner):
    start_runner()
    repository.push("release", "first")
    assert fetch(server, repository, "release").result["summary"] == "first"
    repository.push("release/1", "second", "release")
    job = fetch(server, repository, "release/1")
    assert job.result["summary"] == "second" and "making it anew" in job.text


def test_the_lock_of_a_killed_git(server, repository, start_runner, tmp_path):
    start_runner()
    repository.push("main", "first")
    assert fetch(server, repository, "main").result["summary"] == "first"
    (head,) = (tmp_path / "state" / "mirrors").glob("*.git/refs/heads/main")
    head.with_name("main.lock").touch()
    repository.push("main", "second")
    job = fetch(server, repository, "main")
    assert job.result["summary"] == "second" and "making it anew" in job.text
    assert (tmp_path / "state" / "mirrors").is_dir() and "making it anew" not in fetch(server, repository, "main").text
