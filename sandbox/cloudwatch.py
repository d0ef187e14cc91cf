"""CloudWatch: alarms that are in the state into which somebody puts them.  No metric is ever measured."""

import threading

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


class Alarm:
    def __init__(self, name, kind, settings):
        self.name = name
        self.kind = kind  # MetricAlarm, CompositeAlarm
        self.state = "INSUFFICIENT_DATA"
        self.reason = "Unchecked: Initial alarm creation"
        self.changed_at = clock.now()
        self.configure(settings)

    def configure(self, settings):
        """A changed alarm keeps its state, as in AWS."""
        self.settings = {key: value for key, value in settings.items() if key != "Tags"}
        self.configured_at = clock.now()

    def enter(self, state, reason):
        self.state, self.reason, self.changed_at = state, reason, clock.now()


class CloudWatchState:
    """All alarms by name.  Also the control door's `alarms`: {"name", "state", "reason"?}."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.Lock()
        self.alarms = {}
        self.subscribers = []  # called without the lock after an alarm's state was set

    def state_of(self, name):
        """An alarm's state, None where there is no such alarm."""
        with self.lock:
            return self.alarms[name].state if name in self.alarms else None

    def tell(self):
        for subscriber in self.subscribers:
            subscriber()

    def put(self, kind, params):
        with self.lock:
            alarm = self.alarms.get(params["AlarmName"])
            if alarm is None:
                self.alarms[params["AlarmName"]] = Alarm(params["AlarmName"], kind, params)
            elif alarm.kind != kind:
                raise AwsError("ValidationError", f"an alarm '{alarm.name}' of another type exists")
            else:
                alarm.configure(params)

    def view(self, alarm):
        return {
            "ActionsEnabled": True,
            **alarm.settings,
            "AlarmArn": self.account.arn("cloudwatch", f"alarm:{alarm.name}"),
            "AlarmConfigurationUpdatedTimestamp": alarm.configured_at,
            "StateValue": alarm.state,
            "StateReason": alarm.reason,
            "StateUpdatedTimestamp": alarm.changed_at,
        }

    def add(self, order):
        check_order(order, "an alarm", ("name", "state", "reason"))
        name, state = order.get("name"), order.get("state")
        if not isinstance(name, str) or not 1 <= len(name) <= 255:
            raise ValueError("'name' must be a text of 1 to 255 characters")
        if state not in _STATES:
            raise ValueError(f"'state' must be one of {', '.join(_STATES)}")
        with self.lock:
            alarm = self.alarms.setdefault(name, Alarm(name, "MetricAlarm", {"AlarmName": name}))
            alarm.enter(state, str(order.get("reason", "set by the sandbox's control door")))
        self.tell()

    def waiting(self):
        with self.lock:
            return [{"name": alarm.name, "state": alarm.state, "reason": alarm.reason} for alarm in self.alarms.values()]

    def clear(self):
        with self.lock:
            self.alarms.clear()


def put_metric_alarm(cloudwatch, params, key):
    if "Metrics" not in params and not {"MetricName", "Namespace", "Period"} <= set(params):
        raise AwsError("ValidationError", "A metric alarm needs MetricName, Namespace and Period, or Metrics")
    cloudwatch.put("MetricAlarm", params)


def put_composite_alarm(cloudwatch, params, key):
    cloudwatch.put("CompositeAlarm", params)


def set_alarm_state(cloudwatch, params, key):
    with cloudwatch.lock:
        alarm = cloudwatch.alarms.get(params["AlarmName"])
        if alarm is None:
            raise AwsError("ResourceNotFound", f"Unknown alarm {params['AlarmName']}", 404)
        alarm.enter(params["StateValue"], params["StateReason"])
    cloudwatch.tell()


def delete_alarms(cloudwatch, params, key):
    with cloudwatch.lock:
        missing = [name for name in params["AlarmNames"] if name not in cloudwatch.alarms]
        if missing:
            raise AwsError("ResourceNotFound", f"Unknown alarm {missing[0]}", 404)
        for name in params["AlarmNames"]:
            cloudwatch.alarms.pop(name, None)


def describe_alarms(cloudwatch, params, key):
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
    if names and prefix is not None:
        raise AwsError("ValidationError", "AlarmNamePrefix and AlarmNames are mutually exclusive")
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    with cloudwatch.lock:
        found = [alarm for name, alarm in sorted(cloudwatch.alarms.items())
                 if (not names or name in names) and name.startswith(prefix or "") and alarm.kind in kinds
                 and params.get("StateValue", alarm.state) == alarm.state]
        begin = _page(params, len(found))
        end = begin + params.get("MaxRecords", 50)
        views = {kind: [cloudwatch.view(alarm) for alarm in found[begin:end] if alarm.kind == kind] for kind in ("MetricAlarm", "CompositeAlarm")}
    answer = {"MetricAlarms": views["MetricAlarm"], "CompositeAlarms": views["CompositeAlarm"]}
    return {**answer, "NextToken": str(end)} if end < len(found) else answer


def _page(params, count):
    token = params.get("NextToken", "0")
    if not token.isdigit() or int(token) > count:
        raise AwsError("InvalidNextToken", "The next token specified is invalid.")
    return int(token)


OPERATIONS = {
    "PutMetricAlarm": put_metric_alarm,
    "PutCompositeAlarm": put_composite_alarm,
    "SetAlarmState": set_alarm_state,
    "DeleteAlarms": delete_alarms,
    "DescribeAlarms": describe_alarms,
}
