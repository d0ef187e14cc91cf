"""After the last kill: what the senders and AWS were told, against what the server has. Nothing may be lost, doubled or
stuck, and what failed must say why."""

import collections
import contextlib
import os
import re
import time

from penstock_under_test import FINAL, read_log
from stack import cloud

import database
import pipelines

REMOVAL_SECONDS = 30

# A failure that somebody asked for, or that a rule of the queue asks for: nothing else may fail.
EXPECTED_FAILURES = (re.compile(r"its runner was lost \d times"),)


class Verdict:
    """Lists of sentences, each one a broken promise; and the figures of the closing table."""

    def __init__(self, world, senders):
        self.lost, self.doubled, self.left_over, self.unexplained = [], [], [], []
        self.stuck = []
        self.figures = {}
        self._world = world
        self._senders = senders
        self._folder = world.server.folder

    def broken(self):
        return self.lost + self.doubled + self.stuck + self.left_over + self.unexplained

    def judge(self, stuck):
        self.stuck = [f"execution {execution} of '{pipeline}' has not ended" for pipeline, execution in stuck]
        self._starts()
        self._pushes()
        self._webhooks()
        self._approvals()
        self._stops()
        self._once()
        self._deployments()
        self._logs()
        self._ends()
        self._api()
        self._containers()
        self._rows()

    def _ask(self, statement, *parameters):
        with contextlib.closing(database.open_read_only(self._folder)) as connection:
            return connection.execute(statement, parameters).fetchall()

    # What senders were told

    def _starts(self):
        for token, execution in self._senders["starts"].ledger:
            found = self._ask("SELECT uuid FROM executions WHERE client_request_token = ?", token)
            if (execution,) not in found:
                self.lost.append(f"start {token} was answered with {execution}, which is not there")
            if len(found) > 1:
                self.doubled.append(f"start {token} has {len(found)} executions")

    def _executions_of_commit(self, pipeline, commit):
        return [
            execution
            for (execution,) in self._ask(
                "SELECT e.uuid FROM executions e JOIN pipelines p ON p.id = e.pipeline_id JOIN source_revisions r ON r.execution_id = e.id WHERE p.name = ? AND r.asked = ?", pipeline, commit
            )
        ]

    def _pushes(self):
        for commit in self._senders["pushes"].ledger:
            found = self._executions_of_commit(pipelines.PUSHED, commit)
            if not found:
                self.lost.append(f"the push of {commit} was answered and started nothing")
            if len(found) > 1:
                self.doubled.append(f"the push of {commit} started {len(found)} executions")

    def _webhooks(self):
        for delivery, commit, executions in self._senders["webhooks"].ledger:
            found = self._executions_of_commit(pipelines.HOOKED, commit)
            if sorted(found) == sorted(executions) and len(found) == 1:
                continue
            (self.doubled if len(found) > 1 else self.lost).append(f"delivery {delivery} was answered with {executions}; there are {found}")

    def _approvals(self):
        expected = {"Approved": "Succeeded", "Rejected": "Failed"}
        for token, status, summary in self._senders["approvals"].ledger:
            found = self._ask("SELECT status, summary FROM action_runs WHERE approval_token = ?", token)
            if found != [(expected[status], summary)]:
                self.lost.append(f"approval {token} was answered {status} with {summary}; there is {found}")

    def _stops(self):
        for execution, reason in self._senders["stops"].ledger:
            found = self._ask("SELECT status, stop_reason FROM executions WHERE uuid = ?", execution)
            if found != [("Stopped", reason)]:
                self.lost.append(f"the stop of {execution} because of {reason} was taken; there is {found}")

    # What must be there once

    def _once(self):
        for table, columns, what in (
            ("action_runs", "stage_run_id, action", "runs of an action in one stage run"),
            ("jobs", "action_run_id", "jobs of an action"),
            ("builds", "action_run_id", "builds of an action"),
            ("executions", "pipeline_id, number", "executions of a number"),
        ):
            for row in self._ask(f"SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1"):
                self.doubled.append(f"{row[-1]} {what}: {row[:-1]}")
        finals = ", ".join(f"'{status}'" for status in FINAL)
        for execution, count in self._ask(f"SELECT execution, count(*) FROM events WHERE type = 'execution' AND status IN ({finals}) GROUP BY execution HAVING count(*) > 1"):
            self.doubled.append(f"execution {execution} ended {count} times")
        for job in self._world.containers.doubled:
            self.doubled.append(f"job {job} had two containers at one time")

    def _deployments(self):
        """AWS's own ledger: each execution registers one revision and sends the service to it once."""
        image_of, registered, updated = {}, collections.Counter(), collections.Counter()
        for entry in cloud.ledger(self._world.aws, service="ecs"):
            if entry["outcome"]["status"] != 200:
                continue
            asked = entry["input"]
            if entry["operation"] == "RegisterTaskDefinition" and asked["family"].startswith(self._world.cluster):
                arn = entry["outcome"]["result"]["taskDefinition"]["taskDefinitionArn"]
                image_of[arn] = asked["containerDefinitions"][0]["image"].partition(":")[2]
                registered[image_of[arn]] += 1
            elif entry["operation"] == "UpdateService" and asked["cluster"] == self._world.cluster:
                updated[image_of[asked["taskDefinition"]]] += 1
        deployed = self._ask("SELECT e.uuid, a.status FROM action_runs a JOIN executions e ON e.id = a.execution_id WHERE a.provider = 'ECS'")
        went_back = self._undone()
        for execution, status in deployed:
            if status == "Succeeded" and updated[execution] == 0:
                self.lost.append(f"execution {execution} says it deployed; no service was ever told")
        for execution in (set(registered) | set(updated)) - {""}:  # "": what each service began with
            # Putting a service back sends it once more to the revision that an execution before had made.
            if registered[execution] > 1 or updated[execution] > 1 + went_back[execution]:
                self.doubled.append(f"execution {execution} registered {registered[execution]} revisions, updated its service {updated[execution]} times")
        unknown = (set(registered) | set(updated)) - {execution for execution, _ in deployed} - {""}
        self.doubled += [f"AWS has a deployment of {execution}, which deploys nothing" for execution in unknown]
        self.figures["deployments"] = sum(1 for _, status in deployed if status == "Succeeded")

    def _undone(self):
        """How often a cancelled deployment put the service back to what that execution had deployed."""
        counts = collections.Counter()
        for pipeline in pipelines.DEPLOYING:
            last = None
            for execution, status in self._ask(
                "SELECT e.uuid, a.status FROM action_runs a JOIN executions e ON e.id = a.execution_id JOIN pipelines p ON p.id = e.pipeline_id WHERE a.provider = 'ECS' AND p.name = ? ORDER BY a.id", pipeline
            ):
                if status == "Succeeded":
                    last = execution
                elif last:
                    counts[last] += 1
        return counts

    def _logs(self):
        for log, execution in self._ask("SELECT a.uuid, e.uuid FROM action_runs a JOIN executions e ON e.id = a.execution_id WHERE a.provider = 'CodeBuild' AND a.status = 'Succeeded'"):
            lines = read_log(self._world.server, log)
            # A build whose runner was lost was begun again, and its log goes on: what counts is the last of them.
            last = lines[len(lines) - lines[::-1].index(f"begun {execution}") :] if f"begun {execution}" in lines else []
            if f"built {execution}" not in last:
                self.lost.append(f"the log of execution {execution}'s build lacks lines: {lines[-5:]}")

    # How everything ended

    def _ends(self):
        self.figures["ended"] = collections.Counter(status for (status,) in self._ask("SELECT status FROM executions"))
        failures = self._ask("SELECT e.uuid, a.action, a.category, a.error_message FROM action_runs a JOIN executions e ON e.id = a.execution_id WHERE a.status = 'Failed'")
        self.figures["lost runners"] = 0
        for execution, action, category, message in failures:
            if category == "Approval":
                continue
            if any(pattern.search(message or "") for pattern in EXPECTED_FAILURES):
                self.figures["lost runners"] += 1
            else:
                self.unexplained.append(f"'{action}' of execution {execution} failed: {message}")
        failed = {execution for execution, *_ in failures}
        for (execution,) in self._ask("SELECT uuid FROM executions WHERE status = 'Failed'"):
            if execution not in failed:
                self.unexplained.append(f"execution {execution} failed and none of its actions did")

    def _api(self):
        """What the API says is what the database has."""
        client = self._world.server.client("codepipeline")
        said = {}
        for name in (pipelines.PUSHED, pipelines.HOOKED, pipelines.STARTED):
            for page in client.get_paginator("list_pipeline_executions").paginate(pipelineName=name):
                said |= {one["pipelineExecutionId"]: one["status"] for one in page["pipelineExecutionSummaries"]}
        for execution, status in self._ask("SELECT uuid, status FROM executions"):
            if said.get(execution) != status:
                self.lost.append(f"execution {execution} is {status}; the API says {said.get(execution)}")
        self.figures["executions"] = len(said)

    # What is left over

    def _containers(self):
        """Of jobs: a runner that runs keeps networks ahead, each with a container that holds it."""
        # A build's container is removed behind its result, so that nobody waits for that.
        deadline = time.monotonic() + REMOVAL_SECONDS
        while (left := self._containers_of_jobs()) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.left_over += [f"container {container}" for container in left]

    def _containers_of_jobs(self):
        ours = (("--filter", f"label=penstock.runner={runner}", "--filter", "label=penstock.job") for runner in self._world.runner_ids)
        return [container for filters in ours for container in self._world.docker("ps", "--all", "--quiet", *filters).split()]

    def _rows(self):
        for statement, what in (
            ("SELECT id FROM jobs WHERE state <> 'done'", "a job that is not done"),
            ("SELECT id FROM jobs WHERE state = 'done' AND left_by IS NOT NULL AND cancel <> 'none'", "an undo that waits for its runner"),
            ("SELECT uuid FROM action_runs WHERE status = 'InProgress'", "an action under way"),
            ("SELECT id FROM stage_runs WHERE holds_lock = 1", "a stage that is locked"),
            ("SELECT uuid FROM builds WHERE status = 'IN_PROGRESS'", "a build under way"),
            ("SELECT id FROM logs WHERE closed = 0", "an open log"),
        ):
            self.left_over += [f"{what}: {row[0]}" for row in self._ask(statement)] if not self.stuck else []
        for statement in ("PRAGMA integrity_check", "PRAGMA foreign_key_check"):
            found = [row for row in self._ask(statement) if row != ("ok",)]
            self.left_over += [f"{statement}: {row}" for row in found]
        bodies = os.path.join(self._folder, "bodies")
        self.left_over += [f"a request's body: {name}" for name in os.listdir(bodies)]
