"""Scripts: what becomes of the tasks of a service's next deployment, ordered through the control door `rollouts`.

A script is a cause of trouble, {"cause": "image-missing", ...} with the texts of `causes.py`, or a list of lives, one for
each task in the order of their launch, the last of them for all that follow.  `{}` is a healthy life.
"""

from dataclasses import dataclass, field, fields

from sandbox import clock
from sandbox.control import check_order
from sandbox.ecs import causes

_LIFE_NAMES = {"stopCode": "stop_code", "stoppedReason": "stopped_reason", "exitCode": "exit_code"}


@dataclass
class Life:
    """One task's life.  All times are in seconds; those of `health`, `target` and `log` count from RUNNING."""

    provisioning: float = 3
    pending: float = 7
    running: float = None  # ends by itself after that; None: goes on
    stop_code: str = None
    stopped_reason: str = None  # without `running`: it fails to start with that reason
    exit_code: int = None
    reason: str = None  # of the container
    container: str = None  # which one; the first essential where it is not said
    log: list = field(default_factory=list)  # "text", or [seconds, "text"]
    health: list = field(default_factory=list)  # [seconds, "HEALTHY" or "UNHEALTHY"] of the container's own health check
    target: list = field(default_factory=list)  # [seconds, None or {"reason", "description"}] of the load balancer's checks
    drain: float = None  # instead of the deregistration delay
    stopping: float = 2  # from SIGTERM to the end
    invisible: float = 0  # DescribeTasks says MISSING for so long
    told: list = field(default_factory=list)  # service events at its launch

    @property
    def fails_to_start(self):
        return self.running is None and (self.stopped_reason is not None or self.reason is not None)


def _read_life(order):
    names = {one.name for one in fields(Life)}
    check_order(order, "a life", (names - set(_LIFE_NAMES.values())) | set(_LIFE_NAMES))
    for name in ("provisioning", "pending", "running", "drain", "stopping", "invisible"):
        if name in order and (not isinstance(order[name], (int, float)) or order[name] < 0):
            raise ValueError(f"'{name}' must be a number of seconds")
    for name in ("log", "health", "target", "told"):
        if not isinstance(order.get(name, []), list):
            raise ValueError(f"'{name}' must be a list")
    return {_LIFE_NAMES.get(name, name): value for name, value in order.items()}


class Script:
    """What one deployment, or one RunTask, was told to do."""

    def __init__(self, order):
        self._order = order
        self.cause = None
        self._lives = None
        self._began = clock.now()
        if isinstance(order, list):
            if not order:
                raise ValueError("a list of lives has at least one")
            self._lives = [_read_life(life) for life in order]
        else:
            self.cause = causes.read(order)

    def begin(self, ecs, service, deployment):
        """The deployment starts."""
        self._began = clock.now()
        if self.cause:
            causes.begin(self._order, ecs, service, deployment)

    def recovered(self):
        return self._lives is None and "recover" in self._order and clock.now() >= self._began + self._order["recover"]

    def launch_problem(self, ecs, service, deployment):
        """Why no task can be launched now: the end of a service event, or None."""
        if self.cause is None or self.recovered():
            return None
        if "tasks" in self._order and deployment.launches < service.desired - self._order["tasks"]:
            return None  # so many find no place, the others do
        return self.cause.launch_problem(self._order, ecs, service, deployment)

    def life(self, ecs, task):
        """The task's Life."""
        healthy = ordinary_life(task)
        if self._lives is not None:
            index = min(task.number, len(self._lives) - 1)
            if {"stopped_reason", "reason"} & set(self._lives[index]):
                healthy.running = None
            for name, value in self._lives[index].items():
                setattr(healthy, name, value)
            return healthy
        if self.cause is None or self.recovered() or task.number >= self._order.get("tasks", task.number + 1):
            return healthy
        left = self._order["recover"] - (clock.now() - self._began) if "recover" in self._order else None
        self.cause.spoil(healthy, self._order, ecs, task, left)
        return healthy


def ordinary_life(task):
    """A life without trouble: 10 to 20 seconds to RUNNING; a task of no service does its work in 15 and exits with 0."""
    life = Life(provisioning=3 + task.number % 3, pending=7 + task.number * 5 % 9)
    if task.service is None:
        life.running, life.exit_code = 15, 0
    return life


class Scripts:
    """Scripts that wait for their deployment or task.  The control door's `rollouts`."""

    def __init__(self):
        self.ecs = None  # set once ECS is there
        self._services = {}  # "cluster/name" -> order
        self._families = {}  # family -> [order]

    def add(self, order):
        check_order(order, "a rollout", ("service", "family", "script", "now"))
        if ("service" in order) == ("family" in order) or "script" not in order:
            raise ValueError("a rollout has 'service' (cluster/name) or 'family', and 'script'")
        script = Script(order["script"])
        with self.ecs.changed:
            if "family" in order:
                self._families.setdefault(str(order["family"]), []).append(order)
                return
            cluster, slash, name = str(order["service"]).partition("/")
            if not slash:
                raise ValueError("'service' is cluster/name")
            if not order.get("now"):
                self._services[order["service"]] = order
                return
            service = self.ecs.services.get((cluster, name))
            if service is None or not service.deployments:
                raise ValueError(f"there is no service '{order['service']}' yet")
            service.primary.script = script
            script.begin(self.ecs, service, service.primary)
            for number, task in enumerate(task for task in service.tasks if task.deployment is service.primary and task.last_status == "RUNNING" and not task.leaving):
                if task.on_script:
                    task.number = number  # counted anew from the oldest
                    task.on_script(script.life(self.ecs, task))
            service.primary.launches = len([task for task in service.tasks if task.deployment is service.primary and not task.leaving])
            self.ecs.changed.notify_all()

    def waiting(self):
        with self.ecs.changed:
            return list(self._services.values()) + [order for orders in self._families.values() for order in orders]

    def clear(self):
        with self.ecs.changed:
            self._services.clear()
            self._families.clear()

    def begin_deployment(self, service, deployment):
        """A new deployment takes the script that waits for its service."""
        order = self._services.pop(f"{service.cluster.name}/{service.name}", None)
        if order:
            deployment.script = Script(order["script"])
            deployment.script.begin(self.ecs, service, deployment)

    def run_task_failure(self, ecs, cluster, definition):
        """{"arn", "reason"} where the next task of that family is to find no place, by the cause no-capacity; else None."""
        orders = self._families.get(definition.family)
        script = orders and orders[0]["script"]
        if not isinstance(script, dict) or script.get("cause") != "no-capacity":
            return None
        orders.pop(0)
        return {"arn": ecs.account.arn("ecs", f"cluster/{cluster.name}"), "reason": script.get("text", "Capacity is unavailable at this time. Please try again later or in a different availability zone")}

    def ordered_life(self, task):
        """The Life of a task that is being launched, None where nobody has said how it goes."""
        if task.deployment:
            script = task.deployment.script
        else:
            orders = self._families.get(task.definition.family)
            script = Script(orders.pop(0)["script"]) if orders else None
        return script.life(self.ecs, task) if script else None

    def life(self, task):
        """The Life of a task in scripted mode."""
        life = self.ordered_life(task) or ordinary_life(task)
        for text in life.told:
            if task.service:
                task.service.say(text)
        return life
