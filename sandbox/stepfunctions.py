"""Step Functions: state machines and their executions.

A machine's definition is played where it has only Pass, Wait, Succeed and Fail states; what else ends how it ends is
told by the control door: {"name": "release", "returns": any JSON, "seconds": 30}, {"name", "fails": {"error", "cause"},
"seconds"} or {"name", "hold": true}, of executions that begin from then on.
"""

import json
import re
import uuid

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_MOST_STEPS = 100
_PAGE = 100


class Execution:
    def __init__(self, machine, arn, name, text):
        self.machine, self.arn, self.name, self.input = machine, arn, name, text
        self.status = "RUNNING"
        self.began_at = clock.now()
        self.ended_at = self.output = self.error = self.cause = None
        self.timer = None

    def end(self, status, output=None, error=None, cause=None):
        if self.status != "RUNNING":
            return
        self.status, self.output, self.error, self.cause, self.ended_at = status, output, error, cause, clock.now()
        if self.timer:
            self.timer.cancel()


class Machine:
    def __init__(self, arn, params):
        self.arn, self.name = arn, params["name"]
        self.definition, self.role_arn = params["definition"], params["roleArn"]
        self.type = params.get("type", "STANDARD")
        self.created_at = clock.now()


class StepFunctionsState:
    def __init__(self, account):
        self.account = account
        self.machines = {}
        self.executions = {}
        self._orders = {}

    def machine(self, arn):
        if not re.fullmatch(r"arn:aws:states:[\w-]+:\d{12}:stateMachine:[\w.-]+", arn):
            raise AwsError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn}'")
        machine = self.machines.get(arn)
        if machine is None:
            raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return machine

    def execution(self, arn):
        execution = self.executions.get(arn)
        if execution is None:
            raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def begin(self, execution):
        order = self._orders.get(execution.machine.name)
        seconds, ending = _of_order(order) if order else _of_definition(json.loads(execution.machine.definition), execution.input)
        if ending:
            execution.timer = clock.call_at(clock.now() + seconds, lambda: execution.end(**ending))

    def add(self, order):
        check_order(order, "a state machine", ("name", "returns", "fails", "hold", "seconds"))
        if not isinstance(order.get("name"), str) or len(set(order) & {"returns", "fails", "hold"}) != 1:
            raise ValueError("a state machine has a 'name' and one of 'returns', 'fails' and 'hold'")
        self._orders[order["name"]] = order

    def waiting(self):
        return list(self._orders.values())

    def clear(self):
        self._orders.clear()


def _of_order(order):
    """(after how many seconds, how it ends or None)"""
    seconds = order.get("seconds", 1)
    if "hold" in order:
        return 0, None
    if "fails" in order:
        return seconds, {"status": "FAILED", **order["fails"]}
    return seconds, {"status": "SUCCEEDED", "output": json.dumps(order["returns"])}


def _of_definition(definition, text):
    name, seconds, value = definition["StartAt"], 0, json.loads(text)
    for _ in range(_MOST_STEPS):
        state = definition["States"][name]
        if state["Type"] == "Fail":
            return seconds, {"status": "FAILED", "error": state.get("Error"), "cause": state.get("Cause")}
        if state["Type"] == "Wait":
            seconds += state["Seconds"]
        if state["Type"] == "Pass":
            value = state.get("Result", value)
        if state["Type"] == "Succeed" or state.get("End"):
            break
        name = state["Next"]
    return seconds, {"status": "SUCCEEDED", "output": json.dumps(value)}


def _check_definition(text):
    try:
        definition = json.loads(text)
        states = definition["States"]
        if definition["StartAt"] not in states:
            raise ValueError("StartAt names no state")
        for name, state in states.items():
            if state["Type"] not in ("Pass", "Wait", "Succeed", "Fail"):
                raise ValueError(f"the sandbox plays no {state['Type']} states; put a Pass state there and say at /_sandbox/machines how it ends")
            if state["Type"] in ("Pass", "Wait") and not state.get("End") and state.get("Next") not in states:
                raise ValueError(f"state {name} has neither End nor a Next that there is")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{error}'") from None


def create_state_machine(state, params, key):
    _check_definition(params["definition"])
    arn = state.account.arn("states", f"stateMachine:{params['name']}")
    known = state.machines.get(arn)
    if known and known.definition != params["definition"]:
        raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    machine = state.machines.setdefault(arn, Machine(arn, params))
    return {"stateMachineArn": arn, "creationDate": machine.created_at}


def describe_state_machine(state, params, key):
    machine = state.machine(params["stateMachineArn"])
    return {"stateMachineArn": machine.arn, "name": machine.name, "status": "ACTIVE", "definition": machine.definition, "roleArn": machine.role_arn, "type": machine.type, "creationDate": machine.created_at}


def delete_state_machine(state, params, key):
    state.machines.pop(params["stateMachineArn"], None)


def list_state_machines(state, params, key):
    start = int(params.get("nextToken", "0"))
    end = start + (params.get("maxResults") or _PAGE)
    machines = list(state.machines.values())
    answer = {"stateMachines": [{"stateMachineArn": one.arn, "name": one.name, "type": one.type, "creationDate": one.created_at} for one in machines[start:end]]}
    return {**answer, "nextToken": str(end)} if end < len(machines) else answer


def start_execution(state, params, key):
    machine = state.machine(params["stateMachineArn"])
    name, text = params.get("name", str(uuid.uuid4())), params.get("input", "{}")
    if not re.fullmatch(r"[\w.+!@()=^-]{1,80}", name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    try:
        json.loads(text)
    except ValueError as error:
        raise AwsError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from None
    kind = "execution" if machine.type == "STANDARD" else "express"
    arn = state.account.arn("states", f"{kind}:{machine.name}:{name}") + (f":{uuid.uuid4()}" if kind == "express" else "")
    known = state.executions.get(arn)
    if known and (known.status != "RUNNING" or known.input != text):
        raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    if known is None:
        known = state.executions[arn] = Execution(machine, arn, name, text)
        state.begin(known)
    return {"executionArn": arn, "startDate": known.began_at}


def _view(execution):
    view = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.began_at,
        "stopDate": execution.ended_at,
    }
    return {key: value for key, value in view.items() if value is not None}


def describe_execution(state, params, key):
    if ":express:" in params["executionArn"]:
        raise AwsError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {params['executionArn']}'")
    execution = state.execution(params["executionArn"])
    more = {"input": execution.input, "output": execution.output, "error": execution.error, "cause": execution.cause}
    return {**_view(execution), **{key: value for key, value in more.items() if value is not None}}


def stop_execution(state, params, key):
    execution = state.execution(params["executionArn"])
    execution.end("ABORTED", error=params.get("error"), cause=params.get("cause"))
    return {"stopDate": execution.ended_at}


def list_executions(state, params, key):
    machine = state.machine(params["stateMachineArn"])
    found = [one for one in reversed(list(state.executions.values())) if one.machine is machine and params.get("statusFilter") in (None, one.status)]
    start = int(params.get("nextToken", "0"))
    end = start + (params.get("maxResults") or _PAGE)
    answer = {"executions": [_view(one) for one in found[start:end]]}
    return {**answer, "nextToken": str(end)} if end < len(found) else answer


OPERATIONS = {
    "CreateStateMachine": create_state_machine,
    "DescribeStateMachine": describe_state_machine,
    "DeleteStateMachine": delete_state_machine,
    "ListStateMachines": list_state_machines,
    "StartExecution": start_execution,
    "DescribeExecution": describe_execution,
    "StopExecution": stop_execution,
    "ListExecutions": list_executions,
}
