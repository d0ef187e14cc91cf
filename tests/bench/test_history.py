"""The engine and the lists beside a million executions of history: the same figures as without, and the first page of
each list within 10 ms.
"""

import http.client
import json
import os
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from figures import percentile, verdict
from history import PIPELINES, fill, lacks_room
from load import PIPELINE, Throughput, Transitions, noop_runner, start_counting
from stack.sandbox import REGION

HISTORY = int(os.environ.get("BENCH_HISTORY", "1000000"))
ROUNDS = 3
TIMES = 30
TARGETS = {"codepipeline": "CodePipeline_20150709", "codebuild": "CodeBuild_20161006", "penstock": "Penstock_20261101"}


def name_of(index):
    return "bench" if index == 1 else f"bench{index}"


def lists(execution):
    """(service, operation, input) of every list's first page and every page of the dashboard."""
    name = {"pipelineName": "bench"}
    latest = {"latestInPipelineExecution": {"pipelineExecutionId": execution, "startTimeRange": "Latest"}}
    return [
        ("codepipeline", "ListPipelines", {}),
        ("codepipeline", "ListPipelineExecutions", name),
        ("codepipeline", "ListPipelineExecutions", {**name, "filter": {"succeededInStage": {"stageName": "Deploy"}}}),
        ("codepipeline", "ListPipelineExecutions", {**name, "filter": {"succeededInStage": {"stageName": "Nothing"}}}),
        ("codepipeline", "ListActionExecutions", name),
        ("codepipeline", "ListActionExecutions", {**name, "filter": {"pipelineExecutionId": execution}}),
        ("codepipeline", "ListActionExecutions", {**name, "filter": latest}),
        ("codepipeline", "ListRuleExecutions", name),
        ("codepipeline", "ListActionTypes", {}),
        ("codepipeline", "ListRuleTypes", {}),
        ("codepipeline", "GetPipelineState", {"name": "bench"}),
        ("codepipeline", "GetPipelineExecution", {**name, "pipelineExecutionId": execution}),
        ("codebuild", "ListBuilds", {}),
        ("codebuild", "ListBuildsForProject", {"projectName": "project-1"}),
        ("codebuild", "ListProjects", {}),
        ("penstock", "GetOverview", {}),
        ("penstock", "GetPipelineDetail", {"name": "bench"}),
        ("penstock", "GetExecutionDetail", {**name, "pipelineExecutionId": execution}),
        ("penstock", "ListEvents", {}),
        ("penstock", "ListRunners", {}),
    ]


class Caller:
    """Signed calls on one kept connection."""

    def __init__(self, server):
        self._url = server.url
        self._credentials = botocore.credentials.Credentials(*server.keys)
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._url).netloc, timeout=600)

    def call(self, service, operation, members):
        """(milliseconds, status, answer); signing is not counted."""
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[service]}.{operation}"}
        request = botocore.awsrequest.AWSRequest("POST", self._url + "/", headers, body)
        botocore.auth.SigV4Auth(self._credentials, service, REGION).add_auth(request)
        signed = dict(request.prepare().headers.items())
        began = time.perf_counter()
        self._connection.request("POST", "/", body, signed)
        response = self._connection.getresponse()
        data = response.read()
        return (time.perf_counter() - began) * 1000, response.status, json.loads(data)


def prepare(server, pipelines):
    for index in range(1, PIPELINES + 1):
        with open(os.path.join(pipelines, f"{index:02}.yml"), "w", encoding="utf-8") as file:
            file.write(PIPELINE.format(name=name_of(index)).replace("PARALLEL", "QUEUED") + (f"projects:\n  project-1:\n    environment: {{image: example.com/none}}\n" if index == 1 else ""))
    server.start()
    assert server.call("GetPipelineDetail", name="bench")["pipeline"]["name"] == "bench"


def measure_lists(server):
    caller = Caller(server)
    execution = server.call("GetPipelineDetail", name="bench")["executions"][0]["pipelineExecutionId"]
    slow = []
    for service, operation, members in lists(execution):
        taken = []
        for _ in range(TIMES):
            milliseconds, status, answer = caller.call(service, operation, members)
            if status != 200:
                break
            taken.append(milliseconds)
        text = f"{operation} {json.dumps(members.get('filter', {})) if members.get('filter') else ''}".strip()[:78]
        if not taken:
            print(f"  {text:<80} not there: {answer.get('__type')} {answer.get('message', '')[:60]}", flush=True)
            continue
        middle = percentile(taken, 0.5)
        print(f"  {text:<80} p50 {middle:7.2f}  max {max(taken):7.2f} ms", flush=True)
        if middle > 10:
            slow.append(operation)
    verdict("lists whose first page takes longer than 10 ms", len(slow), 0)


def test_history(make_server, build, folder, monkeypatch):
    short = lacks_room(str(folder), HISTORY)
    if short:
        pytest.skip(short)
    servers = {}
    for name in ("empty", "long"):
        servers[name] = make_server(name, start=False)
        prepare(servers[name], servers[name].pipelines)
        noop_runner(build, servers[name], "throughput", name_of(PIPELINES), 1, 1, 1) if name == "empty" else servers[name].call("CreateJoinToken")
        servers[name].process.end(20)
    began = time.perf_counter()
    size = fill(os.path.join(servers["long"].folder, "penstock.db"), HISTORY)
    print(f"\n{HISTORY} executions of history: {size / 1e9:.2f} GB, made in {time.perf_counter() - began:.0f} s", flush=True)
    syncs = {name: start_counting(server, build, monkeypatch, servers[name].folder) for name, server in servers.items()}
    measure_lists(servers["long"])
    rounds = {"empty": [], "long": []}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            one = Throughput(build, server, syncs[name], str(folder), "bench", 300, 16, 8)
            rounds[name].append(one)
            print(f"  {name:<6} {one}", flush=True)
    shares = {name: sorted(one.seconds for one in ones)[ROUNDS // 2] for name, ones in rounds.items()}
    verdict("seconds with history / without, medians of rounds in turns", shares["long"] / shares["empty"], 1.1)
    for name, server in servers.items():
        print(f"  {name:<6} {Transitions(build, server, str(folder), 'bench', 50)}", flush=True)
