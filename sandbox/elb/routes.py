"""A listener's rules: which request goes where, and in which shares."""

import fnmatch
import threading

from sandbox.errors import AwsError

_FIELDS = ("path-pattern", "host-header", "http-header", "http-request-method")


class Rule:
    """One rule; `priority` is None for the default one, which takes what no other does."""

    def __init__(self, arn, actions, priority=None, conditions=()):
        self.arn = arn
        self.priority = priority
        self.conditions = list(conditions)
        self._lock = threading.Lock()
        self._credits = {}
        self.set_actions(actions)

    def set_actions(self, actions):
        """Raises AwsError where the sandbox cannot play them."""
        groups, fixed_response = read_actions(actions)
        with self._lock:
            self.actions, self.groups, self.fixed_response, self._credits = actions, groups, fixed_response, {}

    def set_conditions(self, conditions):
        for condition in conditions:
            if condition.get("Field") not in _FIELDS:
                raise AwsError("ValidationError", f"the sandbox has conditions of {', '.join(_FIELDS)} only, not '{condition.get('Field')}'")
        self.conditions = list(conditions)

    def next_group(self):
        """The target group whose turn it is: each as often as its weight says, evenly spread; None where all weights are 0."""
        with self._lock:
            whole = sum(weight for _, weight in self.groups)
            if whole <= 0:
                return None
            for arn, weight in self.groups:
                self._credits[arn] = self._credits.get(arn, 0) + weight
            chosen = max((arn for arn, weight in self.groups if weight > 0), key=lambda arn: self._credits[arn])
            self._credits[chosen] -= whole
            return chosen

    def fits(self, method, path, headers):
        return all(_holds(condition, method, path, headers) for condition in self.conditions)


def _holds(condition, method, path, headers):
    field = condition["Field"]
    if field == "http-header":
        settings = condition.get("HttpHeaderConfig", {})
        return _any_fits(headers.get(settings.get("HttpHeaderName", "")) or "", settings.get("Values", []))
    names = {"path-pattern": ("PathPatternConfig", path.partition("?")[0]), "host-header": ("HostHeaderConfig", (headers.get("Host") or "").partition(":")[0]), "http-request-method": ("HttpRequestMethodConfig", method)}
    name, value = names[field]
    return _any_fits(value, condition.get("Values") or condition.get(name, {}).get("Values", []))


def _any_fits(value, patterns):
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


def read_actions(actions):
    """([(target group's ARN, weight)], fixed response or None) of the one action."""
    action = actions[0] if len(actions) == 1 else {}
    if action.get("Type") == "fixed-response":
        return [], action.get("FixedResponseConfig", {"StatusCode": "503"})
    groups = [(group["TargetGroupArn"], group.get("Weight", 1)) for group in action.get("ForwardConfig", {}).get("TargetGroups", [])]
    if not groups and "TargetGroupArn" in action:
        groups = [(action["TargetGroupArn"], 1)]
    if action.get("Type") != "forward" or not groups or len({arn for arn, _ in groups}) != len(groups):
        raise AwsError("ValidationError", "the sandbox takes one action: forward to target groups, or fixed-response")
    if any(not 0 <= weight <= 999 for _, weight in groups):
        raise AwsError("ValidationError", "Weight must be from 0 to 999")
    return groups, None


def forward_to(shares):
    """The actions that send traffic by those shares, [(target group's ARN, percent)]."""
    scale = 1 if all(percent == round(percent) for _, percent in shares) else 9.99
    groups = [{"TargetGroupArn": arn, "Weight": round(percent * scale)} for arn, percent in shares]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": False}}}]


class Routes:
    """The rules of one listener."""

    def __init__(self, arn, actions):
        self.default = Rule(arn.replace(":listener/", ":listener-rule/", 1) + "/default0000000000", actions)
        self.rules = []

    def all(self):
        return self.rules + [self.default]

    def add(self, rule):
        self.rules = sorted(self.rules + [rule], key=lambda one: one.priority)

    def remove(self, rule):
        self.rules = [one for one in self.rules if one is not rule]

    def choose(self, method, path, headers):
        return next((rule for rule in self.rules if rule.fits(method, path, headers)), self.default)

    def uses(self, group_arn):
        return any(arn == group_arn for rule in self.all() for arn, _ in rule.groups)
