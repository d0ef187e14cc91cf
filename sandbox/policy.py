"""IAM's policy documents: is an action on a resource allowed?  Pure.

What AWS's documents can say and this cannot (policy variables, operators beyond the ones in `_OPERATORS`) is refused
when the document is put, so that no test passes by a rule that is not understood.
"""

import json
import re

from sandbox.errors import AwsError

ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicit", "implicit"
_STATEMENT_KEYS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal"}


def _like(pattern, text, ignore_case=False):
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


_OPERATORS = {
    "StringEquals": lambda wanted, found: wanted == found,
    "StringNotEquals": lambda wanted, found: wanted != found,
    "StringEqualsIgnoreCase": lambda wanted, found: wanted.lower() == found.lower(),
    "StringLike": _like,
    "StringNotLike": lambda wanted, found: not _like(wanted, found),
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}
_NEGATED = {"StringNotEquals", "StringNotLike"}


def read(text, trust=False):
    """The document as statements; raises MalformedPolicyDocument.  `trust`: the document of who may assume a role."""
    try:
        document = json.loads(text)
        statements = [_statement(item, trust) for item in _list(document["Statement"])]
        if document.get("Version") != "2012-10-17":
            raise ValueError("the sandbox reads Version 2012-10-17 only")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AwsError("MalformedPolicyDocument", f"Syntax errors in policy: {error}") from None
    return statements


def _list(value):
    return value if isinstance(value, list) else [value]


def _statement(item, trust):
    unknown = set(item) - _STATEMENT_KEYS
    if unknown:
        raise ValueError(f"a statement has no '{sorted(unknown)[0]}'")
    if item.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("Effect must be Allow or Deny")
    if ("Action" in item) == ("NotAction" in item):
        raise ValueError("a statement needs one of Action and NotAction")
    if not trust and ("Resource" in item) == ("NotResource" in item):
        raise ValueError("a statement needs one of Resource and NotResource")
    for action in _list(item.get("Action", item.get("NotAction"))):
        if action != "*" and not re.fullmatch(r"[a-z0-9-]+:[\w*?]+", action):
            raise ValueError(f"'{action}' is no action: vendor:Operation")
    for operator, keys in item.get("Condition", {}).items():
        if operator.removesuffix("IfExists") not in _OPERATORS:
            raise ValueError(f"the sandbox does not know the condition '{operator}'")
        if any("${" in value for values in keys.values() for value in _list(values)):
            raise ValueError("the sandbox does not know policy variables")
    return item


def decide(statements, action, resource, context):
    """ALLOWED, EXPLICIT_DENY or IMPLICIT_DENY.  `context`: condition keys and their values, texts."""
    verdict = IMPLICIT_DENY
    for statement in statements:
        if _applies(statement, action, resource, context):
            if statement["Effect"] == "Deny":
                return EXPLICIT_DENY
            verdict = ALLOWED
    return verdict


def _applies(statement, action, resource, context):
    named = any(_like(pattern, action, ignore_case=True) for pattern in _list(statement.get("Action", statement.get("NotAction"))))
    if named != ("Action" in statement):
        return False
    if resource is not None:
        lies_in = any(_like(pattern, resource) for pattern in _list(statement.get("Resource", statement.get("NotResource"))))
        if lies_in != ("Resource" in statement):
            return False
    return all(_condition_holds(operator, keys, context) for operator, keys in statement.get("Condition", {}).items())


def _condition_holds(operator, keys, context):
    name = operator.removesuffix("IfExists")
    known = {key.lower(): value for key, value in context.items()}
    for key, values in keys.items():
        found = known.get(key.lower())
        if found is None:
            if operator.endswith("IfExists") or name in _NEGATED:
                continue
            return False
        judge = all if name in _NEGATED else any
        if not judge(_OPERATORS[name](wanted, found) for wanted in _list(values)):
            return False
    return True


def trusts(statements, account_id, caller_arn, context):
    """May `caller_arn` assume the role whose trust document this is?"""
    names = {"*", account_id, f"arn:aws:iam::{account_id}:root", caller_arn, _role_of(caller_arn)}
    ours = [item for item in statements if names & set(_list(_principals(item)))]
    return decide(ours, "sts:AssumeRole", None, context) == ALLOWED


def _principals(statement):
    principal = statement.get("Principal", {})
    return principal if isinstance(principal, str) else principal.get("AWS", [])


def _role_of(arn):
    """A session stands for its role, too."""
    match = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.*", arn)
    return f"arn:aws:iam::{match[1]}:role/{match[2]}" if match else arn
