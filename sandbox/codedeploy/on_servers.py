"""Deployments onto instances.  Nothing runs there: an instance is a name and the revision that it has."""

from sandbox import clock
from sandbox.codedeploy.deployment import Deployment, Event, failure
from sandbox.errors import AwsError

_EVENTS = ("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart", "ValidateService")
_TOO_MANY_FAILED = "The overall deployment failed because too many individual instances failed deployment, too few healthy instances are available for deployment, or some instances in your deployment group are experiencing problems."


class ServerDeployment(Deployment):
    platform = "Server"

    def __init__(self, state, group, revision, description, creator="user"):
        super().__init__(state, group, revision, description, creator)
        self._events = {name: [Event(event) for event in _EVENTS] for name in group.instances}
        self._keep = _least_healthy(state.config(group.settings["deploymentConfigName"])["minimumHealthyHosts"], len(group.instances))

    def events(self):
        return [event for events in self._events.values() for event in events]

    def targets(self):
        return list(self._events)

    def target_status(self, target):
        states = [event.status for event in self._events[target]]
        if "Failed" in states:
            return "Failed"
        if all(state == "Succeeded" for state in states):
            return "Succeeded"
        if "Skipped" in states:
            return "Skipped"
        return "Pending" if all(state == "Pending" for state in states) else "InProgress"

    def go_on(self):
        if not self._events:
            self.end("Failed", "NO_INSTANCES", "The deployment failed because no instances were found for your deployment group. Check your deployment group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling groups correctly identify the instances you want to deploy to, and then try again.")
            return
        states = {name: self.target_status(name) for name in self._events}
        failed = sum(1 for state in states.values() if state == "Failed")
        if failed and len(states) - failed < max(1, self._keep):
            self.end("Failed", "HEALTH_CONSTRAINTS", _TOO_MANY_FAILED)
            return
        at_work = [name for name, state in states.items() if state == "InProgress"]
        waiting = [name for name, state in states.items() if state == "Pending"]
        room = max(1, len(states) - self._keep - failed) - len(at_work)
        at_work += waiting[:max(0, room)]
        if not at_work:
            self.end("Succeeded")
            return
        for name in at_work:
            self._work(name)

    def _work(self, name):
        event = next(one for one in self._events[name] if one.status in ("Pending", "InProgress"))
        if event.status == "Pending":
            event.begin()
            return
        if event.seconds < self.event_seconds:
            return
        problem = self._problem(name, event)
        event.end("Failed" if problem else "Succeeded", problem)
        if event.name == "Install" and not problem:
            self.group.instances[name] = self.revision

    def _problem(self, name, event):
        if event.name == "DownloadBundle" and not self._is_there():
            return {"errorCode": "UnknownError", "scriptName": "", "message": "The specified key does not exist.", "logTail": ""}
        if self.order.get("fail") == event.name and name in self.order.get("on", [name]):
            return failure(self.order, event.name)
        return None

    def _is_there(self):
        place = self.revision.get("s3Location")
        if place is None:
            return True
        with self.state.buckets.lock:
            try:
                self.state.buckets.record({"Bucket": place["bucket"], "Key": place["key"]})
            except AwsError:
                return False
        return True

    def continue_now(self, kind):
        return False

    def roll_back(self):
        changed = [name for name, events in self._events.items() if any(event.name == "Install" and event.began_at and event.status != "Skipped" for event in events)]
        if not changed or self.previous_revision is None:
            self.rollback_info = {"rollbackMessage": "There is no earlier revision to go back to." if changed else "No instance was changed."}
            return
        other = ServerDeployment(self.state, self.group, self.previous_revision, f"rollback of {self.id}", "codeDeployRollback")
        self.name_rollback(other)

    def target_view(self, target):
        return {"deploymentTargetType": "InstanceTarget", "instanceTarget": {
            "deploymentId": self.id, "targetId": target, "targetArn": self.state.account.arn("ec2", f"instance/{target}"), "lastUpdatedAt": clock.now(),
            "status": self.target_status(target), "lifecycleEvents": [event.view() for event in self._events[target]]}}


def _least_healthy(rule, count):
    """How many instances must stay healthy; HOST_COUNT -1 stands for all but one."""
    if rule["type"] == "FLEET_PERCENT":
        return -(-count * rule["value"] // 100)
    return max(0, count - 1) if rule["value"] < 0 else min(rule["value"], max(0, count - 1))
