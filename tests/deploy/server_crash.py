"""kill -9 of the server at calls of an action to AWS, before their effect and after it; or of the server and its runner.

A `Stack` is the real server, the real runner on the sandbox's clock, and the scripted sandbox.  It takes jobs as
tests/system/static's `deploys` does, so that the worlds of its tests serve here, too: each is a pipeline whose sources are
objects in a bucket.
"""

import functools
import json
import os
import pathlib
import uuid

from botocore.exceptions import EndpointConnectionError, HTTPClientError
from runner_steps import zip_of
from sandbox_under_test import ENGINE, KEY, SECRET, RunningSandbox
from stack import processes
from stack.runner import Runner
from stack.sandbox import ACCOUNT, REGION
from stack.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build"))
SECONDS = 120
LOOKS = ("Describe", "List", "Get", "Head", "BatchGet", "Lookup")
SOURCES = "sources"


class Execution:
    """The `number`th of a pipeline: what a world knows of its job. `result` is there once it is over."""

    def __init__(self, stack, pipeline, number, message):
        self.stack, self.pipeline, self.number, self._message = stack, pipeline, number, message

    @functools.cached_property
    def id(self):
        """Asked for late: the server may die as soon as it has begun."""
        listed = self.stack.server.client("codepipeline").list_pipeline_executions(pipelineName=self.pipeline)["pipelineExecutionSummaries"]
        return listed[-self.number]["pipelineExecutionId"]

    @property
    def message(self):
        return {**self._message, "executionId": self.id}

    def detail(self):
        return self.stack.server.call("GetExecutionDetail", pipelineName=self.pipeline, pipelineExecutionId=self.id)

    def action(self):
        return next(stage for stage in self.detail()["stages"] if stage["name"] == "Deploy")["actions"][0]

    @property
    def result(self):
        try:
            status = self.detail()["execution"]["status"]
        except (OSError, EndpointConnectionError, HTTPClientError):  # there is no server at the moment
            return None
        if status in ("InProgress", "Stopping"):
            return None
        return {"outcome": status.lower(), "executionId": self.id, "deployment": self.action().get("deployment")}

    @property
    def text(self):
        return json.dumps(self.detail())[-6000:]


class Stack:
    def __init__(self, folder):
        self.folder = folder
        (folder / "sandbox").mkdir()
        self.sandbox = RunningSandbox(str(folder / "sandbox")).start("--scripted")
        sources = self.sandbox.client("s3")
        sources.create_bucket(Bucket=SOURCES)
        sources.put_bucket_versioning(Bucket=SOURCES, VersioningConfiguration={"Status": "Enabled"})
        self.server = _Server(str(BUILD / "server" / "penstock-server"), str(folder / "server"), self)
        self.server.start()
        self.pipelines = {}  # provider and configuration -> name, executions
        self.runners = []
        self.start_runner()

    def start_runner(self):
        """A new one, which shares nothing with those before."""
        clock = self.sandbox.endpoint + "/_sandbox/clock"
        environment = {"AWS_ENDPOINT_URL": self.sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
                       "AWS_EC2_METADATA_DISABLED": "true", "PENSTOCK_BUILD_NETWORK": "bridge", "PENSTOCK_REHEARSAL_CLOCK": clock}
        name = f"runner-{len(self.runners)}"
        self.runner = Runner(str(BUILD / "runner" / "penstock-runner"), str(self.folder / name), self.server, ENGINE, environment, name)
        self.runners.append(self.runner)
        self.runner.start()

    def close(self):
        for runner in self.runners:
            runner.process.end(20)
        self.server.process.end(20)
        self.sandbox.stop()
        for log in (self.server.log, *(runner.log for runner in self.runners)):
            text = pathlib.Path(log).read_text(errors="replace")
            assert "Sanitizer" not in text and "runtime error" not in text, text[-5000:]

    def offer(self, provider, category, configuration, files=None, **more):
        return self.offer_artifacts(provider, category, configuration, {"App": files} if files else {}, **more)

    def offer_artifacts(self, provider, category, configuration, artifacts, **more):
        message = {"provider": provider, "category": category, "configuration": configuration, **more}
        return self.server.offer(message, {name: zip_of(files) for name, files in artifacts.items()})

    def finish(self, job):
        processes.wait_until(lambda: job.result, SECONDS, "the end of the execution")
        return job.result

    def deploy(self, *arguments, **options):
        job = self.offer(*arguments, **options)
        return self.finish(job), job

    def calls(self, since=0):
        return [(f"{line['service']}:{line['operation']}", line["input"] or {}) for line in self.sandbox.ledger()[since:]]


class _Server(Server):
    """Also takes jobs, as tests/system/runner's fake one does."""

    def __init__(self, program, folder, stack):
        super().__init__(program, folder)
        self.stack = stack

    def offer(self, message, artifacts=None):
        artifacts = artifacts or {"Nothing": b"PK\5\6" + bytes(18)}
        name, begun = self.stack.pipelines.setdefault(json.dumps([message["provider"], message["configuration"]]), [f"p-{uuid.uuid4().hex[:10]}", []])
        for artifact, data in artifacts.items():
            self.stack.sandbox.client("s3").put_object(Bucket=SOURCES, Key=f"{name}/{artifact}.zip", Body=data)
        codepipeline = self.client("codepipeline")
        if begun:
            codepipeline.start_pipeline_execution(name=name)
        else:
            codepipeline.create_pipeline(pipeline=_pipeline(name, message, artifacts))
        begun.append(Execution(self.stack, name, len(begun) + 1, message))
        return begun[-1]


def _pipeline(name, message, artifacts):
    inputs = [] if list(artifacts) == ["Nothing"] else list(artifacts)
    sources = [_action(artifact, "Source", "S3", {"S3Bucket": SOURCES, "S3ObjectKey": f"{name}/{artifact}.zip", "PollForSourceChanges": "false"}, outputs=[artifact])
               for artifact in artifacts]
    deploy = _action("Do", message["category"], message["provider"], message["configuration"], inputs, message.get("outputs", []))
    return {"name": name, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipelines", "artifactStore": {"type": "S3", "location": message.get("artifactBucket", "artifacts")},
            "version": 1, "stages": [{"name": "Source", "actions": sources}, {"name": "Deploy", "actions": [deploy]}]}


def _action(name, category, provider, configuration, inputs=(), outputs=()):
    return {"name": name, "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"}, "configuration": configuration,
            "inputArtifacts": [{"name": each} for each in inputs], "outputArtifacts": [{"name": each} for each in outputs]}


# ---- moments ----


def changes(call):
    return not call["operation"].startswith(LOOKS)


def clean_run(stack, make_world):
    """(number, call) of the action's own calls in a run in which nobody dies; the numbers count the sources' calls, too."""
    world = make_world(stack)
    before = len(stack.sandbox.ledger())
    job = world.offer()
    result = stack.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    calls = list(enumerate(stack.sandbox.ledger()[before:]))
    world.check()
    return [(number, call) for number, call in calls if (call["input"] or {}).get("Bucket", (call["input"] or {}).get("bucket")) != SOURCES]


def moments(calls):
    """Each call that changes something, and those beside it."""
    near = {index + step for index, (_, call) in enumerate(calls) if changes(call) for step in (-1, 0, 1)}
    return [calls[index] for index in sorted(near) if 0 <= index < len(calls)]


def die_at(stack, make_world, number, kind, both=False, takes_over=None):
    """The server, and the runner where `both`, die at that call, and are started again; `takes_over` is who runs then.
    False where the run was over before."""
    world = make_world(stack)
    server, runner = stack.server.process, stack.runner.process
    order = {"operation": "*", "kind": kind, "skip": number, "pid": [server.pid, *([runner.pid] if both else [])], "spare": not both}
    assert stack.sandbox.control("POST", order)[0] == 200
    job = world.offer()
    processes.wait_until(lambda: not server.is_alive() or job.result, SECONDS, "a death, or the end of the execution")
    stack.sandbox.control("DELETE")
    died = not server.is_alive()
    if died:
        assert server.wait(SECONDS)  # its last thread, which still holds the data folder
        stack.server.start()
        if both:
            assert runner.wait(SECONDS)
            (takes_over or stack.runner.start)()
    result = stack.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    world.check()
    return died


def everywhere(stack, make_world, chosen, kinds=("kill-before", "kill-after"), both=False):
    """How often somebody died."""
    died = 0
    for number, call in chosen:
        for kind in kinds:
            try:
                died += die_at(stack, make_world, number, kind, both)
            except (AssertionError, processes.Failure) as error:
                raise AssertionError(f"{kind} of call {number} ({call['service']}:{call['operation']}): {error}") from error
    return died
