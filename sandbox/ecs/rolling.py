"""A rolling update: start and stop tasks within both percents, keep the old version at its strength, and see its end."""

from sandbox import clock
from sandbox.ecs import placement, rollout
from sandbox.ecs.launch import launch_task
from sandbox.ecs.runner import stop_task
from sandbox.ecs.watching import healthy

_DEADLOCK = "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."


def step(round, service, tasks):
    """One step of the primary deployment towards its desired count."""
    primary = service.primary
    primary.desired = service.desired
    staying = [task for task in tasks if not task.leaving]
    # A task whose checks failed counts as an old one: its replacement starts first where the percents leave room.
    new = [task for task in staying if task.deployment is primary and not task.doomed]
    old = [task for task in staying if task.deployment is not primary or task.doomed]
    serving = {task.arn for task in staying if healthy(round, task)}
    counts = rollout.Counts(service.desired, len(new), sum(t.arn in serving for t in new), len(old), sum(t.arn in serving for t in old))
    configuration = service.deployment_configuration
    next_step = rollout.next_step(counts, configuration["minimumHealthyPercent"], configuration["maximumPercent"])
    if primary.rollout_state == "FAILED":
        # Nothing of it is launched any more, and nothing gives way to it.
        doomed = [task for task in staying if task.doomed]
        stop_some(round, service, doomed, len(doomed), serving)
        _keep_old_version(round, service, counts, 0, [])
        return
    stop_some(round, service, new, next_step.stop_new, serving)
    stopped_old = stop_some(round, service, old, next_step.stop_old, serving)
    if next_step.start:
        start_some(round, service, primary, next_step.start)
    if next_step.stuck and len(service.deployments) > 1:
        service.say_once(primary, _DEADLOCK)
    _keep_old_version(round, service, counts, next_step.start, stopped_old)


def stop_some(round, service, tasks, count, serving):
    """Stop that many, unhealthy ones first, then the oldest deployment's; returns them."""
    order = {deployment.id: -index for index, deployment in enumerate(service.deployments)}
    free = [task for task in tasks if not task.protected]
    chosen = sorted(free, key=lambda task: (task.arn in serving, order.get(task.deployment.id, -len(order))))[:count]
    if len(chosen) < count:
        first_end = min(task.protected_until for task in tasks if task.protected)
        round.again_at(clock.monotonic() + first_end - clock.now())
        service.say_once(service.primary, f"was unable to reach steady state because task set (taskSet {service.primary.id}) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks.")
    if not chosen:
        return chosen
    for task in chosen:
        stop_task(task, "ServiceSchedulerInitiated", task.doomed or f"Scaling activity initiated by (deployment {service.primary.id})")
    service.say(f"has stopped {len(chosen)} running tasks: {_task_list(chosen)}.")
    service.steady = False
    round.ecs.changed.notify_all()
    return chosen


def start_some(round, service, deployment, count):
    """Launch up to that many tasks, as far as there is place for them."""
    if deployment.next_launch_at > clock.monotonic():
        round.again_at(deployment.next_launch_at)
        return
    started = []
    for _ in range(count):
        place = placement.find(round, service, deployment)
        if place.problem:
            placement.complain(round, service, deployment, place.problem)
            break
        started.append(launch_task(round.ecs, service, deployment, place.host))
    if started:
        service.say(f"has started {len(started)} tasks: {_task_list(started)}.")
        service.steady = False


def _keep_old_version(round, service, counts, starting, stopped_old):
    """While the new version is not there, the old one is kept at its strength: what crashes is started again."""
    holder = next((one for one in service.deployments[1:] if one.rollout_state == "COMPLETED"), None)
    present = {one.id: 0 for one in service.deployments}
    for task in round.ecs.service_tasks(service):
        if not task.leaving and not task.doomed and task.deployment.id in present:
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
        start_some(round, service, holder, missing)


def serves_alone(round, service, tasks):
    """Forget deployments that are gone; are the primary's tasks all there, healthy, and none else?"""
    primary = service.primary
    others = [task for task in tasks if task.deployment is not primary and not task.stopped]
    for deployment in service.deployments[1:]:
        if not any(task.deployment is deployment for task in others) and deployment.desired == 0:
            deployment.status = "INACTIVE"
    service.deployments = [one for one in service.deployments if one.status != "INACTIVE"]
    staying = [task for task in tasks if task.deployment is primary and not task.leaving]
    serving = sum(1 for task in staying if healthy(round, task))
    return serving == service.desired == len(staying) and not others


def serves_enough(round, service, tasks):
    """Early success: enough of the primary's tasks are healthy, whatever else is still there."""
    criteria = service.deployment_configuration.get("earlySuccessCriteria", {})
    if not criteria.get("enable"):
        return False
    needed = rollout.lower_bound(service.desired, criteria.get("healthyPercent", 100))
    return sum(healthy(round, task) for task in tasks if task.deployment is service.primary) >= needed


def say_steady(round, service, tasks):
    leaving = any(task.leaving and not task.stopped for task in tasks)
    if not service.steady and not leaving:
        service.steady = True
        service.say("has reached a steady state.")
        round.ecs.changed.notify_all()


def drain_service(round, service, tasks):
    """A deleted service: all its tasks go."""
    staying = [task for task in tasks if not task.leaving]
    for task in staying:
        task.protected_until = None
    stop_some(round, service, staying, len(staying), set())
    if all(task.stopped for task in tasks):
        service.status = "INACTIVE"
        service.deployments = []


def _task_list(tasks):
    return " ".join(f"(task {task.id})" for task in tasks)
