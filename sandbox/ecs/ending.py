"""How a deployment ends: completed, or failed by the circuit breaker, an alarm or an order, and rolled back."""

from sandbox.ecs import rollout
from sandbox.ecs.records import Deployment
from sandbox.ecs.state import new_deployment_id


def break_circuit(round, service):
    """Count against the circuit breaker's threshold."""
    primary = service.primary
    breaker = service.deployment_configuration.get("deploymentCircuitBreaker", {})
    if not breaker.get("enable") or primary.rollout_state != "IN_PROGRESS":
        return
    if primary.failed_tasks < rollout.breaker_threshold(service.desired, breaker.get("thresholdConfiguration")):
        return
    fail(round, service, "ECS deployment circuit breaker: tasks failed to start.", "tasks failed to start.", "ECS deployment circuit breaker", breaker.get("rollback"))


def fail(round, service, reason, said, by, wants_rollback):
    """The primary deployment has FAILED; perhaps the last completed one takes over."""
    primary = service.primary
    primary.turn("FAILED", reason)
    service.say(f"(deployment {primary.id}) deployment failed: {said}")
    if primary.record:
        primary.record.failed(reason, wants_rollback and service.last_completed and not primary.is_rollback)
    if wants_rollback and service.last_completed and not primary.is_rollback:
        roll_back(round, service, service.last_completed, by)


def roll_back(round, service, target, by):
    """The newest completed deployment takes over again; if it is gone, a new one of the same kind."""
    failed = service.primary
    if target not in service.deployments:
        target = Deployment(new_deployment_id(), target.definition, service.desired, target.settings, script=target.script, launches=target.launches)
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
    round.ecs.changed.notify_all()


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
