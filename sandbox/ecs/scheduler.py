"""The service scheduler: one thread that brings each service step by step to what its deployments say.

It wakes on every change and decides with `rollout.next_step`.  What a pass does:
count the tasks that ended, stop those whose health checks failed, act as circuit breaker, start and stop tasks within
the bounds, and call a deployment complete when its tasks serve and no other deployment's task is left.
"""

import logging
import threading

from sandbox import clock
from sandbox.ecs import rollout
from sandbox.ecs.launch import launch_task
from sandbox.ecs.runner import stop_task
from sandbox.ecs.state import Deployment, new_deployment_id

log = logging.getLogger("sandbox")
# A task without any health check must stay up that long before it counts as healthy, so that one which exits at
# once does not complete a deployment.
_SETTLE_SECONDS = 1.0
# A task that ends within that time of its start slows the next launches down.
_EARLY_END_SECONDS = 10
_LONGEST_WAIT_SECONDS = 30


class Scheduler(threading.Thread):
    """`start` and `stop`."""

    def __init__(self, ecs):
        super().__init__(name="scheduler", daemon=True)
        self._ecs = ecs
        self._wake_at = None

    def stop(self):
        with self._ecs.changed:
            self._ecs.stopping = True
            self._ecs.changed.notify_all()
        if self.is_alive():
            self.join(30)
        self._ecs.world.close()

    def run(self):
        with self._ecs.changed:
            while not self._ecs.stopping:
                self._wake_at = clock.monotonic() + _LONGEST_WAIT_SECONDS
                self._ecs.forget_old_tasks()
                for service in list(self._ecs.services.values()):
                    try:
                        self._pass(service)
                    except Exception:
                        log.exception("service %s", service.name)
                # Waiting lets go of the lock.  What a pass changed itself leads to more changes by the tasks' threads.
                self._ecs.changed.wait(max(0.01, self._wake_at - clock.monotonic()))

    def _again_at(self, moment):
        self._wake_at = min(self._wake_at, moment)

    def _pass(self, service):
        if service.status == "INACTIVE":
            return
        tasks = self._ecs.service_tasks(service)
        self._count_ended(service, tasks)
        self._check_health(service, tasks)
        if service.status == "DRAINING":
            self._drain_service(service, tasks)
            return
        self._break_circuit(service)
        self._step(service, tasks)
        self._complete(service, self._ecs.service_tasks(service))

    # what happened

    def _count_ended(self, service, tasks):
        for task in tasks:
            if not task.stopped or task.judged:
                continue
            task.judged = True
            deployment = task.deployment
            if task.stop_code == "TaskFailedToStart":
                deployment.failed_tasks += 1
                service.steady = False
                self._slow_down(service, deployment)
            elif task.stop_code == "EssentialContainerExited":
                service.steady = False
                if not task.was_healthy or clock.monotonic() - task.running_since < _EARLY_END_SECONDS:
                    self._slow_down(service, deployment)

    def _slow_down(self, service, deployment):
        deployment.launch_failures += 1
        # The first few go at once, so that a circuit breaker acts within seconds.
        deployment.next_launch_at = clock.monotonic() + rollout.launch_delay(max(0, deployment.launch_failures - 2))
        if deployment.launch_failures >= 5:
            service.say_once(deployment, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")

    def _check_health(self, service, tasks):
        grace = service.settings.get("healthCheckGracePeriodSeconds", 0)
        for task in tasks:
            if task.leaving or task.last_status != "RUNNING":
                continue
            if self._healthy(task):
                if not task.was_healthy:
                    task.was_healthy = True
                    task.deployment.failed_tasks = 0 if self._breaker(service).get("resetOnHealthyTask", True) else task.deployment.failed_tasks
                    task.deployment.launch_failures = 0
                continue
            if clock.monotonic() - task.running_since < grace:
                self._again_at(task.running_since + grace)
                continue
            reason = self._failed_check(service, task)
            if reason:
                stop_task(task, "ServiceSchedulerInitiated", reason)
                task.deployment.failed_tasks += 1
                service.steady = False
                self._slow_down(service, task.deployment)

    def _healthy(self, task):
        """Does the task serve?"""
        if task.leaving or task.last_status != "RUNNING":
            return False
        checked = [container for container in task.containers if "healthCheck" in container.definition]
        if any(container.health != "HEALTHY" for container in checked if container.essential):
            return False
        for group_arn, port in task.targets:
            if self._ecs.balancers.target_health(group_arn, task.address, port)[0] != "healthy":
                return False
        settled_at = task.running_since + _SETTLE_SECONDS
        if not checked and not task.targets and clock.monotonic() < settled_at:
            self._again_at(settled_at)
            return False
        return True

    def _failed_check(self, service, task):
        """The stoppedReason of a task whose health checks failed, else None."""
        if any(container.health == "UNHEALTHY" and container.essential for container in task.containers):
            return "Task failed container health checks"
        for group_arn, port in task.targets:
            state, description = self._ecs.balancers.target_health(group_arn, task.address, port)
            if state == "unhealthy":
                service.say(f"(task {task.id}) (port {port}) is unhealthy in (target-group {group_arn}) due to (reason {description})")
                return f"Task failed ELB health checks in (target-group {group_arn})"
        return None

    @staticmethod
    def _breaker(service):
        return service.deployment_configuration.get("deploymentCircuitBreaker", {})

    # the circuit breaker

    def _break_circuit(self, service):
        primary = service.primary
        breaker = self._breaker(service)
        if not breaker.get("enable") or primary.rollout_state != "IN_PROGRESS":
            return
        if primary.failed_tasks < rollout.breaker_threshold(service.desired):
            return
        primary.turn("FAILED", "ECS deployment circuit breaker: tasks failed to start.")
        service.say(f"(deployment {primary.id}) deployment failed: tasks failed to start.")
        if breaker.get("rollback") and service.last_completed and not primary.is_rollback:
            self._roll_back(service, service.last_completed)

    def _roll_back(self, service, target):
        """The newest completed deployment takes over again; if it is gone, a new one of the same kind."""
        if target not in service.deployments:
            target = Deployment(new_deployment_id(), target.definition, service.desired, target.settings)
        service.primary.status = "ACTIVE"
        service.primary.desired = 0
        service.deployments = [target] + [one for one in service.deployments if one is not target]
        target.status = "PRIMARY"
        target.desired = service.desired
        target.is_rollback = True
        target.failed_tasks = 0
        service.settings["taskDefinition"] = target.definition.arn
        target.turn("IN_PROGRESS", f"ECS deployment circuit breaker: rolling back to deploymentId {target.id}.")
        service.say(f"rolling back to deployment {target.id}.")

    # starting and stopping tasks

    def _step(self, service, tasks):
        primary = service.primary
        primary.desired = service.desired
        staying = [task for task in tasks if not task.leaving]
        new = [task for task in staying if task.deployment is primary]
        old = [task for task in staying if task.deployment is not primary]
        healthy = {task.arn for task in staying if self._healthy(task)}
        counts = rollout.Counts(service.desired, len(new), sum(t.arn in healthy for t in new), len(old), sum(t.arn in healthy for t in old))
        configuration = service.deployment_configuration
        step = rollout.next_step(counts, configuration["minimumHealthyPercent"], configuration["maximumPercent"])
        self._stop_some(service, new, step.stop_new, healthy)
        stopped_old = self._stop_some(service, old, step.stop_old, healthy)
        if step.start and primary.rollout_state != "FAILED":
            self._start_some(service, primary, step.start)
        if step.stuck and len(service.deployments) > 1 and primary.rollout_state != "FAILED":
            service.say_once(primary, "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.")
        self._keep_old_version(service, counts, step.start, stopped_old)

    def _stop_some(self, service, tasks, count, healthy):
        """Stop that many, unhealthy ones first, then the oldest deployment's; returns them."""
        order = {deployment.id: -index for index, deployment in enumerate(service.deployments)}
        chosen = sorted(tasks, key=lambda task: (task.arn in healthy, order.get(task.deployment.id, -len(order))))[:count]
        if not chosen:
            return chosen
        for task in chosen:
            stop_task(task, "ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {service.primary.id})")
        service.say(f"has stopped {len(chosen)} running tasks: {_task_list(chosen)}.")
        service.steady = False
        self._ecs.changed.notify_all()
        return chosen

    def _start_some(self, service, deployment, count):
        if deployment.next_launch_at > clock.monotonic():
            self._again_at(deployment.next_launch_at)
            return
        started = [launch_task(self._ecs, service, deployment) for _ in range(count)]
        service.say(f"has started {count} tasks: {_task_list(started)}.")
        service.steady = False

    def _keep_old_version(self, service, counts, starting, stopped_old):
        """While the new version is not there, the old one is kept at its strength: what crashes is started again."""
        holder = next((one for one in service.deployments[1:] if one.rollout_state == "COMPLETED"), None)
        present = {one.id: 0 for one in service.deployments}
        for task in self._ecs.service_tasks(service):
            if not task.leaving and task.deployment.id in present:
                present[task.deployment.id] += 1
        for deployment in service.deployments[1:]:
            if deployment is not holder:
                deployment.desired = min(deployment.desired, present[deployment.id])
        if holder is None:
            return
        # What the scheduler itself stopped, to make room, must not come back.
        holder.desired -= sum(1 for task in stopped_old if task.deployment is holder)
        holder.desired = max(0, min(holder.desired, service.desired - counts.new_healthy))
        room = rollout.upper_bound(service.desired, service.deployment_configuration["maximumPercent"]) - counts.new - counts.old - starting
        missing = min(holder.desired - present[holder.id], room)
        if missing > 0:
            self._start_some(service, holder, missing)

    # the end of a deployment, and of a service

    def _complete(self, service, tasks):
        primary = service.primary
        others = [task for task in tasks if task.deployment is not primary and not task.stopped]
        for deployment in service.deployments[1:]:
            if not any(task.deployment is deployment for task in others) and deployment.desired == 0:
                deployment.status = "INACTIVE"
        service.deployments = [one for one in service.deployments if one.status != "INACTIVE"]
        staying = [task for task in tasks if task.deployment is primary and not task.leaving]
        serving = sum(1 for task in staying if self._healthy(task))
        leaving = any(task.leaving and not task.stopped for task in tasks)
        if serving != service.desired or len(staying) != service.desired or others:
            return
        if primary.rollout_state == "IN_PROGRESS":
            primary.turn("COMPLETED", f"ECS deployment {primary.id} completed.")
            primary.is_rollback = False
            service.last_completed = primary
            service.say(f"(deployment {primary.id}) deployment completed.")
            service.steady = False
        if not service.steady and not leaving:
            service.steady = True
            service.say("has reached a steady state.")
            self._ecs.changed.notify_all()

    def _drain_service(self, service, tasks):
        staying = [task for task in tasks if not task.leaving]
        self._stop_some(service, staying, len(staying), set())
        if all(task.stopped for task in tasks):
            service.status = "INACTIVE"
            service.deployments = []


def _task_list(tasks):
    return " ".join(f"(task {task.id})" for task in tasks)
