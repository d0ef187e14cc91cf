"""IAM: roles and what they may do.

The keys that AssumeRole gives for a role made here may do what the role's policies say, and nothing else
(`sandbox/rights.py` asks `may`).  A role that was never made may be assumed, too, and may do everything, as the keys of
the sandbox itself: most tests are not about rights.
"""

import re
import threading
import time
import urllib.parse

from sandbox import policy
from sandbox.errors import AwsError

_MOST_AT_ONCE = 100


class Role:
    """`inline` and `attached` map a name or an ARN to a document's text."""

    def __init__(self, arn, params):
        self.arn = arn
        self.name = params["RoleName"]
        self.path = params.get("Path", "/")
        self.trust = params["AssumeRolePolicyDocument"]
        self.description = params.get("Description")
        self.longest_session = params.get("MaxSessionDuration", 3600)
        self.tags = params.get("Tags", [])
        self.created_at = time.time()
        self.inline = {}
        self.attached = []


class IamState:
    def __init__(self, account):
        self.account = account
        self._lock = threading.Lock()
        self.roles = {}
        self.policies = {}

    def role(self, name):
        role = self.roles.get(name)
        if role is None:
            raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        return role

    def find_by_arn(self, arn):
        """The Role, or None."""
        return next((role for role in list(self.roles.values()) if role.arn == arn), None)

    def documents(self, role):
        return list(role.inline.values()) + [self.policies[arn]["text"] for arn in role.attached]

    def decide(self, role_arn, action, resource, context):
        """policy.ALLOWED and so on for who holds that role's keys; a role that is gone may do nothing."""
        role = self.find_by_arn(role_arn)
        with self._lock:
            statements = [item for text in (self.documents(role) if role else []) for item in policy.read(text)]
        return policy.decide(statements, action, resource, context)

    def trusts(self, role, key, context):
        return policy.trusts(policy.read(role.trust, trust=True), self.account.account_id, key.arn, context)


def _view(role):
    view = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": "AROA" + role.name.upper().replace("-", "")[:17].ljust(17, "X"),
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": urllib.parse.quote(role.trust, safe=""),
        "MaxSessionDuration": role.longest_session,
        "Tags": role.tags,
    }
    return {**view, "Description": role.description} if role.description else view


def _page(params, items, name, view):
    """A list in pieces; the marker is the number of the next one."""
    start = int(params["Marker"]) if params.get("Marker", "0").isdigit() and "Marker" in params else 0
    end = start + params.get("MaxItems", _MOST_AT_ONCE)
    answer = {name: [view(item) for item in items[start:end]], "IsTruncated": end < len(items)}
    return {**answer, "Marker": str(end)} if end < len(items) else answer


def create_role(iam, params, key):
    name, path = params["RoleName"], params.get("Path", "/")
    if not re.fullmatch(r"[\w+=,.@-]+", name):
        raise AwsError("ValidationError", "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
    policy.read(params["AssumeRolePolicyDocument"], trust=True)
    if name in iam.roles:
        raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    iam.roles[name] = Role(f"arn:aws:iam::{iam.account.account_id}:role{path}{name}", params)
    return {"Role": _view(iam.roles[name])}


def get_role(iam, params, key):
    return {"Role": _view(iam.role(params["RoleName"]))}


def delete_role(iam, params, key):
    role = iam.role(params["RoleName"])
    if role.inline or role.attached:
        raise AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
    del iam.roles[role.name]


def list_roles(iam, params, key):
    prefix = params.get("PathPrefix", "/")
    roles = sorted((role for role in iam.roles.values() if role.path.startswith(prefix)), key=lambda role: role.name)
    return _page(params, roles, "Roles", _view)


def update_assume_role_policy(iam, params, key):
    policy.read(params["PolicyDocument"], trust=True)
    iam.role(params["RoleName"]).trust = params["PolicyDocument"]


def put_role_policy(iam, params, key):
    policy.read(params["PolicyDocument"])
    iam.role(params["RoleName"]).inline[params["PolicyName"]] = params["PolicyDocument"]


def _inline(iam, params):
    role = iam.role(params["RoleName"])
    if params["PolicyName"] not in role.inline:
        raise AwsError("NoSuchEntity", f"The role policy with name {params['PolicyName']} cannot be found.", 404)
    return role


def get_role_policy(iam, params, key):
    role = _inline(iam, params)
    text = urllib.parse.quote(role.inline[params["PolicyName"]], safe="")
    return {"RoleName": role.name, "PolicyName": params["PolicyName"], "PolicyDocument": text}


def delete_role_policy(iam, params, key):
    del _inline(iam, params).inline[params["PolicyName"]]


def list_role_policies(iam, params, key):
    return _page(params, sorted(iam.role(params["RoleName"]).inline), "PolicyNames", str)


def create_policy(iam, params, key):
    policy.read(params["PolicyDocument"])
    arn = f"arn:aws:iam::{iam.account.account_id}:policy{params.get('Path', '/')}{params['PolicyName']}"
    if arn in iam.policies:
        raise AwsError("EntityAlreadyExists", f"A policy called {params['PolicyName']} already exists. Duplicate names are not allowed.", 409)
    iam.policies[arn] = {"name": params["PolicyName"], "path": params.get("Path", "/"), "text": params["PolicyDocument"], "at": time.time()}
    return {"Policy": _policy_view(iam, arn)}


def _known_policy(iam, arn):
    if arn not in iam.policies:
        raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    return arn


def _policy_view(iam, arn):
    kept = iam.policies[arn]
    count = sum(arn in role.attached for role in iam.roles.values())
    return {"PolicyName": kept["name"], "Arn": arn, "Path": kept["path"], "DefaultVersionId": "v1", "AttachmentCount": count, "IsAttachable": True, "CreateDate": kept["at"]}


def get_policy(iam, params, key):
    return {"Policy": _policy_view(iam, _known_policy(iam, params["PolicyArn"]))}


def get_policy_version(iam, params, key):
    kept = iam.policies[_known_policy(iam, params["PolicyArn"])]
    if params["VersionId"] != "v1":
        raise AwsError("NoSuchEntity", f"Policy version {params['VersionId']} does not exist.", 404)
    return {"PolicyVersion": {"Document": urllib.parse.quote(kept["text"], safe=""), "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": kept["at"]}}


def delete_policy(iam, params, key):
    arn = _known_policy(iam, params["PolicyArn"])
    if any(arn in role.attached for role in iam.roles.values()):
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    del iam.policies[arn]


def attach_role_policy(iam, params, key):
    role = iam.role(params["RoleName"])
    arn = _known_policy(iam, params["PolicyArn"])
    if arn not in role.attached:
        role.attached.append(arn)


def detach_role_policy(iam, params, key):
    role = iam.role(params["RoleName"])
    if params["PolicyArn"] not in role.attached:
        raise AwsError("NoSuchEntity", f"Policy {params['PolicyArn']} was not found.", 404)
    role.attached.remove(params["PolicyArn"])


def list_attached_role_policies(iam, params, key):
    role = iam.role(params["RoleName"])
    return _page(params, role.attached, "AttachedPolicies", lambda arn: {"PolicyName": iam.policies[arn]["name"], "PolicyArn": arn})


OPERATIONS = {
    "CreateRole": create_role,
    "GetRole": get_role,
    "DeleteRole": delete_role,
    "ListRoles": list_roles,
    "UpdateAssumeRolePolicy": update_assume_role_policy,
    "PutRolePolicy": put_role_policy,
    "GetRolePolicy": get_role_policy,
    "DeleteRolePolicy": delete_role_policy,
    "ListRolePolicies": list_role_policies,
    "CreatePolicy": create_policy,
    "GetPolicy": get_policy,
    "GetPolicyVersion": get_policy_version,
    "DeletePolicy": delete_policy,
    "AttachRolePolicy": attach_role_policy,
    "DetachRolePolicy": detach_role_policy,
    "ListAttachedRolePolicies": list_attached_role_policies,
}
