"""Those who ask Penstock for something while it is being killed, each with a ledger of what it was answered.

A sender does what a sender in the world does: where there was no answer it asks again, in the same words.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import random
import threading
import urllib.parse
import uuid

import botocore.exceptions
from stack import processes

from pipelines import HOOKED, PUSHED, STARTED

SECRET = "0123456789abcdef0123456789abcdef"
AGAIN_SECONDS = 0.1
NO_ANSWER = (OSError, http.client.HTTPException, botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError)


class Sender(threading.Thread):
    """Calls `send_one` again and again, while `may_send` says that there is room for more, until `end`."""

    def __init__(self, world, seed):
        super().__init__(daemon=True, name=type(self).__name__)
        self.world = world
        self.chance = random.Random(f"{seed} {type(self).__name__}")
        self.ledger = []  # what was answered with 2xx
        self.unanswered = 0  # how often it had to ask again
        self.failure = None
        self._over = threading.Event()

    def run(self):
        try:
            while not self._over.is_set():
                if not (self.may_send() and self.send_one()):
                    self._over.wait(AGAIN_SECONDS)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test must fail with it)
            self.failure = error

    def end(self):
        self._over.set()
        self.join()
        if self.failure:
            raise self.failure

    def may_send(self):
        return True

    def send_one(self):
        """True when it did something."""
        raise NotImplementedError

    def insist(self, ask):
        """ask()'s answer, however often it takes; None where the test ends first."""
        while not self._over.is_set():
            try:
                return ask()
            except NO_ANSWER:
                self.unanswered += 1
            except botocore.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise
                self.unanswered += 1
            self._over.wait(AGAIN_SECONDS)
        return None


class Starter(Sender):
    """StartPipelineExecution with a client request token. The ledger: (token, execution)."""

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self._codepipeline = world.server.client("codepipeline")

    def may_send(self):
        return self.world.count_active(STARTED) < 4

    def send_one(self):
        token = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        answer = self.insist(lambda: self._codepipeline.start_pipeline_execution(name=STARTED, clientRequestToken=token))
        if answer:
            self.ledger.append((token, answer["pipelineExecutionId"]))
        return answer


class Pusher(Sender):
    """git push. The ledger: commits."""

    def __init__(self, world, seed, clone):
        super().__init__(world, seed)
        self._clone = clone

    def may_send(self):
        return self.world.count_active(PUSHED) < 3

    def send_one(self):
        self._clone.commit(f"Change {len(self.ledger)}", allow_empty=True)

        def push():
            try:
                return self._clone.push()
            except processes.Failure as failure:  # git has one exit code for all its troubles
                raise ConnectionError(str(failure)) from None

        commit = self.insist(push)
        if commit:
            self.ledger.append(commit)
        return commit


class HookSender(Sender):
    """GitHub, as it delivers pushes; some deliveries come once more. The ledger: (delivery id, commit, executions)."""

    def __init__(self, world, seed, url, commits):
        super().__init__(world, seed)
        self._url = urllib.parse.urlsplit(url)
        self._commits = list(reversed(commits))

    def may_send(self):
        return bool(self._commits) and self.world.count_active(HOOKED) < 3

    def send_one(self):
        commit = self._commits.pop()
        delivery = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        answer = self.insist(lambda: self._post(delivery, commit))
        if answer is None:
            return None
        self.ledger.append((delivery, commit, answer["executions"]))
        if self.chance.random() < 0.3:
            again = self.insist(lambda: self._post(delivery, commit))
            assert again is None or again == answer, f"delivery {delivery} was answered {answer}, then {again}"
        return True

    def _post(self, delivery, commit):
        repository = {"full_name": "acme/hooked"}
        body = json.dumps({"ref": "refs/heads/main", "before": "0" * 40, "after": commit, "deleted": False, "repository": repository, "pusher": {"name": "ada"}, "head_commit": {"id": commit, "message": "Change"}}).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": signature}
        with contextlib.closing(http.client.HTTPConnection(self._url.netloc, timeout=30)) as connection:
            connection.request("POST", self._url.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        if answer.status >= 500:
            raise ConnectionError(f"{answer.status} {data!r}")
        assert answer.status in (200, 202), (answer.status, data)
        return json.loads(data)


class Approver(Sender):
    """A person who answers every approval, one in six with no. The ledger: (approval token, status)."""

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self._codepipeline = world.server.client("codepipeline")

    def send_one(self):
        waiting = self.world.approvals()
        for approval in waiting:
            status = "Rejected" if self.chance.random() < 1 / 6 else "Approved"
            summary = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
            try:
                answer = self.insist(lambda: self._codepipeline.put_approval_result(**approval, result={"status": status, "summary": summary}))
            except botocore.exceptions.ClientError as error:
                # Answered by an attempt whose answer was lost, or ended meanwhile by a stop.
                if error.response["Error"]["Code"] not in ("ApprovalAlreadyCompletedException", "InvalidApprovalTokenException"):
                    raise
                continue
            if answer:
                self.ledger.append((approval["token"], status, summary))
        return waiting


class Stopper(Sender):
    """A person who cancels now and then. The ledger: (execution, reason)."""

    def __init__(self, world, seed):
        super().__init__(world, seed)
        self._codepipeline = world.server.client("codepipeline")
        self._seen = set()

    def send_one(self):
        """Each execution gets one chance in twelve to be stopped, when it is first seen in a stage."""
        fresh = [one for one in self.world.active() if one not in self._seen]
        self._seen.update(fresh)
        for pipeline, execution in fresh:
            if self.chance.random() >= 1 / 12:
                continue
            self._over.wait(self.chance.random() * 2)  # so that it is not always the source that is stopped
            reason = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
            try:
                answer = self.insist(lambda: self._codepipeline.stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution, abandon=True, reason=reason))
            except botocore.exceptions.ClientError as error:
                # It has ended, or an attempt whose answer was lost is stopping it.
                if error.response["Error"]["Code"] not in ("PipelineExecutionNotStoppableException", "DuplicatedStopRequestException"):
                    raise
                continue
            if answer:
                self.ledger.append((execution, reason))
        return fresh


def make_all(world, seed, clone, hook_url, commits):
    return {
        "starts": Starter(world, seed),
        "pushes": Pusher(world, seed, clone),
        "webhooks": HookSender(world, seed, hook_url, commits),
        "approvals": Approver(world, seed),
        "stops": Stopper(world, seed),
    }


