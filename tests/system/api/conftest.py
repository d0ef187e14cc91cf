"""Fixtures of the API's tests: one server for all of them, AWS's own clients, and a runner played by hand."""

import json
import os
import pathlib
import subprocess
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from api_steps import approval, source
from hand_runner import HandRunner
from stack.fixtures import REPORTS
from stack.sandbox import ACCOUNT, REGION
from stack.server import Server, refused

AWS = "/usr/bin/aws"


@pytest.fixture(scope="session")
def api(build, session_folder):
    """A running server; tests use names of their own."""
    server = Server(str(build / "server" / "penstock-server"), str(session_folder / "api"))
    server.start()
    yield server
    server.process.end(20)
    text = pathlib.Path(server.log).read_text(encoding="utf-8", errors="replace")
    assert not any(report in text for report in REPORTS), text[-6000:]


@pytest.fixture(scope="session")
def hand(api):
    """The only runner there is: nothing is done unless a test does it."""
    return HandRunner(api)


@pytest.fixture
def name():
    return "p" + uuid.uuid4().hex[:10]


class Cli:
    """Debian's aws command line, pointed at the server by --endpoint-url."""

    def __init__(self, server):
        access_key, secret_key = server.keys
        self._url = server.url
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def run(self, *arguments):
        command = [AWS, "--endpoint-url", self._url, "--output", "json", *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, env=self._environment)

    def __call__(self, *arguments):
        """What the command prints, as a tree; None where it prints nothing."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments):
        """(name of the error, message) of a command that is refused."""
        done = self.run(*arguments)
        assert done.returncode == 254, (done.returncode, done.stdout, done.stderr)
        text = done.stderr.strip()
        start = "An error occurred ("
        assert text.startswith(start), text
        code, _, rest = text[len(start) :].partition(")")
        return code, rest.partition(" operation: ")[2]


@pytest.fixture(scope="session")
def cli(api):
    return Cli(api)


@pytest.fixture(scope="session")
def codepipeline(api):
    return api.client("codepipeline")


@pytest.fixture(scope="session")
def ask(api):
    """ask("RollbackStage", pipelineName=…) is CodePipeline's answer, None for an empty one; raises Refused. For operations
    that are newer than Debian's model of them: signed with botocore's signer and sent as they are."""
    credentials = botocore.credentials.Credentials(*api.keys)

    def send(operation, **members):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"CodePipeline_20150709.{operation}"}
        request = botocore.awsrequest.AWSRequest(method="POST", url=api.url + "/", data=json.dumps(members).encode(), headers=headers)
        botocore.auth.SigV4Auth(credentials, "codepipeline", REGION).add_auth(request)
        prepared = request.prepare()
        status, _, data = api.send("POST", "/", prepared.body, dict(prepared.headers.items()))
        if status >= 400:
            raise refused(status, data)
        return json.loads(data) if data else None

    return send


@pytest.fixture(scope="session")
def codebuild(api):
    return api.client("codebuild")


@pytest.fixture(scope="session")
def codecommit(api):
    return api.client("codecommit")


@pytest.fixture
def declaration(name):
    """declaration(stage...) is a pipeline's structure as AWS's clients send it: a source, and an approval where nothing
    else is given."""

    def make(*stages, **members):
        return {
            "name": name,
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipelines",
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": [source(name), *(stages or [approval()])],
            "version": 1,
            **members,
        }

    return make


@pytest.fixture
def pipeline(codepipeline, declaration, name):
    """A pipeline with a source and an approval, started once by its creation."""
    codepipeline.create_pipeline(pipeline=declaration())
    return name


@pytest.fixture
def waiting(hand, pipeline, codepipeline):
    """The same pipeline, whose execution waits for its approval."""
    hand.fetch(pipeline)
    return pipeline
