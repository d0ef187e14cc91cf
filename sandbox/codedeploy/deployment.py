"""One deployment, of whatever platform: its life from Created to its end, its lifecycle events, its rollback."""

from sandbox import clock
from sandbox.codedeploy.state import new_deployment_id

_ENDS = ("Succeeded", "Failed", "Stopped")
EVENT_SECONDS = 2


class Event:
    """A lifecycle event of one target."""

    def __init__(self, name):
        self.name = name
        self.status = "Pending"
        self.began_at = self.ended_at = None
        self.diagnostics = None

    def begin(self):
        self.status, self.began_at = "InProgress", clock.now()

    def end(self, status="Succeeded", diagnostics=None):
        self.status, self.ended_at, self.diagnostics = status, clock.now(), diagnostics
        self.began_at = self.began_at or self.ended_at

    @property
    def seconds(self):
        return clock.now() - self.began_at if self.began_at else 0

    def view(self):
        return {"lifecycleEventName": self.name, "status": self.status, "startTime": self.began_at, "endTime": self.ended_at, "diagnostics": self.diagnostics}


class Deployment:
    """`tick` is called each second until it has ended."""

    platform = None

    def __init__(self, state, group, revision, description, creator="user"):
        self.state, self.group, self.revision, self.description, self.creator = state, group, revision, description, creator
        self.id = new_deployment_id()
        self.status = "Created"
        self.created_at = clock.now()
        self.began_at = self.completed_at = None
        self.error = None  # {"code", "message"}
        self.rollback_info = None
        self.waits_for_termination = False
        self.order, group.next = group.next, {}
        self.previous_revision = group.last_successful.revision if group.last_successful else None

    @property
    def ended(self):
        return self.status in _ENDS

    @property
    def settings(self):
        return self.group.settings

    @property
    def event_seconds(self):
        return self.order.get("seconds", EVENT_SECONDS)

    def tick(self):
        if self.status == "Created":
            self.status, self.began_at = "InProgress", clock.now()
        elif not self._stopped_by_alarm():
            self.go_on()

    def go_on(self):
        """One second's work, by the platform."""

    def _stopped_by_alarm(self):
        configuration = self.settings.get("alarmConfiguration", {})
        names = [alarm["name"] for alarm in configuration.get("alarms", [])] if configuration.get("enabled") and self.creator == "user" else []
        if not any(self.state.alarms.state_of(name) == "ALARM" for name in names):
            return False
        self.end("Stopped", "ALARM_ACTIVE", "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped.")
        return True

    def end(self, status, code=None, message=None, rollback=None):
        """`rollback` None: as the group's settings say."""
        self.status, self.completed_at = status, clock.now()
        self.waits_for_termination = False
        if code:
            self.error = {"code": code, "message": message}
        self.skip_the_rest()
        if status == "Succeeded":
            self.group.last_successful = self
            return
        wanted = self._rolls_back_on("DEPLOYMENT_STOP_ON_ALARM" if code == "ALARM_ACTIVE" else "DEPLOYMENT_FAILURE" if status == "Failed" else None) if rollback is None else rollback
        if wanted and self.creator == "user":
            self.roll_back()

    def _rolls_back_on(self, event):
        configuration = self.settings.get("autoRollbackConfiguration", {})
        return bool(configuration.get("enabled")) and event in configuration.get("events", [])

    def skip_the_rest(self):
        for event in self.events():
            if event.status in ("Pending", "InProgress"):
                event.end("Skipped" if event.status == "Pending" or self.status == "Stopped" else "Failed")

    def events(self):
        """All lifecycle events of all targets."""
        return []

    def roll_back(self):
        """Begin the deployment that takes this one back, and name it."""

    def name_rollback(self, other):
        self.rollback_info = {"rollbackDeploymentId": other.id, "rollbackTriggeringDeploymentId": self.id, "rollbackMessage": f"Deployment {self.id} is being rolled back by {other.id}."}
        other.rollback_info = {"rollbackTriggeringDeploymentId": self.id, "rollbackMessage": f"Deployment {other.id} rolls back {self.id}."}
        self.state.begin(other)

    def overview(self):
        """Targets by status."""
        found = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
        for target in self.targets():
            found[self.target_status(target)] += 1
        return found

    def targets(self):
        """Their ids."""
        return []

    def target_status(self, target):
        return "Pending"

    def info(self):
        blue_green = self.settings.get("blueGreenDeploymentConfiguration")
        return {
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.name,
            "deploymentConfigName": self.settings["deploymentConfigName"],
            "deploymentId": self.id,
            "previousRevision": self.previous_revision,
            "revision": self.revision,
            "status": self.status,
            "errorInformation": self.error,
            "createTime": self.created_at,
            "startTime": self.began_at,
            "completeTime": self.completed_at,
            "deploymentOverview": self.overview(),
            "description": self.description,
            "creator": self.creator,
            "autoRollbackConfiguration": self.settings.get("autoRollbackConfiguration"),
            "rollbackInfo": self.rollback_info,
            "deploymentStyle": self.settings.get("deploymentStyle"),
            "instanceTerminationWaitTimeStarted": self.waits_for_termination,
            "blueGreenDeploymentConfiguration": blue_green,
            "loadBalancerInfo": self.settings.get("loadBalancerInfo"),
            "computePlatform": self.platform,
        }


def failure(order, name):
    """The diagnostics of an event that the order says is to fail."""
    return {"errorCode": order.get("code", "ScriptFailed") if name != "Install" else "UnknownError", "scriptName": "" if name == "Install" else f"scripts/{name}.sh", "message": order.get("message", f"{name} failed"), "logTail": order.get("logTail", "")}
