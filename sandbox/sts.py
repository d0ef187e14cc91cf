"""STS: who am I, and session credentials for a role.

A role that IAM knows is assumed by whom its trust document names, and its session may do what its policies say; any
other role of the account may be assumed by everybody, and may do everything.
"""

import base64
import json
import re

from sandbox.errors import AwsError

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/[\w+=,.@/-]+")


def get_caller_identity(iam, params, key):
    return {"UserId": key.user_id, "Account": iam.account.account_id, "Arn": key.arn}


def _refuse(who, action, role_arn):
    raise AwsError("AccessDenied", f"User: {who} is not authorized to perform: {action} on resource: {role_arn}", 403)


def _answer(iam, params, role_arn, bound):
    seconds = params.get("DurationSeconds", 3600)
    if not 900 <= seconds <= 43200:
        raise AwsError("ValidationError", "DurationSeconds must be from 900 to 43200")
    session = iam.account.add_session(role_arn, params["RoleSessionName"], seconds, bound)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": session.expires_at,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }


def assume_role(iam, params, key):
    match = _ROLE.fullmatch(params["RoleArn"])
    if not match:
        raise AwsError("ValidationError", f"{params['RoleArn']} is invalid")
    role = iam.find_by_arn(params["RoleArn"])
    context = {"sts:RoleSessionName": params["RoleSessionName"]}
    if "ExternalId" in params:
        context["sts:ExternalId"] = params["ExternalId"]
    if match[1] != iam.account.account_id or (role and not iam.trusts(role, key, context)):
        _refuse(key.arn, "sts:AssumeRole", params["RoleArn"])
    return _answer(iam, params, params["RoleArn"], role is not None)


def decode_authorization_message(iam, params, key):
    """What `UnauthorizedOperation` hides; here the text is base64 of the JSON."""
    try:
        text = base64.b64decode(params["EncodedMessage"], validate=True).decode()
        json.loads(text)
    except ValueError:
        raise AwsError("InvalidAuthorizationMessageException", "Message is not valid") from None
    return {"DecodedMessage": text}


OPERATIONS = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role, "DecodeAuthorizationMessage": decode_authorization_message}
