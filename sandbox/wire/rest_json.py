"""REST with JSON (Lambda): method and path say which operation; path, query, headers and body carry the input.

Unlike the other wires this one is made from service models, because only they know the paths.
"""

import base64
import binascii
import json
import re
import urllib.parse

from sandbox.errors import AwsError
from sandbox.validate import drop_nulls
from sandbox.wire.message import Reply
from sandbox.wire.shapes import known_members, to_iso


class RestJson:
    def __init__(self, model):
        self._routes = []
        for name in model.operation_names:
            operation = model.operation_model(name)
            path = operation.http["requestUri"].partition("?")[0].rstrip("/")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            self._routes.append((operation.http["method"], re.compile(pattern + "/?"), operation))

    def _find(self, request):
        for method, pattern, operation in self._routes:
            match = pattern.fullmatch(request.path) if method == request.method else None
            if match:
                return operation, {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}
        return None, {}

    def operation_name(self, request):
        operation, _ = self._find(request)
        return operation.name if operation else f"{request.method} {request.path}"

    def parse(self, request, operation):
        """The input as Python values, each member from its place in the shape."""
        _, places = self._find(request)
        shape = operation.input_shape
        payload = shape.serialization.get("payload") if shape is not None else None
        params = {}
        for name, member in shape.members.items() if shape is not None else ():
            location = member.serialization.get("location")
            wire_name = member.serialization.get("name", name)
            if location == "uri":
                params[name] = places[wire_name]
            elif location == "querystring" and wire_name in request.query:
                params[name] = _scalar(member, request.query[wire_name][0], wire_name)
            elif location == "header" and request.header(wire_name.lower()) is not None:
                params[name] = _scalar(member, request.header(wire_name.lower()), wire_name)
            elif payload == name and member.type_name == "blob" and request.body:
                params[name] = request.body
        if payload is None and request.body:
            params.update(_read_body(shape, request.body))
        return params

    @staticmethod
    def render(request, operation, result):
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": request.request_id}
        status = operation.http.get("responseCode", 200)
        shape = operation.output_shape
        body, rest = b"", {}
        for name, member, item in known_members(shape, result) if shape is not None else ():
            location = member.serialization.get("location")
            if location == "statusCode":
                status = item
            elif location == "header":
                headers[member.serialization.get("name", name)] = str(item)
            elif shape.serialization.get("payload") == name:
                body = item
            else:
                rest[name] = _to_json(member, item)
        if shape is not None and "payload" not in shape.serialization:
            body = json.dumps(rest).encode()
        return Reply(status, body, headers)

    @staticmethod
    def render_error(request, error):
        who = "Server" if error.status >= 500 else "User"
        body = json.dumps({"Type": who, "Message": error.message}).encode()
        return Reply(error.status, body, {"Content-Type": "application/json", "x-amzn-RequestId": request.request_id, "x-amzn-ErrorType": error.code})


def _read_body(shape, body):
    try:
        value = json.loads(body)
    except ValueError as error:
        raise AwsError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from None
    if not isinstance(value, dict):
        raise AwsError("InvalidRequestContentException", "the body is no JSON object")
    return _from_json(shape, drop_nulls(value))


def _from_json(shape, value):
    """Blobs as bytes; what the shape does not know stays, for the validator to refuse."""
    kind = shape.type_name if shape is not None else None
    if kind == "structure" and isinstance(value, dict):
        return {name: _from_json(shape.members.get(name), item) for name, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_from_json(shape.member, item) for item in value]
    if kind == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise AwsError("InvalidRequestContentException", "a blob is no base64") from None
    return value


def _to_json(shape, value):
    kind = shape.type_name
    if kind == "structure":
        return {member.serialization.get("name", name): _to_json(member, item) for name, member, item in known_members(shape, value)}
    if kind == "list":
        return [_to_json(shape.member, item) for item in value]
    if kind == "timestamp":
        return to_iso(value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def _scalar(shape, text, name):
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise AwsError("InvalidParameterValueException", f"'{text}' at '{name}' is no number") from None
    if shape.type_name == "boolean":
        return text == "true"
    return text
