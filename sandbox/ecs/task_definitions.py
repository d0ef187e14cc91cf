"""Task definition operations.  What was registered is given back verbatim, with AWS's defaults filled in."""

import copy
import re

from sandbox import clock
from sandbox.ecs import views
from sandbox.ecs.state import TaskDefinition
from sandbox.errors import AwsError

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CONTAINER_DEFAULTS = {"cpu": 0, "portMappings": [], "essential": True, "environment": [], "mountPoints": [], "volumesFrom": []}


def register_task_definition(ecs, params, key):
    body = copy.deepcopy(params)
    tags = body.pop("tags", [])
    _check(body)
    _fill_in(body)
    with ecs.changed:
        revisions = ecs.families[body["family"]]
        number = len(revisions) + 1
        arn = ecs.account.arn("ecs", f"task-definition/{body['family']}:{number}")
        record = TaskDefinition(arn, body["family"], number, body, tags, key.arn)
        revisions.append(record)
        return {"taskDefinition": views.task_definition(record), "tags": tags}


def _refuse(text):
    raise AwsError("ClientException", text)


def _check(body):
    if not _FAMILY.fullmatch(body["family"]):
        _refuse("Family contains invalid characters: up to 255 letters, digits, hyphens and underscores.")
    containers = body["containerDefinitions"]
    if not containers:
        _refuse("Container list cannot be empty.")
    names = [container.get("name") for container in containers]
    for container in containers:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", container.get("name") or ""):
            _refuse("Container.name should not be null or empty, and may hold letters, digits, hyphens and underscores.")
        if not container.get("image"):
            _refuse("Container.image should not be null or empty.")
    if len(set(names)) != len(names):
        _refuse(f"Container names must be unique, '{next(name for name in names if names.count(name) > 1)}' stands twice.")
    if not any(container.get("essential", True) for container in containers):
        _refuse("A task definition must have at least one essential container.")
    _check_references(body, containers, set(names))
    if "FARGATE" in body.get("requiresCompatibilities", []):
        _check_fargate(body)
    elif not body.get("memory") and any(not (c.get("memory") or c.get("memoryReservation")) for c in containers):
        _refuse("Invalid setting for container. At least one of 'memory' or 'memoryReservation' must be specified.")


def _check_references(body, containers, names):
    volumes = {volume.get("name") for volume in body.get("volumes", [])}
    for container in containers:
        for dependency in container.get("dependsOn", []):
            if dependency["containerName"] not in names:
                _refuse(f"Container '{container['name']}' depends on '{dependency['containerName']}', which is not in the task definition.")
        for mount in container.get("mountPoints", []):
            if mount.get("sourceVolume") not in volumes:
                _refuse(f"Unknown volume '{mount.get('sourceVolume')}'.")
        for mapping in container.get("portMappings", []):
            if body.get("networkMode") == "awsvpc" and mapping.get("hostPort", mapping.get("containerPort")) != mapping.get("containerPort"):
                _refuse("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
    _refuse_cycle(containers)


def _refuse_cycle(containers):
    waits = {one["name"]: {entry["containerName"] for entry in one.get("dependsOn", [])} for one in containers}
    while waits:
        free = [name for name, others in waits.items() if not others & set(waits)]
        if not free:
            _refuse("Circular dependency found in container dependencies.")
        for name in free:
            del waits[name]


def _check_fargate(body):
    if body.get("networkMode") != "awsvpc":
        _refuse("Fargate only supports network mode 'awsvpc'.")
    for name in ("cpu", "memory"):
        if not (body.get(name) or "").isdigit():
            _refuse(f"Fargate requires that '{name}' be defined at the task level.")


def _fill_in(body):
    """The defaults that AWS writes into what it gives back."""
    body.setdefault("volumes", [])
    body.setdefault("placementConstraints", [])
    for container in body["containerDefinitions"]:
        for name, value in _CONTAINER_DEFAULTS.items():
            container.setdefault(name, copy.copy(value))
        for mapping in container["portMappings"]:
            mapping.setdefault("protocol", "tcp")
            if body.get("networkMode") == "awsvpc":
                mapping.setdefault("hostPort", mapping.get("containerPort"))


def describe_task_definition(ecs, params, key):
    with ecs.changed:
        record = ecs.find_definition(params["taskDefinition"])
        if record is None:
            _refuse("Unable to describe task definition.")
        answer = {"taskDefinition": views.task_definition(record)}
        if "TAGS" in params.get("include", []):
            answer["tags"] = record.tags
        return answer


def list_task_definitions(ecs, params, key):
    with ecs.changed:
        wanted = params.get("familyPrefix")
        status = params.get("status", "ACTIVE")
        found = [one for family in sorted(ecs.families) if wanted in (None, family) for one in ecs.families[family] if one.status == status]
        arns = [one.arn for one in found]
        if params.get("sort") == "DESC":
            arns.reverse()
        return page(arns, params, "taskDefinitionArns")


def list_task_definition_families(ecs, params, key):
    with ecs.changed:
        prefix = params.get("familyPrefix", "")
        status = params.get("status", "ALL")
        names = [
            name
            for name in sorted(ecs.families)
            if name.startswith(prefix) and (status == "ALL" or any(one.status == "ACTIVE" for one in ecs.families[name]) == (status == "ACTIVE"))
        ]
        return page(names, params, "families")


def page(items, params, name):
    """AWS gives at most 100 and a token for the rest."""
    token = params.get("nextToken", "0")
    if not token.isdigit():
        raise AwsError("InvalidParameterException", "Invalid token.")
    start, most = int(token), params.get("maxResults", 100)
    answer = {name: items[start : start + most]}
    if start + most < len(items):
        answer["nextToken"] = str(start + most)
    return answer


def deregister_task_definition(ecs, params, key):
    with ecs.changed:
        reference = params["taskDefinition"]
        record = ecs.find_definition(reference) if ":" in reference else None
        if record is None:
            _refuse("Invalid task definition: give family:revision or an ARN of a registered one.")
        record.status = "INACTIVE"
        record.deregistered_at = record.deregistered_at or clock.now()
        return {"taskDefinition": views.task_definition(record)}
