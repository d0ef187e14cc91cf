"""penstock-server as a running program, and its API as its admin."""

import http.client
import json
import os
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

from stack import processes
from stack.sandbox import ACCOUNT, REGION


class Refused(Exception):
    """The server said no: `name` is AWS's name of the error, `status` HTTP's."""

    def __init__(self, status, name, message):
        super().__init__(f"{name}: {message}")
        self.status = status
        self.name = name
        self.message = message


class Server:
    """Keeps its data in `folder`; `start` returns when it listens. Starting again after a kill takes the same port."""

    def __init__(self, program, folder, pipelines=None, listen="127.0.0.1:0"):
        self.program = program
        self.folder = folder
        self.log = folder + ".log"
        self.pipelines = pipelines
        self.listen = listen
        self.environment = {}  # more than ours
        self.process = None

    def start(self):
        path = os.path.join(self.folder, "server.json")
        if os.path.exists(path):
            os.unlink(path)
        os.makedirs(self.folder, 0o700, exist_ok=True)
        arguments = [self.program, "--data", self.folder, "--listen", self.listen, "--region", REGION, "--account-id", ACCOUNT]
        if self.pipelines:
            arguments += ["--pipelines", self.pipelines]
        self.process = processes.start(arguments, self.log, {**os.environ, **self.environment})
        processes.wait_until(lambda: os.path.exists(path), 30, "starting penstock-server", self.process, self.log)
        # Runners and clone addresses keep the address of the first start.
        self.listen = urllib.parse.urlsplit(self.url).netloc

    def _read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return json.load(file)

    @property
    def url(self):
        return self._read("server.json")["url"]

    @property
    def config(self):
        """The file that `penstock` reads."""
        return os.path.join(self.folder, "admin.json")

    @property
    def keys(self):
        admin = self._read("admin.json")
        return admin["accessKeyId"], admin["secretAccessKey"]

    def client(self, service, keys=None):
        """A boto3 client of this server: 'codepipeline', 'codebuild' or 'codecommit'."""
        access_key, secret_key = keys or self.keys
        settings = botocore.config.Config(retries={"max_attempts": 1}, read_timeout=60)
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=access_key, aws_secret_access_key=secret_key, config=settings)

    def call(self, operation, **members):
        """One of Penstock's own operations, signed. Raises Refused."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Penstock_20261101.{operation}"}
        return json.loads(self.request("POST", "/", json.dumps(members).encode(), headers) or b"{}")

    def request(self, method, path, body=b"", headers=None):
        """A signed request; its answer's bytes. Raises Refused."""
        access_key, secret_key = self.keys
        request = botocore.awsrequest.AWSRequest(method, self.url + path, headers or {}, body)
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key, secret_key), "penstock", REGION).add_auth(request)
        prepared = request.prepare()
        status, _, data = self.send(method, path, body, dict(prepared.headers.items()))
        if status >= 400:
            raise refused(status, data)
        return data

    def send(self, method, path, body=b"", headers=None, timeout=60):
        """A request exactly as given: (status, headers, body)."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


def refused(status, data):
    try:
        body = json.loads(data)
        return Refused(status, body.get("__type", ""), body.get("message", ""))
    except ValueError:
        return Refused(status, "", data.decode("utf-8", "replace"))
