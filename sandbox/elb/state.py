"""Load balancers, target groups, targets and listeners, and which target takes the next request."""

import threading

from sandbox import clock
from sandbox.elb import health
from sandbox.elb.routes import forward_to
from sandbox.elb.simulated import SimulatedChecks


class Target:
    """One address in a target group.  Guarded by ElbState.changed."""

    def __init__(self, address, port):
        self.address = address
        self.port = port
        self.state = "initial"
        self.reason = "Elb.RegistrationInProgress"
        self.description = "Target registration is in progress"
        self.successes = 0
        self.failures = 0
        self.first_failure_at = None
        self.open_requests = 0
        self.drain_ends_at = None
        self.call = None  # in simulated time, the next judgement
        self.wake = threading.Event()  # set when there is something to do before the next check


class TargetGroup:
    def __init__(self, arn, name, params, attributes):
        self.arn = arn
        self.name = name
        self.port = params.get("Port")
        self.protocol = params.get("Protocol", "HTTP")
        self.vpc = params.get("VpcId")
        self.target_type = params.get("TargetType", "instance")
        self.attributes = attributes
        self.check = health.Check(params)
        self.targets = {}  # (address, port) -> Target
        self.next_target = 0
        self.unused = False  # ordered: no listener seems to pass requests to it


class LoadBalancer:
    def __init__(self, arn, name, params):
        self.arn = arn
        self.name = name
        self.params = params
        self.created_at = clock.now()


class ElbState:
    """Everything, under one lock.  `subscribe` tells who cares (ECS) that some target's health changed."""

    def __init__(self, account, most_check_seconds, deregistration_delay):
        self.account = account
        self.most_check_seconds = most_check_seconds
        self.deregistration_delay = deregistration_delay
        self.changed = threading.Condition(threading.RLock())
        self.load_balancers = {}  # arn -> LoadBalancer
        self.target_groups = {}  # arn -> TargetGroup
        self.listeners = {}  # arn -> listener.Listener
        self._checks = SimulatedChecks(self) if clock.simulated() else None
        self._spoilt = {}  # arn -> TargetGroup, deleted by order
        self._subscribers = []
        self._stopping = False

    def subscribe(self, callback):
        """`callback()` is called without our lock after a target changed."""
        self._subscribers.append(callback)

    def tell(self):
        with self.changed:
            self.changed.notify_all()
        for callback in self._subscribers:
            callback()

    @property
    def stopping(self):
        return self._stopping

    def stop(self):
        with self.changed:
            self._stopping = True
            for group in self.target_groups.values():
                for target in group.targets.values():
                    target.wake.set()
            listeners = list(self.listeners.values())
        for listener in listeners:
            listener.stop()

    # targets

    def register(self, group_arn, address, port):
        """Add a target and start checking it; one that is draining is taken back."""
        with self.changed:
            group = self.target_groups.get(group_arn)
            if group is None:
                return False
            known = group.targets.get((address, port))
            if known is not None and known.state != "draining":
                return True
            target = group.targets[(address, port)] = Target(address, port)
            if known is not None:
                known.wake.set()  # its thread sees that it was replaced
            if self._checks:
                self._checks.watch(group, target)
                return True
        threading.Thread(target=health.watch, args=(self, group, target), name=f"health {address}:{port}", daemon=True).start()
        return True

    def deregister(self, group_arn, address, port, seconds=None):
        """Begin draining: no new requests; gone when the group's delay, or `seconds`, is over.  How long that is."""
        with self.changed:
            group = self.target_groups.get(group_arn)
            target = group.targets.get((address, port)) if group else None
            if target is None or target.state == "draining":
                return 0
            delay = int(group.attributes["deregistration_delay.timeout_seconds"]) if seconds is None else seconds
            target.state = "draining"
            target.reason = "Target.DeregistrationInProgress"
            target.description = "Target deregistration is in progress"
            target.drain_ends_at = clock.monotonic() + delay
            target.wake.set()
            if self._checks:
                self._checks.drain(group, target, delay)
        self.tell()
        return delay

    def answer_checks(self, address, port, problem):
        """In simulated time: from now on health checks there find that, (reason, description) or None."""
        with self.changed:
            self._checks.answer(address, port, problem)

    def spoil_groups(self, arns, way):
        """By order: target groups are "gone", or "unused" by any listener."""
        with self.changed:
            for arn in arns:
                if way == "unused" and arn in self.target_groups:
                    self.target_groups[arn].unused = True
                elif arn in self.target_groups:
                    self._spoilt[arn] = self.target_groups.pop(arn)
        self.tell()

    def mend_groups(self, arns):
        """As they were before `spoil_groups`."""
        with self.changed:
            for arn in arns:
                if arn in self._spoilt:
                    self.target_groups[arn] = self._spoilt.pop(arn)
                if arn in self.target_groups:
                    self.target_groups[arn].unused = False
        self.tell()

    def target_health(self, group_arn, address, port):
        """(state, description) of a target; ("gone", "") where it is not registered."""
        with self.changed:
            group = self.target_groups.get(group_arn)
            target = group.targets.get((address, port)) if group else None
            if target and group.unused:
                return "unused", "Target group is not configured to receive traffic from the load balancer"
            return (target.state, target.description) if target else ("gone", "")

    def wait_until_gone(self, group_arn, address, port, give_up):
        """Wait for the end of draining, or until `give_up()` is true."""
        with self.changed:
            while not self._stopping and not give_up():
                group = self.target_groups.get(group_arn)
                if group is None or (address, port) not in group.targets:
                    return
                self.changed.wait(0.5)

    def set_forward(self, arn, shares):
        """A listener, or one of its rules, sends traffic by those shares, [(target group's ARN, percent)]; False where it is gone."""
        with self.changed:
            for listener in self.listeners.values():
                rules = [listener.routes.default] if listener.arn == arn else [rule for rule in listener.routes.all() if rule.arn == arn]
                for rule in rules:
                    rule.set_actions(forward_to(shares))
                    return True
        return False

    def pick(self, group_arn):
        """The healthy target whose turn it is, with its request counted as open; None where none is healthy."""
        with self.changed:
            group = self.target_groups.get(group_arn)
            healthy = [target for target in group.targets.values() if target.state == "healthy"] if group else []
            if not healthy:
                return None
            group.next_target += 1
            target = healthy[group.next_target % len(healthy)]
            target.open_requests += 1
            return target

    def done(self, target):
        with self.changed:
            target.open_requests -= 1

    # lookups

    def group_listeners(self, group_arn):
        return [listener for listener in self.listeners.values() if listener.routes.uses(group_arn)]

    def group_balancers(self, group_arn):
        return sorted({listener.balancer_arn for listener in self.group_listeners(group_arn)})
