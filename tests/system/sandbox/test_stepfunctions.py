"""State machines and their executions."""

import json

import botocore.exceptions
import pytest
from sandbox_under_test import ACCOUNT, REGION, eventually

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


def machine(states, first):
    return json.dumps({"StartAt": first, "States": states})


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def ended(client, arn):
    return eventually(lambda: (found := client.describe_execution(executionArn=arn))["status"] != "RUNNING" and found, "the execution ended")


def test_executions(sandbox):
    client = sandbox.client("stepfunctions")
    definition = machine({"A": {"Type": "Pass", "Result": {"x": 1}, "Next": "B"}, "B": {"Type": "Succeed"}}, "A")
    arn = client.create_state_machine(name="passing", definition=definition, roleArn=ROLE)["stateMachineArn"]
    assert arn == f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:passing"
    first = client.start_execution(stateMachineArn=arn, name="one", input="{}")["executionArn"]
    found = ended(client, first)
    assert found["status"] == "SUCCEEDED" and json.loads(found["output"]) == {"x": 1}
    assert refused(client.start_execution, stateMachineArn=arn, name="one", input="{}") == "ExecutionAlreadyExists"
    assert refused(client.start_execution, stateMachineArn=arn, name="two", input="{") == "InvalidExecutionInput"
    assert refused(client.start_execution, stateMachineArn=arn + "x", name="two") == "StateMachineDoesNotExist"
    assert refused(client.describe_execution, executionArn=first + "x") == "ExecutionDoesNotExist"
    assert refused(client.create_state_machine, name="other", roleArn=ROLE, definition=machine({"A": {"Type": "Task", "End": True}}, "A")) == "InvalidDefinition"


def test_the_door_says_how_they_end(sandbox):
    client = sandbox.client("stepfunctions")
    definition = machine({"A": {"Type": "Pass", "End": True}}, "A")
    arn = client.create_state_machine(name="told", definition=definition, roleArn=ROLE)["stateMachineArn"]
    assert sandbox.control("POST", {"name": "told", "hold": True}, part="machines")[0] == 200
    held = client.start_execution(stateMachineArn=arn, name="held", input="{}")["executionArn"]
    assert client.start_execution(stateMachineArn=arn, name="held", input="{}")["executionArn"] == held
    client.stop_execution(executionArn=held, cause="enough")
    assert client.describe_execution(executionArn=held)["status"] == "ABORTED"
    sandbox.control("POST", {"name": "told", "fails": {"error": "No", "cause": "because"}, "seconds": 0}, part="machines")
    found = ended(client, client.start_execution(stateMachineArn=arn, name="failing")["executionArn"])
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "No", "because")
    assert sandbox.control("POST", {"name": "told"}, part="machines")[0] == 400
