"""The operations on container instances, capacity providers and task protection, and the control door `instances`."""

from sandbox import clock
from sandbox.control import check_order
from sandbox.ecs import instances, views
from sandbox.ecs.runner import stop_task
from sandbox.errors import AwsError

_FARGATE = ("FARGATE", "FARGATE_SPOT")


class InstancesDoor:
    """{"cluster", "cpu", "memory", "count"?, "enis"?, "provider"?, "attributes"?} registers machines; {"instance": its id or
    ARN, "connected": false} loses its agent, {"instance", "gone": true} takes it away with its tasks."""

    def __init__(self, ecs):
        self._ecs = ecs

    def add(self, order):
        check_order(order, "an instance", ("cluster", "cpu", "memory", "count", "enis", "provider", "attributes", "instance", "connected", "gone"))
        with self._ecs.changed:
            if "instance" in order:
                self._change(order)
                return
            cluster = self._ecs.find_cluster(order.get("cluster"))
            if cluster is None:
                raise ValueError(f"there is no cluster '{order.get('cluster')}'")
            more = {name: order[name] for name in ("enis", "provider", "attributes") if name in order}
            for _ in range(order.get("count", 1)):
                instances.register(self._ecs, cluster, order.get("cpu", 2048), order.get("memory", 3884), **more)

    def _change(self, order):
        for cluster in self._ecs.clusters.values():
            for host in list(cluster.instances):
                if order["instance"] in (host.arn, host.ec2_id):
                    host.connected = order.get("connected", host.connected)
                    if order.get("gone"):
                        _take_away(cluster, host)
                    self._ecs.changed.notify_all()
                    return
        raise ValueError(f"there is no instance '{order['instance']}'")

    def waiting(self):
        with self._ecs.changed:
            return [{"cluster": cluster.name, "arn": host.arn, "ec2InstanceId": host.ec2_id, "cpu": host.cpu, "memory": host.memory, "freeCpu": host.free_cpu, "freeMemory": host.free_memory, "provider": host.provider}
                    for cluster in self._ecs.clusters.values() for host in cluster.instances]

    def clear(self):
        with self._ecs.changed:
            for cluster in self._ecs.clusters.values():
                for host in list(cluster.instances):
                    _take_away(cluster, host)


def _take_away(cluster, host):
    host.status = "INACTIVE"
    cluster.instances.remove(host)
    for task in host.present():
        stop_task(task, "TerminationNotice", f"Host EC2 (instance {host.ec2_id}) terminated.")


# container instances


def _find(cluster, reference):
    return next((host for host in cluster.instances if reference in (host.arn, host.arn.rsplit("/", 1)[-1])), None)


def register_container_instance(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        whole = {one["name"]: one.get("integerValue", 0) for one in params.get("totalResources", [])}
        attributes = {one["name"]: one.get("value", "") for one in params.get("attributes", [])}
        host = instances.register(ecs, cluster, whole.get("CPU", 2048), whole.get("MEMORY", 3884), attributes=attributes)
        return {"containerInstance": instances.view(host)}


def deregister_container_instance(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        host = _find(cluster, params["containerInstance"])
        if host is None:
            raise AwsError("InvalidParameterException", "The specified container instance was not found.")
        if host.present() and not params.get("force"):
            raise AwsError("InvalidParameterException", "Found running tasks on the instance.")
        _take_away(cluster, host)
        ecs.changed.notify_all()
        return {"containerInstance": instances.view(host)}


def list_container_instances(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        wanted = params.get("status")
        return {"containerInstanceArns": [host.arn for host in cluster.instances if wanted in (None, host.status)]}


def describe_container_instances(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        found = [(reference, _find(cluster, reference)) for reference in params["containerInstances"]]
        return {"containerInstances": [instances.view(host) for _, host in found if host], "failures": [{"arn": reference, "reason": "MISSING"} for reference, host in found if host is None]}


def update_container_instances_state(ecs, params, key):
    """DRAINING: services move their tasks to other machines."""
    with ecs.changed:
        cluster = ecs.cluster(params.get("cluster"))
        hosts = [host for host in (_find(cluster, reference) for reference in params["containerInstances"]) if host]
        for host in hosts:
            host.status = params["status"]
            if host.status == "DRAINING":
                for task in host.present():
                    if task.service:
                        stop_task(task, "ServiceSchedulerInitiated", f"(service {task.service.name}) task is on a DRAINING container instance")
        ecs.changed.notify_all()
        return {"containerInstances": [instances.view(host) for host in hosts], "failures": []}


# capacity providers


def _provider_view(ecs, name):
    view = {"capacityProviderArn": ecs.account.arn("ecs", f"capacity-provider/{name}"), "name": name, "status": "ACTIVE"}
    group = ecs.providers.get(name)
    return {**view, "autoScalingGroupProvider": group} if group else view


def create_capacity_provider(ecs, params, key):
    name = params["name"]
    if name.lower().startswith(("aws", "ecs", "fargate")):
        raise AwsError("ClientException", "The capacity provider name must not begin with aws, ecs or fargate.")
    with ecs.changed:
        ecs.providers[name] = params["autoScalingGroupProvider"]
        return {"capacityProvider": _provider_view(ecs, name)}


def describe_capacity_providers(ecs, params, key):
    with ecs.changed:
        known = [*_FARGATE, *ecs.providers]
        wanted = [name.rsplit("/", 1)[-1] for name in params.get("capacityProviders", known)]
        return {"capacityProviders": [_provider_view(ecs, name) for name in wanted if name in known], "failures": [{"arn": name, "reason": "MISSING"} for name in wanted if name not in known]}


def put_cluster_capacity_providers(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params["cluster"])
        for name in params["capacityProviders"]:
            if name not in _FARGATE and name not in ecs.providers:
                raise AwsError("InvalidParameterException", f"The specified capacity provider '{name}' was not found.")
        cluster.providers = params["capacityProviders"]
        cluster.default_strategy = params["defaultCapacityProviderStrategy"]
        return {"cluster": views.cluster(ecs, cluster)}


# task protection


def update_task_protection(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params["cluster"])
        found = [(reference, ecs.find_task(cluster, reference)) for reference in params["tasks"]]
        for _, task in found:
            if task:
                task.protected_until = clock.now() + 60 * params.get("expiresInMinutes", 120) if params["protectionEnabled"] else None
        ecs.changed.notify_all()
        return {"protectedTasks": [_protection(task) for _, task in found if task], "failures": [{"arn": reference, "reason": "TASK_NOT_VALID"} for reference, task in found if task is None]}


def get_task_protection(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params["cluster"])
        wanted = params.get("tasks") or [task.arn for task in ecs.tasks.values() if task.cluster is cluster and task.service]
        found = [(reference, ecs.find_task(cluster, reference)) for reference in wanted]
        return {"protectedTasks": [_protection(task) for _, task in found if task], "failures": [{"arn": reference, "reason": "TASK_NOT_VALID"} for reference, task in found if task is None]}


def _protection(task):
    return {"taskArn": task.arn, "protectionEnabled": task.protected, "expirationDate": task.protected_until if task.protected else None}


OPERATIONS = {
    "RegisterContainerInstance": register_container_instance,
    "DeregisterContainerInstance": deregister_container_instance,
    "ListContainerInstances": list_container_instances,
    "DescribeContainerInstances": describe_container_instances,
    "UpdateContainerInstancesState": update_container_instances_state,
    "CreateCapacityProvider": create_capacity_provider,
    "DescribeCapacityProviders": describe_capacity_providers,
    "PutClusterCapacityProviders": put_cluster_capacity_providers,
    "UpdateTaskProtection": update_task_protection,
    "GetTaskProtection": get_task_protection,
}
