"""Task sets: versions of a service whose traffic somebody else moves, such as CodeDeploy.

A task set is a Deployment of the service: the primary one, and beside it those that come or go.  The scheduler keeps
each at its strength; which one is primary, and which goes, is said from outside.
"""

import math

from sandbox import clock
from sandbox.ecs import rolling
from sandbox.ecs.records import Deployment
from sandbox.ecs.state import new_deployment_id
from sandbox.ecs.watching import healthy

_WHOLE = {"value": 100.0, "unit": "PERCENT"}
_OF_TASKS = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")


def step(round, service, tasks):
    """Bring each task set to its strength; forget those that are gone."""
    for task_set in list(service.deployments):
        if task_set.status == "PRIMARY" or task_set.scale and task_set.status != "DRAINING":
            task_set.desired = math.ceil(service.desired * (task_set.scale or _WHOLE)["value"] / 100)
        own = [task for task in tasks if task.deployment is task_set]
        staying = [task for task in own if not task.leaving]
        serving = {task.arn for task in staying if healthy(round, task)}
        if len(staying) > task_set.desired:
            rolling.stop_some(round, service, staying, len(staying) - task_set.desired, serving)
        elif len(staying) < task_set.desired:
            rolling.start_some(round, service, task_set, task_set.desired - len(staying))
        state = "COMPLETED" if len(serving) == len(staying) == task_set.desired else "IN_PROGRESS"
        if state != task_set.rollout_state:
            task_set.turn(state, None)
        if task_set.status == "DRAINING" and all(task.stopped for task in own):
            service.deployments.remove(task_set)
    if service.deployments and all(one.rollout_state == "COMPLETED" for one in service.deployments):
        rolling.say_steady(round, service, tasks)


def create(ecs, service, definition, load_balancers):
    """A new task set beside the primary one, as strong as the service."""
    with ecs.changed:
        settings = {**service.deployments[0].settings, "loadBalancers": load_balancers}
        task_set = Deployment(new_deployment_id(), definition, service.desired, settings, status="ACTIVE", task_set_label="GREEN")
        service.deployments.append(task_set)
        ecs.scripts.begin_deployment(service, task_set)
        service.steady = False
        ecs.changed.notify_all()
        return task_set


def is_steady(service, task_set):
    return task_set in service.deployments and task_set.rollout_state == "COMPLETED"


def make_primary(ecs, service, task_set):
    with ecs.changed:
        for other in service.deployments:
            other.status = "ACTIVE" if other.status == "PRIMARY" else other.status
        task_set.status = "PRIMARY"
        service.deployments.sort(key=lambda one: one is not task_set)
        service.settings["taskDefinition"] = task_set.definition.arn
        service.settings["loadBalancers"] = task_set.settings["loadBalancers"]
        ecs.changed.notify_all()


def remove(ecs, service, task_set):
    """Its tasks stop, and with the last of them it is gone."""
    with ecs.changed:
        if task_set in service.deployments and task_set.status != "PRIMARY":
            task_set.status = "DRAINING"
            task_set.desired = 0
            task_set.updated_at = clock.now()
            ecs.changed.notify_all()


def counts(ecs, service, task_set):
    """(running, pending) tasks."""
    own = [task for task in ecs.service_tasks(service) if task.deployment is task_set and not task.leaving]
    running = sum(1 for task in own if task.last_status == "RUNNING")
    return running, sum(1 for task in own if not task.stopped) - running


def views(ecs, service):
    return [_view(ecs, service, task_set) for task_set in service.deployments]


def _view(ecs, service, task_set):
    running, pending = counts(ecs, service, task_set)
    view = {
        "id": task_set.id,
        "taskSetArn": ecs.account.arn("ecs", f"task-set/{service.cluster.name}/{service.name}/{task_set.id}"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "startedBy": service.controller,
        "status": task_set.status,
        "taskDefinition": task_set.definition.arn,
        "computedDesiredCount": task_set.desired,
        "pendingCount": pending,
        "runningCount": running,
        "createdAt": task_set.created_at,
        "updatedAt": task_set.updated_at,
        "loadBalancers": task_set.settings.get("loadBalancers", []),
        "serviceRegistries": [],
        "scale": task_set.scale or _WHOLE,
        "stabilityStatus": "STEADY_STATE" if task_set.rollout_state == "COMPLETED" else "STABILIZING",
        "stabilityStatusAt": task_set.updated_at,
        "tags": [],
    }
    return {**view, **{name: task_set.settings[name] for name in _OF_TASKS if name in task_set.settings}}
