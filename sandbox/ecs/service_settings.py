"""What a service may be told: its settings checked, and AWS's defaults filled in."""

from sandbox import clock
from sandbox.errors import AwsError

# Members of CreateService and UpdateService that DescribeServices gives back as they are.
KEPT = (
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
    "availabilityZoneRebalancing",
)
# A change in one of these starts a new deployment.
NEEDS_DEPLOYMENT = ("taskDefinition", "networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers", "enableExecuteCommand")
# What a deployment keeps as it was at its start.
OF_DEPLOYMENT = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "loadBalancers", "propagateTags")
_NOT_PLAYED = ("serviceRegistries", "serviceConnectConfiguration")


def refuse(text):
    raise AwsError("InvalidParameterException", text)


def refuse_not_played(params):
    for name in _NOT_PLAYED:
        if params.get(name):
            refuse(f"the sandbox has no '{name}'")


def deployment_configuration(before, params, daemon=False):
    """The deploymentConfiguration that results from a request."""
    given = params.get("deploymentConfiguration", {})
    result = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 100 if daemon else 200,
        "minimumHealthyPercent": 0 if daemon else 100,
        **before,
        **given,
    }
    if result["maximumPercent"] < 0 or result["minimumHealthyPercent"] < 0:
        refuse("Percents must not be negative.")
    if result["maximumPercent"] <= result["minimumHealthyPercent"] and result["maximumPercent"] < 100:
        refuse("Maximum percent must be at least 100, or greater than the minimum healthy percent.")
    if daemon and result["maximumPercent"] != 100:
        refuse("The daemon scheduling strategy supports a maximumPercent of 100 only.")
    _check_strategy(result)
    return result


def _check_strategy(configuration):
    for hook in configuration.get("lifecycleHooks", []):
        kind = hook.get("targetType", "AWS_LAMBDA")
        if kind == "AWS_LAMBDA" and not ("hookTargetArn" in hook and "roleArn" in hook):
            refuse("A lifecycle hook of the target type AWS_LAMBDA needs hookTargetArn and roleArn.")
        if not hook.get("lifecycleStages"):
            refuse("A lifecycle hook needs lifecycleStages.")
        if not 1 <= hook.get("timeoutConfiguration", {}).get("timeoutInMinutes", 1440) <= 20160:
            refuse("timeoutInMinutes must be from 1 to 20160.")
    linear, canary = configuration.get("linearConfiguration", {}), configuration.get("canaryConfiguration", {})
    if not 3 <= linear.get("stepPercent", 10) <= 100:
        refuse("stepPercent must be from 3.0 to 100.0.")
    if not 0.1 <= canary.get("canaryPercent", 5) <= 100:
        refuse("canaryPercent must be from 0.1 to 100.0.")
    for minutes in (configuration.get("bakeTimeInMinutes", 0), linear.get("stepBakeTimeInMinutes", 6), canary.get("canaryBakeTimeInMinutes", 10)):
        if not 0 <= minutes <= 1440:
            refuse("A bake time must be from 0 to 1440 minutes.")


def check(ecs, settings, definition):
    """Refuse settings that the task definition and the load balancers do not fit."""
    mode = definition.body.get("networkMode", "bridge")
    if mode != "awsvpc" and not clock.simulated():
        refuse("the sandbox runs containers of networkMode 'awsvpc' only")
    if mode == "awsvpc" and "awsvpcConfiguration" not in settings.get("networkConfiguration", {}):
        refuse("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if mode != "awsvpc" and settings.get("networkConfiguration"):
        refuse("Network Configuration is not valid for the given networkMode of this task definition.")
    if settings.get("launchType") == "FARGATE" and mode != "awsvpc":
        refuse("The selected launch type requires the networkMode 'awsvpc' of the task definition.")
    if settings.get("launchType") == "FARGATE" and settings.get("schedulingStrategy") == "DAEMON":
        refuse("The daemon scheduling strategy is not supported for Fargate tasks.")
    for entry in settings.get("loadBalancers", []):
        _check_balancer(ecs, entry, definition, settings["deploymentConfiguration"].get("strategy", "ROLLING"))


def _check_balancer(ecs, entry, definition, strategy):
    name, port = entry.get("containerName"), entry.get("containerPort")
    if "targetGroupArn" not in entry:
        refuse("the sandbox has load balancers with target groups only: give targetGroupArn")
    advanced = entry.get("advancedConfiguration", {})
    if strategy != "ROLLING" and not {"alternateTargetGroupArn", "productionListenerRule", "roleArn"} <= set(advanced):
        refuse(f"The deployment strategy {strategy} needs advancedConfiguration with alternateTargetGroupArn, productionListenerRule and roleArn.")
    for group_arn in [entry["targetGroupArn"]] + ([advanced["alternateTargetGroupArn"]] if "alternateTargetGroupArn" in advanced else []):
        with ecs.balancers.changed:
            group = ecs.balancers.target_groups.get(group_arn)
            if group is None:
                refuse(f"The target group {group_arn} does not exist.")
            wanted = "ip" if definition.body.get("networkMode") == "awsvpc" else "instance"
            if group.target_type != wanted:
                refuse(f"The provided target group {group_arn} has target type {group.target_type}, which is incompatible with the {definition.body.get('networkMode', 'bridge')} network mode specified in the task definition.")
            if group_arn == entry["targetGroupArn"] and not ecs.balancers.group_listeners(group_arn) and not advanced:
                refuse(f"The target group with targetGroupArn {group_arn} does not have an associated load balancer.")
    containers = {container["name"]: container for container in definition.body["containerDefinitions"]}
    if name not in containers:
        refuse(f"The container {name} does not exist in the task definition.")
    if not any(mapping.get("containerPort") == port for mapping in containers[name]["portMappings"]):
        refuse(f"The container {name} did not have a container port {port} defined.")
