"""Cluster operations."""

import re

from sandbox.ecs import views
from sandbox.ecs.state import Cluster
from sandbox.errors import AwsError


def create_cluster(ecs, params, key):
    name = params.get("clusterName", "default")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise AwsError("InvalidParameterException", "The cluster name may hold up to 255 letters, digits, hyphens and underscores.")
    with ecs.changed:
        found = ecs.clusters.get(name)
        if found is None or found.status == "INACTIVE":
            found = Cluster(name, ecs.account.arn("ecs", f"cluster/{name}"), params.get("tags", []), params.get("settings", [{"name": "containerInsights", "value": "disabled"}]))
            found.providers = params.get("capacityProviders", [])
            found.default_strategy = params.get("defaultCapacityProviderStrategy", [])
            ecs.clusters[name] = found
        return {"cluster": views.cluster(ecs, found)}


def describe_clusters(ecs, params, key):
    with ecs.changed:
        found, failures = [], []
        for reference in params.get("clusters", ["default"]):
            cluster = ecs.find_cluster(reference)
            if cluster:
                found.append(views.cluster(ecs, cluster))
            else:
                arn = reference if reference.startswith("arn:") else ecs.account.arn("ecs", f"cluster/{reference}")
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"clusters": found, "failures": failures}


def list_clusters(ecs, params, key):
    with ecs.changed:
        return {"clusterArns": [cluster.arn for cluster in ecs.clusters.values() if cluster.status == "ACTIVE"]}


def delete_cluster(ecs, params, key):
    with ecs.changed:
        cluster = ecs.cluster(params["cluster"])
        if any(service.cluster is cluster and service.status != "INACTIVE" for service in ecs.services.values()):
            raise AwsError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
        if any(task.cluster is cluster and not task.stopped for task in ecs.tasks.values()):
            raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        cluster.status = "INACTIVE"
        return {"cluster": views.cluster(ecs, cluster)}
