"""The operations on listener rules."""

import secrets

from sandbox.elb.routes import Rule, read_actions
from sandbox.errors import AwsError


def _view(rule):
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority is None,
    }


def check_groups(elb, actions):
    """The target groups of the actions exist."""
    for arn, _ in read_actions(actions)[0]:
        if arn not in elb.target_groups:
            raise AwsError("TargetGroupNotFound", f"Target group '{arn}' not found")


def _find(elb, arn):
    for listener in elb.listeners.values():
        for rule in listener.routes.all():
            if rule.arn == arn:
                return listener, rule
    raise AwsError("RuleNotFound", f"Rule '{arn}' not found")


def create_rule(elb, params, key):
    with elb.changed:
        listener = elb.listeners.get(params["ListenerArn"])
        if listener is None:
            raise AwsError("ListenerNotFound", f"Listener '{params['ListenerArn']}' not found")
        check_groups(elb, params["Actions"])
        if any(rule.priority == params["Priority"] for rule in listener.routes.rules):
            raise AwsError("PriorityInUse", f"Priority '{params['Priority']}' is currently in use")
        arn = listener.arn.replace(":listener/", ":listener-rule/", 1) + "/" + secrets.token_hex(8)
        rule = Rule(arn, params["Actions"], params["Priority"])
        rule.set_conditions(params["Conditions"])
        listener.routes.add(rule)
        return {"Rules": [_view(rule)]}


def describe_rules(elb, params, key):
    with elb.changed:
        if "RuleArns" in params:
            return {"Rules": [_view(_find(elb, arn)[1]) for arn in params["RuleArns"]]}
        listener = elb.listeners.get(params.get("ListenerArn"))
        if listener is None:
            raise AwsError("ListenerNotFound", f"Listener '{params.get('ListenerArn')}' not found")
        return {"Rules": [_view(rule) for rule in listener.routes.all()]}


def modify_rule(elb, params, key):
    with elb.changed:
        rule = _find(elb, params["RuleArn"])[1]
        if "Conditions" in params and rule.priority is None:
            raise AwsError("OperationNotPermitted", "Default rule cannot have conditions")
        if "Actions" in params:
            check_groups(elb, params["Actions"])
            rule.set_actions(params["Actions"])
        if "Conditions" in params:
            rule.set_conditions(params["Conditions"])
        return {"Rules": [_view(rule)]}


def delete_rule(elb, params, key):
    with elb.changed:
        listener, rule = _find(elb, params["RuleArn"])
        if rule.priority is None:
            raise AwsError("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
        listener.routes.remove(rule)
    return {}


OPERATIONS = {
    "CreateRule": create_rule,
    "DescribeRules": describe_rules,
    "ModifyRule": modify_rule,
    "DeleteRule": delete_rule,
}
