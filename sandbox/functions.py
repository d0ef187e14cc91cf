"""Lambda: functions that are called and answer at once.

A function is either Python, from CreateFunction's zip, run by this machine's Python in a process of its own for each
call; or an answer that the control door was told: {"name", "returns": any JSON} or {"name", "fails": {"errorMessage",
"errorType"?}} or {"name", "hold": true}, which keeps its callers waiting until the door says something else of it.
"""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_NAME = re.compile(r"(?:arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:|\d{12}:function:)?([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9$_-]+))?")
_MOST_SECONDS = 900
_LOG_BYTES = 4096

# Standard output is for prints; the answer leaves by a descriptor that the handler does not know.
_BOOT = """
import importlib, json, os, sys, traceback
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, os.getcwd())
class Context:
    function_name, aws_request_id, invoked_function_arn = sys.argv[2:5]
try:
    module, _, name = sys.argv[1].rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    answer.write(json.dumps({"returns": handler(json.load(sys.stdin), Context())}))
except Exception as error:
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__))[1:]
    answer.write(json.dumps({"fails": {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": trace}}))
"""


class Function:
    """`answer` is None for code, else an order of the control door."""

    def __init__(self, name, settings):
        self.name = name
        self.settings = settings
        self.changed_at = clock.now()
        self.revision = 0
        self.folder = None
        self.code_size = 0
        self.code_hash = ""
        self.answer = None

    def unpack(self, data, folder):
        """Take the code's zip."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                archive.extractall(folder)
        except zipfile.BadZipFile:
            raise AwsError("InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.") from None
        self.folder, self.code_size = folder, len(data)
        self.code_hash = base64.b64encode(hashlib.sha256(data).digest()).decode()
        self.changed_at = clock.now()
        self.revision += 1


class FunctionsState:
    """All functions by name; `add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account, folder):
        self.account = account
        self.changed = threading.Condition()
        self.functions = {}
        self._folder = os.path.join(folder, "functions")
        shutil.rmtree(self._folder, ignore_errors=True)  # a killed predecessor's
        os.makedirs(self._folder, 0o700)

    def new_folder(self):
        return tempfile.mkdtemp(dir=self._folder)

    def find(self, text):
        """The Function that a name, a partial or a whole ARN means."""
        match = _NAME.fullmatch(text)
        if not match:
            raise AwsError("ValidationException", f"Value '{text}' at 'functionName' failed to satisfy constraint: must be a function's name or ARN")
        function = self.functions.get(match[1])
        if function is None or match[2] not in (None, "$LATEST"):
            raise AwsError("ResourceNotFoundException", f"Function not found: {self.account.arn('lambda', 'function:' + match[1])}", 404)
        return function

    def view(self, function):
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime(function.changed_at))
        return {
            **{key: value for key, value in function.settings.items() if key != "Environment"},
            "FunctionName": function.name,
            "FunctionArn": self.account.arn("lambda", f"function:{function.name}"),
            "CodeSize": function.code_size,
            "CodeSha256": function.code_hash,
            "LastModified": moment,
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
        }

    def add(self, order):
        check_order(order, "a function", ("name", "returns", "fails", "hold"))
        name = order.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise ValueError("'name' must be 1 to 64 letters, digits, '-' and '_'")
        if len(set(order) & {"returns", "fails", "hold"}) != 1:
            raise ValueError("a function has one of 'returns', 'fails' and 'hold'")
        if "fails" in order and not isinstance(order["fails"], dict):
            raise ValueError("'fails' must be an object such as {\"errorMessage\": \"no\"}")
        with self.changed:
            function = self.functions.setdefault(name, Function(name, {}))
            function.answer = order
            self.changed.notify_all()

    def waiting(self):
        with self.changed:
            return [function.answer or {"name": function.name, "code": function.code_size} for function in self.functions.values()]

    def clear(self):
        with self.changed:
            self.functions.clear()
            self.changed.notify_all()

    def held(self, function):
        """The order that answers a call, once it is no 'hold'."""
        end = time.monotonic() + _MOST_SECONDS
        with self.changed:
            while self.functions.get(function.name) is function and function.answer and "hold" in function.answer and time.monotonic() < end:
                self.changed.wait(1)
            answer = function.answer
        return answer if answer and "hold" not in answer else {"fails": _timed_out(_MOST_SECONDS)}


def _timed_out(seconds):
    return {"errorMessage": f"{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(clock.now()))} Task timed out after {seconds:.2f} seconds"}


def create_function(functions, params, key):
    match = _NAME.fullmatch(params["FunctionName"])
    if not match or match[2]:
        raise AwsError("ValidationException", f"Value '{params['FunctionName']}' at 'functionName' is no function's name")
    code = params.get("Code", {}).get("ZipFile")
    if code is None or not params.get("Runtime", "").startswith("python3") or not re.fullmatch(r"[\w.]+\.\w+", params.get("Handler", "")):
        raise AwsError("InvalidParameterValueException", "the sandbox plays functions with Code.ZipFile, a Runtime of python3 and a Handler such as main.handler")
    settings = {name: value for name, value in params.items() if name in ("Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "Environment")}
    function = Function(match[1], {"Timeout": 3, "MemorySize": 128, **settings})
    function.unpack(code, functions.new_folder())
    with functions.changed:
        if match[1] in functions.functions:
            raise AwsError("ResourceConflictException", f"Function already exist: {match[1]}", 409)
        functions.functions[match[1]] = function
    return functions.view(function)


def update_function_code(functions, params, key):
    function = functions.find(params["FunctionName"])
    if "ZipFile" not in params:
        raise AwsError("InvalidParameterValueException", "the sandbox takes code as ZipFile only")
    function.unpack(params["ZipFile"], functions.new_folder())
    function.answer = None
    return functions.view(function)


def get_function(functions, params, key):
    return {"Configuration": functions.view(functions.find(params["FunctionName"]))}


def delete_function(functions, params, key):
    with functions.changed:
        del functions.functions[functions.find(params["FunctionName"]).name]
        functions.changed.notify_all()


def invoke(functions, params, key):
    if params.get("InvocationType", "RequestResponse") != "RequestResponse":
        raise AwsError("InvalidParameterValueException", "the sandbox plays RequestResponse only")
    function = functions.find(params["FunctionName"])
    payload = params.get("Payload", b"{}")
    try:
        json.loads(payload)
    except ValueError as error:
        raise AwsError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from None
    answer = functions.held(function) if function.answer else _run(functions, function, payload)
    result = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    if "fails" in answer:
        return {**result, "FunctionError": "Unhandled", "Payload": json.dumps(answer["fails"]).encode()}
    return {**result, "Payload": json.dumps(answer["returns"]).encode()}


def _run(functions, function, payload):
    """One call of a handler, as an order of the control door would put it."""
    seconds = function.settings["Timeout"]
    arn = functions.account.arn("lambda", f"function:{function.name}")
    environment = {"PATH": os.defpath, "AWS_REGION": functions.account.region, **function.settings.get("Environment", {}).get("Variables", {})}
    command = [sys.executable, "-I", "-c", _BOOT, function.settings["Handler"], function.name, os.urandom(8).hex(), arn]
    try:
        ended = subprocess.run(command, input=payload, capture_output=True, cwd=function.folder, env=environment, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"fails": _timed_out(seconds)}
    try:
        return json.loads(ended.stdout)
    except ValueError:
        words = ended.stderr[-_LOG_BYTES:].decode("utf-8", "replace").strip()
        return {"fails": {"errorMessage": f"Runtime exited with status {ended.returncode}: {words}", "errorType": "Runtime.ExitError"}}


OPERATIONS = {
    "CreateFunction": create_function,
    "UpdateFunctionCode": update_function_code,
    "GetFunction": get_function,
    "DeleteFunction": delete_function,
    "Invoke": invoke,
}
