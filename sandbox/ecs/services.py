"""Service operations.  They write down what is wanted; the scheduler brings it about."""

import re

from sandbox import clock
from sandbox.ecs import views
from sandbox.ecs.state import Deployment, Service, new_deployment_id
from sandbox.errors import AwsError

# Members of CreateService and UpdateService that DescribeServices gives back as they are.
_KEPT = (
    "loadBalancers",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
)
# A change in one of these starts a new deployment.
_NEEDS_DEPLOYMENT = ("taskDefinition", "networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers", "enableExecuteCommand")
_NOT_PLAYED = ("serviceRegistries", "serviceConnectConfiguration")


def _refuse(text):
    raise AwsError("InvalidParameterException", text)


def create_service(ecs, params, key):
    name = params["serviceName"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        _refuse("The service name may hold up to 255 letters, digits, hyphens and underscores.")
    _refuse_not_played(params)
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        known = ecs.services.get((cluster.name, name))
        if known and known.status != "INACTIVE":
            if known.client_token and known.client_token == params.get("clientToken"):
                return {"service": views.service(ecs, known)}
            _refuse("Creation of service was not idempotent." if known.status == "ACTIVE" else "Unable to Start a service that is still Draining.")
        if "taskDefinition" not in params:
            _refuse("TaskDefinition can not be blank.")
        if "desiredCount" not in params:
            _refuse("The desired count must be given for a service of the scheduling strategy REPLICA.")
        definition = ecs.usable_definition(params["taskDefinition"])
        settings = {kept: params[kept] for kept in _KEPT if kept in params}
        if "capacityProviderStrategy" not in settings:
            settings.setdefault("launchType", "EC2")
        settings["taskDefinition"] = definition.arn
        settings["deploymentConfiguration"] = _deployment_configuration({}, params)
        _check_settings(ecs, settings, definition)
        arn = ecs.account.arn("ecs", f"service/{cluster.name}/{name}")
        service = Service(name, arn, cluster, params["desiredCount"], settings, key.arn, params.get("tags", []), client_token=params.get("clientToken"))
        ecs.services[(cluster.name, name)] = service
        _deploy(ecs, service, definition)
        return {"service": views.service(ecs, service, True)}


def _refuse_not_played(params):
    for name in _NOT_PLAYED:
        if params.get(name):
            _refuse(f"the sandbox has no '{name}'")
    if params.get("schedulingStrategy", "REPLICA") != "REPLICA":
        _refuse("the sandbox has the scheduling strategy REPLICA only")
    if params.get("deploymentController", {}).get("type", "ECS") != "ECS":
        _refuse("the sandbox has the deployment controller ECS only")


def _deployment_configuration(before, params):
    given = params.get("deploymentConfiguration", {})
    if given.get("alarms"):
        _refuse("the sandbox has no deployment alarms")
    result = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        **before,
        **given,
    }
    if result["maximumPercent"] < 0 or result["minimumHealthyPercent"] < 0:
        _refuse("Percents must not be negative.")
    if result["maximumPercent"] <= result["minimumHealthyPercent"] and result["maximumPercent"] < 100:
        _refuse("Maximum percent must be at least 100, or greater than the minimum healthy percent.")
    return result


def _check_settings(ecs, settings, definition):
    if definition.body.get("networkMode") != "awsvpc":
        _refuse("the sandbox runs task definitions of networkMode 'awsvpc' only")
    if "awsvpcConfiguration" not in settings.get("networkConfiguration", {}):
        _refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    containers = {container["name"]: container for container in definition.body["containerDefinitions"]}
    for entry in settings.get("loadBalancers", []):
        group_arn, name, port = entry.get("targetGroupArn"), entry.get("containerName"), entry.get("containerPort")
        if group_arn is None:
            _refuse("the sandbox has load balancers with target groups only: give targetGroupArn")
        with ecs.balancers.changed:
            if group_arn not in ecs.balancers.target_groups:
                _refuse(f"The target group {group_arn} does not exist.")
            if not ecs.balancers.group_listeners(group_arn):
                _refuse(f"The target group with targetGroupArn {group_arn} does not have an associated load balancer.")
        if name not in containers:
            _refuse(f"The container {name} does not exist in the task definition.")
        if not any(mapping.get("containerPort") == port for mapping in containers[name]["portMappings"]):
            _refuse(f"The container {name} did not have a container port {port} defined.")


def _deploy(ecs, service, definition):
    """A new PRIMARY deployment; those before it become ACTIVE and give way."""
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    names = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "loadBalancers", "propagateTags")
    settings = {name: service.settings[name] for name in names if name in service.settings}
    deployment = Deployment(new_deployment_id(), definition, service.desired, settings)
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    service.deployments.insert(0, deployment)
    ecs.scripts.begin_deployment(service, deployment)
    service.steady = False
    ecs.changed.notify_all()


def update_service(ecs, params, key):
    _refuse_not_played(params)
    with ecs.changed:
        service = ecs.service(ecs.cluster(params.get("cluster")), params["service"])
        if service.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        settings = {**service.settings, **{name: params[name] for name in _KEPT if name in params}}
        if "capacityProviderStrategy" in params:
            settings.pop("launchType", None)
        definition = service.primary.definition
        if "taskDefinition" in params:
            definition = ecs.usable_definition(params["taskDefinition"])
        settings["taskDefinition"] = definition.arn
        settings["deploymentConfiguration"] = _deployment_configuration(service.deployment_configuration, params)
        _check_settings(ecs, settings, definition)
        changed = any(settings.get(name) != service.settings.get(name) for name in _NEEDS_DEPLOYMENT)
        service.settings = settings
        if "desiredCount" in params and params["desiredCount"] != service.desired:
            service.desired = params["desiredCount"]
            service.primary.desired = service.desired
            service.primary.updated_at = clock.now()
            service.steady = False
        if changed or params.get("forceNewDeployment"):
            _deploy(ecs, service, definition)
        ecs.changed.notify_all()
        return {"service": views.service(ecs, service)}


def describe_services(ecs, params, key):
    if len(params["services"]) > 10:
        _refuse("Cannot describe more than 10 services at once.")
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
            _refuse("The service cannot be stopped while it is scaled above 0.")
        service.status = "DRAINING"
        ecs.changed.notify_all()
        return {"service": views.service(ecs, service)}
