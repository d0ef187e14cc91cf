"""How long a webhook takes until it is answered, which is after a durable commit, at 200 a second.

Requests leave on a fixed schedule, whatever became of those before (so a stall is not hidden), over kept connections,
each with a delivery of its own that starts an execution. The floor is what the disk takes to make 4 KiB durable.
"""

import hashlib
import hmac
import http.client
import json
import os
import queue
import threading
import time
import urllib.parse
import uuid

from figures import percentile, spread, verdict
from penstock_under_test import load_pipeline
from stack import cloud

RATE = 200
SECONDS = 10
CONNECTIONS = 16
SECRET = "0123456789abcdef0123456789abcdef"
PIPELINE = """
name: hooked
stages:
  - name: Source
    actions:
      - {name: App, provider: GitHub, configuration: {Owner: acme, Repo: shop, Branch: main, OAuthToken: none-is-needed}, outputArtifacts: [App]}
  - name: Next
    actions:
      - {name: Look, provider: Manual}
"""


def durable_writes(folder, count=200):
    """Milliseconds of each of some 4 KiB writes made durable."""
    taken = []
    descriptor = os.open(os.path.join(folder, "floor"), os.O_CREAT | os.O_WRONLY)
    try:
        for number in range(count):
            began = time.perf_counter()
            os.pwrite(descriptor, b"x" * 4096, number * 4096)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(descriptor)
    return taken


def body_of(number):
    commit = hashlib.sha1(str(number).encode()).hexdigest()
    person = {"name": "Ada", "email": "ada@example.com"}
    head = {"id": commit, "message": f"Change {number}", "timestamp": "2026-11-23T05:37:00Z", "author": person, "committer": person, "added": [], "removed": [], "modified": ["README"]}
    repository = {"id": 1, "name": "shop", "full_name": "acme/shop", "clone_url": "https://github.com/acme/shop.git", "default_branch": "main"}
    return json.dumps({"ref": "refs/heads/main", "before": "0" * 40, "after": commit, "created": False, "deleted": False, "forced": False, "repository": repository, "pusher": person, "head_commit": head, "commits": [head]}).encode()


class Sender(threading.Thread):
    """Sends what the schedule hands out; remembers milliseconds from the moment each was due."""

    def __init__(self, address, path, work):
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self._path = path
        self._work = work
        self.taken, self.statuses = [], set()

    def run(self):
        while (due_and_number := self._work.get()) is not None:
            due, body, headers = due_and_number
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            response.read()
            self.taken.append((time.perf_counter() - due) * 1000)
            self.statuses.add(response.status)


def test_webhooks(server, folder):
    load_pipeline(server, "hooked.yml", PIPELINE)
    made = server.call("PutSourceHook", provider="github", repository="acme/shop", cloneUrl=f"http://127.0.0.1:{cloud.free_port()}/none.git", secret=SECRET)
    url = urllib.parse.urlsplit(made["payloadUrl"])
    requests = []
    for number in range(RATE * SECONDS):
        body = body_of(number)
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        requests.append((body, {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": str(uuid.uuid4()), "X-Hub-Signature-256": signature}))
    floor = durable_writes(str(folder))
    work = queue.Queue()
    senders = [Sender(url.netloc, url.path, work) for _ in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    begin = time.perf_counter()
    for number, (body, headers) in enumerate(requests):
        due = begin + number / RATE
        time.sleep(max(0, due - time.perf_counter()))
        work.put((due, body, headers))
    for _ in senders:
        work.put(None)
    for sender in senders:
        sender.join()
    taken = [value for sender in senders for value in sender.taken]
    assert {status for sender in senders for status in sender.statuses} == {202}
    assert len(taken) == len(requests)
    print(f"\n{len(taken)} webhooks at {RATE} a second, each answered after a durable commit")
    spread("4 KiB made durable (floor)", floor)
    spread("webhook", taken)
    print(f"  webhook: 50% within {percentile(taken, 0.5):.2f} ms, 99% within {percentile(taken, 0.99):.2f} ms ({percentile(taken, 0.99) / percentile(floor, 0.5):.1f} times the floor's median)")
    verdict("99% of webhooks", percentile(taken, 0.99), 10, " ms")
