"""Records as AWS's answers show them.  The renderer leaves out what is None."""

from sandbox.ecs import task_sets

_PENDING = ("PROVISIONING", "PENDING", "ACTIVATING")


def cluster(ecs, record):
    tasks = [task for task in ecs.tasks.values() if task.cluster is record]
    services = [service for service in ecs.services.values() if service.cluster is record and service.status == "ACTIVE"]
    return {
        "clusterArn": record.arn,
        "clusterName": record.name,
        "status": record.status,
        "registeredContainerInstancesCount": len(record.instances),
        "runningTasksCount": _running(tasks),
        "pendingTasksCount": _pending(tasks),
        "activeServicesCount": len(services),
        "statistics": [],
        "tags": record.tags,
        "settings": record.settings,
        "capacityProviders": record.providers,
        "defaultCapacityProviderStrategy": record.default_strategy,
    }


def _running(tasks):
    return sum(1 for task in tasks if task.last_status == "RUNNING")


def _pending(tasks):
    return sum(1 for task in tasks if task.last_status in _PENDING and not task.leaving)


def task_definition(record):
    networking = record.body.get("networkMode", "bridge")
    view = {
        **record.body,
        "taskDefinitionArn": record.arn,
        "revision": record.revision,
        "status": record.status,
        "requiresAttributes": _required_attributes(record.body),
        "compatibilities": ["EC2", "FARGATE"] if networking == "awsvpc" else ["EC2"],
        "registeredAt": record.registered_at,
        "registeredBy": record.registered_by,
    }
    if record.deregistered_at:
        view["deregisteredAt"] = record.deregistered_at
    return view


def _required_attributes(body):
    names = ["com.amazonaws.ecs.capability.docker-remote-api.1.18"]
    if body.get("networkMode") == "awsvpc":
        names.append("ecs.capability.task-eni")
    if body.get("executionRoleArn"):
        names.append("ecs.capability.execution-role-ecr-pull")
    if body.get("taskRoleArn"):
        names.append("com.amazonaws.ecs.capability.task-iam-role")
    return [{"name": name} for name in names]


def service(ecs, record, with_tags=False):
    tasks = ecs.service_tasks(record)
    active = record.status == "ACTIVE"
    view = {
        "serviceArn": record.arn,
        "serviceName": record.name,
        "clusterArn": record.cluster.arn,
        "status": record.status,
        "desiredCount": record.desired if active else 0,
        "runningCount": _running(tasks),
        "pendingCount": _pending(tasks),
        "taskDefinition": record.settings.get("taskDefinition"),
        "loadBalancers": record.load_balancers,
        "serviceRegistries": [],
        "deploymentConfiguration": record.deployment_configuration,
        "deployments": [deployment(one, tasks) for one in record.deployments] if record.controller == "ECS" else [],
        "events": list(record.events),
        "createdAt": record.created_at,
        "createdBy": record.created_by,
        "placementConstraints": record.settings.get("placementConstraints", []),
        "placementStrategy": record.settings.get("placementStrategy", []),
        "schedulingStrategy": record.settings.get("schedulingStrategy", "REPLICA"),
        "deploymentController": {"type": record.controller},
        "currentServiceDeployment": record.current.arn if record.current else None,
        "enableECSManagedTags": record.settings.get("enableECSManagedTags", False),
        "propagateTags": record.settings.get("propagateTags", "NONE"),
        "enableExecuteCommand": record.settings.get("enableExecuteCommand", False),
    }
    if record.controller != "ECS":
        view["taskSets"] = task_sets.views(ecs, record)
    for name in ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "healthCheckGracePeriodSeconds", "availabilityZoneRebalancing"):
        if name in record.settings:
            view[name] = record.settings[name]
    if with_tags:
        view["tags"] = record.tags
    return view


def deployment(record, tasks):
    own = [task for task in tasks if task.deployment is record]
    view = {
        "id": record.id,
        "status": record.status,
        "taskDefinition": record.definition.arn,
        "desiredCount": record.desired,
        "pendingCount": _pending(own),
        "runningCount": _running(own),
        "failedTasks": record.failed_tasks,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "rolloutState": record.rollout_state,
        "rolloutStateReason": record.reason,
    }
    for name in ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration"):
        if name in record.settings:
            view[name] = record.settings[name]
    return view


def task(record, with_tags=False):
    health = _health([container.health for container in record.containers if container.essential and "healthCheck" in container.definition])
    view = {
        "taskArn": record.arn,
        "clusterArn": record.cluster.arn,
        "taskDefinitionArn": record.definition.arn,
        "group": record.group,
        "startedBy": record.started_by,
        "lastStatus": record.last_status,
        "desiredStatus": record.desired_status,
        "healthStatus": health,
        "containers": [_container(record, container) for container in record.containers],
        "attachments": [_attachment(record)] if record.own_address else [],
        "containerInstanceArn": record.host.arn if record.host else None,
        "attributes": [],
        "overrides": {**record.settings.get("overrides", {})} or {"containerOverrides": [{"name": one.name} for one in record.containers]},
        "cpu": record.definition.body.get("cpu"),
        "memory": record.definition.body.get("memory"),
        "launchType": record.settings.get("launchType"),
        "platformVersion": record.settings.get("platformVersion"),
        "capacityProviderName": (record.host.provider if record.host else None) or record.settings.get("capacityProviderName"),
        "stopCode": record.stop_code,
        "stoppedReason": record.stopped_reason,
        "version": 1,
        **record.times,
    }
    if record.address:
        view["connectivity"] = "CONNECTED"
    if with_tags:
        view["tags"] = record.settings.get("tags", [])
    return view


def _health(states):
    if not states:
        return "UNKNOWN"
    if "UNHEALTHY" in states:
        return "UNHEALTHY"
    return "HEALTHY" if all(state == "HEALTHY" for state in states) else "UNKNOWN"


def _container(task_record, container):
    definition = container.definition
    view = {
        "containerArn": container.arn,
        "taskArn": task_record.arn,
        "name": container.name,
        "image": definition["image"],
        "imageDigest": container.image_digest,
        "runtimeId": container.docker_id,
        "lastStatus": container.last_status if not task_record.stopped else "STOPPED",
        "exitCode": container.exit_code,
        "reason": container.reason,
        "healthStatus": container.health,
        "cpu": str(definition.get("cpu", 0)),
        "networkBindings": [
            {"bindIP": "0.0.0.0", "containerPort": port, "hostPort": host_port, "protocol": "tcp"}
            for (name, port), host_port in task_record.host_ports.items() if name == container.name and container.started
        ],
        "networkInterfaces": [{"attachmentId": task_record.attachment_id, "privateIpv4Address": task_record.address}] if task_record.address and task_record.own_address else [],
    }
    if "memory" in definition:
        view["memory"] = str(definition["memory"])
    return view


def _attachment(record):
    status = {"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}.get(record.last_status, "ATTACHED")
    network = record.settings.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    details = [{"name": "subnetId", "value": (network.get("subnets") or ["subnet-sandbox"])[0]}]
    if record.address:
        details.append({"name": "privateIPv4Address", "value": record.address})
    return {"id": record.attachment_id, "type": "ElasticNetworkInterface", "status": status, "details": details}
