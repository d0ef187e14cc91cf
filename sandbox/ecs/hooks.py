"""Lifecycle hooks of a gradual deployment: Lambda functions that are asked, and pauses that wait for a person."""

import base64
import json
import secrets
import threading

from sandbox import clock, functions
from sandbox.errors import AwsError

AWAITING = "AWAITING_ACTION"
_CALL_AGAIN_SECONDS = 30
_MOST_KEPT = 20


class HookRun:
    """One hook at one stage."""

    def __init__(self, hook, stage):
        self.hook = hook
        self.stage = stage
        self.kind = hook.get("targetType", "AWS_LAMBDA")
        random = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        self.id = f"ecs-{'pause' if self.kind == 'PAUSE' else 'lambda'}-{random}"
        self.status = AWAITING if self.kind == "PAUSE" else "IN_PROGRESS"
        timeout = hook.get("timeoutConfiguration", {})
        self.expires_at = clock.now() + 60 * timeout.get("timeoutInMinutes", 1440)
        self.timeout_action = timeout.get("action", "ROLLBACK")
        self.ask_at = clock.now()
        self.asking = False

    @property
    def settled(self):
        return self.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")

    @property
    def lets_pass(self):
        return self.status == "SUCCEEDED" or self.status == "TIMED_OUT" and self.timeout_action == "CONTINUE"

    def answer(self, action):
        self.status = "SUCCEEDED" if action == "CONTINUE" else "FAILED"

    def view(self):
        return {
            "hookId": self.id,
            "targetType": self.kind,
            "targetArn": self.hook.get("hookTargetArn"),
            "status": self.status,
            "expiresAt": self.expires_at,
            "timeoutAction": self.timeout_action,
        }


def begin(record):
    """Start the hooks of the stage that the deployment has entered."""
    wanted = [hook for hook in record.configuration.get("lifecycleHooks", []) if record.stage in hook.get("lifecycleStages", [])]
    record.hooks = ([HookRun(hook, record.stage) for hook in wanted] + record.hooks)[:_MOST_KEPT]


def passed(round, record):
    """True when all hooks of the stage let the deployment go on, False while one waits, None when one says no."""
    runs = [run for run in record.hooks if run.stage == record.stage]
    for run in runs:
        if not run.settled:
            _look_at(round, record, run)
    if any(run.settled and not run.lets_pass for run in runs):
        return None
    return all(run.settled for run in runs)


def _look_at(round, record, run):
    if clock.now() >= run.expires_at:
        run.status = "TIMED_OUT"
        return
    round.again_at(clock.monotonic() + run.expires_at - clock.now())
    if run.kind != "AWS_LAMBDA" or run.asking:
        return
    if clock.now() < run.ask_at:
        round.again_at(clock.monotonic() + run.ask_at - clock.now())
        return
    event = {
        "executionDetails": {"serviceArn": record.service.arn, "serviceDeploymentArn": record.arn, "targetServiceRevisionArn": record.target.arn, "testTrafficWeights": {}, "productionTrafficWeights": {}},
        "executionId": run.id,
        "lifecycleStage": record.stage,
        "resourceArn": record.arn,
        **({"hookDetails": run.hook["hookDetails"]} if "hookDetails" in run.hook else {}),
    }
    if clock.simulated():
        _take(run, _ask(round.ecs, run.hook.get("hookTargetArn", ""), event))
        if not run.settled:
            round.again_at(clock.monotonic() + max(0, run.ask_at - clock.now()))
        return
    run.asking = True
    threading.Thread(target=_ask_apart, args=(round.ecs, run, event), name=f"hook {run.id}", daemon=True).start()


def _ask_apart(ecs, run, event):
    answer = _ask(ecs, run.hook.get("hookTargetArn", ""), event)
    with ecs.changed:
        run.asking = False
        _take(run, answer)
        ecs.changed.notify_all()


def _ask(ecs, arn, event):
    """What the function says, {} where it fails."""
    try:
        function = ecs.functions.find(arn)
        if function.answer and "hold" in function.answer:
            return {"hookStatus": "IN_PROGRESS"}
        answer = functions.invoke(ecs.functions, {"FunctionName": arn, "Payload": json.dumps(event).encode()}, None)
        said = json.loads(answer["Payload"])
    except (AwsError, ValueError):
        return {}
    return said if isinstance(said, dict) and "FunctionError" not in answer else {}


def _take(run, said):
    if said.get("hookStatus") == "IN_PROGRESS":
        run.ask_at = clock.now() + said.get("callBackDelay", said.get("callBackDelaySeconds", _CALL_AGAIN_SECONDS))
    else:
        run.status = "SUCCEEDED" if said.get("hookStatus") == "SUCCEEDED" else "FAILED"
