"""Elastic Beanstalk."""

import signal
import uuid

import pytest

from runner_steps import zip_of


class Beanstalk:
    """An application with an environment that runs the version "first"."""

    def __init__(self, deploys, sandbox):
        self.deploys, self.sandbox = deploys, sandbox
        self.name = f"eb-{uuid.uuid4().hex[:8]}"
        self.client = sandbox.client("elasticbeanstalk")
        sandbox.client("s3").create_bucket(Bucket=self.name)
        self.client.create_application(ApplicationName=self.name)
        self.client.create_application_version(ApplicationName=self.name, VersionLabel="first")
        self.client.create_environment(ApplicationName=self.name, EnvironmentName=self.name, VersionLabel="first")
        sandbox.control("POST", {"advanceMs": 60_000}, part="clock")
        self.began = len(sandbox.ledger())

    def order(self, **what):
        status, answer = self.sandbox.control("POST", {"environment": self.name, **what}, part="beanstalk")
        assert status == 200, answer

    def offer(self, **more):
        message = {"id": f"job-{uuid.uuid4()}", "provider": "ElasticBeanstalk", "category": "Deploy", "pipeline": "shop", "stage": "Deploy", "action": "Deploy", "executionId": str(uuid.uuid4()),
                   "actionExecutionId": str(uuid.uuid4()), "configuration": {"ApplicationName": self.name, "EnvironmentName": self.name}, "artifactBucket": self.name, **more}
        return self.deploys.server.offer(message, {"Built": zip_of({"index.html": "two"})})

    def environment(self):
        return self.client.describe_environments(EnvironmentNames=[self.name])["Environments"][0]

    def updates(self):
        return [one for one in self.client.describe_events(EnvironmentName=self.name)["Events"] if one["Message"] == "Environment update is starting."]


@pytest.fixture
def beanstalk(deploys, sandbox):
    return Beanstalk(deploys, sandbox)


def test_the_environment_gets_the_version(beanstalk, deploys):
    job = beanstalk.offer()
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    label = beanstalk.environment()["VersionLabel"]
    assert label == f"penstock-{job.message['actionExecutionId']}" == result["externalId"]
    [version] = beanstalk.client.describe_application_versions(ApplicationName=beanstalk.name, VersionLabels=[label])["ApplicationVersions"]
    assert version["SourceBundle"]["S3Bucket"] == beanstalk.name and version["SourceBundle"]["S3Key"].startswith("shop/Built/")
    assert "INFO: Environment update completed successfully." in job.text


def test_a_failed_update_is_told(beanstalk, deploys):
    beanstalk.order(fail="[Instance: i-0a] Command failed on instance. Return code: 1")
    result = deploys.finish(beanstalk.offer())
    assert result["outcome"] == "failed" and result["errorMessage"] == (
        f"environment '{beanstalk.name}' was not updated: [Instance: i-0a] Command failed on instance. Return code: 1; it has version first"), result


def test_a_cancel_goes_back(beanstalk, deploys):
    beanstalk.order(seconds=100_000)
    job = beanstalk.offer()
    deploys.server.wait(lambda: "Environment update is starting" in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and result["summary"] == f"environment '{beanstalk.name}' is back on version first", (result, job.text)
    assert beanstalk.environment()["VersionLabel"] == "first" and len(beanstalk.updates()) == 1


def test_what_succeeded_before_the_cancel_goes_back_too(beanstalk, deploys):
    job = beanstalk.offer()
    assert deploys.finish(job)["outcome"] == "succeeded"
    job = deploys.again(job, cancelled=True)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and beanstalk.environment()["VersionLabel"] == "first", (result, job.text)
    assert result["deployment"]["cancel"]["how"] == "UpdateEnvironment"


@pytest.mark.parametrize("operation, kind", [("CreateApplicationVersion", "drop-reply"), ("UpdateEnvironment", "drop-reply"), ("UpdateEnvironment", "kill-after")])
def test_an_update_is_made_once(beanstalk, deploys, sandbox, operation, kind):
    fault = {"operation": "elasticbeanstalk:" + operation, "kind": kind}
    sandbox.control("POST", fault if kind == "drop-reply" else {**fault, "pid": deploys.runner.process.pid})
    job = beanstalk.offer()
    if kind != "drop-reply":
        deploys.server.wait(lambda: deploys.runner.process.poll() is not None)
        assert deploys.runner.process.poll() == -signal.SIGKILL
        sandbox.control("DELETE")
        deploys.start()
        job = deploys.again(job)
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded" and len(beanstalk.updates()) == 1, (result, job.text)


def test_what_is_wrong_is_said(beanstalk, deploys):
    for options, sentence in (
        ({"configuration": {"ApplicationName": beanstalk.name, "EnvironmentName": "none"}}, "has no environment 'none'"),
        ({"artifactBucket": None}, "set artifactStore: {type: S3, location: BUCKET}"),
    ):
        result = deploys.finish(beanstalk.offer(**options))
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (options, result)
    assert beanstalk.environment()["VersionLabel"] == "first" and not beanstalk.updates()
