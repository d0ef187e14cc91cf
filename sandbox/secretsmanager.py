"""Secrets Manager: secrets, their versions and stages.

The control door sets values without a signature, and takes the right to read one away: {"name", "value"?: text or
object, "denied"?: true}.
"""

import json
import re
import secrets
import string
import threading
import uuid

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_NAME = re.compile(r"[\w/+=.@-]{1,512}")


class SecretsState:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.RLock()
        self.secrets = {}  # name -> {"arn", "created", "versions": {id: {"text", "binary", "stages", "created"}}}
        self.denied = set()

    def make(self, name):
        suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(6))
        self.secrets[name] = {"arn": self.account.arn("secretsmanager", f"secret:{name}-{suffix}"), "created": clock.now(), "versions": {}}
        return self.secrets[name]

    def find(self, asked):
        """(name, secret) by name, whole ARN or an ARN without its random end."""
        with self.lock:
            for name, secret in self.secrets.items():
                if asked in (name, secret["arn"], secret["arn"][:-7]):
                    return name, secret
        raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")

    def put(self, secret, text, binary=None, stages=("AWSCURRENT",), number=None):
        """A new version; who was current becomes previous."""
        number = number or str(uuid.uuid4())
        moved = set(stages)
        for version in secret["versions"].values():
            if "AWSCURRENT" in moved and "AWSCURRENT" in version["stages"]:
                for other in secret["versions"].values():
                    other["stages"].discard("AWSPREVIOUS")
                version["stages"].add("AWSPREVIOUS")
            version["stages"] -= moved
        secret["versions"][number] = {"text": text, "binary": binary, "stages": moved, "created": clock.now()}
        return number

    def add(self, order):
        check_order(order, "a secret", ("name", "value", "denied"))
        if not isinstance(order.get("name"), str) or not _NAME.fullmatch(order["name"]):
            raise ValueError("'name' must be a secret's name such as 'shop/db'")
        value = order.get("value")
        with self.lock:
            if value is not None:
                secret = self.secrets.get(order["name"]) or self.make(order["name"])
                self.put(secret, value if isinstance(value, str) else json.dumps(value))
            (self.denied.add if order.get("denied") else self.denied.discard)(order["name"])

    def waiting(self):
        with self.lock:
            return [{"name": name, "arn": secret["arn"], "versions": list(secret["versions"]), "denied": name in self.denied} for name, secret in sorted(self.secrets.items())]

    def clear(self):
        with self.lock:
            self.secrets.clear()
            self.denied.clear()


def create_secret(state, params, key):
    name = params["Name"]
    if not _NAME.fullmatch(name):
        raise AwsError("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
    with state.lock:
        if name in state.secrets:
            raise AwsError("ResourceExistsException", f"The operation failed because the secret {name} already exists.")
        secret = state.make(name)
        number = None
        if "SecretString" in params or "SecretBinary" in params:
            number = state.put(secret, params.get("SecretString"), params.get("SecretBinary"), number=params.get("ClientRequestToken"))
    return {"ARN": secret["arn"], "Name": name, "VersionId": number}


def put_secret_value(state, params, key):
    with state.lock:
        name, secret = state.find(params["SecretId"])
        stages = params.get("VersionStages", ["AWSCURRENT"])
        number = state.put(secret, params.get("SecretString"), params.get("SecretBinary"), stages, params.get("ClientRequestToken"))
    return {"ARN": secret["arn"], "Name": name, "VersionId": number, "VersionStages": sorted(stages)}


def describe_secret(state, params, key):
    with state.lock:
        name, secret = state.find(params["SecretId"])
        stages = {number: sorted(version["stages"]) for number, version in secret["versions"].items() if version["stages"]}
    return {"ARN": secret["arn"], "Name": name, "CreatedDate": secret["created"], "VersionIdsToStages": stages}


def get_secret_value(state, params, key):
    with state.lock:
        asked = params["SecretId"]
        if asked in state.denied or any(state.secrets[name]["arn"] == asked for name in state.denied if name in state.secrets):
            raise AwsError("AccessDeniedException", f"User: {key.arn} is not authorized to perform: secretsmanager:GetSecretValue on resource: {asked} because no identity-based policy allows the secretsmanager:GetSecretValue action")
        name, secret = state.find(asked)
        stage = params.get("VersionStage", None if "VersionId" in params else "AWSCURRENT")
        for number, version in secret["versions"].items():
            if params.get("VersionId", number) == number and (stage is None or stage in version["stages"]):
                return {
                    "ARN": secret["arn"],
                    "Name": name,
                    "VersionId": number,
                    "SecretString": version["text"],
                    "SecretBinary": version["binary"],
                    "VersionStages": sorted(version["stages"]),
                    "CreatedDate": version["created"],
                }
    what = f"VersionId: {params['VersionId']}" if "VersionId" in params else f"staging label: {stage}"
    raise AwsError("ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {what}")


def delete_secret(state, params, key):
    with state.lock:
        name, secret = state.find(params["SecretId"])
        del state.secrets[name]
    return {"ARN": secret["arn"], "Name": name, "DeletionDate": clock.now()}


OPERATIONS = {"CreateSecret": create_secret, "PutSecretValue": put_secret_value, "GetSecretValue": get_secret_value, "DescribeSecret": describe_secret, "DeleteSecret": delete_secret}
