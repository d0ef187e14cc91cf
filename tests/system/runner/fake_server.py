"""The /runner doors (docs/doors.md) over plain memory, to drive a real runner with jobs of a test's own making.

It keeps what a test asks for: each job's log, progress, checkpoints, artifacts and result, and can cancel a job, forget
a runner's lease, or be away for a while.
"""

import hashlib
import json
import re
import socket
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REGION = "eu-west-1"
ACCOUNT = "123456789012"


class Job:
    def __init__(self, message, artifacts):
        self.message = message
        self.id = message["id"]
        self.token = message["token"]
        self.inputs = artifacts  # name -> zip bytes
        self.outputs = {}
        self.log = b""
        self.log_at = []  # (time, bytes so far)
        self.progress = []
        self.checkpoints = []
        self.heartbeats = 0
        self.beating = 0  # heartbeats that wait for their answer
        self.acknowledged = False
        self.returned = 0  # how often it came back unbegun
        self.cancel = False
        self.abandon = False
        self.cancelled_by = None
        self.decision = None  # the answer to a pause of its deployment
        self.stale = False  # somebody else has it: every write is refused
        self.result = None
        self.result_at = None

    @property
    def text(self):
        return self.log.decode(errors="replace")


class FakeServer:
    def __init__(self):
        self.lock = threading.Condition()
        self.queue = []
        self.jobs = {}
        self.claims = {}
        self.leases = []
        self.hellos = []
        self.joined = 0
        self.away = False
        self.turned_away = 0
        self.answers_get_lost = False  # of questions for work: the job is given, the runner does not hear of it
        self.token = "runner-token-0123456789"
        self.runner_id = f"runner-under-test-{uuid.uuid4().hex}"  # others may use the same Docker engine
        handler = type("Handler", (Doors,), {"server_state": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def offer(self, message, artifacts=None):
        """Queues a job; `artifacts` are the zips of its inputs by name."""
        artifacts = artifacts or {}
        whole = {
            "token": 1, "attempt": 1, "region": REGION, "accountId": ACCOUNT, "configuration": {}, "outputs": [],
            "cancelled": False, "timeoutSeconds": 0,
            "inputs": [{"name": name, "sha256": hashlib.sha256(data).hexdigest(), "sizeBytes": len(data)}
                       for name, data in artifacts.items()],
        }
        whole.update(message)
        job = Job(whole, artifacts)
        with self.lock:
            self.queue.append(job)
            self.jobs[job.id] = job
            self.lock.notify_all()
        return job

    def wait(self, condition, seconds=60):
        """Waits until condition() is true; whatever changes here wakes it."""
        end = time.monotonic() + seconds
        with self.lock:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, "waited too long"
                self.lock.wait(min(left, 0.05))  # what others tell, an ECS for one, wakes nobody

    def cancel(self, job, by=None):
        with self.lock:
            job.cancel, job.cancelled_by = True, by
            self.lock.notify_all()

    def decide(self, job, pause_id, answer, by=None, summary=None):
        """Answers a pause of the job's deployment: "APPROVED" or "REJECTED"."""
        with self.lock:
            job.decision = {"pauseId": pause_id, "answer": answer, "by": by, "summary": summary}
            self.lock.notify_all()


class Doors(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits 40 ms for its head to be acknowledged
    server_state = None

    def log_message(self, *_):
        pass

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, value=None, raw=None):
        data = raw if raw is not None else (json.dumps(value).encode() if value is not None else b"")
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            if status != 204:
                self.wfile.write(data)
        except OSError:  # the runner was killed
            self.close_connection = True

    def refuse(self, status, name, message="refused", **more):
        self.reply(status, {"__type": name, "message": message, **more})

    def handle_any(self):
        state = self.server_state
        data = self.body()
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if state.away:
            state.turned_away += 1
            return self.refuse(503, "ServiceUnavailableException")
        if url.path == "/runner/join":
            state.joined += 1
            return self.reply(200, {"runnerId": state.runner_id, "token": state.token})
        if self.headers.get("Authorization") != f"Bearer {state.token}":
            return self.refuse(401, "AccessDeniedException")
        if url.path == "/runner/hello":
            with state.lock:  # questions of an earlier process are nobody's any more
                state.hellos.append(json.loads(data))
                state.lock.notify_all()
            return self.reply(200, {"runnerId": state.runner_id, "serverVersion": "0", "region": REGION,
                                    "accountId": ACCOUNT})
        if url.path == "/runner/lease":
            return self.lease(json.loads(data))
        found = re.fullmatch(r"/runner/jobs/([^/]+)/([a-z]+)(?:/([^/]+))?", url.path)
        job = state.jobs.get(found[1]) if found else None
        if not job:
            return self.refuse(404, "ResourceNotFoundException")
        return self.about(job, found[2], found[3], query, data)

    do_GET = do_POST = do_PUT = handle_any

    def is_gone(self):
        """Whether the runner has closed the connection on which it waits."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def lease(self, question):
        state = self.server_state
        if not question.get("providers"):  # "what does this claim have?"
            job = state.claims.get(question["claimId"])
            return self.reply(200, job.message) if job else self.reply(204)
        end = time.monotonic() + question["waitSeconds"]
        with state.lock:
            state.leases.append(question)
            state.lock.notify_all()
            process = len(state.hellos)
            while (not state.queue and question["claimId"] not in state.claims and time.monotonic() < end
                   and process == len(state.hellos)):
                state.lock.wait(min(0.2, max(0, end - time.monotonic())))
            if question["claimId"] not in state.claims and state.queue and process == len(state.hellos) and not self.is_gone():
                state.claims[question["claimId"]] = state.queue.pop(0)
                state.lock.notify_all()
            job = state.claims.get(question["claimId"])
            while state.answers_get_lost and not self.is_gone():
                state.lock.wait(0.05)
        if job:
            return self.reply(200, job.message)
        return self.reply(204)

    def about(self, job, door, name, query, data):
        state = self.server_state
        message = json.loads(data) if data and door not in ("log", "artifacts") else {}
        token = int(query.get("token") or message.get("token", 0))
        with state.lock:
            if token != job.token or job.stale:
                return self.refuse(409, "StaleTokenException")
            state.lock.notify_all()
            return getattr(self, "door_" + door)(job, name, query, data, message)

    def door_acknowledge(self, job, *_):
        job.acknowledged = True
        self.reply(200, {"logSize": len(job.log)})

    def door_return(self, job, *_):
        state = self.server_state
        job.returned += 1
        job.token += 1
        job.message["token"] = job.token
        state.claims = {claim: held for claim, held in state.claims.items() if held is not job}
        state.queue.insert(0, job)
        self.reply(200, {})

    def door_heartbeat(self, job, name, query, data, message):
        state = self.server_state
        job.heartbeats += 1
        job.beating += 1
        end = time.monotonic() + message["waitSeconds"]
        while time.monotonic() < end and not job.result and not job.stale and not job.abandon and not (
                job.cancel and not message["cancelSeen"]) and not (
                job.decision and message.get("decisionSeen") != job.decision["pauseId"]):
            state.lock.wait(0.2)
        job.beating -= 1
        state.lock.notify_all()
        if job.stale or job.result:  # with its result a job is over
            return self.refuse(409, "StaleTokenException")
        told = {"cancelledBy": job.cancelled_by} if job.cancelled_by else {}
        if job.decision and message.get("decisionSeen") != job.decision["pauseId"]:
            told["decision"] = {key: value for key, value in job.decision.items() if value is not None}
        return self.reply(200, {"cancel": job.cancel, "abandon": job.abandon, **told})

    def door_log(self, job, name, query, data, message):
        offset = int(query["offset"])
        if offset > len(job.log):
            return self.refuse(409, "LogGapException", size=len(job.log))
        job.log += data[len(job.log) - offset:]
        job.log_at.append((time.monotonic(), len(job.log)))
        return self.reply(200, {"size": len(job.log)})

    def door_checkpoint(self, job, name, query, data, message):
        job.checkpoints.append(message["checkpoint"])
        self.reply(200, {})

    def door_progress(self, job, name, query, data, message):
        job.progress.append(message)
        self.reply(200, {})

    def door_artifacts(self, job, name, query, data, message):
        if self.command == "GET":
            return self.reply(200, raw=job.inputs[name])
        digest = hashlib.sha256(data).hexdigest()
        if digest != self.headers["X-Penstock-Sha256"]:
            return self.refuse(400, "ValidationException")
        job.outputs[name] = data
        return self.reply(200, {"sha256": digest, "size": len(data)})

    def door_result(self, job, name, query, data, message):
        job.result = message
        job.result_at = time.monotonic()
        while job.beating:  # their refusal is on its way before the result's answer is
            self.server_state.lock.notify_all()
            self.server_state.lock.wait(0.2)
        self.reply(200, {})
