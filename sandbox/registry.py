"""The image registry: Debian's docker-registry behind a door of our own.

docker-registry listens on a unix socket in DIR that only we can reach.  The door listens on 127.0.0.1, asks for the
password that GetAuthorizationToken gave, refuses repositories that CreateRepository never made (docker-registry
alone would make them on the fly, ECR does not), refuses to move an immutable tag, and notes each pushed manifest, so
that DescribeImages can answer.
"""

import hashlib
import http.client
import http.server
import json
import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import threading
import time

from sandbox.docker import UnixConnection
from sandbox.errors import StartError
from sandbox.forward import ClientGone, forward
from sandbox.passwords import Passwords

log = logging.getLogger("sandbox")
PROGRAM = "/usr/bin/docker-registry"
# Ends the registry when we are killed: it would be out of reach, but go on.
_DIE_WITH_US = ["/usr/bin/setpriv", "--pdeathsig", "TERM"]
_PATH = re.compile(r"^/v2/(?P<name>.+)/(?P<kind>blobs|manifests|tags)/(?P<rest>[^?]*)")
_MANIFEST_TYPES = ", ".join(
    [
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    ]
)


class Registry(Passwords):
    """The running registry.  `repositories` (an EcrState) is asked about names and told of pushes."""

    def __init__(self, folder, account, repositories, ledger):
        super().__init__()
        self._folder = os.path.join(folder, "registry")
        self._socket = os.path.join(self._folder, "socket")
        self._process = None
        self.account = account
        self.repositories = repositories
        self.ledger = ledger
        self._door = None
        self._thread = None

    # life

    def start(self):
        """Start docker-registry with empty storage, and the door."""
        for program, package in ((PROGRAM, "docker-registry"), (_DIE_WITH_US[0], "util-linux")):
            if not os.access(program, os.X_OK):
                raise StartError(f"'{program}' is missing: install Debian's {package}")
        shutil.rmtree(self._folder, ignore_errors=True)
        os.makedirs(self._folder, 0o700)
        if len(self._socket) > 100:
            raise StartError(f"the path '{self._socket}' is too long for a unix socket: give a shorter --state")
        self._start_process()
        self._door = _Door(self)
        self._thread = threading.Thread(target=self._door.serve_forever, name="registry", daemon=True)
        self._thread.start()

    def _start_process(self):
        config = os.path.join(self._folder, "config.yml")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(self._config(), file)  # JSON is YAML
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": self._folder, "OTEL_TRACES_EXPORTER": "none"}
        with open(os.path.join(self._folder, "log"), "wb") as output:
            self._process = subprocess.Popen([*_DIE_WITH_US, PROGRAM, "serve", config], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=self._folder, start_new_session=True)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"docker-registry does not start: see '{self._folder}/log'")
            time.sleep(0.02)  # its only sign of being ready is that it answers

    def _config(self):
        return {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": os.path.join(self._folder, "storage")}, "delete": {"enabled": True}},
            "http": {"net": "unix", "addr": self._socket, "secret": secrets.token_hex(32), "relativeurls": True},
        }

    def _answers(self):
        try:
            return self.ask("GET", "/v2/")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        if self._door:
            self._door.shutdown()
            self._door.server_close()
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def address(self):
        """`127.0.0.1:PORT`, as it stands before the / of an image's name."""
        return f"127.0.0.1:{self._door.server_address[1]}"

    @property
    def hosts(self):
        """The names under which images call it."""
        return {self.address}

    # our own questions to docker-registry

    def connect(self, timeout=120):
        return UnixConnection(self._socket, timeout)

    def ask(self, method, path, headers=None, body=None):
        """(status, headers, body) of a request of our own."""
        connection = self.connect(30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def manifest(self, name, reference):
        """(digest, media type, text) of a stored manifest, or None."""
        status, headers, body = self.ask("GET", f"/v2/{name}/manifests/{reference}", {"Accept": _MANIFEST_TYPES})
        if status != 200:
            return None
        return "sha256:" + hashlib.sha256(body).hexdigest(), headers["Content-Type"], body.decode()

    def has_blob(self, name, digest):
        return self.ask("HEAD", f"/v2/{name}/blobs/{digest}")[0] == 200

    def put_manifest(self, name, reference, media_type, text):
        """Store a manifest whose blobs are there; None, or the refusal's text."""
        status, _, body = self.ask("PUT", f"/v2/{name}/manifests/{reference}", {"Content-Type": media_type}, text.encode())
        if status != 201:
            return body.decode("utf-8", "replace")
        self.note_push(name, reference)
        return None

    def delete_manifest(self, name, digest):
        self.ask("DELETE", f"/v2/{name}/manifests/{digest}")

    def note_push(self, name, reference):
        """A manifest was pushed: tell the repository."""
        stored = self.manifest(name, reference)
        if stored:
            digest, media_type, text = stored
            tag = None if reference.startswith("sha256:") else reference
            self.repositories.pushed(name, tag, digest, media_type, _size(json.loads(text)))


def _size(manifest):
    return sum(part.get("size", 0) for part in [manifest.get("config", {})] + manifest.get("layers", []))


class _Door(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, registry):
        super().__init__(("127.0.0.1", 0), _DoorHandler)
        self.registry = registry

    def get_request(self):
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, request, client_address):
        log.debug("a registry client went away", exc_info=True)


class _DoorHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    def _serve(self):
        registry = self.server.registry
        path = self.path.partition("?")[0]
        if not path.startswith("/v2/"):
            return self._refuse(404, "NOT_FOUND", "there is only /v2/")
        refused = None if registry.check_ticket(self.path) else registry.check_authorization(self.headers.get("Authorization"))
        if refused:
            code = "DENIED" if "expired" in refused else "UNAUTHORIZED"
            return self._refuse(401, code, refused, {"Www-Authenticate": f'Basic realm="http://{registry.address}/",service="ecr.amazonaws.com"'})
        match = _PATH.match(path)
        name = match["name"] if match else None
        if path != "/v2/" and not (name and registry.repositories.exists(name)):
            wanted = name or path[len("/v2/") :]
            return self._refuse(404, "NAME_UNKNOWN", f"The repository with name '{wanted}' does not exist in the registry with id '{registry.account.account_id}'")
        pushes_manifest = match is not None and match["kind"] == "manifests" and self.command == "PUT"
        if pushes_manifest:
            refused = registry.repositories.refuses_tag(name, match["rest"])
            if refused:
                return self._refuse(400, "TAG_INVALID", refused)
        return self._pass_on(name, match["rest"] if pushes_manifest else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _pass_on(self, name, pushed_reference):
        registry = self.server.registry
        upstream = registry.connect()

        def note(response):
            if pushed_reference is not None:
                # Before the client hears of it: who has pushed may ask DescribeImages at once.
                if response.status == 201:
                    registry.note_push(name, pushed_reference)
                registry.ledger.write(service="registry", operation="PutManifest", input={"name": name, "reference": pushed_reference}, outcome={"status": response.status, "result": {"digest": response.getheader("Docker-Content-Digest")}})

        try:
            forward(self, upstream, {"authorization": None}, note)
        except ClientGone:
            self.close_connection = True
        except (OSError, http.client.HTTPException) as error:
            log.warning("the registry failed: %s", error)
            self._refuse(503, "UNAVAILABLE", "the registry does not answer")
        finally:
            upstream.close()

    def _refuse(self, status, code, message, headers=None):
        self.close_connection = True  # the body, perhaps a big one, stays unread
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode() + b"\n"
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0", "Connection": "close", **(headers or {})}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format, *args):
        pass
