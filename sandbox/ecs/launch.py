"""Making a task: its record, its containers' records, and the thread that runs it."""

import secrets

from sandbox.ecs.containers import with_overrides
from sandbox.ecs.runner import TaskRunner
from sandbox.ecs.state import Container, Task, new_uuid


def launch_task(ecs, service, deployment):
    """Start one task of a service's deployment."""
    task = _make(ecs, service.cluster, deployment.definition, f"service:{service.name}", deployment.id, dict(deployment.settings))
    task.service = service
    task.deployment = deployment
    task.targets = [(entry["targetGroupArn"], entry["containerPort"]) for entry in deployment.settings.get("loadBalancers", [])]
    return _start(ecs, task)


def launch_single_task(ecs, cluster, definition, group, started_by, settings):
    """Start one task that belongs to no service (RunTask)."""
    return _start(ecs, _make(ecs, cluster, definition, group, started_by, settings))


def _make(ecs, cluster, definition, group, started_by, settings):
    task_id = secrets.token_hex(16)
    definitions = with_overrides(definition, settings.get("overrides", {}))
    containers = [Container(one, ecs.account.arn("ecs", f"container/{cluster.name}/{task_id}/{new_uuid()}")) for one in definitions]
    arn = ecs.account.arn("ecs", f"task/{cluster.name}/{task_id}")
    task = Task(task_id, arn, cluster, definition, containers, group, started_by, settings, attachment_id=new_uuid())
    task.mark("createdAt")
    return task


def _start(ecs, task):
    ecs.tasks[task.arn] = task
    TaskRunner(ecs, task).start()
    return task
