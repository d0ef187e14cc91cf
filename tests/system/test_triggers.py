"""What starts a pipeline: pushes of branches, tags and files through git, GitHub's deliveries with a real repository
behind them, and schedules."""

import hashlib
import hmac
import json
import pathlib
import secrets
import signal
import time
import urllib.parse
import uuid

import pytest
from penstock_under_test import count_executions, describe, load_pipeline, newest_execution, pipeline_summary, wait_for_approval
from stack import processes
from stack.events import action, execution

PAYLOADS = pathlib.Path(__file__).resolve().parents[1] / "data" / "hooks"
HOSTED = """
name: {name}
pipelineType: V2
stages:
  - name: Source
    actions:
      - {{name: App, provider: CodeCommit, configuration: {{RepositoryName: shop, BranchName: main}}, outputArtifacts: [App]}}
  - {{name: Next, actions: [{{name: Look, provider: Manual}}]}}
triggers:
  - gitConfiguration: {{sourceActionName: App, {filters}}}
"""
ELSEWHERE = """
name: elsewhere
pipelineType: V2
executionMode: QUEUED
stages:
  - name: Source
    actions:
      - name: App
        provider: CodeStarSourceConnection
        configuration: {ConnectionArn: "arn:aws:codestar-connections:eu-west-1:123456789012:connection/1f5b4d6e-0000-4000-8000-000000000000", FullRepositoryId: acme/shop, BranchName: main}
        outputArtifacts: [App]
  - {name: Next, actions: [{name: Look, provider: Manual}]}
triggers:
  - gitConfiguration:
      sourceActionName: App
      push:
        - {branches: {includes: [main]}, filePaths: {includes: ["src/**"]}}
        - {tags: {includes: ["v*"]}}
      pullRequest:
        - {events: [OPEN, UPDATED, CLOSED], branches: {includes: [main]}, filePaths: {includes: ["src/**"]}}
"""


def started(server, name):
    """(triggerType, triggerDetail, revisionId, branch) of each execution, oldest first."""
    executions = server.call("GetPipelineDetail", name=name)["executions"]
    found = []
    for one in reversed(executions):
        revision = one["revisions"][0]
        found.append((one["trigger"]["triggerType"], one["trigger"].get("triggerDetail"), revision.get("revisionId"), revision.get("branch")))
    return found


def commit(clone, **files):
    for name, text in files.items():
        clone.write(name.replace("__", "/").replace("_", "."), text)
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--allow-empty", "--message", "Change " + ", ".join(files))
    return clone.git("rev-parse", "HEAD").strip()


@pytest.fixture
def shop(server, make_clone, tmp_path):
    (tmp_path / "source").mkdir()
    return make_clone(server, "shop", str(tmp_path / "source"))


def push(clone, *refs):
    """Answered only when everything that the push starts is there."""
    clone.git("push", "--quiet", "--force", "origin", *refs)


class TestHosted:
    def test_file_paths(self, server, shop):
        load_pipeline(server, "files.yml", HOSTED.format(name="files", filters='push: [{branches: {includes: [main, "release/*"]}, filePaths: {includes: ["src/**"], excludes: ["**/*.md"]}}]'))
        commit(shop, src__app_js="1")
        push(shop, "main")
        assert started(server, "files") == [], "a new branch has nothing to be compared with"
        commit(shop, README_md="1", src__notes_md="1")
        push(shop, "main")
        assert started(server, "files") == []
        commit(shop, other_txt="1")
        second = commit(shop, src__deep__app_js="2")
        commit(shop, README_md="2")
        head = shop.git("rev-parse", "HEAD").strip()
        push(shop, "main")
        assert [one[2] for one in started(server, "files")] == [head]
        trigger_type, detail, _, branch = started(server, "files")[0]
        assert trigger_type == "WebhookV2" and branch == "main"
        assert json.loads(detail) == {"repository": "shop", "event": "PUSH", "branch": "main", "commitId": head}
        # Rewritten: compared with what was there before.
        shop.git("reset", "--quiet", "--hard", second)
        commit(shop, README_md="3")
        push(shop, "main")
        assert count_executions(server, "files") == 1
        events = [event["detail"] for event in self.events(server) if event.get("status") == "filtered"]
        assert events[-1]["pipelines"] == [{"pipelineName": "files", "message": "source 'App': no changed file matches the filter's file paths"}]

    @staticmethod
    def events(server):
        found = server.call("ListEvents", limit=1000)["events"]
        return [event | {"detail": event["detail"] if isinstance(event.get("detail"), dict) else json.loads(event.get("detail") or "{}")} for event in found]

    def test_tags(self, server, shop):
        load_pipeline(server, "tags.yml", HOSTED.format(name="tags", filters='push: [{tags: {includes: ["v*"], excludes: ["v*-rc*"]}}]'))
        first = commit(shop, a_txt="1")
        push(shop, "main")
        shop.git("tag", "v1")
        shop.git("tag", "v1-rc1")
        shop.git("tag", "other")
        push(shop, "v1", "v1-rc1", "other")
        assert [one[2:] for one in started(server, "tags")] == [(first, "v1")]
        second = commit(shop, a_txt="2")
        shop.git("tag", "--annotate", "--message", "Version 2", "v2")
        push(shop, "v2")
        assert [one[2:] for one in started(server, "tags")] == [(first, "v1"), (second, "v2")], "the tagged commit, not the tag"
        push(shop, "v2")
        push(shop, ":v1")
        push(shop, "main")
        assert count_executions(server, "tags") == 2
        shop.git("tag", "--force", "v2", first)  # moved
        push(shop, "v2")
        assert started(server, "tags")[-1][2:] == (first, "v2")

    def test_a_trigger_stands_in_for_the_branch(self, server, shop):
        load_pipeline(server, "release.yml", HOSTED.format(name="release", filters='push: [{branches: {includes: ["release/*"]}}]'))
        head = commit(shop, a_txt="1")
        push(shop, "main")
        assert started(server, "release") == []
        push(shop, "main:release/1")
        assert [one[2:] for one in started(server, "release")] == [(head, "release/1")]

    def test_a_runner_fetches_what_was_tagged(self, server, runner, shop):
        load_pipeline(server, "tags.yml", HOSTED.format(name="tags", filters='push: [{tags: {includes: ["v*"]}}]'))
        tagged = commit(shop, a_txt="1")
        shop.git("tag", "--annotate", "--message", "Version 1", "v1")
        shop.git("reset", "--quiet", "--hard")
        commit(shop, a_txt="2")
        push(shop, "main", "v1")
        execution_id = newest_execution(server, "tags")
        wait_for_approval(server, "tags", execution_id)
        detail = execution(server, "tags", execution_id)
        source = action(detail, "Source", "App")
        assert source["outputVariables"]["CommitId"] == tagged
        assert source["outputVariables"]["BranchName"] == "v1"


class GitHub:
    """Deliveries in GitHub's form, signed, for a repository that really is at the hook's address."""

    def __init__(self, server, clone, **more):
        self.server, self.clone = server, clone
        self.secret = secrets.token_hex(32)
        password = server.call("CreateGitToken")["token"]
        made = server.call("PutSourceHook", provider="github", repository="acme/shop", cloneUrl=clone.url, secret=self.secret, cloneUserName="x", clonePassword=password, **more)
        self.path = urllib.parse.urlsplit(made["payloadUrl"]).path

    def send(self, event, body, delivery=None, form=False):
        data = json.dumps(body).encode()
        if form:
            data = urllib.parse.urlencode({"payload": data.decode()}).encode()
        signature = "sha256=" + hmac.new(self.secret.encode(), data, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4()), "X-Hub-Signature-256": signature}
        status, _, answer = self.server.send("POST", self.path, data, headers)
        return status, json.loads(answer)

    @staticmethod
    def payload(name, **changes):
        body = json.loads((PAYLOADS / f"github-{name}.json").read_text(encoding="utf-8"))
        for path, value in changes.items():
            *way, last = path.split("__")
            place = body
            for step in way:
                place = place[step]
            place[last] = value
        return body

    def push(self, before, after, commits=None, **more):
        files = commits if commits is not None else []
        return self.payload("push", before=before, after=after, head_commit__id=after, commits=files, **more)

    def tag(self, name, after, tagged):
        return self.payload("tag", ref=f"refs/tags/{name}", after=after, head_commit={"id": tagged, "message": "Tagged"} if tagged else None)

    def pull_request(self, act, number, head, base, **more):
        return self.payload("pull-request", action=act, number=number, pull_request__number=number, pull_request__head__sha=head, pull_request__base__sha=base, **more)


def files_of(identifier, modified):
    return {"id": identifier, "added": [], "removed": [], "modified": modified, "message": "x", "distinct": True}


def message_of(answer):
    [one] = answer["pipelines"]
    return one["message"]


@pytest.fixture
def github(server, make_clone, tmp_path):
    (tmp_path / "source").mkdir()
    clone = make_clone(server, "mirror", str(tmp_path / "source"))
    load_pipeline(server, "elsewhere.yml", ELSEWHERE)
    return GitHub(server, clone)


class TestGitHub:
    def test_pushes(self, server, github):
        clone = github.clone
        first = commit(clone, README_md="1")
        second = commit(clone, src__app_js="1")
        third = commit(clone, README_md="2")
        push(clone, "main")
        # The payload says which files.
        status, answer = github.send("push", github.push(first, second, [files_of(second, ["src/app.js"])]))
        assert (status, message_of(answer)) == (202, "source 'App': push filter 1 matches")
        status, answer = github.send("push", github.push(second, third, [files_of(third, ["README.md"])]))
        assert (status, message_of(answer)) == (200, "source 'App': no changed file matches the filter's file paths")
        # It does not (rewritten, or too many commits): git is asked.
        status, answer = github.send("push", github.push(third, first, [files_of(first, [])], forced=True))
        assert (status, message_of(answer)) == (202, "source 'App': push filter 1 matches")
        status, answer = github.send("push", github.push(second, third, [], forced=True, compare="x"))
        assert (status, message_of(answer)) == (200, "source 'App': no changed file matches the filter's file paths")
        # Git cannot say: started, and said why.
        gone = "1" * 40
        status, answer = github.send("push", github.push(gone, third, [], forced=True))
        assert status == 202 and "which files changed is not known" in message_of(answer)
        # A new branch, another branch, a deleted one.
        status, answer = github.send("push", github.push("0" * 40, third, [files_of(third, ["src/app.js"])], created=True))
        assert status == 200 and "first push of a new branch" in message_of(answer)
        status, answer = github.send("push", github.push(first, second, [files_of(second, ["src/app.js"])], ref="refs/heads/side"))
        assert (status, message_of(answer)) == (200, "source 'App': the branch does not match the filters")
        status, answer = github.send("push", github.push(first, "0" * 40, deleted=True))
        assert (status, answer["message"]) == (200, "the branch was deleted")
        assert count_executions(server, "elsewhere") == 3

    def test_the_same_delivery_twice(self, server, github):
        commits = [commit(github.clone, src__app_js=str(number)) for number in range(2)]
        body = github.push(*commits, [files_of(commits[1], ["src/app.js"])])
        first = github.send("push", body, delivery="one")
        assert github.send("push", body, delivery="one") == first
        assert github.send("push", body, delivery="two") == first
        assert first[0] == 202 and count_executions(server, "elsewhere") == 1
        status, _ = github.send("push", github.push(*commits, [files_of(commits[1], ["src/app.js"])], compare="another"), form=True)
        assert status == 202 and count_executions(server, "elsewhere") == 2

    def test_tags(self, server, github):
        clone = github.clone
        tagged = commit(clone, README_md="1")
        clone.git("tag", "--annotate", "--message", "Version 1", "v1")
        tag = clone.git("rev-parse", "v1").strip()
        push(clone, "main", "v1")
        status, _ = github.send("push", github.tag("v1", tag, tagged))
        assert status == 202
        status, _ = github.send("push", github.tag("v1", tag, None))  # git is asked which commit that is
        assert status == 202
        status, answer = github.send("push", github.tag("v9", tag, None))
        assert status == 404 and "no tag 'v9'" in answer["message"]
        status, answer = github.send("push", github.tag("w1", tagged, tagged))
        assert (status, message_of(answer)) == (200, "source 'App': the tag does not match the filters")
        assert [one[2:] for one in started(server, "elsewhere")] == [(tagged, "v1"), (tagged, "v1")]

    def test_pull_requests(self, server, github):
        clone = github.clone
        base = commit(clone, README_md="1", src__app_js="1")
        clone.git("checkout", "--quiet", "-b", "fix")
        fix = commit(clone, src__app_js="2")
        clone.git("checkout", "--quiet", "main")
        main = commit(clone, README_md="2")
        clone.git("checkout", "--quiet", "-b", "words", base)
        words = commit(clone, README_md="3")
        push(clone, "main", "fix", "words")
        matches = "source 'App': pull request filter 1 matches"
        assert message_of(github.send("pull_request", github.pull_request("opened", 7, fix, main))[1]) == matches
        assert message_of(github.send("pull_request", github.pull_request("synchronize", 7, fix, main))[1]) == matches
        assert message_of(github.send("pull_request", github.pull_request("closed", 7, fix, main))[1]) == matches
        # What main got meanwhile is not what the pull request changes.
        status, answer = github.send("pull_request", github.pull_request("opened", 8, words, main))
        assert (status, message_of(answer)) == (200, "source 'App': no changed file matches the filter's file paths")
        status, answer = github.send("pull_request", github.pull_request("opened", 9, fix, main, pull_request__base__ref="release"))
        assert (status, message_of(answer)) == (200, "source 'App': the branch does not match the filters")
        status, answer = github.send("pull_request", github.pull_request("labeled", 7, fix, main))
        assert status == 200 and answer["executions"] == [] and "opened" in answer["message"]
        assert [one[2:] for one in started(server, "elsewhere")] == [(fix, "fix")] * 3
        details = [json.loads(one[1]) for one in started(server, "elsewhere")]
        assert [one["event"] for one in details] == ["OPEN", "UPDATED", "CLOSED"]
        assert details[0]["pullRequest"] == 7 and details[0]["branch"] == "main" and details[0]["headBranch"] == "fix"

    def test_a_pull_request_from_another_repository(self, server, runner, github):
        clone = github.clone
        base = commit(clone, README_md="1")
        push(clone, "main")
        clone.git("checkout", "--quiet", "--detach")
        head = commit(clone, src__app_js="2")
        push(clone, "HEAD:refs/pull/5/head")  # as GitHub shows what is in the fork
        body = github.pull_request("opened", 5, head, base, pull_request__head__repo__full_name="someone/shop", pull_request__head__ref="main")
        status, answer = github.send("pull_request", body)
        assert (status, answer["executions"]) == (200, []) and "forkPullRequests" in answer["message"]
        github = GitHub(server, clone, forkPullRequests=True)
        status, answer = github.send("pull_request", body)
        assert status == 202
        [execution_id] = answer["executions"]
        wait_for_approval(server, "elsewhere", execution_id)
        detail = execution(server, "elsewhere", execution_id)
        source = action(detail, "Source", "App")
        assert source["status"] == "Succeeded", describe(server, detail)
        assert source["outputVariables"]["CommitId"] == head


class TestSchedules:
    def test_put_list_start_delete(self, server, shop):
        load_pipeline(server, "hosted.yml", HOSTED.format(name="hosted", filters="push: [{tags: {includes: [none]}}]"))
        commit(shop, a_txt="1")
        push(shop, "main")
        soon = time.gmtime(time.time() + 2)
        made = server.call("PutSchedule", name="soon", pipelineName="hosted", scheduleExpression=time.strftime("at(%Y-%m-%dT%H:%M:%S)", soon))
        assert made["schedule"]["state"] == "ENABLED" and made["schedule"]["scheduleExpressionTimezone"] == "UTC"
        server.call("PutSchedule", name="rests", pipelineName="hosted", scheduleExpression="rate(1 minute)", state="DISABLED")
        execution_id = processes.wait_until(lambda: newest_execution(server, "hosted"), 30, "the schedule", log=server.log)
        trigger = execution(server, "hosted", execution_id)["execution"]["trigger"]
        assert trigger["triggerType"] == "CloudWatchEvent" and trigger["triggerDetail"].endswith(":rule/hosted/soon")
        listed = {one["name"]: one for one in server.call("ListSchedules", pipelineName="hosted")["schedules"]}
        assert listed["soon"]["last"] and "next" not in listed["soon"] and "next" not in listed["rests"]
        assert server.call("DeleteSchedule", name="soon", pipelineName="hosted") == {}
        assert [one["name"] for one in server.call("ListSchedules")["schedules"]] == ["rests"]
        assert count_executions(server, "hosted") == 1

    def test_those_of_a_file(self, server):
        """The file replaces its own and leaves the others alone; a name that is taken is told beside the pipeline."""
        text = HOSTED.format(name="hosted", filters="push: [{tags: {includes: [none]}}]")
        load_pipeline(server, "hosted.yml", text)
        server.call("PutSchedule", name="mine", pipelineName="hosted", scheduleExpression="rate(3 days)")

        def load(schedules, shown):
            (pathlib.Path(server.pipelines) / "hosted.yml").write_text(f"{text}schedules: {schedules}\n", encoding="utf-8")
            server.process.signal(signal.SIGHUP)
            processes.wait_until(lambda: listed() == shown, 20, "the file's schedules", log=server.log)

        def listed():
            return {one["name"]: (one["origin"], one["scheduleExpression"], one["scheduleExpressionTimezone"]) for one in server.call("ListSchedules")["schedules"]}

        mine = {"mine": ("api", "rate(3 days)", "UTC")}
        night = {"night": ("file", "cron(30 2 * * ? *)", "Europe/Berlin")}
        load("[{name: night, expression: cron(30 2 * * ? *), timezone: Europe/Berlin}]", {**mine, **night})
        load("[{expression: rate(1 hour)}]", {**mine, "schedule-1": ("file", "rate(1 hour)", "UTC")})
        (pathlib.Path(server.pipelines) / "hosted.yml").write_text(f"{text}schedules: [{{name: mine, expression: rate(1 hour)}}]\n", encoding="utf-8")
        server.process.signal(signal.SIGHUP)
        processes.wait_until(lambda: "made through the API" in (pipeline_summary(server, "hosted")["fileError"] or ""), 20, "the file's error", log=server.log)
        load("[]", mine)
