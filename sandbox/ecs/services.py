"""Service operations.  They write down what is wanted; the scheduler brings it about."""

import re

from sandbox import clock
from sandbox.ecs import service_deployments, service_settings, traffic, views
from sandbox.ecs.records import Deployment, Service, new_deployment_id
from sandbox.ecs.service_settings import refuse
from sandbox.errors import AwsError

_OF_CODE_DEPLOY = ("taskDefinition", "networkConfiguration", "loadBalancers", "platformVersion")


def create_service(ecs, params, key):
    name = params["serviceName"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        refuse("The service name may hold up to 255 letters, digits, hyphens and underscores.")
    service_settings.refuse_not_played(params)
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        known = ecs.services.get((cluster.name, name))
        if known and known.status != "INACTIVE":
            if known.client_token and known.client_token == params.get("clientToken"):
                return {"service": views.service(ecs, known)}
            refuse("Creation of service was not idempotent." if known.status == "ACTIVE" else "Unable to Start a service that is still Draining.")
        service = _new_service(ecs, cluster, name, params, key)
        ecs.services[(cluster.name, name)] = service
        if "taskDefinition" in params:
            _deploy(ecs, service, ecs.usable_definition(params["taskDefinition"]))
        return {"service": views.service(ecs, service, True)}


def _new_service(ecs, cluster, name, params, key):
    controller = params.get("deploymentController", {}).get("type", "ECS")
    daemon = params.get("schedulingStrategy", "REPLICA") == "DAEMON"
    if "taskDefinition" not in params and controller != "EXTERNAL":
        refuse("TaskDefinition can not be blank.")
    if "desiredCount" not in params and not daemon:
        refuse("The desired count must be given for a service of the scheduling strategy REPLICA.")
    if daemon and controller != "ECS":
        refuse(f"The daemon scheduling strategy is not supported with the {controller} deployment controller.")
    settings = {kept: params[kept] for kept in service_settings.KEPT if kept in params}
    if "capacityProviderStrategy" not in settings:
        strategy = cluster.default_strategy if "launchType" not in settings and controller != "EXTERNAL" else []
        if strategy:
            settings["capacityProviderStrategy"] = strategy
        else:
            settings.setdefault("launchType", "EC2")
    settings["schedulingStrategy"] = "DAEMON" if daemon else "REPLICA"
    settings["deploymentConfiguration"] = service_settings.deployment_configuration({}, params, daemon)
    if "taskDefinition" in params:
        definition = ecs.usable_definition(params["taskDefinition"])
        settings["taskDefinition"] = definition.arn
        service_settings.check(ecs, settings, definition)
    arn = ecs.account.arn("ecs", f"service/{cluster.name}/{name}")
    desired = 0 if daemon else params["desiredCount"]
    return Service(name, arn, cluster, desired, settings, key.arn, params.get("tags", []), client_token=params.get("clientToken"), controller=controller)


def _deploy(ecs, service, definition):
    """A new PRIMARY deployment; those before it become ACTIVE and give way."""
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    settings = {name: service.settings[name] for name in service_settings.OF_DEPLOYMENT if name in service.settings}
    deployment = Deployment(new_deployment_id(), definition, service.desired, settings)
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    if service.controller == "ECS":
        if service.current and service.current.gradual:
            traffic.shift_back(ecs, service.current)
        settings["loadBalancers"] = traffic.idle_groups(service.load_balancers, service.last_completed) if _is_gradual(service) else _groups_in_use(service)
        service_deployments.begin(ecs, service, deployment)
    else:
        deployment.task_set_label = "BLUE"
    service.deployments.insert(0, deployment)
    ecs.scripts.begin_deployment(service, deployment)
    service.steady = False
    ecs.changed.notify_all()


def _is_gradual(service):
    return service.deployment_configuration.get("strategy", "ROLLING") != "ROLLING"


def _groups_in_use(service):
    """For a rolling update: the target groups that have the traffic, also after a gradual deployment."""
    before = service.last_completed
    used = before.settings.get("loadBalancers", []) if before else []
    known = {(entry.get("containerName"), entry.get("containerPort")): entry["targetGroupArn"] for entry in used if "advancedConfiguration" in entry}
    return [{**entry, "targetGroupArn": known.get((entry.get("containerName"), entry.get("containerPort")), entry.get("targetGroupArn"))} if "advancedConfiguration" in entry else entry for entry in service.load_balancers]


def update_service(ecs, params, key):
    service_settings.refuse_not_played(params)
    with ecs.changed:
        service = ecs.service(ecs.cluster(params.get("cluster")), params["service"])
        if service.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        _check_controller(service, params)
        kept = service_settings.KEPT
        settings = {**service.settings, **{name: params[name] for name in kept if name in params}}
        if "capacityProviderStrategy" in params:
            settings.pop("launchType", None)
        daemon = settings.get("schedulingStrategy") == "DAEMON"
        settings["deploymentConfiguration"] = service_settings.deployment_configuration(service.deployment_configuration, params, daemon)
        definition = None
        if service.deployments:
            definition = ecs.usable_definition(params["taskDefinition"]) if "taskDefinition" in params else service.primary.definition
            settings["taskDefinition"] = definition.arn
            service_settings.check(ecs, settings, definition)
        changed = any(settings.get(name) != service.settings.get(name) for name in service_settings.NEEDS_DEPLOYMENT)
        service.settings = settings
        if "desiredCount" in params and params["desiredCount"] != service.desired and not daemon:
            _scale(service, params["desiredCount"])
        if definition and service.controller == "ECS" and (changed or params.get("forceNewDeployment")):
            _deploy(ecs, service, definition)
        ecs.changed.notify_all()
        return {"service": views.service(ecs, service)}


def _check_controller(service, params):
    wanted = params.get("deploymentController", {}).get("type", service.controller)
    if wanted != service.controller:
        refuse("the sandbox does not change a service's deployment controller")
    changed = [name for name in _OF_CODE_DEPLOY if name in params]
    if service.controller == "CODE_DEPLOY" and (changed or params.get("forceNewDeployment")):
        what = "task definition" if "taskDefinition" in params else "network parameters" if "networkConfiguration" in params else "load balancers" if "loadBalancers" in params else "settings"
        refuse(f"Unable to update {what} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
    if service.controller == "EXTERNAL" and (changed or params.get("forceNewDeployment")):
        refuse("Only the desired count, the health check grace period and tags can be updated on services with an EXTERNAL deployment controller. Use CreateTaskSet.")


def _scale(service, desired):
    service.desired = desired
    service.steady = False
    if service.deployments and service.controller == "ECS":
        service.primary.desired = desired
        service.primary.updated_at = clock.now()


def describe_services(ecs, params, key):
    if len(params["services"]) > 10:
        refuse("Cannot describe more than 10 services at once.")
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        found, failures = [], []
        for reference in params["services"]:
            service = ecs.find_service(cluster, reference)
            if service:
                found.append(views.service(ecs, service, "TAGS" in params.get("include", [])))
            else:
                arn = reference if reference.startswith("arn:") else ecs.account.arn("ecs", f"service/{cluster.name}/{reference}")
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"services": found, "failures": failures}


def list_services(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        launch_type = params.get("launchType")
        found = [one for one in ecs.services.values() if one.cluster is cluster and one.status == "ACTIVE"]
        return {"serviceArns": [one.arn for one in found if launch_type in (None, one.settings.get("launchType"))]}


def delete_service(ecs, params, key):
    with ecs.changed:
        service = ecs.service(ecs.cluster(params.get("cluster")), params["service"])
        if service.status == "INACTIVE":
            raise AwsError("ServiceNotFoundException", "Service not found.")
        if service.desired > 0 and not params.get("force"):
            refuse("The service cannot be stopped while it is scaled above 0.")
        service.status = "DRAINING"
        ecs.changed.notify_all()
        return {"service": views.service(ecs, service)}
