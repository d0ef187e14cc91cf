"""AWS Query: a form with an Action in, XML out (STS, the load balancer, CloudWatch)."""

import urllib.parse
from xml.sax.saxutils import escape

from sandbox.errors import AwsError
from sandbox.wire.message import Reply
from sandbox.wire.shapes import known_members, to_iso


def _form(request):
    text = request.body.decode("utf-8", "replace") if request.method == "POST" else request.target.partition("?")[2]
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise AwsError("MalformedQueryString", "a parameter stands twice in the form")
    return form


def operation_name(request):
    return _form(request).get("Action", "")


def parse(request, operation):
    """The input as Python values; a form key that the input shape cannot take is refused."""
    form = _form(request)
    form.pop("Action", None)
    version = form.pop("Version", None)
    expected = operation.service_model.api_version
    if version != expected:
        raise AwsError("InvalidAction", f"Could not find operation {operation.name} for version {version}; this service has {expected}")
    used = set()
    params = _take_structure(operation.input_shape, "", form, used) if operation.input_shape else {}
    for key in form:
        if key not in used:
            raise AwsError("ValidationError", f"Unknown parameter in input: \"{key}\"")
    return params


def _take(shape, prefix, form, used):
    kind = shape.type_name
    if kind == "structure":
        return _take_structure(shape, prefix + ".", form, used)
    if kind == "list":
        return _take_list(shape, prefix, form, used)
    if kind == "map":
        return _take_map(shape, prefix, form, used)
    used.add(prefix)
    return _scalar(kind, form[prefix], prefix)


def _present(form, prefix):
    return prefix in form or any(key.startswith(prefix + ".") for key in form)


def _take_structure(shape, prefix, form, used):
    result = {}
    for name, member in shape.members.items():
        key = prefix + member.serialization.get("name", name)
        if _present(form, key):
            result[name] = _take(member, key, form, used)
    return result


def _take_list(shape, prefix, form, used):
    if form.get(prefix) == "":  # how botocore writes an empty list
        used.add(prefix)
        return []
    step = prefix if shape.serialization.get("flattened") else prefix + "." + shape.member.serialization.get("name", "member")
    result = []
    while _present(form, f"{step}.{len(result) + 1}"):
        result.append(_take(shape.member, f"{step}.{len(result) + 1}", form, used))
    return result


def _take_map(shape, prefix, form, used):
    result = {}
    number = 1
    while _present(form, f"{prefix}.entry.{number}"):
        key = _take(shape.key, f"{prefix}.entry.{number}.key", form, used)
        result[key] = _take(shape.value, f"{prefix}.entry.{number}.value", form, used)
        number += 1
    return result


def _scalar(kind, text, name):
    if kind in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise AwsError("MalformedInput", f"'{text}' at '{name}' is no number") from None
    if kind in ("double", "float"):
        try:
            return float(text)
        except ValueError:
            raise AwsError("MalformedInput", f"'{text}' at '{name}' is no number") from None
    if kind == "boolean":
        if text not in ("true", "false"):
            raise AwsError("MalformedInput", f"'{text}' at '{name}' is neither true nor false")
        return text == "true"
    return text


def render(request, operation, result):
    name = operation.name
    namespace = operation.service_model.metadata["xmlNamespace"]
    inner = ""
    if operation.output_shape is not None:
        wrapper = operation.output_shape.serialization.get("resultWrapper", f"{name}Result")
        inner = f"<{wrapper}>{_members(operation.output_shape, result)}</{wrapper}>"
    body = (
        f'<{name}Response xmlns="{namespace}">{inner}'
        f"<ResponseMetadata><RequestId>{request.request_id}</RequestId></ResponseMetadata></{name}Response>"
    )
    return Reply(200, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request.request_id})


def render_error(request, error):
    who = "Receiver" if error.status >= 500 else "Sender"
    body = (
        f"<ErrorResponse><Error><Type>{who}</Type><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request.request_id}</RequestId></ErrorResponse>"
    )
    return Reply(error.status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request.request_id})


def _members(shape, value):
    return "".join(_element(member.serialization.get("name", name), member, item) for name, member, item in known_members(shape, value))


def _element(name, shape, value):
    return f"<{name}>{xml_text(shape, value)}</{name}>"


def xml_text(shape, value):
    """The XML inside the element of that shape."""
    kind = shape.type_name
    if kind == "structure":
        return _members(shape, value)
    if kind == "list":
        return "".join(_element(shape.member.serialization.get("name", "member"), shape.member, item) for item in value)
    if kind == "map":
        entries = (_element("key", shape.key, key) + _element("value", shape.value, item) for key, item in value.items())
        return "".join(f"<entry>{entry}</entry>" for entry in entries)
    if kind == "timestamp":
        return to_iso(value)
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value))
