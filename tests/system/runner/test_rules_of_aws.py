"""The rules that ask AWS, by a real runner against the sandbox; the orders come from a fake server."""

import json
import pathlib
import socket
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sandbox"))

from sandbox_under_test import KEY, SECRET, RunningSandbox  # noqa: E402


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = RunningSandbox(str(tmp_path_factory.mktemp("sandbox"))).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def environment(sandbox):
    return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": sandbox.endpoint}


@pytest.fixture
def runner(start_runner, environment):
    return start_runner(environment=environment)


@pytest.fixture
def offer_rule(server):
    def offer(provider, condition, configuration, **more):
        identity = str(uuid.uuid4())
        return server.offer({"id": f"job-{identity}", "provider": provider, "category": "Rule", "condition": condition, "pipeline": "shop", "stage": "Deploy",
                             "action": "Check", "executionId": "e", "actionExecutionId": identity, "configuration": configuration, **more})

    return offer


def finish(server, job, seconds=60):
    server.wait(lambda: job.result, seconds)
    return job.result


def refused(result):
    return result["outcome"], result["errorCode"], result["errorMessage"]


# ---- CloudWatchAlarm


@pytest.fixture
def alarm(sandbox):
    """Puts an alarm of this test's own into a state; its name."""

    class Alarm:
        name = f"errors & <more> {uuid.uuid4().hex[:8]}"

        def enter(self, state, reason="by a test"):
            assert sandbox.control("POST", {"name": self.name, "state": state, "reason": reason}, part="alarms")[0] == 200

    return Alarm()


def looks(sandbox, alarm):
    return [line for line in sandbox.ledger() if line["operation"] == "DescribeAlarms" and line["input"] and line["input"].get("AlarmNames") == [alarm.name]]


def test_a_metric_alarm_and_a_composite_one(sandbox, server, runner, offer_rule):
    cloudwatch = sandbox.client("cloudwatch")
    prefix = uuid.uuid4().hex[:8]
    cloudwatch.put_metric_alarm(AlarmName=f"{prefix}", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="LessThanThreshold")
    cloudwatch.put_composite_alarm(AlarmName=f"{prefix}-all", AlarmRule=f'ALARM("{prefix}")')
    for name in (prefix, f"{prefix}-all"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="1 < 2 & fine")
        result = finish(server, offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": name}))
        assert (result["outcome"], result["summary"]) == ("succeeded", f"alarm '{name}' is OK: 1 < 2 & fine")


@pytest.mark.parametrize("condition, state, states, outcome", [
    ("BEFORE_ENTRY", "OK", "", "succeeded"),
    ("BEFORE_ENTRY", "ALARM", "", "failed"),
    ("BEFORE_ENTRY", "INSUFFICIENT_DATA", "", "failed"),
    ("ON_SUCCESS", "OK", "", "succeeded"),
    ("ON_SUCCESS", "INSUFFICIENT_DATA", "", "succeeded"),
    ("ON_SUCCESS", "ALARM", "", "failed"),
    ("ON_SUCCESS", "INSUFFICIENT_DATA", "ALARM, INSUFFICIENT_DATA", "failed"),
    ("ON_FAILURE", "ALARM", "", "succeeded"),
    ("ON_FAILURE", "OK", "", "failed"),
    ("ON_FAILURE", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA", "succeeded"),
])
def test_without_a_wait_the_first_look_decides(server, runner, offer_rule, alarm, condition, state, states, outcome):
    alarm.enter(state, "why")
    job = offer_rule("CloudWatchAlarm", condition, {"AlarmName": alarm.name, "WaitTime": "0", **({"AlarmStates": states} if states else {})})
    result = finish(server, job)
    sentence = f"alarm '{alarm.name}' is {state}: why"
    assert result["outcome"] == outcome
    if outcome == "failed":
        assert refused(result) == ("failed", "JobFailed", sentence)
    else:
        assert result["summary"] == sentence
    assert sentence in job.text and job.checkpoints == []


@pytest.mark.parametrize("condition, before, after, outcome", [
    ("BEFORE_ENTRY", "ALARM", "OK", "succeeded"),
    ("ON_SUCCESS", "OK", "ALARM", "failed"),
    ("ON_FAILURE", "OK", "ALARM", "succeeded"),
])
def test_a_change_while_it_waits_decides(server, runner, offer_rule, alarm, condition, before, after, outcome):
    alarm.enter(before)
    job = offer_rule("CloudWatchAlarm", condition, {"AlarmName": alarm.name, "WaitTime": "60"})
    server.wait(lambda: any(progress.get("summary") == f"alarm '{alarm.name}' is {before}: by a test" for progress in job.progress))
    assert job.result is None and "beganMs" in job.checkpoints[0]
    alarm.enter(after)
    assert finish(server, job)["outcome"] == outcome


def test_the_wait_goes_on_where_another_runner_left_it(server, runner, offer_rule, alarm):
    alarm.enter("ALARM")
    job = offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": alarm.name, "WaitTime": "60"}, attempt=2, checkpoint={"beganMs": 1000})
    assert refused(finish(server, job)) == ("failed", "JobFailed", f"alarm '{alarm.name}' is ALARM: by a test")


def test_a_cancel_ends_the_wait(server, runner, offer_rule, alarm):
    alarm.enter("ALARM")
    job = offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": alarm.name, "WaitTime": "60"})
    server.wait(lambda: job.progress)
    server.cancel(job)
    assert finish(server, job, 20)["outcome"] == "stopped"


def test_a_cancelled_rule_does_not_begin(sandbox, server, runner, offer_rule, alarm):
    alarm.enter("OK")
    job = offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": alarm.name}, cancelled=True)
    assert finish(server, job)["outcome"] == "stopped" and looks(sandbox, alarm) == []


def test_the_rules_own_time_limit(server, runner, offer_rule, alarm):
    alarm.enter("ALARM")
    job = offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": alarm.name, "WaitTime": "60"}, timeoutSeconds=1)
    assert refused(finish(server, job, 20)) == ("failed", "JobFailed", f"the rule's time was over while it waited: alarm '{alarm.name}' is ALARM: by a test")


def test_throttling_is_waited_out(sandbox, server, runner, offer_rule, alarm):
    alarm.enter("OK")
    sandbox.control("POST", {"operation": "cloudwatch:DescribeAlarms", "kind": "throttle", "times": 2})
    assert finish(server, offer_rule("CloudWatchAlarm", "BEFORE_ENTRY", {"AlarmName": alarm.name}))["outcome"] == "succeeded"
    assert [line["outcome"]["status"] for line in looks(sandbox, alarm)] == [200]


@pytest.mark.parametrize("configuration, sentence", [
    ({}, "the rule names no alarm; set AlarmName"),
    ({"AlarmName": "nobody"}, "no alarm 'nobody' in region 'eu-west-1'; create it, or correct AlarmName"),
    ({"AlarmName": "a", "WaitTime": "soon"}, "WaitTime must be a number of minutes from 0 to 86400, not 'soon'"),
    ({"AlarmName": "a", "AlarmStates": "OK,BAD"}, "AlarmStates has 'BAD'; it takes ALARM, OK and INSUFFICIENT_DATA, with commas between"),
])
def test_a_wrong_alarm_rule(server, runner, offer_rule, configuration, sentence):
    assert refused(finish(server, offer_rule("CloudWatchAlarm", "ON_SUCCESS", configuration))) == ("failed", "ConfigurationError", sentence)


def test_a_condition_that_a_runner_does_not_know(server, runner, offer_rule):
    result = finish(server, offer_rule("CloudWatchAlarm", "AT_NIGHT", {"AlarmName": "a"}))
    assert refused(result) == ("failed", "ConfigurationError", "the server sent a rule of condition 'AT_NIGHT', which this runner does not know")


# ---- LambdaInvoke


@pytest.fixture
def function(sandbox):
    """Says what a function of this test's own answers; its name."""

    class Function:
        name = f"check-{uuid.uuid4().hex[:8]}"

        def answer(self, **answer):
            assert sandbox.control("POST", {"name": self.name, **answer}, part="functions")[0] == 200

        def calls(self):
            return [line for line in sandbox.ledger() if line["operation"] == "Invoke" and line["input"] and self.name in line["input"]["FunctionName"]]

    return Function()


@pytest.mark.parametrize("condition, answer, outcome, sentence", [
    ("BEFORE_ENTRY", {"returns": {"healthy": True}}, "succeeded", "returned {\"healthy\": true}"),
    ("ON_SUCCESS", {"returns": None}, "succeeded", "returned null"),
    ("BEFORE_ENTRY", {"fails": {"errorMessage": "2 of 3 are down", "errorType": "Sick"}}, "failed", "failed: Sick: 2 of 3 are down"),
    ("ON_SUCCESS", {"fails": {}}, "failed", "failed: Unhandled error"),
    ("ON_SUCCESS", {"returns": {"errorMessage": "caught"}}, "failed", "failed: caught"),
    ("ON_FAILURE", {"fails": {"errorMessage": "down"}}, "succeeded", "failed: down"),
    ("ON_FAILURE", {"returns": 1}, "failed", "returned 1, so that the rule does not match"),
])
def test_what_a_function_says_decides(server, runner, offer_rule, function, condition, answer, outcome, sentence):
    function.answer(**answer)
    job = offer_rule("LambdaInvoke", condition, {"FunctionName": function.name})
    result = finish(server, job)
    sentence = f"function '{function.name}' {sentence}"
    if outcome == "failed":
        assert refused(result) == ("failed", "JobFailed", sentence)
    else:
        assert (result["outcome"], result["summary"]) == (outcome, sentence)
    assert job.text.startswith(f"calling function '{function.name}'\n") and len(function.calls()) == 1
    assert job.checkpoints == [{"invoked": function.name}]


def test_a_function_gets_its_event(sandbox, server, runner, offer_rule):
    from test_lambda import zipped

    name = f"echo-{uuid.uuid4().hex[:8]}"
    made = sandbox.client("lambda").create_function(FunctionName=name, Runtime="python3.9", Role="arn:aws:iam::123456789012:role/l", Handler="main.handler",
                                                    Code={"ZipFile": zipped("def handler(event, context):\n    return event\n")})
    for function in (name, made["FunctionArn"], f"{name}:$LATEST"):
        job = offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function, "UserParameters": '{"a": "ü"}'})
        result = finish(server, job)
        assert result["outcome"] == "succeeded", result
        event = json.loads(result["summary"].partition(" returned ")[2])["CodePipeline.job"]
        assert event == {"id": job.message["actionExecutionId"], "accountId": "123456789012", "data": {
            "actionConfiguration": {"configuration": {"FunctionName": function, "UserParameters": '{"a": "ü"}'}}, "inputArtifacts": [], "outputArtifacts": []}}


def test_a_function_that_there_is_not(server, runner, offer_rule):
    for condition in ("BEFORE_ENTRY", "ON_FAILURE"):
        result = finish(server, offer_rule("LambdaInvoke", condition, {"FunctionName": "nobody"}))
        assert refused(result) == ("failed", "ConfigurationError", "no function 'nobody' in region 'eu-west-1'; create it, or correct FunctionName")
    assert refused(finish(server, offer_rule("LambdaInvoke", "ON_FAILURE", {}))) == ("failed", "ConfigurationError", "the rule names no function; set FunctionName")


def test_a_refusal_of_lambda_is_no_answer_of_the_function(sandbox, server, runner, offer_rule, function):
    function.answer(returns=1)
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "error500", "times": 1})
    result = finish(server, offer_rule("LambdaInvoke", "ON_FAILURE", {"FunctionName": function.name}))
    assert result["errorCode"] == "SystemUnavailable" and "ServiceException" in result["errorMessage"]
    assert len([line for line in sandbox.ledger() if line.get("fault") == "error500"]) == 1


def test_a_throttled_call_is_repeated(sandbox, server, runner, offer_rule, function):
    function.answer(returns=1)
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "throttle", "times": 2})
    assert finish(server, offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function.name}))["outcome"] == "succeeded"


def test_a_lost_answer_is_not_asked_for_again(sandbox, server, runner, offer_rule, function):
    function.answer(returns=1)
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "drop-reply"})
    result = finish(server, offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function.name}))
    assert (result["outcome"], result["errorCode"]) == ("failed", "JobFailed")
    assert "was called, and nobody knows how it ended" in result["errorMessage"]
    assert len(function.calls()) == 1


def test_a_call_that_did_not_arrive_was_no_call(server, start_runner, environment, offer_rule):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        start_runner(environment={**environment, "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{closed.getsockname()[1]}"})
        result = finish(server, offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": "f"}))
    assert result["errorCode"] == "SystemUnavailable" and "lambda Invoke: no answer from" in result["errorMessage"]
    assert "nobody knows" not in result["errorMessage"]


def test_kill_9_calls_no_function_twice(server, start_runner, environment, offer_rule, function):
    runner = start_runner(environment=environment)
    function.answer(hold=True)
    job = offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function.name})
    server.wait(lambda: job.checkpoints)
    runner.process.kill()
    runner.process.wait()
    function.answer(returns=1)
    runner.start()
    server.wait(lambda: len(server.hellos) == 2)
    again = offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function.name}, attempt=2, token=2, checkpoint=job.checkpoints[-1])
    result = finish(server, again)
    assert refused(result)[0:2] == ("failed", "JobFailed") and "the runner that called it was lost; it is not called twice" in result["errorMessage"]
    assert len(function.calls()) <= 1


def test_a_cancel_does_not_wait_for_the_function(server, runner, offer_rule, function):
    function.answer(hold=True)
    job = offer_rule("LambdaInvoke", "BEFORE_ENTRY", {"FunctionName": function.name})
    server.wait(lambda: "calling function" in job.text)
    server.wait(lambda: job.checkpoints)
    server.cancel(job)
    result = finish(server, job, 20)
    assert result["outcome"] == "stopped"
    function.answer(returns=1)


def test_without_credentials(server, start_runner, offer_rule, sandbox):
    start_runner(environment={"AWS_ENDPOINT_URL": sandbox.endpoint})
    for provider, configuration in (("CloudWatchAlarm", {"AlarmName": "a"}), ("LambdaInvoke", {"FunctionName": "f"})):
        result = finish(server, offer_rule(provider, "BEFORE_ENTRY", configuration))
        assert result["errorCode"] == "PermissionError" and "the runner has no AWS credentials" in result["errorMessage"]
