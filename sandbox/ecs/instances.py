"""Container instances: simulated capacity of CPU, memory and ports, on which tasks of the EC2 launch type are placed."""

import secrets
from dataclasses import dataclass, field

from sandbox import clock

_NO_INSTANCE = "was unable to place a task because no container instance met all of its requirements."
_FIRST_DYNAMIC_PORT = 32768


@dataclass
class ContainerInstance:
    """One machine of a cluster."""

    arn: str
    ec2_id: str
    cpu: int
    memory: int
    enis: int = 3  # network interfaces for tasks
    attributes: dict = field(default_factory=dict)
    provider: str = None  # the capacity provider that it belongs to
    status: str = "ACTIVE"
    connected: bool = True
    tasks: list = field(default_factory=list)
    registered_at: float = field(default_factory=clock.now)
    next_port: int = _FIRST_DYNAMIC_PORT

    def present(self):
        self.tasks = [task for task in self.tasks if not task.stopped]
        return self.tasks

    @property
    def free_cpu(self):
        return self.cpu - sum(needs(task.definition)[0] for task in self.present())

    @property
    def free_memory(self):
        return self.memory - sum(needs(task.definition)[1] for task in self.present())

    def used_ports(self):
        return {port for task in self.present() for port in task.host_ports.values()}

    def take(self, task):
        """Put the task here; its host ports."""
        ports = {}
        if not task.own_address:
            for container in task.containers:
                for mapping in container.definition.get("portMappings", []):
                    key = (container.name, mapping["containerPort"])
                    ports[key] = mapping.get("hostPort") or (mapping["containerPort"] if task.definition.body.get("networkMode") == "host" else self._dynamic_port())
        self.tasks.append(task)
        return ports

    def _dynamic_port(self):
        self.next_port += 1
        return self.next_port

    def lacks(self, definition):
        """What it has not got for one more task, in the words of ECS's events; None where the task fits."""
        cpu, memory = needs(definition)
        if not self.connected:
            return 'encountered error "AGENT"'
        if self.free_cpu < cpu:
            return "has insufficient CPU units available"
        if self.free_memory < memory:
            return "has insufficient memory available"
        if definition.body.get("networkMode") == "awsvpc" and sum(task.own_address for task in self.present()) >= self.enis:
            return 'encountered error "RESOURCE:ENI"'
        if fixed_ports(definition) & self.used_ports():
            return "is already using a port required by your task"
        if not all(self.attributes.get(name, value) == value and name in self.attributes for name, value in wanted_attributes(definition)):
            return "is missing an attribute required by your task"
        return None


    def run_task_lack(self, definition):
        """The same as a reason of RunTask's failures."""
        reasons = {
            'encountered error "AGENT"': "AGENT",
            "has insufficient CPU units available": "RESOURCE:CPU",
            "has insufficient memory available": "RESOURCE:MEMORY",
            'encountered error "RESOURCE:ENI"': "RESOURCE:ENI",
            "is already using a port required by your task": "RESOURCE:PORTS",
            "is missing an attribute required by your task": "ATTRIBUTE",
        }
        lack = self.lacks(definition)
        return lack and reasons[lack]


def needs(definition):
    """(CPU units, MiB) that a task takes of its instance."""
    containers = definition.body["containerDefinitions"]
    cpu = int(definition.body.get("cpu") or 0) or sum(one.get("cpu", 0) for one in containers)
    memory = int(definition.body.get("memory") or 0) or sum(one.get("memoryReservation") or one.get("memory", 0) for one in containers)
    return cpu, memory


def fixed_ports(definition):
    mode = definition.body.get("networkMode", "bridge")
    if mode == "awsvpc":
        return set()
    mappings = [one for container in definition.body["containerDefinitions"] for one in container.get("portMappings", [])]
    return {one.get("hostPort") or (one["containerPort"] if mode == "host" else 0) for one in mappings} - {0}


def wanted_attributes(definition):
    """The `attribute:name == value` terms of the definition's placement constraints."""
    for constraint in definition.body.get("placementConstraints", []):
        name, _, value = constraint.get("expression", "").partition("==")
        if name.strip().startswith("attribute:"):
            yield name.strip()[len("attribute:"):], value.strip()


def register(ecs, cluster, cpu, memory, **more):
    """One more machine."""
    arn = ecs.account.arn("ecs", f"container-instance/{cluster.name}/{secrets.token_hex(16)}")
    host = ContainerInstance(arn, f"i-{secrets.token_hex(8)[:17]}", cpu, memory, **more)
    host.attributes = {"ecs.os-type": "linux", "ecs.cpu-architecture": "x86_64", **host.attributes}
    cluster.instances.append(host)
    ecs.changed.notify_all()
    return host


def choose(ecs, cluster, definition, settings, service=None):
    """(instance, None), or (None, the end of the service event that says why there is none)."""
    hosts = [host for host in cluster.instances if host.status == "ACTIVE"]
    providers = {one["capacityProvider"] for one in settings.get("capacityProviderStrategy", [])}
    if providers:
        hosts = [host for host in hosts if host.provider in providers]
        if not hosts:
            return None, "was unable to place a task. Reason: No Container Instances were found in your capacity provider."
    if not hosts:
        return None, f"{_NO_INSTANCE} Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    if service is not None and service.settings.get("schedulingStrategy") == "DAEMON":
        hosts = [host for host in hosts if not any(task.service is service and not task.leaving for task in host.present())]
        if not hosts:
            return None, _NO_INSTANCE
    lacking = [(host, host.lacks(definition)) for host in hosts]
    fitting = [host for host, lack in lacking if lack is None]
    if fitting:
        return max(fitting, key=lambda host: (host.free_cpu, host.free_memory, host.arn)), None
    host, lack = max(lacking, key=lambda pair: (pair[0].free_cpu, pair[0].free_memory))
    return None, f"{_NO_INSTANCE} The closest matching (container-instance {host.arn.rsplit('/', 1)[-1]}) {lack}. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def count_for_daemon(service):
    """How many machines the service's one task each belongs on."""
    return sum(host.status == "ACTIVE" for host in service.cluster.instances)


def any_id(cluster):
    """The id of one of the cluster's machines, for the text of an event."""
    return cluster.instances[0].arn.rsplit("/", 1)[-1] if cluster.instances else "0123456789abcdef0123456789abcdef"


def view(host):
    free = [("CPU", host.free_cpu), ("MEMORY", host.free_memory)]
    whole = [("CPU", host.cpu), ("MEMORY", host.memory)]
    present = host.present()
    return {
        "containerInstanceArn": host.arn,
        "ec2InstanceId": host.ec2_id,
        "capacityProviderName": host.provider,
        "version": 1,
        "versionInfo": {"agentVersion": "1.80.0", "dockerVersion": "DockerVersion: 25.0.3"},
        "remainingResources": [_resource(name, value) for name, value in free] + [_ports(host.used_ports())],
        "registeredResources": [_resource(name, value) for name, value in whole] + [_ports(set())],
        "status": host.status,
        "agentConnected": host.connected,
        "runningTasksCount": sum(task.last_status == "RUNNING" for task in present),
        "pendingTasksCount": sum(task.last_status in ("PROVISIONING", "PENDING", "ACTIVATING") for task in present),
        "attributes": [{"name": name, "value": value} for name, value in host.attributes.items()],
        "registeredAt": host.registered_at,
        "attachments": [],
        "tags": [],
    }


def _resource(name, value):
    return {"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value}


def _ports(used):
    return {"name": "PORTS", "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0, "stringSetValue": ["22", "2375", "2376", "51678", "51679", *map(str, sorted(used))]}
