"""An ECS that a test moves by hand: what it answers is a script, what it was asked is a ledger.

The sandbox plays ECS with real containers; this one plays the moments that are hard to catch there: an answer lost on
its way, a rollback between two looks, somebody else's deployment.
"""

import copy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "arn:aws:ecs:eu-west-1:123456789012:"
MUTATING = ("RegisterTaskDefinition", "UpdateService")


class FakeEcs:
    def __init__(self):
        self.lock = threading.RLock()
        self.revisions = {}
        self.ledger = []  # (operation, body)
        self.lose_reply_of = None  # an operation's name: done, but the connection breaks before the answer
        self.refuse = {}  # operation -> [(type, message)...] given out before it works again
        self.stopped_tasks = []
        self.next_deployment = 1
        self.first = self._register({"family": "shop", "cpu": "256", "containerDefinitions": [
            {"name": "web", "image": "web:1", "essential": True, "newFangledField": {"kept": [1, 2.5]}},
            {"name": "rp", "image": "rp:1", "essential": False}]})
        self.service = {
            "serviceName": "shop", "status": "ACTIVE", "taskDefinition": self.first, "desiredCount": 2,
            "events": [{"id": "old", "message": "(service shop) has reached a steady state."}],
            "deployments": [self._deployment(self.first, running=2, state="COMPLETED")]}
        handler = type("Handler", (_Door,), {"ecs": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    @property
    def environment(self):
        return {"AWS_ENDPOINT_URL_ECS": self.url, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret-key"}

    def mutations(self):
        with self.lock:
            return [operation for operation, _ in self.ledger if operation in MUTATING]

    def _register(self, definition):
        number = len(self.revisions) + 1
        arn = f"{PREFIX}task-definition/{definition['family']}:{number}"
        self.revisions[arn] = {**copy.deepcopy(definition), "taskDefinitionArn": arn, "revision": number,
                               "status": "ACTIVE", "compatibilities": ["EC2"], "registeredAt": time.time(),
                               "requiresAttributes": [{"name": "x"}], "registeredBy": "somebody"}
        return arn

    def _deployment(self, definition, running=0, state="IN_PROGRESS", reason=None):
        deployment = {"id": f"ecs-svc/{self.next_deployment:019d}", "status": "PRIMARY", "taskDefinition": definition,
                      "desiredCount": 2, "pendingCount": 0, "runningCount": running, "failedTasks": 0,
                      "rolloutState": state, "rolloutStateReason": reason or "ECS deployment in progress."}
        self.next_deployment += 1
        return deployment

    def deploy(self, definition, reason=None):
        """A new PRIMARY, as UpdateService or a rollback makes it."""
        with self.lock:
            for deployment in self.service["deployments"]:
                deployment["status"] = "ACTIVE"
            self.service["deployments"].insert(0, self._deployment(definition, reason=reason))
            self.service["taskDefinition"] = definition

    def complete(self):
        """What is PRIMARY runs, everything else is gone."""
        with self.lock:
            primary = self.service["deployments"][0]
            primary.update(runningCount=2, pendingCount=0, rolloutState="COMPLETED")
            self.service["deployments"] = [primary]

    def event(self, text):
        with self.lock:
            self.service["events"].insert(0, {"id": f"event-{len(self.service['events'])}", "message": text})

    def call(self, operation, body):
        with self.lock:
            self.ledger.append((operation, body))
            if self.refuse.get(operation):
                kind, message = self.refuse[operation].pop(0)
                return 400, {"__type": kind, "message": message}
            return 200, getattr(self, operation)(body)

    def DescribeServices(self, body):
        found = [self.service] if body["services"] == ["shop"] and self.service else []
        return {"services": copy.deepcopy(found), "failures": []}

    def DescribeTaskDefinition(self, body):
        return {"taskDefinition": copy.deepcopy(self.revisions[body["taskDefinition"]]),
                "tags": [{"key": "team", "value": "a"}]}

    def RegisterTaskDefinition(self, body):
        body = {key: value for key, value in body.items() if key != "tags"}
        return {"taskDefinition": self.revisions[self._register(body)]}

    def UpdateService(self, body):
        if body["taskDefinition"] != self.service["taskDefinition"]:
            self.deploy(body["taskDefinition"])
        return {"service": copy.deepcopy(self.service)}

    def ListTaskDefinitions(self, body):
        return {"taskDefinitionArns": sorted(self.revisions, key=lambda arn: -int(arn.rpartition(":")[2]))}

    def ListTasks(self, body):
        return {"taskArns": [task["taskArn"] for task in self.stopped_tasks] if body["desiredStatus"] == "STOPPED" else []}

    def DescribeTasks(self, body):
        return {"tasks": self.stopped_tasks}


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ecs = None

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
        status, answer = self.ecs.call(operation, body)
        if self.ecs.lose_reply_of == operation:
            self.ecs.lose_reply_of = None
            self.close_connection = True
            self.connection.close()
            return
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
