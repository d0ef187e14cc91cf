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

    def count(self, operation):
        return [name for name, _ in self.deploys.calls(self.began)].count("elasticbeanstalk:" + operation)

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
    assert result["outcome"] == "stopped" and result["summary"].startswith(f"environment '{beanstalk.name}' is back on version first; application version {result['externalId']} stays"), (result, job.text)
    assert beanstalk.environment()["VersionLabel"] == "first" and len(beanstalk.updates()) == 1


def test_what_succeeded_before_the_cancel_goes_back_too(beanstalk, deploys):
    job = beanstalk.offer()
    assert deploys.finish(job)["outcome"] == "succeeded"
    job = deploys.again(job, cancelled=True)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and beanstalk.environment()["VersionLabel"] == "first", (result, job.text)
    assert result["deployment"]["cancel"]["how"] == "UpdateEnvironment"


def test_a_cancel_before_the_update_shows(beanstalk, deploys):
    """AbortEnvironmentUpdate finds nothing to abort as yet, and the environment is Ready as it was: that is not "back"."""
    beanstalk.order(seconds=100_000, late=40)
    deploys.fault("elasticbeanstalk:UpdateEnvironment", "kill-after")
    result = deploys.finish(deploys.survivor(beanstalk.offer(), cancelled=True))
    beanstalk.sandbox.control("POST", {"advanceMs": 600_000}, part="clock")
    assert result["outcome"] == "stopped" and beanstalk.environment()["VersionLabel"] == "first", result


def test_an_undo_that_may_not_look_says_so(beanstalk, deploys):
    job = beanstalk.offer()
    deploys.finish(job)
    deploys.fault("elasticbeanstalk:DescribeEnvironments", "denied", times=0)
    result = deploys.finish(deploys.again(job, cancelled=True))
    assert result["outcome"] == "failed" and f"environment '{beanstalk.name}' was left as it is: " in result["errorMessage"], result
    assert "elasticbeanstalk:DescribeEnvironments" in result["errorMessage"]


def test_an_error_of_the_deployment_before_is_not_ours(beanstalk, deploys):
    beanstalk.order(fail="[Instance: i-0a] Command failed on instance. Return code: 1")
    assert deploys.finish(beanstalk.offer())["outcome"] == "failed"
    result = deploys.finish(beanstalk.offer())
    assert result["outcome"] == "succeeded", result


def test_what_somebody_else_began_is_let_be(beanstalk, deploys):
    job = beanstalk.offer()
    label = deploys.finish(job)["externalId"]
    beanstalk.order(seconds=100_000)
    beanstalk.client.update_environment(EnvironmentName=beanstalk.name)  # its configuration
    result = deploys.finish(deploys.again(job, cancelled=True))
    assert beanstalk.count("AbortEnvironmentUpdate") == 0
    assert result["outcome"] == "failed" and result["errorMessage"].startswith(
        f"environment '{beanstalk.name}' is Updating with version {label} after the cancel: the time for going back is up; application version {label} stays"), result


def test_what_was_made_before_the_cancel_is_named(beanstalk, deploys):
    deploys.fault("elasticbeanstalk:DescribeEvents", "error500", times=0)
    job = beanstalk.offer()
    deploys.server.wait(lambda: "was created" in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    [object_] = beanstalk.sandbox.client("s3").list_objects_v2(Bucket=beanstalk.name)["Contents"]
    assert result["outcome"] == "stopped" and result["summary"] == (
        f"cancelled before the environment was changed; application version {result['externalId']} stays, made of s3://{beanstalk.name}/{object_['Key']}"), result
    assert result["deployment"]["cancel"]["how"] == "nothing to undo" and beanstalk.count("UpdateEnvironment") == 0


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
