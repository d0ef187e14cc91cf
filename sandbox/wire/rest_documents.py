"""REST with XML documents (CloudFront): the paths of the service model, bodies and answers in XML."""

import xml.etree.ElementTree
from xml.sax.saxutils import escape

from sandbox.errors import AwsError
from sandbox.wire.message import Reply
from sandbox.wire.query import xml_text
from sandbox.wire.rest_json import RestJson
from sandbox.wire.shapes import known_members


class RestDocuments(RestJson):
    def __init__(self, model):
        super().__init__(model)
        self._namespace = f"http://{model.metadata['endpointPrefix']}.amazonaws.com/doc/{model.metadata['apiVersion']}/"

    def parse(self, request, operation):
        _, places = self._find(request)
        shape = operation.input_shape
        params = {}
        for name, member in shape.members.items() if shape is not None else ():
            location = member.serialization.get("location")
            wire_name = member.serialization.get("name", name)
            if location == "uri":
                params[name] = places[wire_name]
            elif location == "querystring" and wire_name in request.query:
                params[name] = request.query[wire_name][0]
            elif shape.serialization.get("payload") == name and request.body:
                params[name] = self._document(member, request.body)
        return params

    def _document(self, shape, body):
        try:
            root = xml.etree.ElementTree.fromstring(body)
        except xml.etree.ElementTree.ParseError:
            raise AwsError("MalformedXML", "The XML document is malformed.") from None
        if root.tag != f"{{{self._namespace}}}{shape.serialization.get('name', shape.name)}":
            raise AwsError("MalformedXML", f"The XML document is no {shape.name} of {self._namespace}.")
        return _read(shape, root)

    def render(self, request, operation, result):
        headers = {"x-amzn-RequestId": request.request_id}
        body = b""
        shape = operation.output_shape
        for name, member, item in known_members(shape, result) if shape is not None else ():
            if member.serialization.get("location") == "header":
                headers[member.serialization.get("name", name)] = str(item)
            elif shape.serialization.get("payload") == name:
                headers["Content-Type"] = "text/xml"
                body = f'<?xml version="1.0"?>\n<{name} xmlns="{self._namespace}">{xml_text(member, item)}</{name}>'.encode()
        return Reply(operation.http.get("responseCode", 200), body, headers)

    def render_error(self, request, error):
        body = (f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{self._namespace}"><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>'
                f"<Message>{escape(error.message)}</Message></Error><RequestId>{request.request_id}</RequestId></ErrorResponse>")
        return Reply(error.status, body.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request.request_id})


def _read(shape, element):
    if shape.type_name == "structure":
        found = {}
        for child in element:
            wire_name = child.tag.rpartition("}")[2]
            name = next((name for name, member in shape.members.items() if member.serialization.get("name", name) == wire_name), wire_name)
            found[name] = _read(shape.members[name], child) if name in shape.members else child.text
        return found
    if shape.type_name == "list":
        return [_read(shape.member, child) for child in element]
    text = element.text or ""
    if shape.type_name in ("integer", "long"):
        if not text.lstrip("-").isdigit():
            raise AwsError("MalformedXML", f"'{text}' is no number.")
        return int(text)
    return text == "true" if shape.type_name == "boolean" else text
