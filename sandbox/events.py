"""EventBridge: rules of event buses and their targets.  No rule ever fires."""

import threading

from sandbox.errors import AwsError

_MOST_TARGETS = 5


class EventsState:
    def __init__(self, account):
        self.account = account
        self.lock = threading.RLock()
        self.rules = {}  # (bus, name) -> {"settings", "targets": {id: target}}

    def place(self, params, name):
        """(bus, rule) of a request."""
        return params.get("EventBusName", "default").rpartition("/")[2], params[name]

    def rule(self, params, name):
        bus, rule = self.place(params, name)
        if (bus, rule) not in self.rules:
            raise AwsError("ResourceNotFoundException", f"Rule {rule} does not exist on EventBus {bus}.")
        return self.rules[bus, rule]

    def arn(self, bus, rule):
        return self.account.arn("events", f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}")


def put_rule(events, params, key):
    if "ScheduleExpression" not in params and "EventPattern" not in params:
        raise AwsError("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    with events.lock:
        place = events.place(params, "Name")
        rule = events.rules.setdefault(place, {"targets": {}})
        rule["settings"] = {"State": "ENABLED", **{name: value for name, value in params.items() if name not in ("Tags", "EventBusName")}}
        return {"RuleArn": events.arn(*place)}


def describe_rule(events, params, key):
    with events.lock:
        rule = events.rule(params, "Name")
        bus, name = events.place(params, "Name")
        return {**rule["settings"], "Arn": events.arn(bus, name), "EventBusName": bus, "CreatedBy": events.account.account_id}


def delete_rule(events, params, key):
    with events.lock:
        if events.rules.get(events.place(params, "Name"), {"targets": {}})["targets"]:
            raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
        events.rules.pop(events.place(params, "Name"), None)


def put_targets(events, params, key):
    """A target of the same id is replaced as a whole, as on AWS."""
    with events.lock:
        targets = events.rule(params, "Rule")["targets"]
        if len(set(targets) | {target["Id"] for target in params["Targets"]}) > _MOST_TARGETS:
            raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        targets.update({target["Id"]: target for target in params["Targets"]})
        return {"FailedEntryCount": 0, "FailedEntries": []}


def remove_targets(events, params, key):
    with events.lock:
        targets = events.rule(params, "Rule")["targets"]
        for number in params["Ids"]:
            targets.pop(number, None)
        return {"FailedEntryCount": 0, "FailedEntries": []}


def list_targets_by_rule(events, params, key):
    with events.lock:
        targets = list(events.rule(params, "Rule")["targets"].values())
        start = int(params.get("NextToken", "0"))
        end = start + params.get("Limit", 100)
        return {"Targets": targets[start:end], "NextToken": str(end) if end < len(targets) else None}


OPERATIONS = {
    "PutRule": put_rule,
    "DescribeRule": describe_rule,
    "DeleteRule": delete_rule,
    "PutTargets": put_targets,
    "RemoveTargets": remove_targets,
    "ListTargetsByRule": list_targets_by_rule,
}
