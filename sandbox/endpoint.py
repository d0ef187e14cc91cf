"""The one AWS endpoint: reads a request, finds its service, checks it, answers it.

Order of the checks, as AWS has it: which service and operation, signature, (ordered fault), input against the model,
then the service's own.  Every request, refused or not, leaves a line in the ledger.
"""

import http.server
import logging
import socket
import threading
import time
import uuid

from sandbox import policy, signature
from sandbox.errors import AwsError
from sandbox.faults import drops, error_of
from sandbox.ledger import key_results, without_secrets
from sandbox.models import SERVICES
from sandbox.rights import needs, refusal
from sandbox.validate import check_input
from sandbox.wire import json as json_wire
from sandbox.wire import query as query_wire
from sandbox.wire import rest_xml as rest_xml_wire
from sandbox.wire.message import Reply, Request
from sandbox.wire.rest_documents import RestDocuments
from sandbox.wire.rest_json import RestJson

log = logging.getLogger("sandbox")
_MOST_BODY_BYTES = 256 * 1024 * 1024
_WIRES = {"json": json_wire, "query": query_wire, "rest-xml": rest_xml_wire}


class DropConnection(Exception):
    """The connection is to be closed without an answer."""


class Dispatcher:
    """From Request to Reply.  `services` maps botocore's service name to an object with `call(operation, params, key)`."""

    def __init__(self, account, models, services, ledger, faults, control):
        self._account = account
        self._models = models
        self._services = services
        self._ledger = ledger
        self._faults = faults
        self._control = control
        self.registry = None  # in scripted mode, what answers /v2/
        self._wires = {**_WIRES, "rest-json": RestJson(models.service("lambda"))}
        self._documents = {"cloudfront": RestDocuments(models.service("cloudfront"))}

    def answer(self, request):
        if request.path.startswith("/_sandbox/"):
            return self._control.answer(request)
        if self.registry and request.path.startswith("/v2/"):
            return self.registry.answer(request)
        protocol, service = self._find_service(request)
        wire = self._documents.get(service) or self._wires[protocol]
        entry = {"requestId": request.request_id, "service": service, "operation": None, "accessKey": None, "input": None}
        fault = None
        try:
            name = wire.operation_name(request)
            entry["operation"] = name
            key = signature.verify(self._account, request, protocol, SERVICES.get(service) or signature.scope_service(request))
            entry["accessKey"] = key.access_key
            operation = self._find_operation(service, name, protocol)
            fault = self._faults.take(service, name)
            if fault:
                entry["fault"] = fault["kind"]
                self._before(fault, protocol)
            params = wire.parse(request, operation)
            entry["input"] = without_secrets(operation.input_shape, params)
            check_input(service, operation.input_shape, params)
            self._account.rights.check(service, name, params, key, protocol)
            self._deny(service, name, params, key, protocol, entry)
            self._services[service].check(name, params, signature.scope_region(request))
            result = self._call(service, name, params, key, fault)
            reply = wire.render(request, operation, result)
            entry["outcome"] = {"status": reply.status, "result": key_results(result)}
        except AwsError as error:
            reply = wire.render_error(request, error)
            entry["outcome"] = {"status": error.status, "error": error.code, "message": error.message}
        except DropConnection:
            entry["outcome"] = {"status": None}
            raise
        except Exception as error:  # a bug of ours: the client gets AWS's 500, the log the place
            log.exception("%s failed", entry["operation"])
            reply = wire.render_error(request, AwsError("InternalFailure", f"the sandbox failed: {error}", 500))
            entry["outcome"] = {"status": 500, "error": "InternalFailure", "message": str(error)}
        finally:
            self._ledger.write(**entry)
        # The whole reply or none of it: the connection is closed before its first byte.
        if fault and drops(fault, "after"):
            raise DropConnection()
        return reply

    def _call(self, service, name, params, key, fault):
        if fault and fault["kind"] == "stale":
            return self._services[service].call_stale(name, params, key, fault["ms"] / 1000) or {}
        return self._services[service].call(name, params, key) or {}

    def _deny(self, service, name, params, key, protocol, entry):
        refused = self._faults.denying() and self._faults.take_denied(needs(self._account, service, name, params))
        if refused:
            entry["fault"] = "denied"
            raise refusal(key.arn, *refused, policy.IMPLICIT_DENY, protocol)

    def _find_service(self, request):
        target = request.header("x-amz-target")
        if target is not None:
            return "json", self._models.name_by_target_prefix(target.rpartition(".")[0])
        scope = self._models.name_by_scope(signature.scope_service(request) or "")
        content_type = (request.header("content-type") or "").partition(";")[0].strip()
        if content_type == "application/x-www-form-urlencoded" and request.method == "POST":
            return "query", scope
        if scope in self._documents:
            return "query", scope  # the names of its errors are those of the Query protocol
        if scope == "s3":
            return "rest-xml", scope
        if scope == "lambda":
            return "rest-json", scope
        if "json" in content_type:
            return "json", None  # a JSON client that names no target: refused as such
        return "rest-xml", "s3"

    def _find_operation(self, service, name, protocol):
        operation = self._models.operation(service, name) if service in self._services else None
        if operation is not None and name in self._services[service].operations:
            return operation
        if protocol == "query":
            raise AwsError("InvalidAction", f"The action {name} is not valid for this web service.")
        known = "the sandbox does not play it" if operation is not None else "there is no such operation"
        raise AwsError("NotImplemented" if protocol == "rest-xml" else "UnknownOperationException", f"'{name}': {known}", 501 if protocol == "rest-xml" else 400)

    @staticmethod
    def _before(fault, protocol):
        if fault["ms"] and fault["kind"] != "stale":
            time.sleep(fault["ms"] / 1000)
        if drops(fault, "before"):
            raise DropConnection()
        error = error_of(fault, protocol)
        if error:
            raise error


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    server_version = "penstock-sandbox"
    sys_version = ""

    def _serve(self):
        body = self._read_body()
        if body is None:
            return
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        request = Request(self.command, self.path, headers, body, str(uuid.uuid4()))
        try:
            reply = self.server.dispatcher.answer(request)
        except DropConnection:
            self.close_connection = True
            return
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _read_body(self):
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdigit():
            self._refuse(411, b"send a Content-Length\n")
            return None
        if int(text) > _MOST_BODY_BYTES:
            self._refuse(413, b"the body is too large\n")
            return None
        return self.rfile.read(int(text))

    def _refuse(self, status, body):
        self.close_connection = True
        self._send(Reply(status, body, {"Connection": "close"}))

    def _send(self, reply):
        # Head and body leave in one send: some clients mishandle two small segments.
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self._headers_buffer.append(b"\r\n" + (b"" if self.command == "HEAD" else reply.body))
        self.flush_headers()

    def log_message(self, format, *args):
        pass  # the ledger has every request


class Endpoint(http.server.ThreadingHTTPServer):
    """The listening socket; serves in its own thread from `start` to `stop`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, dispatcher):
        super().__init__(("127.0.0.1", port), _Handler)
        self.dispatcher = dispatcher
        self._thread = threading.Thread(target=self.serve_forever, name="endpoint", daemon=True)

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request, client_address):
        log.debug("a client went away", exc_info=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self):
        self._thread.start()

    def stop(self):
        self.shutdown()
        self.server_close()
