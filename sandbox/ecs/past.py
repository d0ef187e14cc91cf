"""Eventually consistent reads: answers of ECS as they were some time ago, for the fault `stale`.

A service is remembered as it was before each change that somebody asked for; tasks and service deployments that are
younger than that time are not there yet.
"""

import copy

from sandbox import clock
from sandbox.ecs import views
from sandbox.service import Service

_MOST = 20


class EcsService(Service):
    """ECS's operations, with what they changed on record."""

    def call(self, name, params, key):
        if name.startswith(("Update", "Delete", "Stop", "Continue", "Create")):
            self._remember(params)
        return super().call(name, params, key)

    def _remember(self, params):
        ecs = self._state
        with ecs.changed:
            cluster = ecs.find_cluster(params.get("cluster"))
            service = ecs.find_service(cluster, params.get("service")) if cluster and params.get("service") else None
            if service:
                service.past = (service.past + [(clock.now(), copy.deepcopy(views.service(ecs, service, True)))])[-_MOST:]

    def call_stale(self, name, params, key, seconds):
        """The operation's answer as it was `seconds` ago, where it is a read that can be stale."""
        before = clock.now() - seconds
        answer = self.call(name, params, key)
        blur = {"DescribeServices": _services, "DescribeTasks": _tasks, "ListTasks": _task_arns, "ListServiceDeployments": _deployments, "DescribeServiceDeployments": _described}.get(name)
        if blur is None:
            return answer
        with self._state.changed:
            return blur(self._state, answer, before)


def _services(ecs, answer, before):
    by_arn = {service.arn: service for service in ecs.services.values()}
    views_then = []
    for view in answer["services"]:
        past = [old for moment, old in by_arn[view["serviceArn"]].past if moment >= before]
        views_then.append(past[0] if past else view)
    young = [view for view in views_then if view["createdAt"] > before]
    return {
        "services": [view for view in views_then if view not in young],
        "failures": answer["failures"] + [{"arn": view["serviceArn"], "reason": "MISSING"} for view in young],
    }


def _tasks(ecs, answer, before):
    young = [view for view in answer["tasks"] if view["createdAt"] > before]
    return {"tasks": [view for view in answer["tasks"] if view not in young], "failures": answer["failures"] + [{"arn": view["taskArn"], "reason": "MISSING"} for view in young]}


def _task_arns(ecs, answer, before):
    return {**answer, "taskArns": [arn for arn in answer["taskArns"] if ecs.tasks[arn].times["createdAt"] <= before]}


def _deployments(ecs, answer, before):
    return {**answer, "serviceDeployments": [one for one in answer["serviceDeployments"] if one["createdAt"] <= before]}


def _described(ecs, answer, before):
    young = [view for view in answer["serviceDeployments"] if view["createdAt"] > before]
    return {
        "serviceDeployments": [view for view in answer["serviceDeployments"] if view not in young],
        "failures": answer["failures"] + [{"arn": view["serviceDeploymentArn"], "reason": "MISSING"} for view in young],
    }
