"""Lambda's functions: Python from a zip, and answers that the sandbox's door was told."""

import io
import json
import threading
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError

CODE = """
import os

def handler(event, context):
    print("a print is no answer")
    if event.get("fail"):
        raise ValueError("no: " + event["fail"])
    if event.get("exit"):
        os._exit(3)
    if event.get("forever"):
        while True:
            pass
    return {"event": event, "name": context.function_name, "mode": os.environ["MODE"], "home": os.environ.get("HOME")}
"""


def zipped(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("main.py", text)
    return out.getvalue()


@pytest.fixture
def functions(sandbox):
    return sandbox.client("lambda")


@pytest.fixture
def function(functions):
    name = f"f-{uuid.uuid4().hex[:10]}"
    made = functions.create_function(FunctionName=name, Runtime="python3.9", Role="arn:aws:iam::123456789012:role/lambda", Handler="main.handler",
                                     Code={"ZipFile": zipped(CODE)}, Timeout=2, Environment={"Variables": {"MODE": "fast"}})
    assert made["FunctionArn"].endswith(f":function:{name}") and made["State"] == "Active"
    return name


def call(functions, name, **event):
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def code_of(error):
    return error.value.response["Error"]["Code"]


def test_python_runs(functions, function):
    arn = functions.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    for name in (function, arn, f"{function}:$LATEST"):
        assert call(functions, name, a="ü") == (None, {"event": {"a": "ü"}, "name": function, "mode": "fast", "home": None})


def test_an_error_is_a_function_error(functions, function):
    error, payload = call(functions, function, fail="today")
    assert error == "Unhandled" and (payload["errorType"], payload["errorMessage"]) == ("ValueError", "no: today")
    error, payload = call(functions, function, exit=True)
    assert error == "Unhandled" and payload["errorMessage"].startswith("Runtime exited with status 3")
    error, payload = call(functions, function, forever=True)
    assert error == "Unhandled" and payload["errorMessage"].endswith("Task timed out after 2.00 seconds")


def test_new_code(functions, function):
    functions.update_function_code(FunctionName=function, ZipFile=zipped("def handler(event, context):\n    return 'new'\n"))
    assert call(functions, function) == (None, "new")


def test_refusals(functions, function):
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName="nobody")
    assert code_of(error) == "ResourceNotFoundException" and error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName=function, Payload=b"{")
    assert code_of(error) == "InvalidRequestContentException"
    with pytest.raises(ClientError) as error:
        functions.create_function(FunctionName=function, Runtime="python3.9", Role="arn:aws:iam::123456789012:role/l", Handler="main.handler", Code={"ZipFile": zipped(CODE)})
    assert code_of(error) == "ResourceConflictException"
    with pytest.raises(ClientError) as error:
        functions.create_function(FunctionName="other", Runtime="python3.9", Role="arn:aws:iam::123456789012:role/l", Handler="main.handler", Code={"ZipFile": b"no zip"})
    assert code_of(error) == "InvalidParameterValueException"
    with pytest.raises(ClientError) as error:
        functions.list_functions()
    assert code_of(error) == "UnknownOperationException"
    functions.delete_function(FunctionName=function)
    with pytest.raises(ClientError) as error:
        functions.get_function(FunctionName=function)
    assert code_of(error) == "ResourceNotFoundException"


def test_wrong_secret_and_faults(sandbox, functions, function):
    with pytest.raises(ClientError) as error:
        sandbox.client("lambda", aws_secret_access_key="wrong").invoke(FunctionName=function)
    assert code_of(error) == "InvalidSignatureException"
    sandbox.control("POST", [{"operation": "lambda:Invoke", "kind": "throttle"}, {"operation": "lambda:Invoke", "kind": "error500"}])
    for code, status in (("TooManyRequestsException", 429), ("ServiceException", 500)):
        with pytest.raises(ClientError) as error:
            functions.invoke(FunctionName=function)
        assert (code_of(error), error.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def test_the_door_says_what_a_function_answers(sandbox, functions):
    name = f"f-{uuid.uuid4().hex[:10]}"
    sandbox.control("POST", {"name": name, "returns": [1, 2]}, part="functions")
    assert call(functions, name) == (None, [1, 2])
    sandbox.control("POST", {"name": name, "fails": {"errorMessage": "no"}}, part="functions")
    assert call(functions, name) == ("Unhandled", {"errorMessage": "no"})
    sandbox.control("POST", {"name": name, "hold": True}, part="functions")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(call(functions, name)))
    caller.start()
    sandbox.control("POST", {"name": name, "returns": "late"}, part="functions")
    caller.join(30)
    assert answers == [(None, "late")]
    for order, sentence in (({"name": name}, "a function has one of 'returns', 'fails' and 'hold'"), ({"name": "a b", "returns": 1}, "'name' must be 1 to 64 letters, digits, '-' and '_'")):
        assert sandbox.control("POST", order, part="functions") == (400, {"error": sentence})
