"""What ECS knows: clusters, task definitions, services, deployments and tasks, under one lock."""

import collections
import threading

from sandbox import clock
from sandbox.ecs import output
from sandbox.ecs.records import Cluster, Container, Deployment, Service, Task, TaskDefinition, new_deployment_id, new_uuid  # noqa: F401
from sandbox.ecs.scripts import Scripts
from sandbox.errors import AwsError

KEEP_STOPPED_SECONDS = 3600


class Changed(threading.Condition):
    """The lock of it all, and the word that something changed.  `listener()` hears it, too."""

    def __init__(self):
        super().__init__(threading.RLock())
        self.listener = None

    def notify_all(self):
        super().notify_all()
        if self.listener:
            self.listener()


class EcsState:
    """All of it.  Hold `changed` while reading or writing; notify it after a change.

    `run_task(ecs, task)` makes what brings a task to life, with a method start(): containers, or a script.
    """

    def __init__(self, account, balancers, world, registry, run_task):
        self.account = account
        self.balancers = balancers
        self.world = world
        self.registry = registry
        self.logs = None  # CloudWatch Logs; set before the first task
        self.run_task = run_task
        self.changed = Changed()
        self.scripts = Scripts()
        self.scripts.ecs = self
        self.alarms = None  # CloudWatchState, where deployments look at alarms
        self.functions = None  # FunctionsState, for lifecycle hooks
        self.stopping = False
        self._forgot_at = 0
        self.clusters = {}  # name -> Cluster
        self.families = collections.defaultdict(list)  # family -> [TaskDefinition], revision n at n - 1
        self.services = {}  # (cluster name, service name) -> Service
        self.tasks = {}  # ARN -> Task
        self.providers = {}  # capacity provider's name -> its Auto Scaling group's settings
        self.run_tokens = {}  # (cluster, clientToken) -> (input, [Task])
        balancers.subscribe(self.tell)

    def write_log(self, task, container, text):
        """A line that a scripted task writes."""
        output.write(self.logs, container.definition, task.id, [text], container.docker_id)

    def tell(self):
        """Wake everybody who waits for a change."""
        with self.changed:
            self.changed.notify_all()

    # lookups; they raise what AWS answers

    def cluster(self, reference):
        """By name or ARN; no reference means `default`."""
        cluster = self.find_cluster(reference)
        if cluster is None:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return cluster

    def find_cluster(self, reference):
        name = _last_part(reference or "default", ":cluster/")
        cluster = self.clusters.get(name)
        return cluster if cluster and (cluster.status == "ACTIVE" and (not _is_arn(reference) or cluster.arn == reference)) else None

    def find_service(self, cluster, reference):
        """By name or ARN; None where there is none."""
        service = self.services.get((cluster.name, (reference or "").rsplit("/", 1)[-1]))
        return service if service and (not _is_arn(reference) or service.arn == reference) else None

    def service(self, cluster, reference):
        service = self.find_service(cluster, reference)
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        return service

    def find_task(self, cluster, reference):
        task = self.tasks.get(reference if _is_arn(reference) else self.account.arn("ecs", f"task/{cluster.name}/{reference}"))
        return task if task and task.cluster is cluster else None

    def find_definition(self, reference):
        """By ARN, family:revision, or family (its newest ACTIVE revision); None where there is none."""
        if _is_arn(reference):
            name = _last_part(reference, ":task-definition/")
            found = self.find_definition(name) if ":" in name else None
            return found if found and found.arn == reference else None
        family, colon, text = reference.partition(":")
        revisions = self.families.get(family, [])
        if not colon:
            return next((one for one in reversed(revisions) if one.status == "ACTIVE"), None)
        number = int(text) if text.isdigit() else 0
        return revisions[number - 1] if 1 <= number <= len(revisions) else None

    def usable_definition(self, reference):
        """The definition to run; refuses missing and inactive ones as AWS does."""
        definition = self.find_definition(reference)
        if definition is None:
            raise AwsError("ClientException", "TaskDefinition not found.")
        if definition.status != "ACTIVE":
            raise AwsError("ClientException", "TaskDefinition is inactive")
        return definition

    def service_tasks(self, service):
        return list(service.tasks)

    def forget_old_tasks(self):
        """Stopped tasks can be described for an hour, as on AWS.  Looked at once a minute."""
        if clock.now() < self._forgot_at + 60:
            return
        self._forgot_at = clock.now()
        limit = clock.now() - KEEP_STOPPED_SECONDS
        for arn, task in list(self.tasks.items()):
            if task.stopped and task.times.get("stoppedAt", limit) < limit:
                del self.tasks[arn]
                if task.service:
                    task.service.tasks = [one for one in task.service.tasks if one is not task]


def _is_arn(reference):
    return (reference or "").startswith("arn:")


def _last_part(reference, marker):
    return reference.partition(marker)[2] if _is_arn(reference) else reference
