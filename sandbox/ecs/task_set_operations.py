"""The operations on task sets, for services whose controller is EXTERNAL: somebody else makes, scales and removes versions."""

import math

from sandbox import clock
from sandbox.ecs import service_settings, task_sets
from sandbox.ecs.records import Deployment, new_deployment_id
from sandbox.errors import AwsError


def _service(ecs, params):
    service = ecs.service(ecs.cluster(params["cluster"]), params["service"])
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    if service.controller != "EXTERNAL":
        raise AwsError("InvalidParameterException", f"Task sets of services with the deployment controller {service.controller} cannot be changed by you.")
    return service


def _find(service, reference):
    task_set = next((one for one in service.deployments if one.id == reference.rsplit("/", 2)[-2] + "/" + reference.rsplit("/", 1)[-1]), None) if "/" in reference else None
    if task_set is None:
        raise AwsError("TaskSetNotFoundException", "The specified task set was not found.")
    return task_set


def _view(ecs, service, task_set):
    return next(view for view in task_sets.views(ecs, service) if view["id"] == task_set.id)


def _desired(service, scale):
    return math.ceil(service.desired * scale.get("value", 100.0) / 100)


def create_task_set(ecs, params, key):
    with ecs.changed:
        service = _service(ecs, params)
        definition = ecs.usable_definition(params["taskDefinition"])
        names = service_settings.OF_DEPLOYMENT
        settings = {name: params.get(name, service.settings.get(name)) for name in names if name in params or name in service.settings}
        service_settings.check(ecs, {**settings, "deploymentConfiguration": service.deployment_configuration}, definition)
        task_set = Deployment(new_deployment_id(), definition, _desired(service, params.get("scale", {})), settings, status="ACTIVE")
        task_set.scale = params.get("scale", {"value": 100.0, "unit": "PERCENT"})
        service.deployments.append(task_set)
        ecs.scripts.begin_deployment(service, task_set)
        ecs.changed.notify_all()
        return {"taskSet": _view(ecs, service, task_set)}


def describe_task_sets(ecs, params, key):
    with ecs.changed:
        service = ecs.service(ecs.cluster(params["cluster"]), params["service"])
        found = task_sets.views(ecs, service) if service.controller != "ECS" else []
        wanted = params.get("taskSets")
        chosen = [view for view in found if wanted is None or view["id"] in wanted or view["taskSetArn"] in wanted]
        known = {text for view in chosen for text in (view["id"], view["taskSetArn"])}
        return {"taskSets": chosen, "failures": [{"arn": text, "reason": "MISSING"} for text in wanted or [] if text not in known]}


def update_task_set(ecs, params, key):
    with ecs.changed:
        service = _service(ecs, params)
        task_set = _find(service, params["taskSet"])
        task_set.scale = params["scale"]
        task_set.desired = _desired(service, params["scale"])
        task_set.updated_at = clock.now()
        ecs.changed.notify_all()
        return {"taskSet": _view(ecs, service, task_set)}


def update_service_primary_task_set(ecs, params, key):
    with ecs.changed:
        service = _service(ecs, params)
        task_set = _find(service, params["primaryTaskSet"])
        task_sets.make_primary(ecs, service, task_set)
        return {"taskSet": _view(ecs, service, task_set)}


def delete_task_set(ecs, params, key):
    with ecs.changed:
        service = _service(ecs, params)
        task_set = _find(service, params["taskSet"])
        if task_set.status == "PRIMARY":
            raise AwsError("InvalidParameterException", "Unable to delete the primary task set of a service.")
        if task_set.desired and not params.get("force"):
            raise AwsError("InvalidParameterException", "The task set cannot be deleted while it is scaled above 0.")
        view = _view(ecs, service, task_set)
        task_sets.remove(ecs, service, task_set)
        return {"taskSet": {**view, "status": "DRAINING"}}


OPERATIONS = {
    "CreateTaskSet": create_task_set,
    "DescribeTaskSets": describe_task_sets,
    "UpdateTaskSet": update_task_set,
    "UpdateServicePrimaryTaskSet": update_service_primary_task_set,
    "DeleteTaskSet": delete_task_set,
}
