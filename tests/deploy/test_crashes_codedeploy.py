"""A runner dies at calls to AWS, before their effect and after it: another takes over, and there is one effect.

For CodeDeploy on ECS and on instances, CloudFormation, Elastic Beanstalk. Dies at each call up to the one that begins the
deployment and some after it, then at every fourth: those that follow only look.
"""

import importlib.util
import json
import pathlib

import pytest

ROOM = pathlib.Path(__file__).resolve().parents[1] / "system" / "codedeploy"
_EACH_OF_THE_FIRST, _THEN_EVERY = 10, 4


def _load(name):
    spec = importlib.util.spec_from_file_location(f"codedeploy_{name}", ROOM / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_room = _load("conftest")
Fleet, Stacks, Beanstalk = _load("test_servers").Fleet, _load("test_cloudformation").Stacks, _load("test_beanstalk").Beanstalk
runner_program, sandbox, server, deploys, no_faults = _room.runner_program, _room.sandbox, _room.server, _room.deploys, _room.no_faults


class OnEcs:
    def __init__(self, deploys):
        self.shop = _room.BlueGreen(deploys, deploys.sandbox)
        self.offer = self.shop.offer

    def check(self):
        assert [one["status"] for one in self.shop.deployments()] == ["Succeeded"]
        assert self.shop.serving() == f"{self.shop.name}:2" and self.shop.traffic() == {"b": 100}
        assert len(self.shop.ecs.list_task_definitions(familyPrefix=self.shop.name)["taskDefinitionArns"]) == 2

    def check_undone(self, result):
        assert result["outcome"] == "stopped", result
        assert self.shop.serving() == f"{self.shop.name}:1"
        assert len([one for one in self.shop.deployments() if not one.get("description", "").startswith("penstock rollback") and one["creator"] == "user"]) <= 1
        assert len(self.shop.ecs.list_task_definitions(familyPrefix=self.shop.name)["taskDefinitionArns"]) <= 2


class OnServers:
    def __init__(self, deploys):
        self.fleet = Fleet(deploys, deploys.sandbox)
        self.offer = self.fleet.offer

    def check(self):
        assert [one["status"] for one in self.fleet.deployments()] == ["Succeeded", "Succeeded"]
        assert "first.zip" not in self.fleet.on_instances()

    def check_undone(self, result):
        assert result["outcome"] == "stopped" and self.fleet.on_instances() == {"first.zip"}, result


class Stack:
    def __init__(self, deploys):
        self.stack = Stacks(deploys, deploys.sandbox)
        self.stack.succeed()

    def offer(self):
        return self.stack.offer(configuration={"ParameterOverrides": json.dumps({"Tag": "8"})})

    def begun(self):
        events = self.stack.client.describe_stack_events(StackName=self.stack.name)["StackEvents"]
        return [one for one in events if one["ResourceType"] == "AWS::CloudFormation::Stack" and one["ResourceStatus"] == "UPDATE_IN_PROGRESS"]

    def check(self):
        assert self.stack.status() == "UPDATE_COMPLETE" and len(self.begun()) == 1

    def check_undone(self, result):
        """What had come about already stays, and is called a success."""
        status = self.stack.status()
        assert (result["outcome"], status) in (("stopped", "CREATE_COMPLETE"), ("stopped", "UPDATE_ROLLBACK_COMPLETE"), ("succeeded", "UPDATE_COMPLETE")), result
        assert len(self.begun()) <= 1


class NewStack(Stack):
    """Made, not updated; by a change set where `change_set`."""

    change_set = None

    def __init__(self, deploys):
        self.stack = Stacks(deploys, deploys.sandbox)
        if self.change_set:
            self.stack.succeed("CHANGE_SET_REPLACE", configuration=self.change_set)

    def offer(self):
        return self.stack.offer("CHANGE_SET_EXECUTE", configuration=self.change_set) if self.change_set else self.stack.offer()

    def check(self):
        assert self.stack.status() == "CREATE_COMPLETE"
        events = self.stack.client.describe_stack_events(StackName=self.stack.name)["StackEvents"]
        assert len([one for one in events if one["ResourceType"] == "AWS::CloudFormation::Stack" and one["ResourceStatus"] == "CREATE_IN_PROGRESS"]) == 1

    def check_undone(self, result):
        try:
            status = self.stack.status()
        except self.stack.client.exceptions.ClientError:
            status = "none"
        before = "REVIEW_IN_PROGRESS" if self.change_set else "none"
        assert (result["outcome"], status) in (("stopped", before), ("stopped", "none"), ("succeeded", "CREATE_COMPLETE")), result


class ExecutedChangeSet(NewStack):
    change_set = {"ChangeSetName": "release"}


class Environment:
    def __init__(self, deploys):
        self.beanstalk = Beanstalk(deploys, deploys.sandbox)
        self.offer = self.beanstalk.offer

    def check(self):
        assert len(self.beanstalk.updates()) == 1 and self.beanstalk.environment()["VersionLabel"].startswith("penstock-")

    def check_undone(self, result):
        assert result["outcome"] == "stopped" and self.beanstalk.environment()["VersionLabel"] == "first", result


WORLDS = (OnEcs, OnServers, Stack, NewStack, ExecutedChangeSet, Environment)


def calls_of_a_clean_run(deploys, world):
    made = world(deploys)
    before = len(deploys.sandbox.ledger())
    job = made.offer()
    result = deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    count = len(deploys.sandbox.ledger()) - before
    made.check()
    assert count >= 5
    return [number for number in range(count) if number < _EACH_OF_THE_FIRST or number % _THEN_EVERY == 0]


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
    died = 0
    for number in calls_of_a_clean_run(deploys, world):
        made = world(deploys)
        job = dies(deploys, made, kind, number)
        if job:
            died += 1
            second = deploys.survivor(job)
            result = deploys.finish(second)
            assert result["outcome"] == "succeeded", (number, result, second.text)
        made.check()
    assert died >= 4


@pytest.mark.parametrize("world", WORLDS)
def test_a_cancel_after_it_undoes(deploys, world):
    for number in calls_of_a_clean_run(deploys, world):
        made = world(deploys)
        job = dies(deploys, made, "kill-after", number)
        if job:
            second = deploys.survivor(job, cancelled=True)
            made.check_undone(deploys.finish(second))
