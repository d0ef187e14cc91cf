"""Who may come in: git tokens, webhook signatures, sign-in links; and what happens to those who may not."""

import hashlib
import hmac
import json
import secrets
import socket
import urllib.parse
import uuid

import pytest
from penstock_under_test import count_executions, describe, load_pipeline, newest_execution, push, wait_for_end
from stack import processes
from stack.events import sign_in

HOSTED = """
name: hosted
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: hosted, BranchName: main}, outputArtifacts: [App]}
  - name: Next
    actions:
      - {name: Look, provider: Manual}
"""
ELSEWHERE = """
name: elsewhere
stages:
  - name: Source
    actions:
      - name: App
        provider: CodeStarSourceConnection
        configuration: {ConnectionArn: "arn:aws:codestar-connections:eu-west-1:123456789012:connection/1f5b4d6e-0000-4000-8000-000000000000", FullRepositoryId: acme/shop, BranchName: main}
        outputArtifacts: [App]
  - name: Build
    actions:
      - {name: Show, provider: CodeBuild, configuration: {ProjectName: elsewhere}, inputArtifacts: [App]}
projects:
  elsewhere:
    environment: {image: penstock/busybox}
    source: {buildspec: "version: 0.2\\nphases: {build: {commands: [ls]}}\\n"}
"""


@pytest.fixture
def hosted(server, make_clone, tmp_path):
    load_pipeline(server, "hosted.yml", HOSTED)
    (tmp_path / "source").mkdir()
    clone = make_clone(server, "hosted", str(tmp_path / "source"))
    clone.commit("First", allow_empty=True)
    return clone


@pytest.mark.parametrize("token", [None, "", "wrong", "ghp_" + "x" * 36])
def test_a_push_without_the_right_token_changes_nothing(server, hosted, token):
    if token is None:
        hosted.git("config", "--unset", "credential.helper")
    else:
        hosted.use_token(token)
    with pytest.raises(processes.Failure, match="uthentication|could not read Username|credentials"):
        hosted.push()
    assert server.client("codecommit").list_branches(repositoryName="hosted")["branches"] == []
    assert newest_execution(server, "hosted") is None
    for service in ("git-receive-pack", "git-upload-pack"):
        status, headers, _ = server.send("GET", f"/git/hosted/info/refs?service={service}")
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic")


def test_a_deleted_token_lets_nobody_in(server, hosted):
    made = server.call("CreateGitToken", description="to be deleted")
    hosted.use_token(made["token"])
    server.call("DeleteGitToken", tokenId=made["tokenId"])
    with pytest.raises(processes.Failure):
        hosted.push()
    assert newest_execution(server, "hosted") is None


def test_an_access_key_pushes_too(server, hosted):
    hosted.use_token("unused")
    access_key, secret_key = server.keys
    url = hosted.url.replace("://", f"://{access_key}:{urllib.parse.quote(secret_key, safe='')}@")
    hosted.git("push", "--quiet", url, "main")
    assert server.client("codecommit").get_branch(repositoryName="hosted", branchName="main")["branch"]["commitId"] == hosted.git("rev-parse", "HEAD").strip()


# webhooks


@pytest.fixture
def hook(server, make_clone, tmp_path):
    """A webhook for acme/shop, whose source is a repository hosted here (a webhook's repository can be anywhere)."""
    load_pipeline(server, "elsewhere.yml", ELSEWHERE)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "README").write_text("acme's shop\n")
    clone = make_clone(server, "mirror", str(tmp_path / "source"))
    clone.commit("First")
    clone.push()
    secret = secrets.token_hex(32)
    password = server.call("CreateGitToken")["token"]
    made = server.call("PutSourceHook", provider="github", repository="acme/shop", cloneUrl=clone.url, secret=secret, cloneUserName="x", clonePassword=password)
    return Hook(server, urllib.parse.urlsplit(made["payloadUrl"]).path, secret, clone)


class Hook:
    def __init__(self, server, path, secret, clone):
        self.server, self.path, self.secret, self.clone = server, path, secret, clone

    def body(self, branch="main"):
        commit = self.clone.git("rev-parse", "HEAD").strip()
        person = {"name": "Ada", "email": "ada@example.com", "username": "ada"}
        head = {"id": commit, "message": "First", "timestamp": "2026-11-23T05:37:00Z", "author": person, "committer": person, "added": [], "removed": [], "modified": ["README"]}
        repository = {"id": 1, "name": "shop", "full_name": "acme/shop", "clone_url": "https://github.com/acme/shop.git", "default_branch": "main"}
        return json.dumps({"ref": f"refs/heads/{branch}", "before": "0" * 40, "after": commit, "created": False, "deleted": False, "forced": False, "repository": repository, "pusher": {"name": "ada", "email": "ada@example.com"}, "sender": {"login": "ada", "id": 7}, "head_commit": head, "commits": [head]}).encode()

    def send(self, body, signature=None, delivery=None, event="push"):
        """(status, answer) of a delivery; signed rightly if no signature is given."""
        signature = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest() if signature is None else signature
        headers = {"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4())}
        if signature:
            headers["X-Hub-Signature-256"] = signature
        status, _, data = self.server.send("POST", self.path, body, headers)
        return status, json.loads(data or b"{}")


def test_a_webhook_starts_its_pipeline(server, runner, hook):
    status, answer = hook.send(hook.body())
    assert status == 202
    [execution_id] = answer["executions"]
    detail = wait_for_end(server, "elsewhere", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    assert detail["execution"]["revisions"][0]["revisionId"] == json.loads(hook.body())["after"]


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, "sha256=", "sha1=" + "0" * 40, "nonsense"])
def test_a_forged_webhook_is_refused(server, hook, signature):
    status, _ = hook.send(hook.body(), signature=signature)
    assert status == 401
    assert count_executions(server, "elsewhere") == 0


def test_a_changed_body_is_refused(server, hook):
    body = hook.body()
    signature = "sha256=" + hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
    assert hook.send(body.replace(b"ada", b"eve"), signature=signature)[0] == 401
    assert count_executions(server, "elsewhere") == 0


def test_a_replayed_webhook_gets_the_same_answer_and_starts_nothing(server, hook):
    body, delivery = hook.body(), str(uuid.uuid4())
    first = hook.send(body, delivery=delivery)
    assert first[0] == 202
    assert [hook.send(body, delivery=delivery) for _ in range(3)] == [first] * 3
    assert count_executions(server, "elsewhere") == 1
    server.process.kill()
    server.start()
    assert hook.send(body, delivery=delivery) == first, "a restart does not forget the delivery"
    assert count_executions(server, "elsewhere") == 1


def test_webhooks_that_start_nothing(server, hook):
    assert hook.send(b'{"zen": "Keep it logically awesome.", "hook_id": 1}', event="ping")[0] == 200
    assert hook.send(hook.body("side"))[0] == 200
    assert hook.send(b'{"action": "opened"}', event="issues")[0] == 200
    assert count_executions(server, "elsewhere") == 0


# limits and links


@pytest.mark.parametrize("path, size", [("/", 1024 * 1024 + 1), ("/aws", 1 << 40), ("hook", 25 * 1024 * 1024 + 1)])
def test_a_body_over_the_limit_is_refused_before_it_is_sent(server, hook, path, size):
    address = urllib.parse.urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        target = hook.path if path == "hook" else path
        connection.sendall(f"POST {target} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\nX-Amz-Target: Penstock_20261101.GetSession\r\nContent-Length: {size}\r\n\r\n".encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:300]
    assert server.call("GetOverview")["pipelines"], "and the server goes on"


def test_a_sign_in_link_is_good_once(server):
    url = server.call("CreateSignInLink")["url"]
    path = url[len(server.url):]
    for _ in range(2):  # a mail scanner that looks at the page spends nothing
        status, headers, page = server.send("GET", path)
        assert status == 200 and b"<form" in page and "Set-Cookie" not in headers
    cookie = sign_in(server, url)
    session = json.dumps({}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Penstock_20261101.GetSession", "Cookie": cookie, "Origin": server.url}
    status, _, data = server.send("POST", "/", session, headers)
    assert status == 200 and json.loads(data)["user"] == "admin"
    with pytest.raises(RuntimeError):
        sign_in(server, url)
    status, _, _ = server.send("POST", "/", session, {**headers, "Cookie": "penstock_session=" + "x" * 43})
    assert status in (401, 403)


def test_a_browser_needs_its_origin_and_token_to_change_anything(server, hosted):
    push(hosted, "hosted")
    cookie = sign_in(server, server.call("CreateSignInLink")["url"])
    headers = {"Content-Type": "application/x-amz-json-1.1", "Cookie": cookie, "X-Amz-Target": "Penstock_20261101.GetSession", "Origin": server.url}
    token = json.loads(server.send("POST", "/", b"{}", headers)[2])["csrfToken"]
    start = {**headers, "X-Amz-Target": "CodePipeline_20150709.StartPipelineExecution"}
    body = json.dumps({"name": "hosted"}).encode()
    before = count_executions(server, "hosted")
    for wrong in ({}, {"X-Penstock-Csrf": "wrong"}, {"X-Penstock-Csrf": token, "Origin": "https://evil.example.com"}):
        assert server.send("POST", "/", body, {**start, **wrong})[0] in (400, 403)
    assert count_executions(server, "hosted") == before
    assert server.send("POST", "/", body, {**start, "X-Penstock-Csrf": token})[0] == 200
    assert count_executions(server, "hosted") == before + 1
