"""AWS JSON 1.1: the operation stands in X-Amz-Target, the input is the body."""

import base64
import json

from sandbox.errors import AwsError
from sandbox.validate import drop_nulls
from sandbox.wire.message import Reply
from sandbox.wire.shapes import known_members, to_epoch


def operation_name(request):
    return (request.header("x-amz-target") or "").rpartition(".")[2]


def parse(request, operation):
    """The input as Python values."""
    try:
        params = json.loads(request.body or b"{}", object_pairs_hook=_no_duplicates)
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is no JSON: {error}") from None
    if not isinstance(params, dict):
        raise AwsError("SerializationException", "the body is no JSON object")
    return drop_nulls(params)


def _no_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def render(request, operation, result):
    body = b""
    if operation.output_shape is not None:
        body = json.dumps(_value(operation.output_shape, result)).encode()
    return Reply(200, body, {"Content-Type": _content_type(request), "x-amzn-RequestId": request.request_id})


def render_error(request, error):
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return Reply(error.status, body, {"Content-Type": _content_type(request), "x-amzn-RequestId": request.request_id})


def _content_type(request):
    return request.header("content-type") or "application/x-amz-json-1.1"


def _value(shape, value):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {member.serialization.get("name", name): _value(member, item) for name, member, item in known_members(shape, value)}
    if kind == "list":
        return [_value(shape.member, item) for item in value]
    if kind == "map":
        return {key: _value(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return to_epoch(value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value
