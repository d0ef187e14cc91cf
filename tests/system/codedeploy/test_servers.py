"""CodeDeploy onto instances."""

import signal
import uuid

import pytest

from runner_steps import zip_of

APPSPEC = "version: 0.0\nos: linux\nfiles:\n  - source: /\n    destination: /srv/shop\n"


class Fleet:
    """A deployment group of simulated instances that have an earlier revision."""

    def __init__(self, deploys, sandbox, instances=("i-1", "i-2"), first=True, **group):
        self.deploys, self.sandbox = deploys, sandbox
        self.name = f"fleet-{uuid.uuid4().hex[:8]}"
        self.codedeploy = sandbox.client("codedeploy")
        self.codedeploy.create_application(applicationName=self.name)
        self.codedeploy.create_deployment_group(applicationName=self.name, deploymentGroupName="prod", serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy", **group)
        self.order(instances=list(instances))
        self.s3 = sandbox.client("s3")
        self.s3.create_bucket(Bucket=self.name)
        if first:
            self.s3.put_object(Bucket=self.name, Key="first.zip", Body=zip_of({"appspec.yml": APPSPEC}))
            self.codedeploy.create_deployment(applicationName=self.name, deploymentGroupName="prod", revision=self.revision("first.zip"))
            sandbox.control("POST", {"advanceMs": 300_000}, part="clock")
        self.began = len(sandbox.ledger())

    def revision(self, key):
        return {"revisionType": "S3", "s3Location": {"bucket": self.name, "key": key, "bundleType": "zip"}}

    def order(self, **what):
        status, answer = self.sandbox.control("POST", {"application": self.name, "group": "prod", **what}, part="codedeploy")
        assert status == 200, answer

    def offer(self, files=None, **more):
        message = {"id": f"job-{uuid.uuid4()}", "provider": "CodeDeploy", "category": "Deploy", "pipeline": "shop", "stage": "Deploy", "action": "Deploy", "executionId": str(uuid.uuid4()),
                   "actionExecutionId": str(uuid.uuid4()), "configuration": {"ApplicationName": self.name, "DeploymentGroupName": "prod"}, "artifactBucket": self.name, **more}
        return self.deploys.server.offer(message, {"Built": zip_of(files or {"appspec.yml": APPSPEC, "index.html": "two"})})

    def deploy(self, *arguments, **options):
        job = self.offer(*arguments, **options)
        return self.deploys.finish(job), job

    def on_instances(self):
        """The keys of what is on them."""
        [group] = [one for one in self.sandbox.control("GET", part="codedeploy")[1]["codedeploy"] if one["application"] == self.name]
        return {(revision or {}).get("s3Location", {}).get("key") for revision in group["instances"].values()}

    def deployments(self):
        ids = self.codedeploy.list_deployments(applicationName=self.name, deploymentGroupName="prod")["deployments"]
        return [self.codedeploy.get_deployment(deploymentId=name)["deploymentInfo"] for name in reversed(ids)]

    def count(self, operation):
        return [name for name, _ in self.deploys.calls(self.began)].count(operation)


@pytest.fixture
def fleet(deploys, sandbox):
    def make(*arguments, **options):
        return Fleet(deploys, sandbox, *arguments, **options)
    return make


def test_each_instance_gets_the_input(fleet):
    shop = fleet()
    result, job = shop.deploy()
    assert result["outcome"] == "succeeded", (result, job.text)
    [key] = shop.on_instances()
    assert key.startswith("shop/Built/") and key.endswith(".zip")
    assert result["deployment"]["targets"][0]["to"] == f"s3://{shop.name}/{key}" and result["deployment"]["targets"][0]["from"] == f"s3://{shop.name}/first.zip"
    assert "i-1: 'Install' succeeded" in job.text and "1 of 2 instances have the new revision" in job.text


def test_a_failed_script_is_told_with_its_words(fleet):
    shop = fleet(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    shop.order(next={"fail": "ValidateService", "message": "Script at specified location: scripts/check.sh failed with exit code 1", "logTail": "curl: (7) Failed to connect"})
    result, job = shop.deploy()
    assert result["outcome"] == "failed", result
    for words in ("too few instances stayed healthy (HEALTH_CONSTRAINTS", "'ValidateService' failed: ScriptFailed in scripts/ValidateService.sh", "exit code 1",
                  f"CodeDeploy went back to s3://{shop.name}/first.zip"):
        assert words in result["errorMessage"], result
    assert any(one["source"] == "LOG" and "curl: (7)" in one["text"] for one in result["deployment"]["evidence"])
    assert shop.on_instances() == {"first.zip"}


def test_no_instances(fleet):
    result, _ = fleet(instances=(), first=False).deploy()
    assert result["outcome"] == "failed" and "the deployment group has no instances (NO_INSTANCES" in result["errorMessage"], result


def test_a_cancel_puts_the_earlier_revision_back(fleet, deploys):
    shop = fleet(instances=("i-1", "i-2", "i-3"))
    shop.order(next={"seconds": 300})
    job = shop.offer()
    deploys.server.wait(lambda: "i-1: 'AfterInstall' began" in job.text or job.result)
    deploys.server.cancel(job, by="arn:aws:iam::123456789012:user/anna")
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and result["summary"].endswith(f"put s3://{shop.name}/first.zip back"), (result, job.text)
    assert shop.on_instances() == {"first.zip"} and result["deployment"]["cancel"]["by"].endswith("user/anna")
    assert [one["creator"] for one in shop.deployments()] == ["user", "user", "codeDeployRollback"]


def test_a_cancel_before_an_instance_was_touched(fleet, deploys):
    shop = fleet()
    shop.order(next={"seconds": 3000})
    job = shop.offer()
    deploys.server.wait(lambda: "i-1: 'ApplicationStop' began" in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] in ("stopped", "failed"), result
    assert shop.on_instances() == {"first.zip"} and shop.deployments()[-1]["status"] == "Stopped"


def test_a_killed_runner_leaves_one_deployment(fleet, deploys, sandbox):
    shop = fleet()
    sandbox.control("POST", {"operation": "codedeploy:CreateDeployment", "kind": "kill-after", "pid": deploys.runner.process.pid})
    job = shop.offer()
    deploys.server.wait(lambda: deploys.runner.process.poll() is not None)
    assert deploys.runner.process.poll() == -signal.SIGKILL
    sandbox.control("DELETE")
    sandbox.control("POST", {"advanceMs": 900_000}, part="clock")  # it is over when somebody comes to look
    deploys.start()
    job = deploys.again(job)
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded" and len(shop.deployments()) == 2, (result, job.text)


def test_what_is_wrong_is_said_before_anything_changes(fleet):
    shop = fleet()
    for options, sentence in (
        ({"files": {"index.html": "two"}}, "did not find appspec.yml at the root of the input artifact 'Built'"),
        ({"files": {"appspec.yml": "version: 0.0\nos: [linux"}}, "appspec.yml"),
        ({"artifactBucket": None}, "set artifactStore: {type: S3, location: BUCKET}"),
        ({"configuration": {"ApplicationName": "none", "DeploymentGroupName": "prod"}}, "no CodeDeploy application 'none'"),
    ):
        result, _ = shop.deploy(**options)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (options, result)
    assert shop.count("codedeploy:CreateDeployment") == 0
