"""Blue/green deployments of an ECS service: a second task set, and its listeners' traffic moved to it step by step."""

import hashlib

from sandbox import clock
from sandbox.codedeploy.deployment import Deployment, Event, failure
from sandbox.ecs import task_sets
from sandbox.errors import AwsError

_EVENTS = ("BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
_MOST_INSTALL_SECONDS = 3600


def read_appspec(text):
    """{"task_definition", "container", "port", "hooks"} of an appspec in YAML or JSON."""
    import yaml  # Debian's python3-yaml; only who deploys so needs it

    try:
        root = yaml.safe_load(text)
        properties = root["Resources"][0]["TargetService"]["Properties"]
        balancer = properties["LoadBalancerInfo"]
        hooks = {name: function for hook in root.get("Hooks") or [] for name, function in hook.items()}
        return {"task_definition": properties["TaskDefinition"], "container": balancer["ContainerName"], "port": int(balancer["ContainerPort"]), "hooks": hooks}
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise AwsError("InvalidRevisionException", f"The AppSpec file is not valid: {error}") from None


def _content(revision):
    place = revision.get("appSpecContent") or revision.get("string")
    if not place or not place.get("content"):
        raise AwsError("InvalidRevisionException", "For ECS deployment, revisionType can only be AppSpecContent, String or S3; the sandbox takes the first two")
    if place.get("sha256", "") != hashlib.sha256(place["content"].encode()).hexdigest():
        raise AwsError("InvalidRevisionException", "The SHA256 hash that was calculated for the AppSpec content does not match the one that was given")
    return place["content"]


class Routes:
    """The group's listeners and pair of target groups."""

    def __init__(self, state, group):
        pair = group.settings["loadBalancerInfo"]["targetGroupPairInfoList"][0]
        self._balancers = state.ecs.balancers
        self.groups = [self._group_arn(one["name"]) for one in pair["targetGroups"]]
        self.production = pair["prodTrafficRoute"]["listenerArns"]
        self.test = pair.get("testTrafficRoute", {}).get("listenerArns", [])

    def _group_arn(self, name):
        with self._balancers.changed:
            return next((arn for arn, group in self._balancers.target_groups.items() if group.name == name), None)

    def other(self, arn):
        return self.groups[1] if arn == self.groups[0] else self.groups[0]

    def send(self, listeners, shares):
        for listener in listeners:
            self._balancers.set_forward(listener, shares)


def group_of(task_set):
    return task_set.settings["loadBalancers"][0]["targetGroupArn"]


class EcsDeployment(Deployment):
    platform = "ECS"

    def __init__(self, state, group, revision, description, creator="user"):
        super().__init__(state, group, revision, description, creator)
        place = group.settings["ecsServices"][0]
        self.service = state.ecs.service(state.ecs.cluster(place.get("clusterName")), place["serviceName"])
        self.appspec = read_appspec(_content(revision))
        self.definition = state.ecs.usable_definition(self.appspec["task_definition"])
        self.routes = Routes(state, group)
        self.blue = next(one for one in self.service.deployments if one.status == "PRIMARY")
        self.green = None
        self.weight = 0
        self._events = [Event(name) for name in _EVENTS]
        self._shift_at = None
        self.ready_since = None
        self._goes_on = False
        self._traffic_at = None

    def events(self):
        return self._events

    def go_on(self):
        event = next((one for one in self._events if one.status in ("Pending", "InProgress")), None)
        if event is None:
            self._let_blue_go()
            return
        if event.name == "BeforeAllowTraffic" and event.status == "Pending" and not self._may_shift():
            return
        if event.status == "Pending":
            event.begin()
        if self.order.get("fail") == event.name and event.seconds >= self.event_seconds:
            event.end("Failed", failure(self.order, event.name))
            self.end("Failed", self.order.get("code", "HOOK_EXECUTION_FAILURE"), self.order.get("message", f"{event.name} failed"))
            return
        work = getattr(self, "_" + event.name, self._wait)
        if work(event):
            event.end()
            self.go_on_at_once(event)

    def go_on_at_once(self, event):
        """The last event's end is the moment from which the old tasks are kept."""
        if event.name == "AfterAllowTraffic":
            self._traffic_at = clock.now()

    # the events' own work: True when it is done

    def _wait(self, event):
        return event.seconds >= self.event_seconds

    def _Install(self, event):
        if self.green is None:
            other = self.routes.other(group_of(self.blue))
            self.routes.send(self.routes.production, [(group_of(self.blue), 100), (other, 0)])
            balancer = {"targetGroupArn": other, "containerName": self.appspec["container"], "containerPort": self.appspec["port"]}
            self.green = task_sets.create(self.state.ecs, self.service, self.definition, [balancer])
        if event.seconds > _MOST_INSTALL_SECONDS:
            event.end("Failed", {"errorCode": "UnknownError", "scriptName": "", "message": "the replacement task set did not become stable", "logTail": ""})
            self.end("Failed", "TIMEOUT", "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.")
            return False
        return task_sets.is_steady(self.service, self.green)

    def _AllowTestTraffic(self, event):
        if event.seconds == 0:
            self.routes.send(self.routes.test, [(group_of(self.green), 100)])
        return self._wait(event)

    def _may_shift(self):
        option = self.settings.get("blueGreenDeploymentConfiguration", {}).get("deploymentReadyOption", {})
        if option.get("actionOnTimeout", "CONTINUE_DEPLOYMENT") != "STOP_DEPLOYMENT" or self._goes_on:
            return True
        if self.ready_since is None:
            self.ready_since, self.status = clock.now(), "Ready"
        elif clock.now() - self.ready_since >= option.get("waitTimeInMinutes", 0) * 60:
            self.end("Stopped", "TIMEOUT", "The deployment was stopped because the wait time for rerouting traffic expired.")
        return False

    def _AllowTraffic(self, event):
        route = self.state.config(self.settings["deploymentConfigName"]).get("trafficRoutingConfig", {"type": "AllAtOnce"})
        percent = _percent(route, event.seconds)
        if percent != self.weight:
            self.weight = percent
            blue, green = group_of(self.blue), group_of(self.green)
            self.routes.send(self.routes.production, [(blue, 100 - percent), (green, percent)])
        if percent < 100:
            return False
        task_sets.make_primary(self.state.ecs, self.service, self.green)
        return True

    def _let_blue_go(self):
        end = self.settings.get("blueGreenDeploymentConfiguration", {}).get("terminateBlueInstancesOnDeploymentSuccess", {})
        self.waits_for_termination = True
        if clock.now() - self._traffic_at < end.get("terminationWaitTimeInMinutes", 0) * 60:
            return
        task_sets.remove(self.state.ecs, self.service, self.blue)
        if self.blue not in self.service.deployments:
            self.end("Succeeded")

    # from outside

    def continue_now(self, kind):
        if kind == "TERMINATION_WAIT":
            if not self.waits_for_termination:
                return False
            self._traffic_at = 0
            return True
        if self.status != "Ready":
            return False
        self._goes_on, self.status = True, "InProgress"
        return True

    def roll_back(self):
        self.name_rollback(EcsRollback(self))

    def targets(self):
        return [f"{self.service.cluster.name}:{self.service.name}"]

    def target_status(self, target):
        if self.status in ("Created", "Queued"):
            return "Pending"
        return {"Succeeded": "Succeeded", "Failed": "Failed", "Stopped": "Skipped", "Ready": "Ready"}.get(self.status, "InProgress")

    def target_view(self, target):
        sets = [(self.blue, "Blue", 100 - self.weight), (self.green, "Green", self.weight)]
        return {"deploymentTargetType": "ECSTarget", "ecsTarget": {
            "deploymentId": self.id, "targetId": target, "targetArn": self.service.arn, "lastUpdatedAt": clock.now(),
            "lifecycleEvents": [event.view() for event in self._events], "status": self.target_status(target),
            "taskSetsInfo": [self._set_view(one, label, weight) for one, label, weight in sets if one is not None and one in self.service.deployments]}}

    def _set_view(self, task_set, label, weight):
        with self.state.ecs.changed:
            running, pending = task_sets.counts(self.state.ecs, self.service, task_set)
        return {"identifer": task_set.id, "desiredCount": task_set.desired, "pendingCount": pending, "runningCount": running,
                "status": task_set.status, "trafficWeight": float(weight), "targetGroup": {"name": group_of(task_set).split("/")[1]}, "taskSetLabel": label}


class EcsRollback(EcsDeployment):
    """Takes a deployment back: the traffic returns to the blue tasks, the green ones go."""

    def __init__(self, failed):
        Deployment.__init__(self, failed.state, failed.group, failed.previous_revision or failed.revision, f"rollback of {failed.id}", "codeDeployRollback")
        self.service, self.routes, self.blue, self.green, self.weight = failed.service, failed.routes, failed.blue, failed.green, failed.weight
        self._events = [Event("AllowTraffic"), Event("AfterAllowTraffic")]
        self.ready_since = None

    def go_on(self):
        event = next((one for one in self._events if one.status in ("Pending", "InProgress")), None)
        if event is None:
            self.end("Succeeded")
            return
        if event.status == "Pending":
            event.begin()
            self._return_traffic()
            return
        if event.name == "AllowTraffic" and self.green is not None:
            task_sets.remove(self.state.ecs, self.service, self.green)
            if self.green in self.service.deployments:
                return
        event.end()

    def _return_traffic(self):
        self.weight = 0
        blue = group_of(self.blue)
        self.routes.send(self.routes.production, [(blue, 100)])
        self.routes.send(self.routes.test, [(blue, 100)])
        if self.blue in self.service.deployments and self.blue.status != "PRIMARY":
            task_sets.make_primary(self.state.ecs, self.service, self.blue)


def _percent(route, seconds):
    """How much traffic the new tasks have so many seconds after the first step."""
    if route["type"] == "TimeBasedCanary":
        canary = route["timeBasedCanary"]
        return 100 if seconds >= canary["canaryInterval"] * 60 else canary["canaryPercentage"]
    if route["type"] == "TimeBasedLinear":
        linear = route["timeBasedLinear"]
        return min(100, linear["linearPercentage"] * (1 + int(seconds // (linear["linearInterval"] * 60))))
    return 100
