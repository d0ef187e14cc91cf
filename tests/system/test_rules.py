"""Conditions of stages whose rules a runner judges: real server, runner, sandbox."""

import json
import urllib.request
import uuid

import pytest
from penstock_under_test import describe, load_pipeline, newest_execution, push, stop, wait_for_end
from stack import events
from stack.events import execution

PIPELINE = """
name: checked
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: checked, BranchName: main}, outputArtifacts: [App]}
  - name: Release
    CONDITION
    actions:
      - {name: Go, provider: Commands, inputArtifacts: [App], commands: [COMMAND]}
"""


class Checks:
    """A pipeline of one checked stage, an alarm and a function of this test's own."""

    def __init__(self, server, aws, clone):
        self.server, self.aws, self.clone = server, aws, clone
        self.alarm = self.function = f"check-{uuid.uuid4().hex[:8]}"

    def load(self, condition="", command="'true'"):
        text = PIPELINE.replace("CONDITION", condition.replace("ALARM_NAME", self.alarm).replace("FUNCTION_NAME", self.function))
        load_pipeline(self.server, "checked.yml", text.replace("COMMAND", command))

    def push(self):
        return push(self.clone, "checked")[1]

    def order(self, part, **order):
        request = urllib.request.Request(f"{self.aws.endpoint}/_sandbox/{part}", json.dumps(order).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200

    def enter(self, state):
        self.order("alarms", name=self.alarm, state=state, reason="by a test")

    def answer(self, **answer):
        self.order("functions", name=self.function, **answer)

    def ended(self, execution_id):
        """(the execution's status, the stage's, what its action did)"""
        detail = wait_for_end(self.server, "checked", execution_id)
        stage = detail["stages"][1]
        return detail["execution"]["status"], stage["status"], stage["actions"][0].get("status"), describe(self.server, detail)


@pytest.fixture
def checks(server, aws, make_runner, make_clone, tmp_path):
    make_runner(server, PENSTOCK_COMMANDS_IMAGE="penstock/busybox")
    (tmp_path / "app.txt").write_text("app\n")
    load_pipeline(server, "checked.yml", PIPELINE.replace("CONDITION", "").replace("COMMAND", "'true'"))
    made = Checks(server, aws, make_clone(server, "checked", str(tmp_path)))
    return made


ALARM = "{name: Alarm, provider: CloudWatchAlarm, configuration: {AlarmName: ALARM_NAME, WaitTime: MINUTES}}"
FUNCTION = "{name: Function, provider: LambdaInvoke, configuration: {FunctionName: FUNCTION_NAME}}"
LINES = "{name: Lines, provider: Commands, inputArtifacts: [App], commands: ['test -f app.txt', 'EXTRA']}"


def entry(rule, result="FAIL"):
    return f"beforeEntry: {{conditions: [{{result: {result}, rules: [{rule}]}}]}}"


def after(rule, result="FAIL"):
    return f"onSuccess: {{conditions: [{{result: {result}, rules: [{rule}]}}]}}"


def on_failure(rule):
    return f"onFailure: {{conditions: [{{result: ROLLBACK, rules: [{rule}]}}]}}"


def test_an_alarm_keeps_an_execution_out(checks):
    checks.load(entry(ALARM.replace("MINUTES", "0")))
    checks.enter("ALARM")
    assert checks.ended(checks.push())[:3] == ("Failed", "Failed", None)
    checks.enter("OK")
    assert checks.ended(checks.push())[:3] == ("Succeeded", "Succeeded", "Succeeded")


def test_an_alarm_that_gets_well_lets_it_in(checks):
    checks.load(entry(ALARM.replace("MINUTES", "60")))
    checks.enter("ALARM")
    execution_id = checks.push()
    events.until(checks.server, lambda: looked(checks), 60, "the rule to look at the alarm")
    assert execution(checks.server, "checked", execution_id)["execution"]["status"] == "InProgress"
    checks.enter("OK")
    assert checks.ended(execution_id)[:3] == ("Succeeded", "Succeeded", "Succeeded")


def looked(checks):
    with open(f"{checks.aws.folder}/ledger.jsonl", encoding="utf-8") as file:
        return any(checks.alarm in line and "DescribeAlarms" in line for line in file)


@pytest.mark.parametrize("extra, expected", [("exit 0", ("Succeeded", "Succeeded", "Succeeded")), ("exit 1", ("Failed", "Failed", None))])
def test_commands_before_entry(checks, extra, expected):
    checks.load(entry(LINES.replace("EXTRA", extra)))
    status = checks.ended(checks.push())
    assert status[:3] == expected, status[3]


def test_a_function_after_success(checks):
    checks.load(after(FUNCTION))
    checks.answer(returns="well")
    assert checks.ended(checks.push())[:3] == ("Succeeded", "Succeeded", "Succeeded")
    checks.answer(fails={"errorMessage": "sick"})
    assert checks.ended(checks.push())[:3] == ("Failed", "Failed", "Succeeded")


def test_a_stop_while_a_rule_waits(checks):
    checks.load(entry(ALARM.replace("MINUTES", "60")))
    checks.enter("ALARM")
    execution_id = checks.push()
    events.until(checks.server, lambda: looked(checks), 60, "the rule to look at the alarm")
    stop(checks.server, "checked", execution_id)
    detail = wait_for_end(checks.server, "checked", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(checks.server, detail)


@pytest.mark.parametrize("state, rolls_back", [("ALARM", True), ("OK", False)])
def test_an_alarm_after_failure_rolls_back(checks, state, rolls_back):
    """Good first, then bad: the bad one fails, and where the alarm says so, the stage goes back to the good one."""
    checks.load(on_failure(ALARM.replace("MINUTES", "0")), "test ! -f bad.txt")
    good = checks.push()
    assert checks.ended(good)[:3] == ("Succeeded", "Succeeded", "Succeeded")
    checks.enter(state)
    checks.clone.write("bad.txt", "bad\n")
    bad = checks.push()
    assert checks.ended(bad)[:3] == ("Failed", "Failed", "Failed")
    if rolls_back:
        rollback = events.until(checks.server, lambda: another_than(checks, bad), 60, "the rollback")
        assert wait_for_end(checks.server, "checked", rollback)["execution"]["status"] == "Succeeded"
    else:
        assert newest_execution(checks.server, "checked") == bad


def another_than(checks, execution_id):
    newest = newest_execution(checks.server, "checked")
    return newest if newest != execution_id else None
