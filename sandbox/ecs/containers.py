"""From an ECS container definition to what the Docker engine is told."""

import copy

from sandbox.docker import LABEL

_SECOND = 1_000_000_000
DEFAULT_STOP_SECONDS = 30


def with_overrides(definition, overrides):
    """The container definitions of a task definition's body with RunTask's overrides applied."""
    by_name = {override["name"]: override for override in overrides.get("containerOverrides", []) if "name" in override}
    result = []
    for original in definition.body["containerDefinitions"]:
        container = copy.deepcopy(original)
        override = by_name.get(container["name"], {})
        for name in ("command", "cpu", "memory", "memoryReservation"):
            if name in override:
                container[name] = override[name]
        environment = {pair["name"]: pair.get("value", "") for pair in container.get("environment", [])}
        environment.update({pair["name"]: pair.get("value", "") for pair in override.get("environment", [])})
        container["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
        result.append(container)
    return result


def labels(identity, task, name):
    """As the ECS agent labels containers, plus our own by which they are removed."""
    return {
        LABEL: identity,
        "com.amazonaws.ecs.cluster": task.cluster.name,
        "com.amazonaws.ecs.container-name": name,
        "com.amazonaws.ecs.task-arn": task.arn,
        "com.amazonaws.ecs.task-definition-family": task.definition.family,
        "com.amazonaws.ecs.task-definition-version": str(task.definition.revision),
    }


def pause_config(identity, task, image, network):
    """The container that holds the task's network; what Docker ties to the network stands here."""
    first = task.containers[0].definition
    hosts = {entry["hostname"]: entry["ipAddress"] for container in task.containers for entry in container.definition.get("extraHosts", [])}
    sysctls = {entry["namespace"]: entry["value"] for container in task.containers for entry in container.definition.get("systemControls", [])}
    return {
        "Image": image,
        "Entrypoint": ["/pause"],
        "Hostname": first.get("hostname", "")[:63],
        "Labels": labels(identity, task, "~internal~ecs~pause"),
        "HostConfig": {
            "NetworkMode": network,
            "ExtraHosts": [f"{name}:{address}" for name, address in hosts.items()],
            "Dns": first.get("dnsServers", []),
            "DnsSearch": first.get("dnsSearchDomains", []),
            "Sysctls": sysctls,
            "LogConfig": {"Type": "none"},
        },
    }


def container_config(identity, task, container, image, pause_id, volumes):
    """`volumes` maps the task definition's volume names to a Docker volume or a host path."""
    definition = container.definition
    linux = definition.get("linuxParameters", {})
    capabilities = linux.get("capabilities", {})
    config = {
        "Image": image,
        "Env": [f"{pair['name']}={pair['value']}" for pair in definition["environment"]],
        "Labels": {**definition.get("dockerLabels", {}), **labels(identity, task, container.name)},
        "Tty": definition.get("pseudoTerminal", False),
        "OpenStdin": definition.get("interactive", False),
        "HostConfig": {
            "NetworkMode": f"container:{pause_id}",
            "Memory": _memory(task, definition) * 1024 * 1024,
            "MemoryReservation": definition.get("memoryReservation", 0) * 1024 * 1024,
            "CpuShares": max(2, definition.get("cpu", 0)),
            "Privileged": definition.get("privileged", False),
            "ReadonlyRootfs": definition.get("readonlyRootFilesystem", False),
            "Init": linux.get("initProcessEnabled", False),
            "CapAdd": capabilities.get("add", []),
            "CapDrop": capabilities.get("drop", []),
            "Tmpfs": {mount["containerPath"]: ",".join([f"size={mount['size']}m"] + mount.get("mountOptions", [])) for mount in linux.get("tmpfs", [])},
            "Ulimits": [{"Name": one["name"], "Soft": one["softLimit"], "Hard": one["hardLimit"]} for one in definition.get("ulimits", [])],
            "Binds": [_bind(mount, volumes) for mount in definition.get("mountPoints", [])],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
        },
    }
    if linux.get("sharedMemorySize"):
        config["HostConfig"]["ShmSize"] = linux["sharedMemorySize"] * 1024 * 1024
    for ours, theirs in (("command", "Cmd"), ("entryPoint", "Entrypoint"), ("workingDirectory", "WorkingDir"), ("user", "User")):
        if definition.get(ours):
            config[theirs] = definition[ours]
    if "healthCheck" in definition:
        config["Healthcheck"] = _health_check(definition["healthCheck"])
    return config


def _memory(task, definition):
    """MiB; a container without a limit of its own is held by the task's."""
    own = definition.get("memory", 0)
    whole = int(task.definition.body.get("memory") or 0)
    return own or whole


def _bind(mount, volumes):
    return f"{volumes[mount['sourceVolume']]}:{mount['containerPath']}" + (":ro" if mount.get("readOnly") else "")


def _health_check(check):
    return {
        "Test": check["command"],
        "Interval": check.get("interval", 30) * _SECOND,
        "Timeout": check.get("timeout", 5) * _SECOND,
        "Retries": check.get("retries", 3),
        "StartPeriod": check.get("startPeriod", 0) * _SECOND,
    }
