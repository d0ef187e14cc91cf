"""The Docker Engine API over its unix socket: just what tasks need."""

import base64
import http.client
import json
import socket
import urllib.parse

from sandbox.errors import StartError

LABEL = "penstock.sandbox"


class DockerError(Exception):
    """The engine refused; `status` is HTTP's, the text is the engine's own."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout=None):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class DockerEngine:
    """One engine.  Every call uses a connection of its own, so threads need no lock."""

    def __init__(self, address):
        if not address.startswith("unix://"):
            raise StartError(f"'{address}' is no Docker engine on this machine: give --docker unix:///path/to/docker.sock")
        self._path = address[len("unix://") :]
        self.address = address
        try:
            version = self.call("GET", "/version", timeout=10)
        except (OSError, DockerError, ValueError) as error:
            raise StartError(f"no Docker engine answers at '{address}': {error}") from None
        self.architecture = version.get("Arch", "")

    def call(self, method, path, query=None, body=None, headers=None, timeout=60):
        """Send one request and return the decoded answer (JSON, else bytes).  Raises DockerError and OSError."""
        content_type, data = self._read(method, path, query, body, headers, timeout)
        return json.loads(data) if content_type.startswith("application/json") and data else data

    def _read(self, method, path, query, body, headers, timeout):
        connection, response = self._send(method, path, query, body, headers, timeout)
        try:
            data = response.read()
        except http.client.HTTPException as error:
            raise DockerError(0, f"the engine broke off: {error}") from None
        finally:
            connection.close()
        if response.status >= 400:
            raise DockerError(response.status, _message(data))
        return response.getheader("Content-Type", ""), data

    def _send(self, method, path, query, body, headers, timeout):
        connection = UnixConnection(self._path, timeout)
        if query:
            path += "?" + urllib.parse.urlencode({k: json.dumps(v) if isinstance(v, dict) else v for k, v in query.items()}, doseq=True)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            return connection, connection.getresponse()
        except http.client.HTTPException as error:
            connection.close()
            raise DockerError(0, f"the engine broke off: {error}") from None
        except OSError:
            connection.close()
            raise

    # images

    def pull(self, reference, username=None, password=None, registry=None):
        """Pull `name:tag` or `name@digest`; the engine's own text comes back as DockerError."""
        name, at, digest = reference.partition("@")
        query = {"fromImage": name}
        if at:
            query["tag"] = digest
        elif ":" in name.rpartition("/")[2]:
            query["fromImage"], _, query["tag"] = name.rpartition(":")
        else:
            query["tag"] = "latest"
        headers = {}
        if username:
            login = json.dumps({"username": username, "password": password, "serveraddress": registry}).encode()
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(login).decode()
        self._progress("/images/create", query, None, headers)

    def import_image(self, tar, repository, tag):
        """Make an image of one layer from a tar archive's bytes."""
        query = {"fromSrc": "-", "repo": repository, "tag": tag}
        self._progress("/images/create", query, tar, {"Content-Type": "application/x-tar"})

    def _progress(self, path, query, body, headers):
        # The answer is a stream of JSON lines with status 200, whatever goes wrong in the middle.
        _, data = self._read("POST", path, query, body, headers, 600)
        for line in data.splitlines():
            entry = json.loads(line) if line.strip() else {}
            if "error" in entry:
                raise DockerError(500, entry["error"])

    def remove_image(self, reference):
        """Take the tag away; fine where it is gone or in use."""
        try:
            self.call("DELETE", f"/images/{urllib.parse.quote(reference)}")
        except DockerError as error:
            if error.status not in (404, 409):
                raise

    # containers

    def create_container(self, name, config):
        return self.call("POST", "/containers/create", {"name": name}, config)["Id"]

    def start_container(self, container):
        self.call("POST", f"/containers/{container}/start")

    def inspect_container(self, container):
        return self.call("GET", f"/containers/{container}/json")

    def wait_container(self, container):
        """Block until it is not running; the exit code."""
        return self.call("POST", f"/containers/{container}/wait", timeout=None)["StatusCode"]

    def stop_container(self, container, seconds):
        """SIGTERM, and SIGKILL after `seconds`; fine where it has stopped already."""
        self._ignoring((304, 404), "POST", f"/containers/{container}/stop", {"t": seconds}, seconds + 60)

    def remove_container(self, container):
        self._ignoring((404, 409), "DELETE", f"/containers/{container}", {"force": "true", "v": "true"}, 60)

    def container_log(self, container, last_lines):
        """The last lines of both streams, as bytes without Docker's framing."""
        return _unframe(self.call("GET", f"/containers/{container}/logs", {"stdout": 1, "stderr": 1, "tail": last_lines}))

    def follow_log(self, container):
        """Yield the lines of both streams as they are written, as text without line ends, until the container ends."""
        query = {"stdout": 1, "stderr": 1, "follow": 1}
        connection, response = self._send("GET", f"/containers/{container}/logs", query, None, None, None)
        try:
            if response.status >= 400:
                raise DockerError(response.status, _message(response.read()))
            yield from _lines(response)
        finally:
            connection.close()

    def whole_log(self, container):
        """All lines of both streams, as follow_log gives them."""
        data = _unframe(self.call("GET", f"/containers/{container}/logs", {"stdout": 1, "stderr": 1}))
        return data.decode("utf-8", "replace").replace("\r\n", "\n").splitlines()

    def containers_with_label(self, label):
        return self.call("GET", "/containers/json", {"all": "true", "filters": {"label": [label]}})

    # networks and volumes

    def create_network(self, name, labels):
        options = {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}
        return self.call("POST", "/networks/create", None, {"Name": name, "CheckDuplicate": True, "Labels": labels, "Options": options})["Id"]

    def networks_with_label(self, label):
        return self.call("GET", "/networks", {"filters": {"label": [label]}})

    def remove_network(self, network):
        self._ignoring((404,), "DELETE", f"/networks/{network}", None, 60)

    def create_volume(self, name, labels):
        self.call("POST", "/volumes/create", None, {"Name": name, "Labels": labels})

    def volumes_with_label(self, label):
        return self.call("GET", "/volumes", {"filters": {"label": [label]}}).get("Volumes") or []

    def remove_volume(self, name):
        self._ignoring((404,), "DELETE", f"/volumes/{name}", {"force": "true"}, 60)

    def _ignoring(self, statuses, method, path, query, timeout):
        try:
            self.call(method, path, query, timeout=timeout)
        except DockerError as error:
            if error.status not in statuses:
                raise


def _message(data):
    try:
        return json.loads(data)["message"]
    except (ValueError, KeyError, TypeError):
        return data.decode("utf-8", "replace").strip()


def _lines(stream):
    """The lines of a multiplexed stream; each of its two streams has lines of its own."""
    rests = {}
    while head := stream.read(8):
        *lines, rests[head[0]] = (rests.get(head[0], b"") + stream.read(int.from_bytes(head[4:], "big"))).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")
    for rest in filter(None, rests.values()):
        yield rest.decode("utf-8", "replace")


def _unframe(data):
    """Docker's multiplexed stream: 8 bytes of head (stream, 0, 0, 0, length) before each piece."""
    pieces = []
    at = 0
    while at + 8 <= len(data) and data[at] in (0, 1, 2) and data[at + 1 : at + 4] == b"\0\0\0":
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        pieces.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return b"".join(pieces) if pieces else data
