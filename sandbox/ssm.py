"""SSM's parameter store: String and SecureString parameters with their versions.

The control door sets values without a signature, and takes the right to read one away: {"name", "value"?, "type"?,
"denied"?: true}.
"""

import re
import threading

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_NAME = re.compile(r"/?[\w.-]+(?:/[\w.-]+)*")
_TYPES = ("String", "StringList", "SecureString")


class SsmState:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.RLock()
        self.parameters = {}  # name -> [version, the newest last]
        self.denied = set()

    def arn(self, name):
        return self.account.arn("ssm", "parameter" + ("" if name.startswith("/") else "/") + name)

    def put(self, name, value, kind):
        with self.lock:
            versions = self.parameters.setdefault(name, [])
            versions.append({"Name": name, "Type": kind, "Value": value, "Version": len(versions) + 1, "LastModifiedDate": clock.now(), "ARN": self.arn(name), "DataType": "text"})
            return len(versions)

    def find(self, asked):
        """The parameter as GetParameters answers it, or None.  A name may be an ARN and carry ":version"."""
        text = asked
        if text.startswith("arn:"):
            text = text.split(":", 5)[5].removeprefix("parameter")
            if text.partition(":")[0] not in self.parameters:
                text = text.removeprefix("/")
        name, colon, version = text.partition(":")
        versions = self.parameters.get(name, [])
        found = next((one for one in versions if str(one["Version"]) == version), None) if colon else versions[-1] if versions else None
        return {**found, "Selector": colon + version if colon else None} if found else None

    def check_right(self, name, operation, key):
        if name in self.denied:
            raise AwsError("AccessDeniedException", f"User: {key.arn} is not authorized to perform: ssm:{operation} on resource: {self.arn(name)} because no identity-based policy allows the ssm:{operation} action")

    def add(self, order):
        check_order(order, "a parameter", ("name", "value", "type", "denied"))
        if not isinstance(order.get("name"), str) or not _NAME.fullmatch(order["name"]):
            raise ValueError("'name' must be a parameter's name such as '/shop/key'")
        if order.get("type", "SecureString") not in _TYPES or not isinstance(order.get("value", ""), str):
            raise ValueError(f"'value' is a text and 'type' one of {', '.join(_TYPES)}")
        with self.lock:
            if "value" in order:
                self.put(order["name"], order["value"], order.get("type", "SecureString"))
            (self.denied.add if order.get("denied") else self.denied.discard)(order["name"])

    def waiting(self):
        with self.lock:
            return [{"name": name, "version": len(versions), "denied": name in self.denied} for name, versions in sorted(self.parameters.items())]

    def clear(self):
        with self.lock:
            self.parameters.clear()
            self.denied.clear()


def _shown(found, decrypted):
    value = found["Value"] if decrypted or found["Type"] != "SecureString" else "kms:" + found["Value"][::-1]
    return {**found, "Value": value}


def put_parameter(ssm, params, key):
    name, kind = params["Name"], params.get("Type", "String")
    if not _NAME.fullmatch(name) or name.lstrip("/").lower().startswith(("aws", "ssm")):
        raise AwsError("ValidationException", f"Parameter name: can't be prefixed with \"aws\" or \"ssm\" and has only letters, digits, '.', '-', '_': {name}")
    with ssm.lock:
        if name in ssm.parameters and not params.get("Overwrite"):
            raise AwsError("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
        return {"Version": ssm.put(name, params["Value"], kind), "Tier": "Standard"}


def get_parameters(ssm, params, key):
    names = params["Names"]
    if len(set(names)) != len(names):
        raise AwsError("ValidationException", "Duplicate parameter names are not allowed.")
    found, missing = [], []
    with ssm.lock:
        for name in names:
            ssm.check_right(name.partition(":")[0], "GetParameters", key)
            parameter = ssm.find(name)
            if parameter:
                found.append(_shown(parameter, params.get("WithDecryption")))
            else:
                missing.append(name)
    return {"Parameters": found, "InvalidParameters": missing}


def get_parameter(ssm, params, key):
    with ssm.lock:
        ssm.check_right(params["Name"].partition(":")[0], "GetParameter", key)
        parameter = ssm.find(params["Name"])
    if not parameter:
        raise AwsError("ParameterNotFound", "")
    return {"Parameter": _shown(parameter, params.get("WithDecryption"))}


def describe_parameters(ssm, params, key):
    """Filters: Name, with Equals (which is usual) or BeginsWith."""
    with ssm.lock:
        found = [versions[-1] for name, versions in sorted(ssm.parameters.items()) if all(_fits(one, name) for one in params.get("ParameterFilters", []))]
    start = int(params.get("NextToken", "0"))
    end = start + params.get("MaxResults", 10)
    answer = {"Parameters": [{name: one[name] for name in ("Name", "Type", "LastModifiedDate", "Version", "DataType")} for one in found[start:end]]}
    return {**answer, "NextToken": str(end)} if end < len(found) else answer


def _fits(wanted, name):
    if wanted["Key"] != "Name" or wanted.get("Option", "Equals") not in ("Equals", "BeginsWith"):
        raise AwsError("InvalidFilterOption", "the sandbox filters parameters by Name with Equals or BeginsWith")
    if wanted.get("Option") == "BeginsWith":
        return name.startswith(tuple(wanted["Values"]))
    return name in wanted["Values"]


def delete_parameter(ssm, params, key):
    with ssm.lock:
        if not ssm.parameters.pop(params["Name"], None):
            raise AwsError("ParameterNotFound", "")
    return {}


OPERATIONS = {"PutParameter": put_parameter, "GetParameters": get_parameters, "GetParameter": get_parameter, "DescribeParameters": describe_parameters, "DeleteParameter": delete_parameter}
