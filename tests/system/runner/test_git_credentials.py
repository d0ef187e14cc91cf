"""env.git-credential-helper: git in the build knows the source's credentials, for the source's host only."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from runner_steps import docker

HOST, USER, PASSWORD = "git.example.com:8443", "deploy", "token-of-the-source"
ASK = "printf 'protocol=%s\\nhost=%s\\n\\n' {} | GIT_TERMINAL_PROMPT=0 git credential fill"
SPEC = f"""\
version: 0.2
env: {{git-credential-helper: yes}}
phases:
  build:
    commands:
      - {ASK.format("https " + HOST)} | sed 's/^password=\\(.....\\).*/begins=\\1/'
      - {ASK.format("https " + HOST)}
      - {ASK.format("http " + HOST)} || echo nothing without TLS
      - {ASK.format("https git.example.com")} || echo nothing for another port
      - {ASK.format("https other.example.com")} || echo nothing for others
"""


@pytest.fixture(scope="module")
def git_image(image):
    """The tests' image with this machine's git."""
    git = shutil.which("git")
    name = f"penstock-test/git:{os.getpid()}"
    container = docker("create", image, "true").decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        libraries = re.findall(r"(/\S+)", subprocess.run(["ldd", git], capture_output=True, text=True).stdout)
        for path in [git, *libraries]:
            target = pathlib.Path(folder) / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        docker("cp", f"{folder}/.", f"{container}:/")
    docker("commit", container, name)
    docker("rm", container)
    yield name
    docker("rmi", "-f", name)


NOTHING = "version: 0.2\nenv: {git-credential-helper: yes}\nphases: {build: {commands: [echo goes on]}}\n"
REASONS = [
    ({"url": "http://127.0.0.1:1/git/shop.git", "branch": "main", "username": "runner"},
     "the source is a repository of this server, which gives its token to no build"),
    ({"url": "https://git.example.com/shop.git", "branch": "main"}, "the source was fetched without credentials"),
    ({"url": "https://git.example.com/shop.git", "username": "u", "password": "long enough"},
     "the build image has no git, or its configuration cannot be written"),
    (None, "the source did not come from a repository"),
]


def test_the_sources_credentials_for_the_sources_host(server, start_runner, git_image, offer_build):
    source = {"url": f"https://{HOST}/acme/shop.git", "branch": "main", "username": USER, "password": PASSWORD}
    given = offer_build(SPEC, outputs=[], job={"source": source}, environment={"image": git_image})
    others = [(offer_build(NOTHING, outputs=[], job={"source": source} if source else {}), reason)
              for source, reason in REASONS]
    start_runner("--build-network", "none")
    server.wait(lambda: given.result and all(job.result for job, _ in others))
    assert given.result["outcome"] == "succeeded", given.text
    assert f"\nusername={USER}\nbegins={PASSWORD[:5]}\n" in given.text, given.text
    assert "\npassword=***\n" in given.text and PASSWORD not in given.text
    for line in ("nothing without TLS", "nothing for another port", "nothing for others"):
        assert f"\n{line}\n" in given.text, given.text
    for job, reason in others:
        assert job.result["outcome"] == "succeeded", job.text
        assert f"Skipping git-credential-helper: {reason}\n" in job.text
        assert "\ngoes on\n" in job.text
