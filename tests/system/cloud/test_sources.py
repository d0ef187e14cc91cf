"""What a build fetches for itself: repositories with their .git, submodules, secondary sources, sources and buildspecs in
S3, tokens that lie in Secrets Manager."""

import base64
import functools
import io
import os
import pathlib
import subprocess
import threading
import uuid
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from runner_steps import zip_of
from sandbox_under_test import REGION

KEEP = "version: 0.2\nphases:\n  build:\n    commands:\n{commands}artifacts: {{files: ['**/*']}}\n"
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
TOKEN = "t0ken-of-the-build"


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, check=True, env=ENVIRONMENT, capture_output=True, text=True).stdout.strip()


class _Files(SimpleHTTPRequestHandler):
    """Repositories as files, which git can fetch from; what lies under /private wants the token."""

    def do_GET(self):
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.path.startswith("/private/") and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


class Repositories:
    def __init__(self, folder):
        self.folder = folder
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def work(self, name):
        """A new clone, to be published under that name."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.folder / name)], check=True, env=ENVIRONMENT)
        work = self.folder / f"work-{uuid.uuid4().hex[:8]}"
        subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True, env=ENVIRONMENT)
        git(work, "remote", "add", "origin", str(self.folder / name))
        return work

    def publish(self, work, *references):
        git(work, "push", "-q", "origin", *references)
        git(git(work, "remote", "get-url", "origin"), "update-server-info")


def commit(work, text, **files):
    for name, contents in files.items():
        path = work / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", text)
    return git(work, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    served = Repositories(tmp_path_factory.mktemp("repositories"))
    yield served
    served.http.shutdown()
    served.http.server_close()


@pytest.fixture
def run(cloud, tmp_path):
    """Starts a build that keeps all of its source folder; what was kept comes back unpacked."""
    bucket = cloud.bucket()

    class Started:
        def __init__(self, build=None, **job):
            self.name = uuid.uuid4().hex[:8]
            identity = f"shop:{uuid.uuid4()}"
            place = {"type": "S3", "location": bucket, "packaging": "ZIP", "name": self.name}
            environment = {"image": cloud.image, "computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER", "environmentVariables": []}
            message = {"id": identity.replace(":", "-"), "provider": "CodeBuild", "category": "Build", "outputs": [], "configuration": {}, "region": REGION,
                       "build": {"id": identity, "projectName": "shop", "timeoutInMinutes": 5, "environment": environment, "artifacts": place, **(build or {})}}
            self.job = cloud.server.offer({**message, **job}, {})

        def result(self):
            return cloud.finish(self.job)

        def kept(self):
            result = self.result()
            assert result["outcome"] == "succeeded", self.job.text
            out = tmp_path / self.name
            with zipfile.ZipFile(io.BytesIO(cloud.read(bucket, self.name))) as archive:
                archive.extractall(out)
            return out

    return Started


def test_a_repository_is_as_deep_as_asked(repositories, run):
    work = repositories.work("shop.git")
    buildspec = KEEP.format(commands="      - cat file\n")
    first = commit(work, "first", file="one", ci__build_yml=buildspec, buildspec_yml=buildspec)
    git(work, "tag", "-a", "v1.0", "-m", "the first")
    second = commit(work, "second", file="two")
    third = commit(work, "third", file="three")
    git(work, "checkout", "-q", "-b", "topic")
    asked = commit(work, "asked", file="from a pull request")
    repositories.publish(work, "main", "v1.0", "topic:refs/pull/7/head")
    url = f"{repositories.url}/shop.git"
    whole = run(source={"url": url, "branch": "main"})
    shallow = run(source={"url": url, "branch": "main", "depth": 1}, build={"source": {"type": "GITHUB", "buildspec": "$CODEBUILD_SRC_DIR/ci/build.yml"}})
    tag = run(source={"url": url, "branch": "v1.0"})
    pull = run(source={"url": url, "ref": "refs/pull/7/head"})
    at = whole.kept()
    assert git(at, "describe", "--tags") == f"v1.0-2-g{third[:7]}" and git(at, "status", "--porcelain") == ""
    assert git(at, "log", "--format=%H").split() == [third, second, first]
    assert git(at, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD" and git(at, "rev-parse", "origin/main") == third
    assert git(at, "remote", "get-url", "origin") == url
    git(at, "fsck", "--strict")
    assert whole.result()["build"]["resolvedSourceVersion"] == third
    at = shallow.kept()
    assert git(at, "log", "--format=%H").split() == [third] and git(at, "tag") == ""
    assert "/ci/build.yml" in shallow.job.text
    assert git(tag.kept(), "rev-parse", "HEAD") == first and git(tag.kept(), "describe") == "v1.0"
    assert pull.result()["build"]["resolvedSourceVersion"] == asked and (pull.kept() / "file").read_text() == "from a pull request"


def test_submodules_come_from_their_own_repositories(repositories, run):
    inner, lib, work = repositories.work("inner.git"), repositories.work("group/lib.git"), repositories.work("group/app.git")
    commit(inner, "inner", deep="deepest")
    repositories.publish(inner, "main")
    git(lib, "submodule", "--quiet", "add", str(repositories.folder / "inner.git"), "nested")
    git(lib, "config", "-f", ".gitmodules", "submodule.nested.url", "../../inner.git")
    commit(lib, "lib", code="library")
    repositories.publish(lib, "main")
    git(work, "submodule", "--quiet", "add", str(repositories.folder / "group/lib.git"), "vendor/lib")
    git(work, "config", "-f", ".gitmodules", "submodule.vendor/lib.url", f"{repositories.url}/group/lib.git")
    commit(work, "app", buildspec_yml=KEEP.format(commands="      - cat vendor/lib/code vendor/lib/nested/deep\n"))
    repositories.publish(work, "main")
    source = {"url": f"{repositories.url}/group/app.git", "branch": "main"}
    with_them, without = run(source={**source, "submodules": True}), run(source=source)
    out = with_them.kept()
    assert (out / "vendor/lib/code").read_text() == "library" and (out / "vendor/lib/nested/deep").read_text() == "deepest"
    assert git(out, "status", "--porcelain") == ""
    assert without.result()["outcome"] == "failed" and not (out / "vendor/lib/.git").exists()
    # What .gitmodules says is checked as any address is.
    bad = []
    for name, address in (("one", "file:///etc"), ("two", "../../../../x.git"), ("three", "ext::sh -c true")):
        git(work, "config", "-f", ".gitmodules", "submodule.vendor/lib.url", address)
        commit(work, f"bad {address}")
        repositories.publish(work, f"HEAD:{name}")
        bad.append(run(source={**source, "branch": name, "submodules": True}))
    for one in bad:
        assert one.result()["outcome"] == "failed" and "submodule 'vendor/lib': " in one.job.text, one.job.text
    assert "leads out of" in bad[1].job.text and "must begin with https://" in bad[2].job.text


def test_sources_beside_the_first(cloud, repositories, run):
    bucket = cloud.bucket()
    cloud.s3.put_object(Bucket=bucket, Key="data.zip", Body=zip_of({"table.csv": "1,2"}))
    cloud.s3.put_object(Bucket=bucket, Key="folder/a/one.txt", Body=b"one")
    cloud.s3.put_object(Bucket=bucket, Key="folder/two.txt", Body=b"two")
    cloud.s3.put_object(Bucket=bucket, Key="ci/build.yml", Body=KEEP.format(commands="""\
      - test "$CODEBUILD_SOURCE_REPO_URL_lib" = u1
      - test "$CODEBUILD_SOURCE_VERSION_lib" = main
      - cp $CODEBUILD_SRC_DIR_lib/code code; cp $CODEBUILD_SRC_DIR_lib/.git/HEAD head
      - cp $CODEBUILD_SRC_DIR_files/a/one.txt . ; cat table.csv
""").encode())
    lib = repositories.work("side.git")
    at = commit(lib, "side", code="beside")
    repositories.publish(lib, "main")
    started = run(source={"s3": f"{bucket}/data.zip"},
                  secondarySources=[{"identifier": "lib", "url": f"{repositories.url}/side.git", "branch": "main"},
                                    {"identifier": "files", "s3": f"{bucket}/folder/"}],
                  build={"source": {"type": "S3", "location": f"{bucket}/data.zip", "buildspec": f"arn:aws:s3:::{bucket}/ci/build.yml"},
                         "secondarySources": [{"type": "GITHUB", "sourceIdentifier": "lib", "location": "u1"}, {"type": "S3", "sourceIdentifier": "files", "location": "u2"}],
                         "secondarySourceVersions": [{"sourceIdentifier": "lib", "sourceVersion": "main"}]})
    out = started.kept()
    assert (out / "code").read_text() == "beside" and (out / "head").read_text().strip() == at and (out / "one.txt").read_text() == "one"
    assert (out / "table.csv").read_text() == "1,2" and not (out / ".git").exists()
    missing = run(source={"s3": f"{bucket}/data.zip"}, build={"source": {"type": "S3", "buildspec": f"arn:aws:s3:::{bucket}/none.yml"}})
    assert missing.result()["outcome"] == "failed" and "YAML_FILE_ERROR" in missing.job.text
    absent = run(source={"s3": f"{bucket}/none.zip"})
    assert absent.result()["outcome"] == "failed" and "NoSuchKey" in absent.job.text


def test_a_token_that_lies_in_secrets_manager(cloud, repositories, run):
    secrets = cloud.sandbox.client("secretsmanager")
    name = f"git/{uuid.uuid4().hex[:8]}"
    secrets.create_secret(Name=name, SecretString=f'{{"ServerType": "GITHUB", "AuthType": "PERSONAL_ACCESS_TOKEN", "Token": "{TOKEN}"}}')
    work = repositories.work("private/shop.git")
    commit(work, "closed", buildspec_yml=KEEP.format(commands=f"      - echo the token is {TOKEN}\n"))
    repositories.publish(work, "main")
    source = {"url": f"{repositories.url}/private/shop.git", "branch": "main", "username": "x-access-token"}
    opened, closed = run(source={**source, "secret": name}), run(source=source)
    out = opened.kept()
    assert TOKEN not in "".join(path.read_text(errors="replace") for path in pathlib.Path(out / ".git").rglob("*") if path.is_file())
    assert TOKEN not in opened.job.text and "the token is ***" in opened.job.text
    assert closed.result()["outcome"] == "failed" and "refuses the credentials" in closed.job.text
