"""A runner dies at each call to AWS, before its effect and after it: another takes over, and there is one effect.

For functions, state machines, and sources in S3 and ECR."""

import importlib.util
import json
import pathlib
import uuid

import pytest

_path = pathlib.Path(__file__).resolve().parents[1] / "system" / "static" / "conftest.py"
_spec = importlib.util.spec_from_file_location("static_conftest", _path)
_static = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_static)
runner_program, sandbox, server, deploys = _static.runner_program, _static.sandbox, _static.server, _static.deploys
zip_of = _static.zip_of

ROLE = "arn:aws:iam::123456789012:role/machine"


class Machine:
    def __init__(self, deploys):
        self.deploys, self.name = deploys, f"m-{uuid.uuid4().hex[:10]}"
        self.client = deploys.sandbox.client("stepfunctions")
        definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 20, "End": True}}})
        self.arn = self.client.create_state_machine(name=self.name, definition=definition, roleArn=ROLE)["stateMachineArn"]

    def offer(self):
        return self.deploys.offer("StepFunctions", "Invoke", {"StateMachineArn": self.arn})

    def ends(self, result):
        return result["outcome"] == "succeeded"

    def states(self):
        return [one["status"] for one in self.client.list_executions(stateMachineArn=self.arn)["executions"]]

    def check(self):
        assert self.states() == ["SUCCEEDED"]

    def check_undone(self):
        assert self.states() in ([], ["ABORTED"], ["SUCCEEDED"])


class Function:
    """Called once; whoever does not know how that ended says so."""

    def __init__(self, deploys):
        self.deploys, self.name = deploys, f"f-{uuid.uuid4().hex[:10]}"
        deploys.sandbox.client("s3").create_bucket(Bucket=self.name)
        deploys.sandbox.control("POST", {"name": self.name, "returns": True}, part="functions")

    def offer(self):
        return self.deploys.offer("Lambda", "Invoke", {"FunctionName": self.name}, {"a": "1"}, artifactBucket=self.name)

    def ends(self, result):
        return result["outcome"] == "succeeded" or "nobody knows how it ended" in result["errorMessage"]

    def calls(self):
        return [params for name, params in self.deploys.calls() if name == "lambda:Invoke" and params.get("FunctionName") == self.name]

    def check(self):
        assert len(self.calls()) == 1

    def check_undone(self):
        """What a function did stays."""
        assert len(self.calls()) <= 1


class Zip:
    def __init__(self, deploys):
        self.deploys, self.name = deploys, f"z-{uuid.uuid4().hex[:10]}"
        s3 = deploys.sandbox.client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=self.name, Key="app.zip", Body=zip_of({"a": "1"}))

    def offer(self):
        return self.deploys.offer("S3", "Source", {"S3Bucket": self.name, "S3ObjectKey": "app.zip"}, outputs=["App"])

    def ends(self, result):
        return result["outcome"] == "succeeded"

    def check(self):
        """A source changes nothing."""

    check_undone = check


class Image(Zip):
    def __init__(self, deploys):
        self.deploys, self.name = deploys, f"i-{uuid.uuid4().hex[:10]}"
        deploys.sandbox.control("POST", {"repository": self.name, "tag": "latest"}, part="images")

    def offer(self):
        return self.deploys.offer("ECR", "Source", {"RepositoryName": self.name}, outputs=["Image"])


WORLDS = (Machine, Function, Zip, Image)


@pytest.fixture(autouse=True)
def no_faults(sandbox):
    yield
    sandbox.control("DELETE")


def calls_of_a_clean_run(deploys, world):
    made = world(deploys)
    before = len(deploys.sandbox.ledger())
    job = made.offer()
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    count = len(deploys.sandbox.ledger()) - before
    made.check()
    return count


def dies(deploys, made, kind, number):
    """Offers the job to a runner that dies at that call; the job, or None where it came to its end before."""
    deploys.fault("*", kind, skip=number)
    job = made.offer()
    deploys.server.wait(lambda: job.result or deploys.runner.process.poll() is not None)
    deploys.sandbox.control("DELETE")
    if deploys.runner.process.poll() is None:
        assert job.result["outcome"] == "succeeded", (job.result, job.text)
        return None
    return job


@pytest.mark.parametrize("kind", ("kill-before", "kill-after"))
@pytest.mark.parametrize("world", WORLDS)
def test_there_is_one_effect(deploys, world, kind):
    for number in range(calls_of_a_clean_run(deploys, world)):
        made = world(deploys)
        job = dies(deploys, made, kind, number)
        if job:
            second = deploys.survivor(job)
            result = deploys.finish(second)
            assert made.ends(result), (number, result, second.text)
            if result["outcome"] != "succeeded":
                made.check_undone()
                continue
        made.check()


@pytest.mark.parametrize("world", (Machine, Function))
def test_a_cancel_after_it_stops(deploys, world):
    for number in range(calls_of_a_clean_run(deploys, world)):
        made = world(deploys)
        job = dies(deploys, made, "kill-after", number)
        if job:
            second = deploys.survivor(job, cancelled=True)
            result = deploys.finish(second)
            assert result["outcome"] == "stopped", (number, result, second.text)
            made.check_undone()
