"""S3's REST protocol: method, path and query say which operation; headers and XML carry the rest.

Only path style (`/bucket/key`), and only what `sandbox/s3.py` plays.
"""

import email.utils
import urllib.parse
import xml.etree.ElementTree
from xml.sax.saxutils import escape

from sandbox.errors import AwsError
from sandbox.wire.message import Reply
from sandbox.wire.query import xml_text
from sandbox.wire.shapes import known_members, to_epoch

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_ROOTS = {
    "ListObjectsV2": "ListBucketResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "GetBucketVersioning": "VersioningConfiguration",
    "CopyObject": "CopyObjectResult",
}
# (of an object?, method, query) -> operation
_SUB_RESOURCES = {
    (True, "POST", "uploads"): "CreateMultipartUpload",
    (True, "PUT", "partNumber", "uploadId"): "UploadPart",
    (True, "POST", "uploadId"): "CompleteMultipartUpload",
    (True, "DELETE", "uploadId"): "AbortMultipartUpload",
    (False, "GET", "uploads"): "ListMultipartUploads",
    (False, "PUT", "versioning"): "PutBucketVersioning",
    (False, "GET", "versioning"): "GetBucketVersioning",
}


def _split(request):
    bucket, _, key = request.path.lstrip("/").partition("/")
    return urllib.parse.unquote(bucket), urllib.parse.unquote(key)


def operation_name(request):
    bucket, key = _split(request)
    query = request.query
    by_object = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
    by_bucket = {"PUT": "CreateBucket", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
    sub_resources = set(query) - {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "x-id", "versionId"}
    if not bucket:
        return "ListBuckets"
    named = _SUB_RESOURCES.get((bool(key), request.method, *sorted(sub_resources)))
    if named:
        return named
    if sub_resources:
        return sorted(sub_resources)[0]  # ?uploads, ?acl and so on: not played, so refused by that name
    if key and request.method == "PUT" and request.header("x-amz-copy-source") is not None:
        return "CopyObject"
    if key:
        return by_object.get(request.method, request.method)
    if request.method == "GET":
        return "ListObjectsV2" if query.get("list-type") == ["2"] else "ListObjects"
    return by_bucket.get(request.method, request.method)


def parse(request, operation):
    """The input: members by their place in the shape (uri, querystring, header, headers, payload)."""
    bucket, key = _split(request)
    places = {"Bucket": bucket, "Key": key}
    query = request.query
    params = {}
    for name, member in operation.input_shape.members.items() if operation.input_shape else ():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "uri":
            params[name] = places[name]
        elif location == "querystring" and wire_name in query:
            params[name] = _scalar(member, query[wire_name][0], wire_name)
        elif location == "header" and request.header(wire_name.lower()) is not None:
            params[name] = _scalar(member, request.header(wire_name.lower()), wire_name)
        elif location == "headers":
            found = {key[len(wire_name) :]: value for key, value in request.headers if key.startswith(wire_name.lower())}
            if found:
                params[name] = found
        elif operation.input_shape.serialization.get("payload") == name and member.type_name == "blob":
            params[name] = request.body
        elif operation.input_shape.serialization.get("payload") == name and request.body and name != "CreateBucketConfiguration":
            params[name] = _document(member, request.body)
    return params


def _document(shape, body):
    try:
        return _element(shape, xml.etree.ElementTree.fromstring(body))
    except xml.etree.ElementTree.ParseError:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema") from None


def _element(shape, element):
    if shape.type_name != "structure":
        return _scalar(shape, element.text or "", element.tag)
    found = {}
    for child in element:
        wire_name = child.tag.rpartition("}")[2]
        for name, member in shape.members.items():
            if member.serialization.get("name", name) != wire_name:
                continue
            if member.type_name == "list":
                found.setdefault(name, []).append(_element(member.member, child))
            else:
                found[name] = _element(member, child)
    return found


def _scalar(shape, text, name):
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise AwsError("InvalidArgument", f"'{text}' at '{name}' is no number") from None
    if shape.type_name == "boolean":
        return text == "true"
    return text


def render(request, operation, result):
    headers = {"x-amz-request-id": request.request_id}
    body = b""
    shape = operation.output_shape
    rest = {}
    for name, member, item in known_members(shape, result) if shape is not None else ():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "header":
            headers[wire_name] = email.utils.formatdate(to_epoch(item), usegmt=True) if member.type_name == "timestamp" else str(item)
        elif location == "headers":
            headers.update({wire_name + key: value for key, value in item.items()})
        elif shape.serialization.get("payload") == name:
            body = item
        else:
            rest[name] = item
    if shape is not None and operation.name in _ROOTS:
        headers["Content-Type"] = "application/xml"
        if "payload" in shape.serialization:  # a structure that is the whole body
            shape, rest = shape.members[shape.serialization["payload"]], body
        body = f'<{_root(operation)} xmlns="{_NAMESPACE}">{_members(shape, rest)}</{_root(operation)}>'.encode()
    status = 204 if operation.name.startswith(("Delete", "Abort")) else 206 if "Content-Range" in headers else 200
    return Reply(status, body, headers)


def _root(operation):
    return _ROOTS[operation.name]


def _members(shape, value):
    out = []
    for name, member, item in known_members(shape, value):
        wire_name = member.serialization.get("name", name)
        items = item if member.type_name == "list" and member.serialization.get("flattened") else [item]
        inner = member.member if member.type_name == "list" and member.serialization.get("flattened") else member
        out.extend(f"<{wire_name}>{xml_text(inner, one)}</{wire_name}>" for one in items)
    return "".join(out)


def render_error(request, error):
    body = f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message><RequestId>{request.request_id}</RequestId></Error>"
    return Reply(error.status, body.encode(), {"Content-Type": "application/xml", "x-amz-request-id": request.request_id, **error.headers})
