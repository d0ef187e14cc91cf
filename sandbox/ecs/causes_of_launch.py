"""Causes that lie around the tasks: no place for them, no right to launch them, or what the service depends on."""

from sandbox import clock
from sandbox.ecs import instances
from sandbox.ecs.cause import Cause

_SEE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
_NO_INSTANCE = "was unable to place a task because no container instance met all of its requirements."


class NoCapacity(Cause):
    ways = ("", "fargate", "cpu", "memory", "attribute", "agent", "no-instances", "provider")

    def launch_problem(self, order, ecs, service, deployment):
        if "text" in order:
            return order["text"]
        on_ec2 = deployment.settings.get("launchType") == "EC2"
        way = self.way(order) or ("cpu" if on_ec2 else "fargate")
        host = instances.any_id(service.cluster)
        closest = f"{_NO_INSTANCE} The closest matching (container-instance {host})"
        return {
            "fargate": "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. " + _SEE,
            "cpu": f"{closest} has insufficient CPU units available. {_SEE}",
            "memory": f"{closest} has insufficient memory available. {_SEE}",
            "attribute": f"{closest} is missing an attribute required by your task. {_SEE}",
            "agent": f"{closest} encountered error \"AGENT\". {_SEE}",
            "no-instances": f"{_NO_INSTANCE} Reason: No Container Instances were found in your cluster. {_SEE}",
            "provider": "was unable to place a task. Reason: No Container Instances were found in your capacity provider.",
        }[way]


class Quota(Cause):
    ways = ("vcpus", "tasks")

    def launch_problem(self, order, ecs, service, deployment):
        what = "vCPUs" if self.way(order) == "vcpus" else "tasks"
        return order.get("text") or f"was unable to place a task. Reason: You've reached the limit on the number of {what} you can run concurrently. {_SEE}"


class NoIpAddress(Cause):
    """The subnet is full: seen in tasks that fail to start, or in an event, or as an instance without a free interface."""

    ways = ("task", "event", "eni")

    @staticmethod
    def _error(settings):
        network = settings.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        subnet = (network.get("subnets") or ["subnet-sandbox"])[0]
        public = "enabled" if network.get("assignPublicIp") == "ENABLED" else "disabled"
        return f"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment {public} in subnet '{subnet}': InsufficientFreeAddressesInSubnet"

    def launch_problem(self, order, ecs, service, deployment):
        way = self.way(order)
        if way == "eni":
            return f"{_NO_INSTANCE} The closest matching (container-instance {instances.any_id(service.cluster)}) encountered error \"RESOURCE:ENI\". {_SEE}"
        if way == "event":
            return order.get("text") or f"failed to launch a task with (error {self._error(deployment.settings)})."
        return None

    def spoil(self, life, order, ecs, task, left):
        if self.way(order) == "task":
            life.pending, life.stop_code = 0, "TaskFailedToStart"
            life.stopped_reason = self._error(task.settings)


class Throttled(Cause):
    ways = ("operations", "launches")
    def launch_problem(self, order, ecs, service, deployment):
        if self.way(order) == "operations":
            return order.get("text") or "operations are being throttled. Will try again later."
        return "is unable to consistently start tasks successfully. " + _SEE


class Role(Cause):
    ways = ("assume", "misconfigured")

    def launch_problem(self, order, ecs, service, deployment):
        body = deployment.definition.body
        role = body.get("taskRoleArn") or body.get("executionRoleArn") or f"arn:aws:iam::{ecs.account.account_id}:role/ecsTaskExecutionRole"
        if "text" in order:
            return order["text"]
        if self.way(order) == "misconfigured":
            return f"failed to launch a task with (error IAM role '{role}' is misconfigured or changed. Please verify that the role exists and that ECS may assume it.)."
        return f"failed to launch a task with (error ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.)."


class PercentDeadlock(Cause):
    """As a service whose percents leave no room."""

    def launch_problem(self, order, ecs, service, deployment):
        return "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."


class SlowDrain(Cause):
    """The old tasks take `seconds` (300) to go."""

    def begin(self, order, ecs, service, deployment):
        for task in ecs.service_tasks(service):
            if not task.leaving:
                task.drain_seconds = order.get("seconds", 300)


class TargetGroupTrouble(Cause):
    """The target group is deleted, or no listener passes requests to it."""

    ways = ("gone", "unused")

    def begin(self, order, ecs, service, deployment):
        arns = [entry["targetGroupArn"] for entry in deployment.settings.get("loadBalancers", []) if "targetGroupArn" in entry]
        clock.call_later(order.get("after", 0), lambda: ecs.balancers.spoil_groups(arns, self.way(order)))
        if "recover" in order:
            clock.call_later(order["recover"], lambda: ecs.balancers.mend_groups(arns))


class AlarmRings(Cause):
    """The deployment's alarms go to ALARM after `after` (60) seconds."""

    def begin(self, order, ecs, service, deployment):
        def ring():
            for name in service.deployment_configuration.get("alarms", {}).get("alarmNames", []):
                ecs.alarms.add({"name": name, "state": "ALARM", "reason": "Threshold Crossed: 1 datapoint [12.0] was greater than the threshold (5.0)."})
            ecs.tell()

        clock.call_later(order.get("after", 60), ring)


CAUSES = {
    "no-capacity": NoCapacity(),
    "quota": Quota(),
    "no-ip-address": NoIpAddress(),
    "throttled": Throttled(),
    "role": Role(),
    "percent-deadlock": PercentDeadlock(),
    "slow-drain": SlowDrain(),
    "target-group": TargetGroupTrouble(),
    "alarm": AlarmRings(),
}
