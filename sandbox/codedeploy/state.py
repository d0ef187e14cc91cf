"""What CodeDeploy knows: applications, deployment groups, deployment configurations, deployments.

Also the control door's `codedeploy`: {"application", "group", "instances": ["i-1", …]} gives a group its instances;
{"application", "group", "next": {"seconds": n, "fail": "AfterInstall", "message", "code", "on": ["i-1"], "logTail"}} says
how the group's next deployment goes: how long each lifecycle event takes, and which of them fails, on which instances.
"""

import secrets
import string
import threading
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_HOSTS = {"CodeDeployDefault.OneAtATime": ("HOST_COUNT", -1), "CodeDeployDefault.HalfAtATime": ("FLEET_PERCENT", 50), "CodeDeployDefault.AllAtOnce": ("HOST_COUNT", 0)}
_ROUTES = {
    "CodeDeployDefault.ECSAllAtOnce": {"type": "AllAtOnce"},
    **{f"CodeDeployDefault.ECSLinear10PercentEvery{minutes}Minutes": {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 10, "linearInterval": minutes}} for minutes in (1, 3)},
    **{f"CodeDeployDefault.ECSCanary10Percent{minutes}Minutes": {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}} for minutes in (5, 15)},
}


@dataclass
class Group:
    """A deployment group.  `settings` is what CreateDeploymentGroup said."""

    id: str
    application: str
    name: str
    settings: dict
    instances: dict = field(default_factory=dict)  # name -> revision that is on it, or None
    next: dict = field(default_factory=dict)  # how the next deployment goes
    last_successful: object = None
    last_attempted: object = None


class CodeDeployState:
    """Hold `lock` while reading or writing.  ECS's and the balancers' locks are taken inside of it, never the other way round."""

    def __init__(self, account, ecs, alarms, buckets):
        self.account, self.ecs, self.alarms, self.buckets = account, ecs, alarms, buckets
        self.lock = threading.RLock()
        self.applications = {}  # name -> {"id", "platform", "created"}
        self.groups = {}  # (application, group) -> Group
        self.configs = {name: {"minimumHealthyHosts": {"type": kind, "value": value}, "computePlatform": "Server"} for name, (kind, value) in _HOSTS.items()}
        self.configs.update({name: {"trafficRoutingConfig": route, "computePlatform": "ECS"} for name, route in _ROUTES.items()})
        self.deployments = {}  # id -> Deployment, oldest first

    def group_of(self, deployment_id):
        """"APPLICATION/GROUP", as ARNs have it; None where there is no such deployment."""
        found = self.deployments.get(deployment_id)
        return f"{found.group.application}/{found.group.name}" if found else None

    # lookups; they raise what AWS answers

    def application(self, name):
        if name not in self.applications:
            raise AwsError("ApplicationDoesNotExistException", f"No application found for name: {name}")
        return self.applications[name]

    def group(self, application, name):
        self.application(application)
        if (application, name) not in self.groups:
            raise AwsError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
        return self.groups[(application, name)]

    def config(self, name):
        if name not in self.configs:
            raise AwsError("DeploymentConfigDoesNotExistException", f"No deployment configuration found for name: {name}")
        return self.configs[name]

    def deployment(self, name):
        if name not in self.deployments:
            raise AwsError("DeploymentDoesNotExistException", f"The deployment {name} could not be found")
        return self.deployments[name]

    def active(self, group):
        """The group's deployment that is under way, or None."""
        return next((one for one in self.deployments.values() if one.group is group and not one.ended), None)

    def begin(self, deployment):
        self.deployments[deployment.id] = deployment
        deployment.group.last_attempted = deployment
        clock.call_later(1, lambda: self._tick(deployment))

    def _tick(self, deployment):
        with self.lock:
            deployment.tick()
            if not deployment.ended:
                clock.call_later(1, lambda: self._tick(deployment))

    # the control door

    def add(self, order):
        check_order(order, "a deployment group", ("application", "group", "instances", "next"))
        with self.lock:
            try:
                group = self.group(order.get("application"), order.get("group"))
            except AwsError as error:
                raise ValueError(error.message) from None
            if "instances" in order:
                group.instances = {name: group.instances.get(name) for name in order["instances"]}
            if "next" in order:
                check_order(order["next"], "a next deployment", ("seconds", "fail", "message", "code", "on", "logTail"))
                group.next = order["next"]

    def waiting(self):
        with self.lock:
            return [{"application": group.application, "group": group.name, "instances": group.instances, "next": group.next} for group in self.groups.values()]

    def clear(self):
        with self.lock:
            for group in self.groups.values():
                group.next = {}


def new_deployment_id():
    """`d-` and nine letters or digits."""
    return "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
