"""What ECS knows: clusters, task definitions, services, deployments and tasks, under one lock."""

import collections
import secrets
import threading
import uuid
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.errors import AwsError

KEEP_STOPPED_SECONDS = 3600


@dataclass
class Cluster:
    name: str
    arn: str
    tags: list = field(default_factory=list)
    settings: list = field(default_factory=list)
    status: str = "ACTIVE"


@dataclass
class TaskDefinition:
    """One revision.  `body` is the registered input, verbatim but for AWS's own defaults."""

    arn: str
    family: str
    revision: int
    body: dict
    tags: list
    registered_by: str
    status: str = "ACTIVE"
    registered_at: float = field(default_factory=clock.now)
    deregistered_at: float = None


@dataclass
class Deployment:
    """One version of a service on its way in, in place, or on its way out."""

    id: str
    definition: TaskDefinition
    desired: int
    settings: dict  # launchType, networkConfiguration and so on, as of its start
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    reason: str = None
    failed_tasks: int = 0
    launch_failures: int = 0  # in a row; slows launches down
    next_launch_at: float = 0  # monotonic
    told: set = field(default_factory=set)  # events that are sent once
    digests: dict = field(default_factory=dict)  # image -> digest, resolved once per deployment
    is_rollback: bool = False
    created_at: float = field(default_factory=clock.now)
    updated_at: float = field(default_factory=clock.now)

    def turn(self, rollout_state, reason):
        self.rollout_state = rollout_state
        self.reason = reason
        self.updated_at = clock.now()


@dataclass
class Service:
    name: str
    arn: str
    cluster: Cluster
    desired: int
    settings: dict  # the members of CreateService's input that DescribeServices gives back
    created_by: str
    tags: list = field(default_factory=list)
    status: str = "ACTIVE"
    deployments: list = field(default_factory=list)  # PRIMARY first, then ACTIVE ones, newest first
    last_completed: Deployment = None
    steady: bool = False  # "has reached a steady state" was said and is still true
    client_token: str = None
    events: collections.deque = field(default_factory=lambda: collections.deque(maxlen=100))
    created_at: float = field(default_factory=clock.now)

    @property
    def primary(self):
        return self.deployments[0]

    @property
    def load_balancers(self):
        return self.settings.get("loadBalancers", [])

    @property
    def deployment_configuration(self):
        return self.settings["deploymentConfiguration"]

    def say(self, text):
        """Add a service event, newest first."""
        event = {"id": new_uuid(), "createdAt": clock.now(), "message": f"(service {self.name}) {text}"}
        self.events.appendleft(event)

    def say_once(self, deployment, text):
        if text not in deployment.told:
            deployment.told.add(text)
            self.say(text)


@dataclass
class Container:
    """One container of a task; `definition` has the overrides applied."""

    definition: dict
    arn: str
    last_status: str = "PENDING"
    docker_id: str = None
    image_digest: str = None
    exit_code: int = None
    reason: str = None
    health: str = "UNKNOWN"

    @property
    def name(self):
        return self.definition["name"]

    @property
    def essential(self):
        return self.definition.get("essential", True)

    @property
    def started(self):
        return self.docker_id is not None and self.last_status != "PENDING"

    @property
    def finished(self):
        return self.last_status == "STOPPED"


@dataclass
class Task:
    id: str
    arn: str
    cluster: Cluster
    definition: TaskDefinition
    containers: list
    group: str
    started_by: str
    settings: dict  # launchType, networkConfiguration, overrides, tags
    service: Service = None
    deployment: Deployment = None
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    address: str = None
    attachment_id: str = None
    targets: list = field(default_factory=list)  # (target group's ARN, port)
    stop_code: str = None
    stopped_reason: str = None
    times: dict = field(default_factory=dict)  # startedAt and so on
    running_since: float = None  # monotonic
    was_healthy: bool = False
    judged: bool = False  # its end was counted for its deployment

    @property
    def leaving(self):
        return self.desired_status == "STOPPED"

    @property
    def stopped(self):
        return self.last_status == "STOPPED"

    def mark(self, name):
        self.times[name] = clock.now()


def new_uuid():
    return str(uuid.uuid4())


class EcsState:
    """All of it.  Hold `changed` while reading or writing; notify it after a change."""

    def __init__(self, account, balancers, world, registry):
        self.account = account
        self.balancers = balancers
        self.world = world
        self.registry = registry
        self.logs = None  # CloudWatch Logs; set before the first task
        self.changed = threading.Condition(threading.RLock())
        self.stopping = False
        self.clusters = {}  # name -> Cluster
        self.families = collections.defaultdict(list)  # family -> [TaskDefinition], revision n at n - 1
        self.services = {}  # (cluster name, service name) -> Service
        self.tasks = {}  # ARN -> Task
        self.run_tokens = {}  # (cluster, clientToken) -> (input, [Task])
        balancers.subscribe(self.tell)

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
        return [task for task in self.tasks.values() if task.service is service]

    def forget_old_tasks(self):
        """Stopped tasks can be described for an hour, as on AWS."""
        limit = clock.now() - KEEP_STOPPED_SECONDS
        for arn in [arn for arn, task in self.tasks.items() if task.stopped and task.times.get("stoppedAt", limit) < limit]:
            del self.tasks[arn]


def new_deployment_id():
    """`ecs-svc/` and 19 digits."""
    return f"ecs-svc/{10**18 + secrets.randbelow(9 * 10**18)}"


def _is_arn(reference):
    return (reference or "").startswith("arn:")


def _last_part(reference, marker):
    return reference.partition(marker)[2] if _is_arn(reference) else reference
