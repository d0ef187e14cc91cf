"""What ECS keeps: clusters, task definitions, services, deployments, tasks and their containers.  `state.py` finds them."""

import collections
import secrets
import uuid
from dataclasses import dataclass, field

from sandbox import clock


@dataclass
class Cluster:
    name: str
    arn: str
    tags: list = field(default_factory=list)
    settings: list = field(default_factory=list)
    status: str = "ACTIVE"
    instances: list = field(default_factory=list)  # instances.ContainerInstance
    providers: list = field(default_factory=list)  # names of its capacity providers
    default_strategy: list = field(default_factory=list)


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
    complaints: dict = field(default_factory=dict)  # text of an event -> when it was last said, monotonic
    digests: dict = field(default_factory=dict)  # image -> digest, resolved once per deployment
    is_rollback: bool = False
    script: object = None  # scripts.Script: how its tasks behave; None: as they are
    launches: int = 0  # tasks started so far
    task_set_label: str = None  # "BLUE" or "GREEN" where CodeDeploy moves the service
    scale: dict = None  # of a task set: {"value", "unit": "PERCENT"} of the service's desired count
    record: object = None  # the service_deployments.ServiceDeployment that it belongs to
    revision: object = None  # its service_deployments.ServiceRevision
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
    controller: str = "ECS"
    current: object = None  # the ServiceDeployment that is going on
    history: list = field(default_factory=list)  # all its ServiceDeployments, newest first
    tasks: list = field(default_factory=list)  # all that can be described
    past: list = field(default_factory=list)  # (time, how DescribeServices showed it before a change)
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
    host: object = None  # the instances.ContainerInstance that it is placed on
    host_ports: dict = field(default_factory=dict)  # (container's name, container port) -> host port
    number: int = 0  # the how manieth of its deployment, from 0
    on_stop: object = None  # called when somebody asks it to stop
    on_script: object = None  # in scripted mode: called with a Life when it is to live on otherwise
    drain_seconds: float = None  # instead of its target groups' deregistration delay
    protected_until: float = None
    visible_at: float = None  # eventually consistent: DescribeTasks says MISSING before
    stop_code: str = None
    stopped_reason: str = None
    times: dict = field(default_factory=dict)  # startedAt and so on
    running_since: float = None  # monotonic
    was_healthy: bool = False
    judged: bool = False  # its end was counted for its deployment
    doomed: str = None  # why it is to be replaced: it goes once another one stands for it, or when room is wanted

    @property
    def target_address(self):
        """What it is registered as: its own address, or its instance's id."""
        return self.host.ec2_id if self.host and not self.own_address else self.address

    @property
    def own_address(self):
        return self.definition.body.get("networkMode") == "awsvpc"

    @property
    def protected(self):
        return self.protected_until is not None and self.protected_until > clock.now()

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


def new_deployment_id():
    """`ecs-svc/` and 19 digits."""
    return f"ecs-svc/{10**18 + secrets.randbelow(9 * 10**18)}"
