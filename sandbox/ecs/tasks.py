"""Task operations: list, describe, stop, and RunTask."""

from sandbox import clock
from sandbox.ecs import placement, views
from sandbox.ecs.launch import launch_single_task
from sandbox.ecs.runner import stop_task
from sandbox.errors import AwsError

_PAGE = 100


def list_tasks(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        found = [task for task in ecs.tasks.values() if task.cluster is cluster]
        if "serviceName" in params:
            service = ecs.service(cluster, params["serviceName"])
            found = [task for task in found if task.service is service]
        if "family" in params:
            found = [task for task in found if task.definition.family == params["family"]]
        if "startedBy" in params:
            found = [task for task in found if task.started_by == params["startedBy"]]
        if "launchType" in params:
            found = [task for task in found if task.settings.get("launchType") == params["launchType"]]
        if "containerInstance" in params:
            found = [task for task in found if task.host and params["containerInstance"] in (task.host.arn, task.host.arn.rsplit("/", 1)[-1])]
        status = params.get("desiredStatus", "RUNNING")
        arns = [task.arn for task in found if task.desired_status == status]
    most = min(params.get("maxResults", _PAGE), _PAGE)
    begin = int(params.get("nextToken", 0))
    more = {"nextToken": str(begin + most)} if begin + most < len(arns) else {}
    return {"taskArns": arns[begin:begin + most], **more}


def describe_tasks(ecs, params, key):
    if len(params["tasks"]) > 100:
        raise AwsError("InvalidParameterException", "Cannot describe more than 100 tasks at once.")
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        found, failures = [], []
        for reference in params["tasks"]:
            task = ecs.find_task(cluster, reference)
            if task and (task.visible_at is None or task.visible_at <= clock.now()):
                found.append(views.task(task, "TAGS" in params.get("include", [])))
            else:
                arn = reference if reference.startswith("arn:") else ecs.account.arn("ecs", f"task/{cluster.name}/{reference}")
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"tasks": found, "failures": failures}


def stop_one_task(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        task = ecs.find_task(cluster, params["task"])
        if task is None:
            raise AwsError("InvalidParameterException", "The referenced task was not found.")
        stop_task(task, "UserInitiated", params.get("reason", "Task stopped by user"))
        ecs.changed.notify_all()
        return {"task": views.task(task)}


def run_task(ecs, params, key):
    count = params.get("count", 1)
    if not 1 <= count <= 10:
        raise AwsError("InvalidParameterException", "Count must be from 1 to 10.")
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        token = (cluster.name, params.get("clientToken"))
        if token[1] and token in ecs.run_tokens:
            before, tasks = ecs.run_tokens[token]
            if before != params:
                raise AwsError("ConflictException", "The clientToken was used before with other parameters.")
            return {"tasks": [views.task(task) for task in tasks], "failures": []}
        definition = ecs.usable_definition(params["taskDefinition"])
        settings = _settings(params, definition)
        group = params.get("group", f"family:{definition.family}")
        tasks, failures = [], []
        for _ in range(count):
            host, lack = _place(ecs, cluster, definition, settings)
            if lack:
                failures.append(lack)
            else:
                tasks.append(launch_single_task(ecs, cluster, definition, group, params.get("startedBy"), settings, host))
        if token[1]:
            ecs.run_tokens[token] = (params, tasks)
        ecs.changed.notify_all()
        return {"tasks": [views.task(task) for task in tasks], "failures": failures}


def _place(ecs, cluster, definition, settings):
    """(instance or None, None), or (None, the failure that RunTask tells)."""
    refused = ecs.scripts.run_task_failure(ecs, cluster, definition)
    if refused:
        return None, refused
    if not placement.uses_instances(ecs, cluster, settings):
        return None, None
    hosts = [host for host in cluster.instances if host.status == "ACTIVE"]
    lacks = [(host, host.run_task_lack(definition)) for host in hosts]
    fitting = [host for host, lack in lacks if lack is None]
    if fitting:
        return max(fitting, key=lambda host: (host.free_cpu, host.free_memory, host.arn)), None
    if not hosts:
        raise AwsError("InvalidParameterException", "No Container Instances were found in your cluster.")
    return None, {"arn": lacks[0][0].arn, "reason": lacks[0][1]}


def _settings(params, definition):
    """What the task keeps of the request; refuses what cannot run."""
    mode = definition.body.get("networkMode", "bridge")
    if mode != "awsvpc" and not clock.simulated():
        raise AwsError("InvalidParameterException", "the sandbox runs containers of networkMode 'awsvpc' only")
    if mode == "awsvpc" and "awsvpcConfiguration" not in params.get("networkConfiguration", {}):
        raise AwsError("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    names = {container["name"] for container in definition.body["containerDefinitions"]}
    for override in params.get("overrides", {}).get("containerOverrides", []):
        if override.get("name") not in names:
            raise AwsError("InvalidParameterException", f"Override for container named {override.get('name')} is not a container in the TaskDefinition.")
    kept = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "overrides", "tags")
    settings = {name: params[name] for name in kept if name in params}
    if "capacityProviderStrategy" not in params:
        settings.setdefault("launchType", "EC2")
    return settings
