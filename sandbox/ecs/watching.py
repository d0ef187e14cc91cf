"""What became of a service's tasks: which serve, which ended, whose health checks failed, and what that counts for."""

from sandbox import clock
from sandbox.ecs import rollout
from sandbox.ecs.runner import stop_task

# A task without any health check must stay up that long before it counts as healthy, so that one which exits at
# once does not complete a deployment.
_SETTLE_SECONDS = 1.0
# A task that ends within that time of its start slows the next launches down.
_EARLY_END_SECONDS = 10
_CANNOT_START = "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def count_ended(service, tasks):
    """Note each task that has ended since the last time."""
    for task in tasks:
        if not task.stopped or task.judged:
            continue
        task.judged = True
        deployment = task.deployment
        if task.stop_code == "TaskFailedToStart":
            deployment.failed_tasks += 1
            service.steady = False
            slow_down(service, deployment)
        elif task.stop_code == "EssentialContainerExited":
            service.steady = False
            if not task.was_healthy or clock.monotonic() - task.running_since < _EARLY_END_SECONDS:
                slow_down(service, deployment)
        elif task.stop_code == "SpotInterruption":
            service.steady = False


def slow_down(service, deployment):
    """A launch came to nothing: the next ones wait, longer each time."""
    deployment.launch_failures += 1
    # The first few go at once, so that a circuit breaker acts within seconds.
    deployment.next_launch_at = clock.monotonic() + rollout.launch_delay(max(0, deployment.launch_failures - 2), clock.simulated())
    if deployment.launch_failures >= 5:
        service.say_once(deployment, _CANNOT_START)


def check_health(round, service, tasks):
    """Praise those that serve, stop those that failed their checks."""
    grace = service.settings.get("healthCheckGracePeriodSeconds", 0)
    for task in tasks:
        if task.leaving or task.doomed or task.last_status != "RUNNING":
            continue
        if healthy(round, task):
            if not task.was_healthy:
                _got_healthy(service, task)
            continue
        if clock.monotonic() - task.running_since < grace:
            round.again_at(task.running_since + grace)
            continue
        reason = _failed_check(round.ecs, service, task)
        if reason:
            if _is_rolling(service):
                task.doomed = reason
            else:
                stop_task(task, "ServiceSchedulerInitiated", reason)
            task.deployment.failed_tasks += 1
            service.steady = False
            slow_down(service, task.deployment)


def _is_rolling(service):
    """Does the service's scheduler replace tasks within its percents?"""
    gradual = service.current and service.current.gradual and service.current.stage != "CLEAN_UP"
    return service.controller == "ECS" and not gradual and service.status == "ACTIVE" and service.settings.get("schedulingStrategy") != "DAEMON"


def _got_healthy(service, task):
    task.was_healthy = True
    task.deployment.launch_failures = 0
    if service.deployment_configuration.get("deploymentCircuitBreaker", {}).get("resetOnHealthyTask", True):
        task.deployment.failed_tasks = 0


def healthy(round, task):
    """Does the task serve?"""
    if task.leaving or task.doomed or task.last_status != "RUNNING":
        return False
    checked = [container for container in task.containers if "healthCheck" in container.definition]
    if any(container.health != "HEALTHY" for container in checked if container.essential):
        return False
    for group_arn, port in task.targets:
        if round.ecs.balancers.target_health(group_arn, task.target_address, port)[0] != "healthy":
            return False
    settled_at = task.running_since + _SETTLE_SECONDS
    if not checked and not task.targets and clock.monotonic() < settled_at:
        round.again_at(settled_at)
        return False
    return True


def _failed_check(ecs, service, task):
    """The stoppedReason of a task whose health checks failed, else None."""
    if any(container.health == "UNHEALTHY" and container.essential for container in task.containers):
        service.say(f"(task {task.id}) failed container health checks.")
        return "Task failed container health checks"
    for group_arn, port in task.targets:
        state, description = ecs.balancers.target_health(group_arn, task.target_address, port)
        if state == "unhealthy":
            service.say(f"(task {task.id}) (port {port}) is unhealthy in (target-group {group_arn}) due to (reason {description})")
            return f"Task failed ELB health checks in (target-group {group_arn})"
    return None
