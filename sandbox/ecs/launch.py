"""Making a task: its record, its containers' records, and what brings it to life."""

import secrets

from sandbox.ecs.containers import with_overrides
from sandbox.ecs.records import Container, Task, new_uuid


def launch_task(ecs, service, deployment, host=None):
    """Start one task of a service's deployment, on that container instance where there is one."""
    task = _make(ecs, service.cluster, deployment.definition, f"service:{service.name}", deployment.id, dict(deployment.settings))
    task.service = service
    task.deployment = deployment
    task.number = deployment.launches
    deployment.launches += 1
    _put_on(task, host)
    task.targets = [(entry["targetGroupArn"], _target_port(task, entry)) for entry in deployment.settings.get("loadBalancers", []) if "targetGroupArn" in entry]
    return _start(ecs, task)


def launch_single_task(ecs, cluster, definition, group, started_by, settings, host=None):
    """Start one task that belongs to no service (RunTask)."""
    task = _make(ecs, cluster, definition, group, started_by, settings)
    _put_on(task, host)
    return _start(ecs, task)


def _make(ecs, cluster, definition, group, started_by, settings):
    task_id = secrets.token_hex(16)
    definitions = with_overrides(definition, settings.get("overrides", {}))
    containers = [Container(one, ecs.account.arn("ecs", f"container/{cluster.name}/{task_id}/{new_uuid()}")) for one in definitions]
    arn = ecs.account.arn("ecs", f"task/{cluster.name}/{task_id}")
    task = Task(task_id, arn, cluster, definition, containers, group, started_by, settings, attachment_id=new_uuid())
    task.mark("createdAt")
    strategy = settings.get("capacityProviderStrategy")
    if strategy:
        settings["capacityProviderName"] = max(strategy, key=lambda one: (one.get("base", 0), one.get("weight", 0)))["capacityProvider"]
    return task


def _put_on(task, host):
    task.host = host
    if host:
        task.host_ports = host.take(task)


def _target_port(task, entry):
    port = entry["containerPort"]
    return task.host_ports.get((entry["containerName"], port), port)


def _start(ecs, task):
    ecs.tasks[task.arn] = task
    if task.service:
        task.service.tasks.append(task)
    ecs.run_task(ecs, task).start()
    return task
