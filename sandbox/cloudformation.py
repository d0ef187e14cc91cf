"""CloudFormation: stacks as records.  Their resources are names that take a while; nothing comes of them.

An update changes the resources whose part of the template changed (all of them where a parameter did); a failure rolls
back.  The control door's `stacks`: {"name": "shop", "seconds": n, "fail": "Web", "reason": "text"} says how the next
operation on a stack goes: how long each resource takes, and which one fails.
"""

import json
import re
import secrets
import threading
import uuid

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_RESOURCE_SECONDS = 2
_BODY_MAX = 51200
_BROKEN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


def _refuse(text, code="ValidationError"):
    raise AwsError(code, text)


def read_template(text):
    """A template in JSON or YAML; YAML's short forms (!Ref) become the long ones."""
    import yaml  # Debian's python3-yaml; only who deploys so needs it

    class Loader(yaml.SafeLoader):
        pass

    def short_form(loader, suffix, node):
        value = loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else loader.construct_mapping(node, deep=True)
        return {suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix: value}

    Loader.add_multi_constructor("!", short_form)
    try:
        root = yaml.load(text, Loader)  # noqa: S506: it is a SafeLoader
    except yaml.YAMLError as error:
        _refuse(f"Template format error: {error}".replace("\n", " "))
    if not isinstance(root, dict) or not isinstance(root.get("Resources"), dict) or not root["Resources"]:
        _refuse("Template format error: At least one Resources member must be defined.")
    return root


class Stack:
    def __init__(self, arn, name):
        self.arn, self.name = arn, name
        self.status, self.reason = "REVIEW_IN_PROGRESS", None
        self.template, self.parameters, self.tags, self.role = {"Resources": {}}, {}, [], None
        self.capabilities = []
        self.created_at, self.updated_at, self.deleted_at = clock.now(), None, None
        self.events = []  # newest first
        self.resources = {}  # logical id -> {"type", "physical", "status"}
        self.change_sets = {}
        self.tokens = set()
        self.token = None  # of what is under way
        self.work = None  # a generator: a step a second
        self.before = None  # (template, parameters) that an update that is under way began with
        self.cancelled = False

    def say(self, logical, kind, physical, status, reason=None):
        self.events.insert(0, {"EventId": f"{logical}-{status}-{uuid.uuid4()}", "StackId": self.arn, "StackName": self.name, "LogicalResourceId": logical,
                               "PhysicalResourceId": physical, "ResourceType": kind, "Timestamp": clock.now(), "ResourceStatus": status,
                               "ResourceStatusReason": reason, "ClientRequestToken": self.token})

    def turn(self, status, reason=None):
        self.status, self.reason = status, reason
        self.say(self.name, "AWS::CloudFormation::Stack", self.arn, status, reason)


class CloudFormationState:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account, buckets):
        self.account, self.buckets = account, buckets
        self.lock = threading.RLock()
        self.stacks = []  # deleted ones, too; newest last
        self.orders = {}

    def find(self, name):
        """By name (not a deleted one) or ARN, or None."""
        for stack in reversed(self.stacks):
            if stack.arn == name or (stack.name == name and stack.status != "DELETE_COMPLETE"):
                return stack
        return None

    def stack(self, name):
        stack = self.find(name)
        if stack is None:
            _refuse(f"Stack with id {name} does not exist")
        return stack

    def make(self, name):
        stack = Stack(self.account.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"), name)
        self.stacks.append(stack)
        return stack

    def begin(self, stack, work, token):
        """Let a generator work on the stack, a step a second."""
        stack.work, stack.token, stack.cancelled = work, token, False
        if token:
            stack.tokens.add(token)
        next(work)
        clock.call_later(1, lambda: self._tick(stack, work))

    def _tick(self, stack, work):
        with self.lock:
            if stack.work is not work:
                return
            if next(work, "end") == "end":
                stack.work = None
            else:
                clock.call_later(1, lambda: self._tick(stack, work))

    def body(self, params):
        """The template's text, from the request or from S3."""
        text = params.get("TemplateBody")
        if text is not None:
            return text if len(text) <= _BODY_MAX else _refuse(f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {_BODY_MAX}")
        url = re.fullmatch(r"https://([a-z0-9.-]+)\.s3[.a-z0-9-]*\.amazonaws\.com/(.+)", params.get("TemplateURL", ""))
        if url is None:
            _refuse("Either Template URL or Template Body must be specified.")
        with self.buckets.lock:
            try:
                record = self.buckets.record({"Bucket": url[1], "Key": url[2]})
            except AwsError:
                _refuse("S3 error: Access Denied")
            with open(record["File"], encoding="utf-8") as file:
                return file.read()

    def add(self, order):
        check_order(order, "a stack", ("name", "seconds", "fail", "reason"))
        with self.lock:
            self.orders[order.get("name")] = order

    def waiting(self):
        with self.lock:
            return list(self.orders.values())

    def clear(self):
        with self.lock:
            self.orders.clear()


# the work


def _steps(stack, names, verb, order):
    """Bring these resources to VERB_COMPLETE one after the other; raises _Failed."""
    for name in names:
        resource = stack.resources[name]
        stack.say(name, resource["type"], resource["physical"], f"{verb}_IN_PROGRESS")
        for _ in range(int(order.get("seconds", _RESOURCE_SECONDS))):
            yield
            if stack.cancelled:
                stack.say(name, resource["type"], resource["physical"], f"{verb}_FAILED", f"Resource {verb.lower()} cancelled")
                raise _Failed("The following resource(s) failed to update: " + f"[{name}]. ", True)
        if order.get("fail") == name:
            reason = order.get("reason", f"Resource handler returned message: \"{name} is not right\" (HandlerErrorCode: GeneralServiceException)")
            stack.say(name, resource["type"], resource["physical"], f"{verb}_FAILED", reason)
            raise _Failed(f"The following resource(s) failed to {verb.lower()}: [{name}]. ", False)
        if verb == "DELETE":
            del stack.resources[name]
        stack.say(name, resource["type"], resource["physical"], f"{verb}_COMPLETE")


class _Failed(Exception):
    def __init__(self, reason, cancelled):
        super().__init__(reason)
        self.reason, self.cancelled = reason, cancelled


def _know_resources(stack, template):
    for name, body in template["Resources"].items():
        stack.resources.setdefault(name, {"type": body.get("Type", "?"), "physical": f"{stack.name}-{name}-{secrets.token_hex(6).upper()}"})


def _create(stack, template, order):
    stack.turn("CREATE_IN_PROGRESS", "User Initiated")
    yield
    _know_resources(stack, template)
    try:
        yield from _steps(stack, list(template["Resources"]), "CREATE", order)
    except _Failed as failed:
        stack.turn("ROLLBACK_IN_PROGRESS", failed.reason + "Rollback requested by user.")
        yield
        yield from _steps(stack, list(stack.resources), "DELETE", {"seconds": 1})
        stack.turn("ROLLBACK_COMPLETE")
        return
    stack.turn("CREATE_COMPLETE")


def _changed(stack, before, template):
    (old, old_parameters) = before
    if old_parameters != stack.parameters:
        return list(template["Resources"])
    return [name for name, body in template["Resources"].items() if old["Resources"].get(name) != body]


def _update(stack, before, order):
    stack.turn("UPDATE_IN_PROGRESS", "User Initiated")
    yield
    _know_resources(stack, stack.template)
    changed = _changed(stack, before, stack.template)
    try:
        yield from _steps(stack, changed, "UPDATE", order)
    except _Failed as failed:
        stack.turn("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated" if failed.cancelled else failed.reason)
        yield
        stack.cancelled = False
        stack.template, stack.parameters = before
        yield from _steps(stack, [name for name in changed if name in before[0]["Resources"]], "UPDATE", {"seconds": 1})
        for name in [name for name in stack.resources if name not in before[0]["Resources"]]:
            del stack.resources[name]
        stack.turn("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        yield
        stack.turn("UPDATE_ROLLBACK_COMPLETE")
        return
    stack.turn("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    yield
    gone = [name for name in stack.resources if name not in stack.template["Resources"]]
    yield from _steps(stack, gone, "DELETE", {"seconds": 1})
    stack.turn("UPDATE_COMPLETE")


def _delete(stack, order):
    stack.turn("DELETE_IN_PROGRESS", "User Initiated")
    yield
    try:
        yield from _steps(stack, list(stack.resources), "DELETE", order)
    except _Failed as failed:
        stack.turn("DELETE_FAILED", failed.reason)
        return
    stack.deleted_at = clock.now()
    stack.turn("DELETE_COMPLETE")


# operations


def _parameters(template, params, before):
    declared = template.get("Parameters") or {}
    given = {}
    for one in params.get("Parameters", []):
        name = one["ParameterKey"]
        if name not in declared:
            _refuse(f"Parameters: [{name}] do not exist in the template")
        given[name] = before.get(name) if one.get("UsePreviousValue") else one.get("ParameterValue", "")
    missing = [name for name, body in declared.items() if name not in given and "Default" not in body]
    if missing:
        _refuse(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: given.get(name, str(body.get("Default", ""))) for name, body in declared.items()}


def _check_rights(template, params):
    named = any(body.get("Type", "").startswith("AWS::IAM::") for body in template["Resources"].values())
    if named and not set(params.get("Capabilities", [])) & {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}:
        _refuse("Requires capabilities : [CAPABILITY_IAM]", "InsufficientCapabilitiesException")


def _take(stack, params, template, parameters):
    stack.template, stack.parameters, stack.tags = template, parameters, params.get("Tags", [])
    stack.role, stack.capabilities = params.get("RoleARN"), params.get("Capabilities", [])


def create_stack(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.find(params["StackName"])
        token = params.get("ClientRequestToken")
        if stack and token and token in stack.tokens:
            return {"StackId": stack.arn}
        if stack and stack.status != "REVIEW_IN_PROGRESS":
            _refuse(f"Stack [{stack.name}] already exists", "AlreadyExistsException")
        template = read_template(cloudformation.body(params))
        _check_rights(template, params)
        parameters = _parameters(template, params, {})
        stack = stack or cloudformation.make(params["StackName"])
        _take(stack, params, template, parameters)
        cloudformation.begin(stack, _create(stack, template, cloudformation.orders.pop(stack.name, {})), token)
        return {"StackId": stack.arn}


def _is_same(stack, template, parameters, params):
    return stack.template == template and stack.parameters == parameters and stack.tags == params.get("Tags", [])


def _check_updatable(stack):
    if stack.status.endswith("_IN_PROGRESS") or stack.status in _BROKEN or stack.status == "DELETE_COMPLETE":
        _refuse(f"Stack:{stack.arn} is in {stack.status} state and can not be updated.")


def update_stack(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.stack(params["StackName"])
        token = params.get("ClientRequestToken")
        if token and token in stack.tokens:
            return {"StackId": stack.arn}
        _check_updatable(stack)
        template = stack.template if params.get("UsePreviousTemplate") else read_template(cloudformation.body(params))
        _check_rights(template, params)
        parameters = _parameters(template, params, stack.parameters)
        if _is_same(stack, template, parameters, params):
            _refuse("No updates are to be performed.")
        before = (stack.template, stack.parameters)
        _take(stack, params, template, parameters)
        stack.updated_at = clock.now()
        cloudformation.begin(stack, _update(stack, before, cloudformation.orders.pop(stack.name, {})), token)
        return {"StackId": stack.arn}


def cancel_update_stack(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.stack(params["StackName"])
        if stack.status != "UPDATE_IN_PROGRESS":
            _refuse(f"CancelUpdateStack cannot be called from current stack status {stack.status}")
        stack.cancelled = True
        stack.token = params.get("ClientRequestToken", stack.token)
    return {}


def delete_stack(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.find(params["StackName"])
        if stack is None or stack.status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
            return {}
        cloudformation.begin(stack, _delete(stack, cloudformation.orders.pop(stack.name, {})), params.get("ClientRequestToken"))
    return {}


def describe_stacks(cloudformation, params, key):
    with cloudformation.lock:
        found = [cloudformation.stack(params["StackName"])] if "StackName" in params else [stack for stack in cloudformation.stacks if stack.status != "DELETE_COMPLETE"]
        return {"Stacks": [_view(stack) for stack in found]}


def _view(stack):
    return {"StackId": stack.arn, "StackName": stack.name, "StackStatus": stack.status, "StackStatusReason": stack.reason, "CreationTime": stack.created_at,
            "LastUpdatedTime": stack.updated_at, "DeletionTime": stack.deleted_at, "RoleARN": stack.role, "Capabilities": stack.capabilities, "Tags": stack.tags,
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in stack.parameters.items()],
            "Outputs": _outputs(stack) if stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE") else [], "DisableRollback": False}


def _outputs(stack):
    return [{"OutputKey": name, "OutputValue": _value(stack, body.get("Value"))} for name, body in (stack.template.get("Outputs") or {}).items()]


def _value(stack, value):
    known = {**{name: one["physical"] for name, one in stack.resources.items()}, **stack.parameters, "AWS::StackName": stack.name}
    if isinstance(value, dict) and "Ref" in value:
        return known.get(value["Ref"], value["Ref"])
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
        return re.sub(r"\$\{([^}]+)\}", lambda match: known.get(match[1], match[0]), value["Fn::Sub"])
    return value if isinstance(value, str) else json.dumps(value)


def describe_stack_events(cloudformation, params, key):
    with cloudformation.lock:
        return {"StackEvents": cloudformation.stack(params["StackName"]).events[:100]}


def create_change_set(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.find(params["StackName"])
        kind = params.get("ChangeSetType", "UPDATE")
        if kind == "CREATE" and stack and stack.status != "REVIEW_IN_PROGRESS":
            _refuse(f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{params['ChangeSetName']}].")
        if kind == "UPDATE":
            stack = cloudformation.stack(params["StackName"])
            _check_updatable(stack)
        template = read_template(cloudformation.body(params))
        _check_rights(template, params)
        parameters = _parameters(template, params, stack.parameters if stack else {})
        if stack is None:
            stack = cloudformation.make(params["StackName"])
            stack.turn("REVIEW_IN_PROGRESS", "User Initiated")
        name = params["ChangeSetName"]
        if name in stack.change_sets:
            _refuse(f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Name", "AlreadyExistsException")
        same = kind == "UPDATE" and _is_same(stack, template, parameters, params)
        arn = cloudformation.account.arn("cloudformation", f"changeSet/{name}/{uuid.uuid4()}")
        stack.change_sets[name] = {"arn": arn, "kind": kind, "ready_at": clock.now() + 3, "same": same, "params": params, "template": template, "parameters": parameters}
        return {"Id": arn, "StackId": stack.arn}


def _change_set(cloudformation, params):
    stack = cloudformation.stack(params["StackName"])
    if params["ChangeSetName"] not in stack.change_sets:
        _refuse(f"ChangeSet [{params['ChangeSetName']}] does not exist", "ChangeSetNotFound")
    return stack, stack.change_sets[params["ChangeSetName"]]


def describe_change_set(cloudformation, params, key):
    with cloudformation.lock:
        stack, found = _change_set(cloudformation, params)
        ready = clock.now() >= found["ready_at"]
        status = "CREATE_IN_PROGRESS" if not ready else "FAILED" if found["same"] else "CREATE_COMPLETE"
        reason = "The submitted information didn't contain changes. Submit different information to create a change set." if status == "FAILED" else None
        return {"ChangeSetName": params["ChangeSetName"], "ChangeSetId": found["arn"], "StackId": stack.arn, "StackName": stack.name, "Status": status, "StatusReason": reason,
                "ExecutionStatus": "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE", "Changes": []}


def delete_change_set(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.find(params["StackName"])
        if stack is None:
            _refuse(f"Stack [{params['StackName']}] does not exist")
        stack.change_sets.pop(params["ChangeSetName"], None)
    return {}


def execute_change_set(cloudformation, params, key):
    with cloudformation.lock:
        stack = cloudformation.stack(params["StackName"])
        token = params.get("ClientRequestToken")
        if token and token in stack.tokens:
            return {}
        stack, found = _change_set(cloudformation, params)
        if clock.now() < found["ready_at"] or found["same"]:
            _refuse(f"ChangeSet [{found['arn']}] cannot be executed in its current status", "InvalidChangeSetStatus")
        before = (stack.template, stack.parameters)
        _take(stack, found["params"], found["template"], found["parameters"])
        stack.change_sets.clear()
        order = cloudformation.orders.pop(stack.name, {})
        work = _create(stack, stack.template, order) if found["kind"] == "CREATE" else _update(stack, before, order)
        cloudformation.begin(stack, work, token)
    return {}


OPERATIONS = {
    "CreateStack": create_stack,
    "UpdateStack": update_stack,
    "CancelUpdateStack": cancel_update_stack,
    "DeleteStack": delete_stack,
    "DescribeStacks": describe_stacks,
    "DescribeStackEvents": describe_stack_events,
    "CreateChangeSet": create_change_set,
    "DescribeChangeSet": describe_change_set,
    "DeleteChangeSet": delete_change_set,
    "ExecuteChangeSet": execute_change_set,
}
