"""Service deployments and service revisions: what ECS keeps of each deployment of a service, also after its end."""

import secrets
import string
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.ecs import rollout

GOING_ON = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
_ALPHABET = string.ascii_letters + string.digits + "_-"


@dataclass
class ServiceRevision:
    """A version of a service: its task definition and its settings."""

    arn: str
    definition: object
    settings: dict
    deployment: object  # the Deployment that brought it
    created_at: float = field(default_factory=clock.now)
    production_percent: float = 0.0
    test_percent: float = 0.0


@dataclass
class ServiceDeployment:
    """One way from a service's revision to another."""

    arn: str
    service: object
    target: ServiceRevision
    source: ServiceRevision
    configuration: dict
    status: str = "PENDING"
    reason: str = None
    stage: str = None
    entered: bool = False  # the stage's work has begun
    stage_since: float = 0
    percent: float = 0
    step_since: float = 0
    hooks: list = field(default_factory=list)  # hooks.HookRun of the current stage, then those before
    rollback: dict = None
    alarms_before: set = None  # alarms that rang when it began: they do not count
    alarms_rung: list = field(default_factory=list)
    failures_seen: int = 0
    serving_since: float = None  # from when all new tasks serve, for the bake time
    created_at: float = field(default_factory=clock.now)
    started_at: float = None
    finished_at: float = None
    stopped_at: float = None
    updated_at: float = field(default_factory=clock.now)

    @property
    def strategy(self):
        """How it goes: without a version before it there is nothing to shift from."""
        return self.configuration.get("strategy", "ROLLING") if self.source else "ROLLING"

    @property
    def gradual(self):
        return self.strategy != "ROLLING" and self.rollback is None

    @property
    def going_on(self):
        return self.status in GOING_ON

    def turn(self, status, reason=None):
        self.status = status
        self.reason = reason or self.reason
        self.updated_at = clock.now()
        if status == "IN_PROGRESS":
            self.started_at = clock.now()
        elif status in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"):
            self.finished_at = clock.now()
        elif status == "STOPPED":
            self.stopped_at = self.finished_at = clock.now()
        if not self.going_on and self.service.current is self:
            self.service.current = None

    def enter(self, stage):
        self.stage, self.entered, self.stage_since = stage, False, clock.monotonic()
        self.updated_at = clock.now()

    def failed(self, why, rolls_back):
        """The deployment failed; `rolls_back` where the source takes over again."""
        if rolls_back:
            self.rollback = {"reason": why, "startedAt": clock.now(), "serviceRevisionArn": self.source.arn if self.source else None}
            self.turn("ROLLBACK_IN_PROGRESS", why)
        elif self.status == "ROLLBACK_REQUESTED":
            self.turn("ROLLBACK_FAILED", "There is no earlier service revision to roll back to.")
        else:
            self.turn("STOPPED", why)

    def arrived(self, was_rollback):
        self.stage = None
        self.turn("ROLLBACK_SUCCESSFUL" if was_rollback else "SUCCESSFUL")


def begin(ecs, service, deployment):
    """Note a new deployment of a service whose controller is ECS; the one that was going on is given up."""
    place = f"{service.cluster.name}/{service.name}"
    revision = ServiceRevision(ecs.account.arn("ecs", f"service-revision/{place}/{10**18 + secrets.randbelow(9 * 10**18)}"), deployment.definition, deployment.settings, deployment)
    source = service.last_completed.revision if service.last_completed else None
    arn = ecs.account.arn("ecs", f"service-deployment/{place}/{''.join(secrets.choice(_ALPHABET) for _ in range(21))}")
    record = ServiceDeployment(arn, service, revision, source, dict(service.deployment_configuration))
    if service.current:
        service.current.turn("STOPPED", f"Service deployment stopped because of a new service deployment {arn}.")
    deployment.record, deployment.revision = record, revision
    service.current = record
    service.history.insert(0, record)


def brief(record):
    return {
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service.arn,
        "clusterArn": record.service.cluster.arn,
        "startedAt": record.started_at,
        "createdAt": record.created_at,
        "finishedAt": record.finished_at,
        "targetServiceRevisionArn": record.target.arn,
        "status": record.status,
        "statusReason": record.reason,
    }


def view(ecs, record):
    tasks = ecs.service_tasks(record.service)
    return {
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service.arn,
        "clusterArn": record.service.cluster.arn,
        "createdAt": record.created_at,
        "startedAt": record.started_at,
        "finishedAt": record.finished_at,
        "stoppedAt": record.stopped_at,
        "updatedAt": record.updated_at,
        "sourceServiceRevisions": [_summary(record.source, tasks)] if record.source else [],
        "targetServiceRevision": _summary(record.target, tasks),
        "status": record.status,
        "statusReason": record.reason,
        "lifecycleStage": record.stage,
        "lifecycleHookDetails": [run.view() for run in record.hooks] or None,
        "deploymentConfiguration": record.configuration,
        "rollback": record.rollback,
        "deploymentCircuitBreaker": _breaker(record),
        "alarms": _alarms(record),
    }


def _summary(revision, tasks):
    own = [task for task in tasks if task.deployment is revision.deployment]
    return {
        "arn": revision.arn,
        "requestedTaskCount": revision.deployment.desired,
        "runningTaskCount": sum(task.last_status == "RUNNING" for task in own),
        "pendingTaskCount": sum(task.last_status in ("PROVISIONING", "PENDING", "ACTIVATING") and not task.leaving for task in own),
        "requestedProductionTrafficWeight": revision.production_percent,
        "requestedTestTrafficWeight": revision.test_percent,
    }


def _breaker(record):
    settings = record.configuration.get("deploymentCircuitBreaker", {})
    threshold = rollout.breaker_threshold(record.service.desired, settings.get("thresholdConfiguration"))
    if not settings.get("enable"):
        status = "DISABLED"
    elif record.rollback and "circuit breaker" in record.rollback["reason"] or "circuit breaker" in (record.reason or ""):
        status = "TRIGGERED"
    else:
        status = "MONITORING" if record.going_on else "MONITORING_COMPLETE"
    return {"status": status, "failureCount": record.failures_seen, "threshold": threshold}


def _alarms(record):
    settings = record.configuration.get("alarms", {})
    if not settings.get("enable"):
        return {"status": "DISABLED", "alarmNames": settings.get("alarmNames", []), "triggeredAlarmNames": []}
    status = "TRIGGERED" if record.alarms_rung else "MONITORING" if record.going_on else "MONITORING_COMPLETE"
    return {"status": status, "alarmNames": settings["alarmNames"], "triggeredAlarmNames": record.alarms_rung}


def view_revision(ecs, revision, service):
    containers = revision.definition.body["containerDefinitions"]
    digests = {container.name: container.image_digest for task in ecs.service_tasks(service) if task.deployment is revision.deployment for container in task.containers}
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "taskDefinition": revision.definition.arn,
        "capacityProviderStrategy": revision.settings.get("capacityProviderStrategy"),
        "launchType": revision.settings.get("launchType"),
        "platformVersion": revision.settings.get("platformVersion"),
        "loadBalancers": revision.settings.get("loadBalancers", []),
        "networkConfiguration": revision.settings.get("networkConfiguration"),
        "containerImages": [{"containerName": one["name"], "image": one["image"], "imageDigest": digests.get(one["name"])} for one in containers],
        "createdAt": revision.created_at,
    }
