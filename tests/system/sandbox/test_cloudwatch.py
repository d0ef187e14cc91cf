"""CloudWatch's alarms, by its own operations and by the sandbox's door."""

import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cloudwatch(sandbox):
    return sandbox.client("cloudwatch")


@pytest.fixture
def alarm(cloudwatch):
    name = f"errors & <warnings> {uuid.uuid4().hex[:8]}"
    cloudwatch.put_metric_alarm(AlarmName=name, AlarmDescription="too many", Namespace="Shop", MetricName="Errors", Statistic="Sum", Period=60,
                                EvaluationPeriods=1, Threshold=2.5, ComparisonOperator="GreaterThanThreshold", Dimensions=[{"Name": "Service", "Value": "web"}])
    return name


def code_of(error):
    return error.value.response["Error"]["Code"]


def described(cloudwatch, name, kind="MetricAlarm"):
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=[kind])
    return answer[f"{kind}s"][0]


def test_an_alarm_begins_without_data_and_keeps_its_state(cloudwatch, alarm):
    made = described(cloudwatch, alarm)
    assert (made["StateValue"], made["Threshold"], made["Dimensions"]) == ("INSUFFICIENT_DATA", 2.5, [{"Name": "Service", "Value": "web"}])
    assert made["AlarmArn"].endswith(f":alarm:{alarm}")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="3 > 2.5")
    cloudwatch.put_metric_alarm(AlarmName=alarm, Namespace="Shop", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=9,
                                ComparisonOperator="GreaterThanThreshold")
    changed = described(cloudwatch, alarm)
    assert (changed["StateValue"], changed["StateReason"], changed["Threshold"]) == ("ALARM", "3 > 2.5", 9)


def test_lists_filter_and_page(cloudwatch):
    prefix = uuid.uuid4().hex[:8]
    for number in range(3):
        cloudwatch.put_metric_alarm(AlarmName=f"{prefix}-{number}", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                                    ComparisonOperator="LessThanThreshold")
    cloudwatch.put_composite_alarm(AlarmName=f"{prefix}-all", AlarmRule=f'ALARM("{prefix}-0")')
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2}))
    assert [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]] == [f"{prefix}-{number}" for number in range(3)]
    assert len(pages) == 2 and not any(page["CompositeAlarms"] for page in pages)
    assert described(cloudwatch, f"{prefix}-all", "CompositeAlarm")["AlarmRule"] == f'ALARM("{prefix}-0")'
    cloudwatch.set_alarm_state(AlarmName=f"{prefix}-1", StateValue="OK", StateReason="fine")
    found = cloudwatch.describe_alarms(AlarmNamePrefix=prefix, StateValue="OK")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == [f"{prefix}-1"]
    cloudwatch.delete_alarms(AlarmNames=[f"{prefix}-0", f"{prefix}-1"])
    assert len(cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]) == 1


def test_refusals(cloudwatch):
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="x")
    assert code_of(error) == "ResourceNotFound" and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as error:
        cloudwatch.delete_alarms(AlarmNames=["nobody"])
    assert code_of(error) == "ResourceNotFound"
    with pytest.raises(ClientError) as error:
        cloudwatch.describe_alarms(NextToken="x")
    assert code_of(error) == "InvalidNextToken"
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="FINE", StateReason="x")
    assert code_of(error) == "ValidationError"


def test_the_door_puts_alarms_into_a_state(sandbox, cloudwatch):
    name = uuid.uuid4().hex
    status, answer = sandbox.control("POST", {"name": name, "state": "ALARM", "reason": "by hand"}, part="alarms")
    assert status == 200 and {"name": name, "state": "ALARM", "reason": "by hand"} in answer["alarms"]
    assert described(cloudwatch, name)["StateReason"] == "by hand"
    assert sandbox.control("POST", {"name": name, "state": "FINE"}, part="alarms") == (400, {"error": "'state' must be one of OK, ALARM, INSUFFICIENT_DATA"})
    assert sandbox.control("POST", {"name": name, "status": "OK"}, part="alarms") == (400, {"error": "an alarm has no 'status'"})
    assert sandbox.control("GET", part="nothing")[0] == 404
