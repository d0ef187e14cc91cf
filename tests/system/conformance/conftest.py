"""One server for all tables, and a puppet in place of its runner."""

import pathlib

import botocore.config
import pytest
import today
from puppet import Puppet
from stack.fixtures import REPORTS
from stack.sandbox import REGION
from stack.server import Server


@pytest.fixture(scope="session")
def conforming(build, session_folder):
    server = Server(str(build / "server" / "penstock-server"), str(session_folder / "conformance"))
    server.start()
    yield server
    server.process.end(20)
    text = pathlib.Path(server.log).read_text(encoding="utf-8", errors="replace")
    assert not any(report in text for report in REPORTS), text[-6000:]


@pytest.fixture(scope="session")
def client(conforming, session_folder):
    """boto3's client of CodePipeline, with today's operations."""
    import boto3

    access_key, secret_key = conforming.keys
    session = boto3.Session(botocore_session=today.session(session_folder / "models"), region_name=REGION)
    settings = botocore.config.Config(retries={"max_attempts": 1}, read_timeout=60)
    return session.client("codepipeline", endpoint_url=conforming.url, aws_access_key_id=access_key, aws_secret_access_key=secret_key, config=settings)


@pytest.fixture(scope="session")
def puppet(conforming):
    return Puppet(conforming)
