"""The server dies at calls of an action to AWS, or the server and its runner: the execution ends well, with one effect.

At all calls of an ECS deployment; of other actions at those that change something, and at those beside them.
"""

import pytest
from server_crash import BUILD, Stack, changes, clean_run, die_at, everywhere, moments
from test_crashes_aws import Machine
from test_crashes_codedeploy import OnEcs
from test_crashes_static import Invalidation, Migration, Release, Scheduled, Shop, StaticFiles


class Ecs:
    """One service; Preflight is off, since its shop has no repository in ECR."""

    def __init__(self, stack):
        self.shop = Shop(stack)

    def offer(self):
        return self.shop.offer("ECS")

    def check(self):
        assert len(self.shop.ecs.list_task_definitions(familyPrefix=self.shop.name)["taskDefinitionArns"]) == 2
        [service] = self.shop.ecs.describe_services(cluster=self.shop.name, services=["web"])["services"]
        assert service["taskDefinition"].endswith(":2") and len(service["deployments"]) == 1
        started = [event["message"] for event in service["events"] if "has started" in event["message"]]
        assert len(started) == 2, started  # the first version's task, and one for the second


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    if not (BUILD / "server" / "penstock-server").exists():
        pytest.skip("no penstock-server; build first, or set PENSTOCK_BUILD")
    made = Stack(tmp_path_factory.mktemp("server-crashes"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_faults(stack):
    yield
    stack.sandbox.control("DELETE")


def test_the_server_dies_at_each_call_to_ecs(stack):
    calls = clean_run(stack, Ecs)
    assert sum(changes(call) for _, call in calls) == 2, calls
    assert everywhere(stack, Ecs, calls) >= 2 * len(calls) - 6


@pytest.mark.parametrize("world", (Migration, Scheduled, Invalidation, Machine))
def test_the_server_dies_around_what_changes_something(stack, world):
    chosen = moments(clean_run(stack, world))
    assert everywhere(stack, world, chosen) >= 2 * len(chosen) - 2


@pytest.mark.parametrize("world", (StaticFiles, OnEcs))
def test_the_server_dies_where_something_changes(stack, world):
    chosen = [each for each in clean_run(stack, world) if changes(each[1])]
    assert everywhere(stack, world, chosen) == 2 * len(chosen) >= 4


def test_the_server_dies_where_a_release_changes_something(stack):
    """A release takes long, and does the same to each member: before one's effect, after the next one's."""
    chosen = [each for each in clean_run(stack, Release) if changes(each[1])]
    assert len(chosen) >= 12
    assert everywhere(stack, Release, chosen[::2], ["kill-after"]) == len(chosen[::2])
    assert everywhere(stack, Release, chosen[1::2], ["kill-before"]) == len(chosen[1::2])


@pytest.mark.parametrize("world", (Ecs, Migration, Scheduled, OnEcs))
def test_both_die_where_something_changes(stack, world):
    chosen = [each for each in clean_run(stack, world) if changes(each[1])]
    assert everywhere(stack, world, chosen, both=True) == 2 * len(chosen)


def test_both_die_and_another_takes_over(stack):
    """Which it may once the lease has run out: a minute."""
    calls = clean_run(stack, Ecs)
    update = next(number for number, call in calls if call["operation"] == "UpdateService")
    assert die_at(stack, Ecs, update, "kill-after", both=True, takes_over=stack.start_runner)
