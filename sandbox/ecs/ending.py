"""How a deployment ends: completed, or failed by the circuit breaker, an alarm or an order, and rolled back."""

from sandbox import clock
from sandbox.ecs import rollout, traffic
from sandbox.ecs.records import Deployment, new_deployment_id

_ALARM_BAKE_SECONDS = 60  # ECS computes it from the alarms; some minutes at most


def watch(round, service):
    """Everything that can end the primary deployment before its time."""
    record = service.current
    if record and record.status == "PENDING":
        record.turn("IN_PROGRESS")
        record.alarms_before = _ringing(round.ecs, service)
    if service.primary.rollout_state != "IN_PROGRESS":
        return
    if record and record.status in ("ROLLBACK_REQUESTED", "STOP_REQUESTED"):
        rolls_back = record.status == "ROLLBACK_REQUESTED"
        reason = "ECS deployment failed: service deployment was stopped."
        fail(round, service, reason, "service deployment was stopped.", "ECS deployment stopped", rolls_back)
        return
    _break_circuit(round, service)
    _hear_alarms(round, service)


def _break_circuit(round, service):
    primary = service.primary
    if primary.record and not primary.is_rollback:
        primary.record.failures_seen = primary.failed_tasks
    breaker = service.deployment_configuration.get("deploymentCircuitBreaker", {})
    if not breaker.get("enable") or primary.failed_tasks < rollout.breaker_threshold(service.desired, breaker.get("thresholdConfiguration")):
        return
    fail(round, service, "ECS deployment circuit breaker: tasks failed to start.", "tasks failed to start.", "ECS deployment circuit breaker", breaker.get("rollback"))


def _ringing(ecs, service):
    settings = service.deployment_configuration.get("alarms", {})
    return {name for name in settings.get("alarmNames", []) if ecs.alarms.state_of(name) == "ALARM"} if settings.get("enable") else set()


def _hear_alarms(round, service):
    record, primary = service.current, service.primary
    if not record or record.rollback or primary.rollout_state != "IN_PROGRESS":
        return
    record.alarms_rung = sorted(_ringing(round.ecs, service) - (record.alarms_before or set()))
    if record.alarms_rung:
        rollback = service.deployment_configuration["alarms"].get("rollback")
        fail(round, service, "ECS deployment failed: alarm detected.", "alarm detected.", "ECS deployment alarms", rollback)


def baked(round, service):
    """Has a rolling deployment with alarms been watched long enough after its tasks were there?"""
    record = service.current
    alarms = service.deployment_configuration.get("alarms", {})
    if not record or record.gradual or record.rollback or not alarms.get("enable"):
        return True
    seconds = 60 * record.configuration["bakeTimeInMinutes"] if "bakeTimeInMinutes" in record.configuration else _ALARM_BAKE_SECONDS if clock.simulated() else 2
    record.serving_since = record.serving_since or clock.monotonic()
    if clock.monotonic() >= record.serving_since + seconds:
        return True
    round.again_at(record.serving_since + seconds)
    return False


def fail(round, service, reason, said, by, wants_rollback):
    """The primary deployment has FAILED; perhaps the last completed one takes over."""
    primary, record = service.primary, service.primary.record
    rolls_back = bool(wants_rollback and service.last_completed and not primary.is_rollback)
    primary.turn("FAILED", reason)
    service.say(f"(deployment {primary.id}) deployment failed: {said}")
    if record:
        if record.strategy != "ROLLING" and record.rollback is None:
            traffic.shift_back(round.ecs, record)
        record.failed(reason, rolls_back)
    if rolls_back:
        _roll_back(round, service, service.last_completed, by)
    round.again_at(clock.monotonic() + 0.1)


def _roll_back(round, service, target, by):
    """The newest completed deployment takes over again; if it is gone, a new one of the same kind."""
    failed = service.primary
    if target not in service.deployments:
        before, target = target, Deployment(new_deployment_id(), target.definition, service.desired, target.settings, script=target.script, launches=target.launches)
        target.revision = before.revision
    failed.status = "ACTIVE"
    failed.desired = 0
    service.deployments = [target] + [one for one in service.deployments if one is not target]
    target.status = "PRIMARY"
    target.desired = service.desired
    target.is_rollback = True
    target.failed_tasks = 0
    target.record = failed.record
    service.settings["taskDefinition"] = target.definition.arn
    target.turn("IN_PROGRESS", f"{by}: rolling back to deploymentId {target.id}.")
    service.say(f"rolling back to deployment {target.id}.")


def complete(service):
    """The primary deployment has arrived."""
    primary = service.primary
    primary.turn("COMPLETED", f"ECS deployment {primary.id} completed.")
    if primary.record:
        primary.record.arrived(primary.is_rollback)
    primary.is_rollback = False
    service.last_completed = primary
    service.say(f"(deployment {primary.id}) deployment completed.")
    service.steady = False
