"""CloudFormation: every mode, outputs, parameters, cancels, crashes."""

import io
import json
import signal
import uuid
import zipfile

import pytest

from runner_steps import zip_of

TEMPLATE = {
    "Parameters": {"Tag": {"Type": "String", "Default": "1"}, "Size": {"Type": "String", "Default": "2"}},
    "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}, "Web": {"Type": "AWS::ECS::Service", "Properties": {"Tag": {"Ref": "Tag"}}}},
    "Outputs": {"Image": {"Value": {"Fn::Sub": "web:${Tag}"}}, "Size": {"Value": {"Ref": "Size"}}},
}


class Stacks:
    def __init__(self, deploys, sandbox):
        self.deploys, self.sandbox = deploys, sandbox
        self.name = f"stack-{uuid.uuid4().hex[:8]}"
        self.client = sandbox.client("cloudformation")
        sandbox.client("s3").create_bucket(Bucket=self.name)
        self.began = len(sandbox.ledger())

    def order(self, **what):
        status, answer = self.sandbox.control("POST", {"name": self.name, **what}, part="stacks")
        assert status == 200, answer

    def offer(self, mode="CREATE_UPDATE", template=TEMPLATE, files=None, configuration=None, **more):
        whole = {"ActionMode": mode, "StackName": self.name, "TemplatePath": "Built::template.json", **(configuration or {})}
        content = {"template.json": template if isinstance(template, str) else json.dumps(template), **(files or {})}
        message = {"id": f"job-{uuid.uuid4()}", "provider": "CloudFormation", "category": "Deploy", "pipeline": "shop", "stage": "Deploy", "action": "Stack", "executionId": str(uuid.uuid4()),
                   "actionExecutionId": str(uuid.uuid4()), "configuration": whole, "artifactBucket": self.name, **more}
        return self.deploys.server.offer(message, {"Built": zip_of(content)})

    def deploy(self, *arguments, **options):
        job = self.offer(*arguments, **options)
        return self.deploys.finish(job), job

    def succeed(self, *arguments, **options):
        result, job = self.deploy(*arguments, **options)
        assert result["outcome"] == "succeeded", (result, job.text)
        return result, job

    def status(self):
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]

    def count(self, operation):
        return [name for name, _ in self.deploys.calls(self.began)].count("cloudformation:" + operation)


@pytest.fixture
def stack(deploys, sandbox):
    return Stacks(deploys, sandbox)


def test_a_stack_is_made_and_updated(stack):
    result, job = stack.succeed(outputs=["Made"], configuration={"OutputFileName": "out.json", "ParameterOverrides": json.dumps({"Tag": "7"})})
    variables = {one["name"]: one["value"] for one in result["variables"]} if isinstance(result["variables"], list) else result["variables"]
    assert variables == {"Image": "web:7", "Size": "2"}
    with zipfile.ZipFile(io.BytesIO(job.outputs["Made"])) as made:
        assert json.loads(made.read("out.json")) == {"Image": "web:7", "Size": "2"}
    assert "AWS::ECS::Service Web: CREATE_COMPLETE" in job.text and stack.status() == "CREATE_COMPLETE"
    result, job = stack.succeed(configuration={"ParameterOverrides": json.dumps({"Tag": "8"})})
    assert stack.status() == "UPDATE_COMPLETE" and "UPDATE_COMPLETE" in result["summary"]
    assert (stack.count("CreateStack"), stack.count("UpdateStack")) == (1, 1)


def test_nothing_to_change_is_a_success(stack):
    stack.succeed()
    result, _ = stack.succeed()
    assert "is as the template says already" in result["summary"] and stack.status() == "CREATE_COMPLETE"


def test_parameters_come_from_three_places(stack):
    files = {"config.json": json.dumps({"Parameters": {"Tag": "configured", "Size": "9"}, "Tags": {"team": "shop"}}), "more.json": json.dumps({"tag": "from a file"})}
    stack.succeed(files=files, configuration={"TemplateConfiguration": "Built::config.json", "ParameterOverrides": json.dumps({"Tag": {"Fn::GetParam": ["Built", "more.json", "tag"]}})})
    [found] = stack.client.describe_stacks(StackName=stack.name)["Stacks"]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]} == {"Tag": "from a file", "Size": "9"} and found["Tags"] == [{"Key": "team", "Value": "shop"}]
    stack.succeed(configuration={"ParameterOverrides": json.dumps({"Tag": {"Fn::GetArtifactAtt": ["Built", "BucketName"]}})})
    [found] = stack.client.describe_stacks(StackName=stack.name)["Stacks"]
    assert {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}["Tag"] == stack.name


def test_a_large_template_goes_by_the_bucket(stack):
    stack.succeed(template=json.dumps({**TEMPLATE, "Description": "x" * 60_000}))
    assert stack.status() == "CREATE_COMPLETE"


def test_the_first_failure_is_the_reason(stack):
    stack.order(fail="Web", reason="Unable to assume the service linked role")
    result, job = stack.deploy()
    assert result["outcome"] == "failed" and result["errorMessage"] == (
        f"stack '{stack.name}' is ROLLBACK_COMPLETE: AWS::ECS::Service Web: CREATE_FAILED: Unable to assume the service linked role"), result
    result, _ = stack.deploy()
    assert "cannot be updated; delete it, or use ActionMode REPLACE_ON_FAILURE" in result["errorMessage"], result
    result, _ = stack.succeed("REPLACE_ON_FAILURE")
    assert stack.status() == "CREATE_COMPLETE" and stack.count("DeleteStack") == 1


def test_change_sets(stack):
    change_set = {"ChangeSetName": "release"}
    stack.succeed("CHANGE_SET_REPLACE", configuration=change_set)
    stack.succeed("CHANGE_SET_REPLACE", configuration=change_set)
    assert stack.status() == "REVIEW_IN_PROGRESS"
    result, _ = stack.succeed("CHANGE_SET_EXECUTE", configuration=change_set)
    assert stack.status() == "CREATE_COMPLETE" and result["variables"]
    result, _ = stack.succeed("CHANGE_SET_REPLACE", configuration=change_set)
    assert "there is nothing to change" in result["summary"]
    result, _ = stack.succeed("CHANGE_SET_EXECUTE", configuration=change_set)
    assert "is as the template says already" in result["summary"]
    result, _ = stack.deploy("CHANGE_SET_EXECUTE", configuration={"ChangeSetName": "none"})
    assert f"stack '{stack.name}' has no change set 'none'" in result["errorMessage"], result


def test_a_stack_is_deleted(stack):
    stack.succeed()
    stack.succeed("DELETE_ONLY")
    result, _ = stack.succeed("DELETE_ONLY")
    assert f"there is no stack '{stack.name}'" in result["summary"] and stack.count("DeleteStack") == 1


def test_a_cancelled_update_is_rolled_back(stack, deploys):
    stack.succeed()
    stack.order(seconds=3000)
    job = stack.offer(configuration={"ParameterOverrides": json.dumps({"Tag": "8"})})
    deploys.server.wait(lambda: "UPDATE_IN_PROGRESS" in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and "is as it was before (UPDATE_ROLLBACK_COMPLETE)" in result["summary"], (result, job.text)
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE" and stack.count("CancelUpdateStack") == 1


def test_a_stack_whose_making_is_cancelled_is_deleted(stack, deploys):
    stack.order(seconds=3000)
    job = stack.offer()
    deploys.server.wait(lambda: "CREATE_IN_PROGRESS" in job.text or job.result)
    stack.order(seconds=1)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and "which this action was making, is deleted" in result["summary"], (result, job.text)
    with pytest.raises(stack.client.exceptions.ClientError, match="does not exist"):
        stack.status()


def test_a_change_set_that_is_cancelled_leaves_its_stack_named(stack, deploys):
    _, job = stack.succeed("CHANGE_SET_REPLACE", configuration={"ChangeSetName": "release"})
    result = deploys.finish(deploys.again(job, cancelled=True))
    assert result["outcome"] == "stopped" and result["summary"] == f"change set 'release' is deleted; stack '{stack.name}' stays, empty, as REVIEW_IN_PROGRESS", (result, job.text)


def test_a_cancel_lets_somebody_elses_update_be(stack, deploys):
    stack.succeed()
    _, job = stack.succeed(configuration={"ParameterOverrides": json.dumps({"Tag": "8"})})
    stack.order(seconds=3000)
    stack.client.update_stack(StackName=stack.name, TemplateBody=json.dumps(TEMPLATE), Parameters=[{"ParameterKey": "Tag", "ParameterValue": "9"}])
    result = deploys.finish(deploys.again(job, cancelled=True))
    assert stack.count("CancelUpdateStack") == 0 and stack.status() == "UPDATE_IN_PROGRESS"
    assert result["outcome"] == "failed" and result["errorMessage"] == (
        f"stack '{stack.name}' is UPDATE_IN_PROGRESS after the cancel: what this action began has ended, and somebody else changes it now"), result


def test_an_undo_that_does_not_end_says_what_is_left(stack, deploys):
    """A deletion cannot be stopped."""
    stack.succeed()
    stack.order(seconds=100_000)
    job = stack.offer("DELETE_ONLY")
    deploys.server.wait(lambda: "DELETE_IN_PROGRESS" in job.text or job.result)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "failed" and result["errorMessage"] == f"stack '{stack.name}' is DELETE_IN_PROGRESS after the cancel: the time for going back is up", (result, job.text)


@pytest.mark.parametrize("operation, kind", [("CreateStack", "drop-reply"), ("UpdateStack", "drop-reply"), ("ExecuteChangeSet", "drop-reply"), ("DeleteStack", "drop-reply"), ("UpdateStack", "kill-after")])
def test_an_order_is_carried_out_once(stack, deploys, sandbox, operation, kind):
    mode = {"ExecuteChangeSet": "CHANGE_SET_EXECUTE", "DeleteStack": "DELETE_ONLY"}.get(operation, "CREATE_UPDATE")
    change_set = {"ChangeSetName": "release", "ParameterOverrides": json.dumps({"Tag": "9"})}
    if operation != "CreateStack":
        stack.succeed()
    if operation == "ExecuteChangeSet":
        stack.succeed("CHANGE_SET_REPLACE", configuration=change_set)
    fault = {"operation": "cloudformation:" + operation, "kind": kind}
    sandbox.control("POST", fault if kind == "drop-reply" else {**fault, "pid": deploys.runner.process.pid})
    job = stack.offer(mode, configuration=change_set)
    if kind != "drop-reply":
        deploys.server.wait(lambda: deploys.runner.process.poll() is not None)
        assert deploys.runner.process.poll() == -signal.SIGKILL
        sandbox.control("DELETE")
        deploys.start()
        job = deploys.again(job)
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    events = stack.client.describe_stack_events(StackName=result.get("externalId") or stack.name)["StackEvents"]
    verb = {"CreateStack": "CREATE", "DeleteStack": "DELETE"}.get(operation, "UPDATE")
    begun = [one for one in events if one["ResourceType"] == "AWS::CloudFormation::Stack" and one["ResourceStatus"] == f"{verb}_IN_PROGRESS"]
    assert len(begun) == 1, events


def test_what_is_wrong_is_said(stack):
    for options, sentence in (
        ({"mode": "SOMEHOW"}, "ActionMode must be CREATE_UPDATE"),
        ({"mode": "CHANGE_SET_REPLACE"}, "needs a ChangeSetName"),
        ({"configuration": {"TemplatePath": "template.json"}}, "TemplatePath must be ARTIFACT::FILE, not 'template.json'"),
        ({"configuration": {"TemplatePath": "Built::other.json"}}, "TemplatePath: did not find the file 'other.json' in the input artifact 'Built'"),
        ({"configuration": {"ParameterOverrides": "{"}}, "ParameterOverrides: "),
        ({"configuration": {"ParameterOverrides": json.dumps({"Tag": 1})}}, "the value of 'Tag' must be a text"),
        ({"configuration": {"ParameterOverrides": json.dumps({"None": "1"})}}, "Parameters: [None] do not exist in the template"),
        ({"template": "{}"}, "At least one Resources member must be defined"),
        ({"template": {"Resources": {"Role": {"Type": "AWS::IAM::Role"}}}}, "Requires capabilities : [CAPABILITY_IAM]"),
    ):
        result, _ = stack.deploy(**options)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (options, result)
    with pytest.raises(stack.client.exceptions.ClientError, match="does not exist"):
        stack.status()
