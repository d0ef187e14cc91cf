"""An ECS that a test moves by hand: what it answers is a script, what it was asked is a ledger.

The sandbox plays ECS with real containers; this one plays the moments that are hard to catch there: an answer lost on
its way, a rollback between two looks, somebody else's deployment. Its clock (/clock) is one that a runner's deployments
can go by: it goes on while they sleep, and then fifty times as fast as others.

Behind one door (EcsDoor) there is one ECS after the other, so that a runner can stay while the tests come and go.
"""

import copy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "arn:aws:ecs:eu-west-1:123456789012:"
MUTATING = ("RegisterTaskDefinition", "UpdateService", "StopServiceDeployment", "ContinueServiceDeployment")
HOOK = "ecs-pause-0123456789012345678901234567890123456789012"


class FakeEcs:
    def __init__(self, now_ms):
        self.lock = threading.RLock()
        self.revisions = {}
        self.ledger = []  # (operation, body)
        self.lose_reply_of = None  # an operation's name: done, but the connection breaks before the answer
        self.refuse = {}  # operation -> [(type, message)...] given out before it works again
        self.stopped_tasks = []
        self.running_tasks = []
        self.targets = []  # of each target group: (address, state, reason)
        self.now_ms = now_ms
        self.service_deployments = None  # a dictionary once the endpoint knows them
        self.next_deployment = 1
        self.first = self._register({"family": "shop", "cpu": "256", "containerDefinitions": [
            {"name": "web", "image": "web:1", "essential": True, "newFangledField": {"kept": [1, 2.5]}},
            {"name": "rp", "image": "rp:1", "essential": False}]})
        self.service = {
            "serviceName": "shop", "status": "ACTIVE", "taskDefinition": self.first, "desiredCount": 2,
            "events": [{"id": "old", "message": "(service shop) has reached a steady state."}],
            "deployments": [self._deployment(self.first, running=2, state="COMPLETED")]}

    def mutations(self):
        with self.lock:
            return [operation for operation, _ in self.ledger if operation in MUTATING]

    def calls(self):
        with self.lock:
            return [operation for operation, _ in self.ledger]

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
            if "ServiceDeployment" in operation and self.service_deployments is None:
                return 400, {"__type": "UnknownOperationException", "message": ""}
            if not hasattr(self, operation):  # what is checked beforehand, of other services
                return 400, {"__type": "AccessDeniedException", "message": f"not authorized to perform {operation}"}
            try:
                return 200, getattr(self, operation)(body)
            except Refusal as refusal:
                return 400, {"__type": refusal.args[0], "message": refusal.args[1]}

    def DescribeServices(self, body):
        found = [self.service] if body["services"] == ["shop"] and self.service else []
        return {"services": copy.deepcopy(found), "failures": []}

    def DescribeTaskDefinition(self, body):
        asked = body["taskDefinition"].rpartition("/")[2]
        found = [arn for arn in self.revisions if asked in (arn.rpartition("/")[2], arn.rpartition("/")[2].partition(":")[0])]
        if not found:
            raise Refusal("ClientException", "Unable to describe task definition.")
        return {"taskDefinition": copy.deepcopy(self.revisions[found[-1]]), "tags": [{"key": "team", "value": "a"}]}

    def RegisterTaskDefinition(self, body):
        body = {key: value for key, value in body.items() if key != "tags"}
        return {"taskDefinition": self.revisions[self._register(body)]}

    def UpdateService(self, body):
        if body["taskDefinition"] != self.service["taskDefinition"]:
            self.deploy(body["taskDefinition"])
            self._begin_service_deployment(body["taskDefinition"])
        return {"service": copy.deepcopy(self.service)}

    def ListTaskDefinitions(self, body):
        return {"taskDefinitionArns": sorted(self.revisions, key=lambda arn: -int(arn.rpartition(":")[2]))}

    def ListTasks(self, body):
        tasks = self.stopped_tasks if body["desiredStatus"] == "STOPPED" else self.running_tasks
        return {"taskArns": [task["taskArn"] for task in tasks]}

    def DescribeTasks(self, body):
        return {"tasks": [task for task in self.stopped_tasks + self.running_tasks if task["taskArn"] in body["tasks"]]}

    # ---- service deployments: only where a test wants them ----

    def with_service_deployments(self, strategy="ROLLING"):
        self.service_deployments = {}
        self.service["deploymentConfiguration"] = {"strategy": strategy}

    def _begin_service_deployment(self, definition):
        if self.service_deployments is None:
            return
        arn = f"{PREFIX}service-deployment/prod/shop/{len(self.service_deployments) + 1:022d}"
        revision = f"{PREFIX}service-revision/prod/shop/{len(self.service_deployments) + 1}"
        self.service_deployments[arn] = {
            "serviceDeploymentArn": arn, "status": "IN_PROGRESS", "lifecycleStage": "SCALE_UP", "definition": definition,
            "createdAt": self.now_ms / 1000, "targetServiceRevisionArn": revision, "lifecycleHookDetails": [],
            "targetServiceRevision": {"arn": revision, "requestedTaskCount": 2, "runningTaskCount": 0,
                                      "pendingTaskCount": 0, "requestedProductionTrafficWeight": 0.0}}
        self.service["currentServiceDeployment"] = arn

    @property
    def service_deployment(self):
        return self.service_deployments[self.service["currentServiceDeployment"]]

    def pause(self, stage="POST_TEST_TRAFFIC_SHIFT", hook=HOOK):
        with self.lock:
            self.service_deployment.update(lifecycleStage=stage, lifecycleHookDetails=[
                {"hookId": hook, "targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK",
                 "expiresAt": self.now_ms / 1000 + 3600}])

    def succeed(self):
        """The deployment that shifts traffic comes to its end."""
        with self.lock:
            self.service_deployment.update(status="SUCCESSFUL", lifecycleStage="CLEAN_UP")
            self.complete()

    def rolled_back(self):
        """The rollback that was asked for comes to its end."""
        with self.lock:
            self.service_deployment["status"] = "ROLLBACK_SUCCESSFUL"
            self.deploy(self.first, "ECS deployment ecs-svc/9: rolling back to deploymentId ecs-svc/1.")
            self.complete()

    def _known(self, arn):
        if arn not in self.service_deployments:
            raise Refusal("ServiceDeploymentNotFoundException", "The service deployment was not found.")
        return self.service_deployments[arn]

    def ListServiceDeployments(self, body):
        return {"serviceDeployments": [copy.deepcopy(one) for one in reversed(self.service_deployments.values())]}

    def DescribeServiceDeployments(self, body):
        return {"serviceDeployments": [copy.deepcopy(self._known(arn)) for arn in body["serviceDeploymentArns"]]}

    def DescribeServiceRevisions(self, body):
        return {"serviceRevisions": [
            {"serviceRevisionArn": one["targetServiceRevisionArn"], "taskDefinition": one["definition"]}
            for one in self.service_deployments.values() if one["targetServiceRevisionArn"] in body["serviceRevisionArns"]]}

    def StopServiceDeployment(self, body):
        one = self._known(body["serviceDeploymentArn"])
        if one["status"] in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"):
            raise Refusal("ConflictException", "The service deployment has ended.")
        one.update(status="ROLLBACK_IN_PROGRESS", lifecycleHookDetails=[])
        return {"serviceDeploymentArn": one["serviceDeploymentArn"]}

    def ContinueServiceDeployment(self, body):
        one = self._known(body["serviceDeploymentArn"])
        if body["hookId"] not in [hook["hookId"] for hook in one["lifecycleHookDetails"]]:
            raise Refusal("InvalidParameterException", "The hook does not wait.")
        one["lifecycleHookDetails"] = []
        if body.get("action") == "ROLLBACK":
            one["status"] = "ROLLBACK_IN_PROGRESS"
        return {"serviceDeploymentArn": one["serviceDeploymentArn"]}

    # ---- load balancers, in the Query protocol ----

    def with_target_group(self, delay=300):
        self.delay = delay
        self.service["loadBalancers"] = [{"containerName": "web", "containerPort": 80, "targetGroupArn":
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef"}]

    def balancer(self, operation):
        with self.lock:
            self.ledger.append((operation, {}))
            if operation not in ("DescribeTargetGroupAttributes", "DescribeTargetHealth"):
                return None
            if operation == "DescribeTargetGroupAttributes":
                inner = ("<Attributes><member><Key>deregistration_delay.timeout_seconds</Key>"
                         f"<Value>{self.delay}</Value></member></Attributes>")
            else:
                inner = "<TargetHealthDescriptions>" + "".join(
                    f"<member><Target><Id>{address}</Id><Port>80</Port></Target><TargetHealth><State>{state}</State>"
                    f"<Reason>{reason}</Reason></TargetHealth></member>" for address, state, reason in self.targets
                ) + "</TargetHealthDescriptions>"
        return f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"

    def advance(self, milliseconds):
        """A runner's sleep: fifty times as fast as it would be, so that its hour takes longer than any test."""
        time.sleep(milliseconds / 50_000)
        with self.lock:
            self.now_ms += milliseconds
            return {"nowMs": self.now_ms}


class Refusal(Exception):
    """(type, message)"""


class EcsDoor:
    """Where a runner finds the ECS of the present test."""

    def __init__(self):
        self.ecs = FakeEcs(1_700_000_000_000)
        handler = type("Handler", (_Handler,), {"door": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def renew(self):
        """An ECS that nobody has asked anything; its clock goes on from the one before."""
        self.ecs = FakeEcs(self.ecs.now_ms)
        return self.ecs

    @property
    def environment(self):
        return {"AWS_ENDPOINT_URL": self.url, "PENSTOCK_REHEARSAL_CLOCK": f"{self.url}/clock", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret-key"}

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits 40 ms for its head to be acknowledged
    door = None

    @property
    def ecs(self):
        return self.door.ecs

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, json.dumps({"nowMs": self.ecs.now_ms}).encode())

    def answer(self, status, data, kind="application/x-amz-json-1.1"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/clock":
            return self.answer(200, json.dumps(self.ecs.advance(json.loads(text)["advanceMs"])).encode())
        if text.startswith("Action="):
            found = self.ecs.balancer(text[7:].partition("&")[0])
            refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no right</Message></Error></ErrorResponse>"
            return self.answer(200 if found else 403, (found or refusal).encode(), "text/xml")
        body = json.loads(text)
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
        ecs = self.ecs
        status, answer = ecs.call(operation, body)
        if ecs.lose_reply_of == operation:
            ecs.lose_reply_of = None
            self.close_connection = True
            self.connection.close()
            return
        self.answer(status, json.dumps(answer).encode())
