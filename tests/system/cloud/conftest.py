"""The runner's builds with AWS behind them: a real runner and real containers, a fake server, the sandbox as AWS.

All tests share one runner and one sandbox; each has names of its own."""

import importlib.util
import pathlib
import shutil
import sys
import uuid

import pytest

SYSTEM = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(SYSTEM / "runner"), str(SYSTEM / "sandbox")]


def _load(folder):
    spec = importlib.util.spec_from_file_location(f"{folder}_conftest", SYSTEM / folder / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_runner, _sandbox = _load("runner"), _load("sandbox")
_runner.APPLETS += "sha256sum find sort truncate mkfifo mknod cmp dd".split()
runner_program, image = _runner.runner_program, _runner.image
engine, sandbox = _sandbox.engine, _sandbox.sandbox

from fake_server import FakeServer  # noqa: E402
from runner_steps import docker, zip_of  # noqa: E402
from sandbox_under_test import KEY, REGION, SECRET  # noqa: E402


class Cloud:
    """Offers builds and gives access to what they use."""

    def __init__(self, server, sandbox, image, runner, state):
        self.server, self.sandbox, self.image, self.runner, self.state = server, sandbox, image, runner, state
        self.s3 = sandbox.client("s3")

    def offer(self, buildspec, files=None, outputs=(), variables=(), job=None, source=True, project="shop", **build):
        identity = f"{project}:{uuid.uuid4()}"
        message = {
            "id": identity.replace(":", "-"), "provider": "CodeBuild", "category": "Build", "outputs": list(outputs),
            "configuration": {"ProjectName": project}, "region": REGION,
            "build": {
                "id": identity, "arn": f"arn:aws:codebuild:{REGION}:123456789012:build/{identity}", "buildNumber": 7,
                "projectName": project, "timeoutInMinutes": 5, "initiator": "tests",
                "environment": {"image": self.image, "computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER",
                                "environmentVariables": list(variables)},
                "source": {"type": "CODEPIPELINE"}, **build,
            },
            **(job or {}),
        }
        contents = dict(files or {})
        if buildspec is not None:
            contents["buildspec.yml"] = buildspec
        offered = self.server.offer(message, {"App": zip_of(contents)} if source else {})
        offered.uuid = identity.partition(":")[2]
        offered.arn = message["build"]["arn"]
        return offered

    def finish(self, job, seconds=60):
        self.server.wait(lambda: job.result, seconds)
        return job.result

    def build(self, *arguments, **options):
        """(result, log) of a build that was waited for."""
        job = self.offer(*arguments, **options)
        return self.finish(job), job.text

    def bucket(self):
        name = f"b-{uuid.uuid4().hex[:20]}"
        self.s3.create_bucket(Bucket=name)
        return name

    def keys(self, bucket, prefix=""):
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    def read(self, bucket, key):
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.fixture(scope="session")
def cloud(runner_program, image, sandbox, tmp_path_factory):
    server = FakeServer()
    state = tmp_path_factory.mktemp("runner") / "state"
    runner = _runner.Runner(runner_program, server, state, ["--jobs", "4"],
                            {"AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET})
    yield Cloud(server, sandbox, image, runner, state)
    code = runner.stop()
    left = docker("ps", "-aq", "--filter", f"label=penstock.runner={server.runner_id}").split()
    if left:
        docker("rm", "-f", *[name.decode() for name in left])
    server.close()
    log = runner.log()
    assert code == 0 and not any(word in log for word in ("Sanitizer", "runtime error")), log
    shutil.rmtree(state, ignore_errors=True)
