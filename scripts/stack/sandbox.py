"""The sandbox as a running program: AWS on this machine."""

import json
import os
import sys

from stack import processes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Sandbox:
    """Keeps its state in `folder`; `start` returns when AWS answers. Without `docker_host` it is a scripted one."""

    def __init__(self, folder, docker_host, access_key, secret_key):
        self.folder = folder
        self.log = folder + ".log"
        self.docker_host = docker_host
        self.access_key = access_key
        self.secret_key = secret_key
        self.process = None

    @property
    def _kind(self):
        return ["--docker", self.docker_host] if self.docker_host else ["--scripted"]

    def start(self):
        path = os.path.join(self.folder, "endpoints.json")
        if os.path.exists(path):
            os.unlink(path)
        arguments = [sys.executable, "-m", "sandbox", "--state", self.folder, *self._kind, "--region", REGION, "--account", ACCOUNT]
        arguments += [f"--access-key={self.access_key}", f"--secret-key={self.secret_key}"]
        environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = processes.start(arguments, self.log, environment, ROOT)
        processes.wait_until(lambda: os.path.exists(path), 60, "starting the sandbox", self.process, self.log)

    def _endpoints(self):
        with open(os.path.join(self.folder, "endpoints.json"), encoding="utf-8") as file:
            return json.load(file)

    @property
    def endpoint(self):
        return self._endpoints()["endpoint"]

    @property
    def registry(self):
        """`127.0.0.1:PORT`, as it stands before an image's name."""
        return self._endpoints()["registry"]

    @property
    def environment(self):
        """What AWS's clients and the runner read."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }
