"""A rolling deploy of real containers behind a real load balancer, asked ten times a second all the while: no 5xx, and, with
the S3 action in front, no 404 of a file that a page names."""

import importlib.util
import json
import pathlib
import threading
import uuid

import pytest
from fake_server import FakeServer
from rehearsal import PROGRAM, Runner
from runner_steps import zip_of

SANDBOX = pathlib.Path(__file__).resolve().parents[1] / "system" / "sandbox"
EVERY_SECONDS = 0.1
WAIT_SECONDS = 180
_spec = importlib.util.spec_from_file_location("sandbox_conftest", SANDBOX / "conftest.py")
_room = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_room)
engine, base_image, sandbox, pushed_image, application = (
    _room.engine, _room.base_image, _room.sandbox, _room.pushed_image, _room.application)


class Reader(threading.Thread):
    """Reads the page, and then the file that it names, as a browser does."""

    def __init__(self, application, s3, bucket):
        super().__init__(daemon=True)
        self.application, self.s3, self.bucket = application, s3, bucket
        self.end = threading.Event()
        self.pages, self.failed, self.missing = [], [], []

    def run(self):
        while not self.end.wait(EVERY_SECONDS):
            try:
                status, version = self.application.get()
            except OSError as error:
                self.failed.append(str(error))
                continue
            if status != 200:
                self.failed.append(status)
                continue
            self.pages.append(version)
            try:
                self.s3.get_object(Bucket=self.bucket, Key=f"assets/app-{version}.js")
            except self.s3.exceptions.ClientError as error:
                self.missing.append((version, error.response["Error"]["Code"]))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.join(30)


class Place:
    """What `Runner` wants to know."""

    def __init__(self, sandbox, server, folder):
        self.sandbox, self.server, self.folder = sandbox, server, folder


@pytest.fixture
def offer(sandbox, tmp_path):
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}; build first, or set PENSTOCK_BUILD")
    server = FakeServer()
    runner = Runner(Place(sandbox, server, tmp_path), "runner", rehearsed=False)

    def offer(provider, files, succeeded=(), **configuration):
        message = {"id": str(uuid.uuid4()), "provider": provider, "category": "Deploy", "pipeline": "shop", "stage": "Release",
                   "action": provider, "executionId": str(uuid.uuid4()), "actionExecutionId": str(uuid.uuid4()),
                   "succeededExecutions": list(succeeded), "configuration": configuration}
        job = server.offer(message, {"App": zip_of(files)})
        server.wait(lambda: job.result, WAIT_SECONDS)
        assert job.result["outcome"] == "succeeded", (job.result, job.text)
        return message["executionId"]

    yield offer
    runner.stop()
    server.close()


def next_definition(application, arn):
    """The running task definition with another version, as a template in an artifact."""
    body = application.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    names = ("family", "networkMode", "containerDefinitions", "requiresCompatibilities", "cpu", "memory")
    body = {name: body[name] for name in names}
    body["containerDefinitions"][0]["environment"] = [{"name": "VERSION", "value": "2"}]
    return json.dumps(body)


def test_nobody_notices(sandbox, application, offer):
    s3 = sandbox.client("s3")
    bucket = f"site-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    first = application.definition("1")
    application.create(first, desired=2)
    application.completed(first)
    site = {"BucketName": bucket, "Extract": "true", "KeepReleases": "2"}
    live = offer("S3", {"assets/app-1.js": "first()"}, **site)
    template = next_definition(application, first)
    with Reader(application, s3, bucket) as reader:
        offer("S3", {"assets/app-2.js": "second()"}, [live], **site)
        offer("ECS", {"taskdef.json": template}, ClusterName=application.name, ServiceName="web",
              TaskDefinitionTemplatePath="taskdef.json", Preflight="OFF")
        seen = len(reader.pages)
        while len(reader.pages) < seen + 10 and not reader.failed:  # and some after the end
            reader.end.wait(EVERY_SECONDS)
    assert reader.failed == [] and reader.missing == []
    assert set(reader.pages) == {"1", "2"} and reader.pages[-1] == "2"
