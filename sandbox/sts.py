"""STS: who am I, and session credentials for a role.  Any role of the account may be assumed."""

import re

from sandbox.errors import AwsError

_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/[\w+=,.@/-]+")


def get_caller_identity(account, params, key):
    return {"UserId": key.user_id, "Account": account.account_id, "Arn": key.arn}


def assume_role(account, params, key):
    match = _ROLE.fullmatch(params["RoleArn"])
    if not match:
        raise AwsError("ValidationError", f"{params['RoleArn']} is invalid")
    if match[1] != account.account_id:
        raise AwsError("AccessDenied", f"User: {key.arn} is not authorized to perform: sts:AssumeRole on resource: {params['RoleArn']}", 403)
    seconds = params.get("DurationSeconds", 3600)
    if not 900 <= seconds <= 43200:
        raise AwsError("ValidationError", "DurationSeconds must be from 900 to 43200")
    session = account.add_session(params["RoleArn"], params["RoleSessionName"], seconds)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "SessionToken": session.token,
            "Expiration": session.expires_at,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }


OPERATIONS = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
