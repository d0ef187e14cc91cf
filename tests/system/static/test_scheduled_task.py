"""Scheduled tasks: a rule's target moves to the new revision, all else in it stays, and a cancel puts it back."""

import json
import uuid

import pytest

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/report"


class Schedule:
    def __init__(self, deploys):
        self.deploys = deploys
        self.ecs, self.events = deploys.sandbox.client("ecs"), deploys.sandbox.client("events")
        self.name = f"report-{uuid.uuid4().hex[:8]}"
        self.first = self.register("1")
        self.events.put_rule(Name=self.name, ScheduleExpression="rate(1 hour)")
        self.target = {
            "Id": "report", "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "RoleArn": "arn:aws:iam::123456789012:role/events",
            "Input": '{"containerOverrides": [{"name": "report", "command": ["hourly"]}]}', "RetryPolicy": {"MaximumRetryAttempts": 2},
            "EcsParameters": {"TaskDefinitionArn": self.first, "TaskCount": 1, "LaunchType": "FARGATE", "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}}}}
        self.other = {"Id": "other", "Arn": "arn:aws:sqs:eu-west-1:123456789012:queue"}
        self.events.put_targets(Rule=self.name, Targets=[self.target, self.other])
        self.began = len(deploys.sandbox.ledger())

    def register(self, tag):
        container = {"name": "report", "image": f"{IMAGE}:{tag}", "essential": True}
        answer = self.ecs.register_task_definition(family=self.name, networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"], containerDefinitions=[container])
        return answer["taskDefinition"]["taskDefinitionArn"]

    def offer(self, **more):
        files = {"imagedefinitions.json": json.dumps([{"name": "report", "imageUri": f"{IMAGE}:2"}])}
        return self.deploys.offer("ScheduledTask", "Deploy", {"RuleName": self.name, "TargetId": "report", "Preflight": "OFF", **more}, files)

    def targets(self):
        return {one["Id"]: one for one in self.events.list_targets_by_rule(Rule=self.name)["Targets"]}

    def moved(self, arn):
        return {"report": {**self.target, "EcsParameters": {**self.target["EcsParameters"], "TaskDefinitionArn": arn}}, "other": self.other}

    def revisions(self):
        return self.ecs.list_task_definitions(familyPrefix=self.name)["taskDefinitionArns"]

    def puts(self):
        return [params for name, params in self.deploys.calls(self.began) if name == "events:PutTargets" and params.get("Rule") == self.name]


@pytest.fixture
def schedule(deploys):
    return Schedule(deploys)


def test_only_the_revision_moves(schedule):
    job = schedule.offer()
    result = schedule.deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    second = schedule.first[:-1] + "2"
    assert schedule.targets() == schedule.moved(second)
    [target] = result["deployment"]["targets"]
    assert (target["name"], target["from"], target["to"]) == (f"schedule/eu-west-1/{schedule.name}/report", f"{schedule.name}:1", f"{schedule.name}:2")
    assert len(schedule.puts()) == 1


@pytest.mark.parametrize("kind", ("kill-before", "kill-after"))
@pytest.mark.parametrize("operation", ("ecs:RegisterTaskDefinition", "events:PutTargets"))
def test_after_a_crash_it_has_moved_once(schedule, operation, kind):
    schedule.deploys.fault(operation, kind)
    second = schedule.deploys.survivor(schedule.offer())
    result = schedule.deploys.finish(second)
    assert result["outcome"] == "succeeded", (result, second.text)
    assert len(schedule.revisions()) == 2
    assert schedule.targets() == schedule.moved(schedule.revisions()[-1])


def test_cancelled_after_a_crash_it_is_back(schedule):
    schedule.deploys.fault("events:PutTargets", "kill-after")
    second = schedule.deploys.survivor(schedule.offer(), cancelled=True)
    result = schedule.deploys.finish(second)
    assert result["outcome"] == "stopped" and f"is back on {schedule.name}:1" in result["summary"], (result, second.text)
    assert schedule.targets() == {"report": schedule.target, "other": schedule.other}


def test_one_that_cannot_be_put_back_is_said(schedule):
    schedule.deploys.fault("events:PutTargets", "kill-after")
    job = schedule.offer()
    schedule.deploys.runner.process.wait(60)
    schedule.deploys.fault("events:PutTargets", "denied", times=0)
    second = schedule.deploys.survivor(job, cancelled=True)
    result = schedule.deploys.finish(second)
    assert (result["outcome"], result["errorCode"]) == ("failed", "PermissionError"), (result, second.text)
    assert "the target could not be put back" in result["errorMessage"] and "events:PutTargets" in result["errorMessage"]
    assert schedule.targets() == schedule.moved(schedule.revisions()[-1])


def test_one_that_seems_never_to_have_moved_is_put_again(schedule):
    """What EventBridge answers may be older than PutTargets."""
    schedule.deploys.fault("events:PutTargets", "kill-before")
    second = schedule.deploys.survivor(schedule.offer(), cancelled=True)
    result = schedule.deploys.finish(second)
    assert result["outcome"] == "stopped" and f"is back on {schedule.name}:1" in result["summary"], (result, second.text)
    assert [put["Targets"] for put in schedule.puts()] == [[schedule.target]]


def test_somebody_elses_change_is_left_alone(schedule):
    schedule.deploys.fault("events:PutTargets", "kill-before")
    job = schedule.offer()
    schedule.deploys.runner.process.wait(60)
    theirs = {**schedule.target, "Input": '{"containerOverrides": []}'}
    schedule.events.put_targets(Rule=schedule.name, Targets=[theirs])
    second = schedule.deploys.survivor(job)
    result = schedule.deploys.finish(second)
    assert result["outcome"] == "failed" and "was changed by somebody else" in result["errorMessage"], (result, second.text)
    assert schedule.targets()["report"] == theirs


def test_what_is_wrong_is_said(schedule):
    for settings, sentence in (
        ({"RuleName": "none"}, "no rule 'none' on event bus 'default'"),
        ({"TargetId": "none"}, "has no target 'none'"),
        ({"TargetId": "other"}, "is no ECS task"),
        ({"Preflight": "ON"}, "nothing was changed)"),  # there is no such repository
        ({"Preflight": "MAYBE"}, "Preflight must be ON or OFF"),
        ({"OnCancel": "KEEP"}, "OnCancel must be ROLLBACK or LEAVE"),
    ):
        job = schedule.offer(**settings)
        result = schedule.deploys.finish(job)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (settings, result)
    assert len(schedule.revisions()) == 1 and schedule.puts() == []
