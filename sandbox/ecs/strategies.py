"""Gradual deployments: BLUE_GREEN, CANARY and LINEAR, stage by stage.

The new version is started beside the old one, in the target group that has no traffic, and then the listener rules'
weights move to it; what a stage waits for are its own work, its hooks and its bake time.
"""

from sandbox import clock
from sandbox.ecs import ending, hooks, rolling, traffic
from sandbox.ecs.watching import healthy

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
_STAGE_LIMIT_SECONDS = 24 * 3600
_STAGE_SECONDS = 0.1  # until the next look at a stage; a second in simulated time, as for any change


def going_on(service):
    """Is the service in the middle of a gradual deployment, before its clean-up?"""
    record = service.current
    return record is not None and record.gradual and record.stage != "CLEAN_UP"


def step(round, service, tasks):
    """Keep both versions at their strength, and the deployment's stage moving."""
    record = service.current
    if record.stage is None:
        record.enter(STAGES[0])
    green, blue = service.primary, record.source.deployment
    green.desired = service.desired if _scaled_up(record) else 0
    blue.desired = service.desired
    for deployment in (green, blue):
        _keep(round, service, tasks, deployment)
    others = [task for task in tasks if not task.leaving and task.deployment not in (green, blue)]
    rolling.stop_some(round, service, others, len(others), set())
    for deployment in service.deployments:
        if deployment not in (green, blue):
            deployment.desired = 0
    _move(round, service, record, [task for task in tasks if task.deployment is green])


def _scaled_up(record):
    return STAGES.index(record.stage) >= STAGES.index("SCALE_UP")


def _keep(round, service, tasks, deployment):
    present = [task for task in tasks if task.deployment is deployment and not task.leaving]
    if len(present) < deployment.desired and deployment.rollout_state != "FAILED":
        rolling.start_some(round, service, deployment, deployment.desired - len(present))
    elif len(present) > deployment.desired:
        rolling.stop_some(round, service, present, len(present) - deployment.desired, {task.arn for task in present if healthy(round, task)})


def _move(round, service, record, green_tasks):
    """Begin the stage's work, or go to the next stage when all of this one is done."""
    if not record.entered:
        record.entered = True
        _begin(round, service, record)
        hooks.begin(record)
        round.again_at(clock.monotonic() + _STAGE_SECONDS)
        return
    passed = hooks.passed(round, record)
    if passed is None:
        name = record.stage
        ending.fail(round, service, f"ECS deployment failed: lifecycle hook of stage {name} did not succeed.", f"lifecycle hook failed at stage {name}.", "ECS deployment", True)
        return
    if not passed:
        return
    if not _work_done(round, service, record, green_tasks):
        if _over(round, record.stage_since + _STAGE_LIMIT_SECONDS):
            ending.fail(round, service, f"ECS deployment failed: stage {record.stage} timed out.", f"stage {record.stage} timed out.", "ECS deployment", True)
        return
    if record.stage == "PRODUCTION_TRAFFIC_SHIFT" and record.percent < 100:
        record.entered = False  # the next step of traffic, with the stage's hooks again
    else:
        record.enter(STAGES[STAGES.index(record.stage) + 1])
    round.again_at(clock.monotonic() + _STAGE_SECONDS)


def _begin(round, service, record):
    if record.stage == "RECONCILE_SERVICE":
        # Both target groups stand in the rules from now on: one that no rule knows is not checked.
        traffic.shift_back(round.ecs, record)
    elif record.stage == "TEST_TRAFFIC_SHIFT":
        traffic.shift(round.ecs, record, 100, "testListenerRule")
    elif record.stage == "PRODUCTION_TRAFFIC_SHIFT":
        record.percent = _next_percent(record)
        record.step_since = clock.monotonic()
        traffic.shift(round.ecs, record, record.percent, "productionListenerRule")


def _next_percent(record):
    if record.strategy == "LINEAR":
        return min(100.0, record.percent + record.configuration.get("linearConfiguration", {}).get("stepPercent", 10.0))
    if record.strategy == "CANARY" and record.percent == 0:
        return min(100.0, record.configuration.get("canaryConfiguration", {}).get("canaryPercent", 5.0))
    return 100.0


def _step_minutes(record):
    """How long a step of traffic short of all is watched."""
    if record.percent >= 100:
        return 0
    if record.strategy == "LINEAR":
        return record.configuration.get("linearConfiguration", {}).get("stepBakeTimeInMinutes", 6)
    return record.configuration.get("canaryConfiguration", {}).get("canaryBakeTimeInMinutes", 10)


def _work_done(round, service, record, green_tasks):
    if record.stage == "SCALE_UP":
        return sum(healthy(round, task) for task in green_tasks) >= service.desired
    if record.stage == "PRODUCTION_TRAFFIC_SHIFT":
        return _over(round, record.step_since + 60 * _step_minutes(record))
    if record.stage == "BAKE_TIME":
        return _over(round, record.stage_since + 60 * record.configuration.get("bakeTimeInMinutes", 0))
    return True


def _over(round, moment):
    if clock.monotonic() >= moment:
        return True
    round.again_at(moment)
    return False
