"""What the engine's benchmarks run: a server that counts its syncs, and tests/bench's own programs."""

import json
import mmap
import os
import struct
import subprocess

from figures import percentile

PIPELINE = """
name: {name}
pipelineType: V2
executionMode: PARALLEL
variables:
  - {{name: Service, defaultValue: service}}
stages:
  - name: Source
    actions:
      - {{name: App, provider: CodeCommit, configuration: {{RepositoryName: {name}, BranchName: main}}, outputArtifacts: [App]}}
  - name: Build
    actions:
      - {{name: Make, provider: Commands, commands: [make], inputArtifacts: [App]}}
  - name: Test
    actions:
      - {{name: Check, provider: Commands, commands: [make check], inputArtifacts: [App]}}
  - name: Deploy
    actions:
      - {{name: Last, provider: ECS, configuration: {{ClusterName: bench, ServiceName: "#{{variables.Service}}"}}, inputArtifacts: [App]}}
"""
PATIENCE = 600  # seconds; a limit for broken code


class Syncs:
    """The two counts of sync_count.c: commits (and a few checkpoints' syncs) of the database's log, and all others."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 16)

    def read(self):
        return struct.unpack("QQ", self._memory[:16])


def start_counting(server, build, monkeypatch, folder):
    """Start the server with the counter loaded."""
    path = os.path.join(folder, "syncs")
    monkeypatch.setenv("LD_PRELOAD", str(build / "tests" / "bench" / "libsync_count.so"))
    monkeypatch.setenv("PENSTOCK_SYNC_COUNTS", path)
    server.start()
    monkeypatch.delenv("LD_PRELOAD")
    monkeypatch.delenv("PENSTOCK_SYNC_COUNTS")
    return Syncs(path)


def noop_runner(build, server, mode, pipeline, *numbers):
    """Run noop-runner to its end; its standard output."""
    token = server.call("CreateJoinToken")["token"]
    arguments = [str(build / "tests" / "bench" / "noop-runner"), mode, server.url, token, pipeline, *map(str, numbers)]
    return subprocess.run(arguments, env={**os.environ, "PENSTOCK_CONFIG": server.config}, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE).stdout


def commits_alone(build, folder, count):
    """Milliseconds of each of `count` durable commits of one row, one after the other, on the disk of `folder`."""
    path = os.path.join(folder, "commits.db")
    try:
        output = subprocess.run([str(build / "tests" / "bench" / "commit-floor"), path, str(count)], stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE).stdout
        return [int(line) / 1000 for line in output.split()]
    finally:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


SLICE = 100


class Throughput:
    """One round: executions through the server, and in turns with them, a slice each, as many commits alone. In turns,
    because what a commit costs changes with whatever else writes to the disk.
    """

    def __init__(self, build, server, syncs, folder, pipeline, executions, under_way, slots):
        self.executions = executions
        self.seconds = self.floor_seconds = 0
        self.commits = self.other_syncs = 0
        processor = processor_seconds(server.process.pid)
        for begin in range(0, executions, SLICE):
            before = syncs.read()
            self.seconds += json.loads(noop_runner(build, server, "throughput", pipeline, min(SLICE, executions - begin), under_way, slots))["seconds"]
            commits, others = (now - then for now, then in zip(syncs.read(), before))
            self.commits += commits
            self.other_syncs += others
            self.floor_seconds += sum(commits_alone(build, folder, commits)) / 1000
        self.processor_ms = (processor_seconds(server.process.pid) - processor) / executions * 1000

    @property
    def share(self):
        """How much of the floor's rate is reached: 1 would be as fast as its commits alone."""
        return self.floor_seconds / self.seconds

    @property
    def strict_share(self):
        """Executions a second against commits a second."""
        return (self.executions / self.seconds) / (self.commits / self.floor_seconds)

    def __str__(self):
        return (f"{self.executions / self.seconds:7.1f} executions/s; {self.commits / self.executions:5.2f} commits and {self.other_syncs / self.executions:.2f} other syncs each; "
                f"those commits alone {self.floor_seconds:.2f} s ({self.commits / self.floor_seconds:.0f}/s) against {self.seconds:.2f} s: {self.share:.2f} of the floor's rate; "
                f"strictly {self.strict_share:.3f}; server {self.processor_ms:.2f} ms of processor each")


class Transitions:
    """Milliseconds from a result's sending to the next job's arrival, with commits alone before and after."""

    def __init__(self, build, server, folder, pipeline, executions):
        before = commits_alone(build, folder, 200)
        self.taken = [int(line) / 1000 for line in noop_runner(build, server, "transitions", pipeline, executions).split()]
        self.floor = before + commits_alone(build, folder, 200)

    def __str__(self):
        def row(values):
            return f"p50 {percentile(values, 0.5):.2f}  p99 {percentile(values, 0.99):.2f}  max {max(values):.2f} ms"
        within = sum(value <= 5 for value in self.taken) / len(self.taken)
        return f"{len(self.taken)} transitions {row(self.taken)}, {within * 100:.1f}% within 5 ms; one durable commit {row(self.floor)}"
