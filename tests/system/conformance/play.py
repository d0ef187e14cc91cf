"""Plays a table: each step through AWS's operations with boto3, each end of a job by the puppet, each look by what the
operations answer."""

import json

import botocore.exceptions
import jmespath


class Refused(Exception):
    pass


class Play:
    def __init__(self, client, puppet, declaration):
        self._client = client
        self._puppet = puppet
        self._declaration = declaration
        self.name = declaration["name"]
        self._tokens = {}
        client.create_pipeline(pipeline=declaration)

    # ---- looking ----

    def _executions(self):
        """Oldest first."""
        pages = self._client.get_paginator("list_pipeline_executions").paginate(pipelineName=self.name)
        return [one for page in pages for one in page["pipelineExecutionSummaries"]][::-1]

    def _id(self, number):
        return self._executions()[int(number) - 1]["pipelineExecutionId"]

    def _working(self, execution):
        """(stage, name) of the actions and rules that are under way, oldest first; rules with a question mark."""
        only = {"pipelineName": self.name, "filter": {"pipelineExecutionId": execution}}
        actions = self._client.list_action_executions(**only)["actionExecutionDetails"]
        rules = self._client.list_rule_executions(**only)["ruleExecutionDetails"]
        working = [(one["startTime"], one["stageName"], one["actionName"]) for one in actions if one["status"] == "InProgress"]
        working += [(one["startTime"], one["stageName"], "?" + one["ruleName"]) for one in rules if one["status"] == "InProgress"]
        return [(stage, name) for _, stage, name in sorted(working, key=lambda one: one[2])]

    def _place(self, execution, state):
        working = self._working(execution)
        if working:
            return f"{working[0][0]}:{','.join(name for _, name in working)}"
        for stage in state["stageStates"]:
            if any(one["pipelineExecutionId"] == execution for one in stage.get("inboundExecutions", [])):
                return f">{stage['stageName']}"
        return "nowhere"

    def show(self):
        shown = []
        state = self._client.get_pipeline_state(name=self.name)
        for number, one in enumerate(self._executions(), 1):
            words = [str(number)]
            if one["status"] != "InProgress":
                words.append(one["status"])
            if one["status"] in ("InProgress", "Stopping"):
                words.append(self._place(one["pipelineExecutionId"], state))
            shown.append(" ".join(words))
        return " | ".join(shown)

    def see(self, what, expression):
        """A piece of an answer: `see state EXPRESSION`, `see 2 EXPRESSION` (GetPipelineExecution), `see actions
        EXPRESSION`, `see rules EXPRESSION`, `see pipeline EXPRESSION`."""
        if what == "state":
            answer = self._client.get_pipeline_state(name=self.name)
        elif what == "pipeline":
            answer = self._client.get_pipeline(name=self.name)
        elif what == "actions":
            answer = self._client.list_action_executions(pipelineName=self.name)
        elif what == "rules":
            answer = self._client.list_rule_executions(pipelineName=self.name)
        elif what == "executions":
            answer = self._client.list_pipeline_executions(pipelineName=self.name)
        else:
            answer = self._client.get_pipeline_execution(pipelineName=self.name, pipelineExecutionId=self._id(what))["pipelineExecution"]
        answer = json.loads(json.dumps(answer, default=str))
        for number, one in enumerate(self._executions(), 1):
            answer = json.loads(json.dumps(answer).replace(one["pipelineExecutionId"], f"#{number}"))
        return jmespath.search(expression, answer)

    # ---- doing ----

    def do(self, line):
        verb, *words = line.split()
        try:
            getattr(self, "do_" + verb.replace("-", "_"))(*words)
        except botocore.exceptions.ClientError as error:
            raise Refused(error.response["Error"]["Code"]) from error

    def do_nothing(self):
        pass

    def do_start(self, *words):
        """start [token=T] [variable=value ...] [revision=COMMIT]"""
        given = dict(word.split("=", 1) for word in words)
        request = {}
        if "token" in given:
            request["clientRequestToken"] = f"{self.name}-{given.pop('token')}"
        if "revision" in given:
            request["sourceRevisions"] = [{"actionName": "S", "revisionType": "COMMIT_ID", "revisionValue": given.pop("revision")}]
        if given:
            request["variables"] = [{"name": name, "value": value} for name, value in given.items()]
        self._client.start_pipeline_execution(name=self.name, **request)

    def do_take(self, number, action):
        self._puppet.take(self.name, self._id(number), action)

    def do_ok(self, number, action):
        self._puppet.end(self.name, self._id(number), action, "succeeded")

    def do_fail(self, number, action):
        self._puppet.end(self.name, self._id(number), action, "failed")

    def do_stopped(self, number, action):
        self._puppet.end(self.name, self._id(number), action, "stopped")

    def _approval(self, number, action):
        actions = self._client.list_action_executions(pipelineName=self.name, filter={"pipelineExecutionId": self._id(number)})["actionExecutionDetails"]
        newest = next(one for one in actions if one["actionName"] == action)
        token = newest["output"]["executionResult"].get("externalExecutionId") if newest.get("output", {}).get("executionResult") else None
        for stage in self._client.get_pipeline_state(name=self.name)["stageStates"]:
            for one in stage.get("actionStates", []):
                if one["actionName"] == action and stage["stageName"] == newest["stageName"]:
                    token = one.get("latestExecution", {}).get("token", token)
        return newest["stageName"], token

    def _answer(self, number, action, status, remembered=False):
        if remembered:
            stage, token = self._tokens[action]
        else:
            stage, token = self._approval(number, action)
            self._tokens[action] = (stage, token)
        self._client.put_approval_result(pipelineName=self.name, stageName=stage, actionName=action, token=token, result={"status": status, "summary": ""})

    def do_approve(self, number, action):
        self._answer(number, action, "Approved")

    def do_reject(self, number, action):
        self._answer(number, action, "Rejected")

    def do_approve_again(self, number, action):
        """With the token of the last answer."""
        self._answer(number, action, "Approved", remembered=True)

    def do_stop(self, number):
        self._client.stop_pipeline_execution(pipelineName=self.name, pipelineExecutionId=self._id(number), reason="a table says so")

    def do_abandon(self, number):
        self._client.stop_pipeline_execution(pipelineName=self.name, pipelineExecutionId=self._id(number), abandon=True)

    def do_retry(self, number, stage, mode="FAILED_ACTIONS"):
        self._client.retry_stage_execution(pipelineName=self.name, stageName=stage, pipelineExecutionId=self._id(number), retryMode=mode)

    def do_rollback(self, stage, number):
        self._client.rollback_stage(pipelineName=self.name, stageName=stage, targetPipelineExecutionId=self._id(number))

    def do_override(self, number, stage, kind):
        self._client.override_stage_condition(pipelineName=self.name, stageName=stage, pipelineExecutionId=self._id(number), conditionType=kind)

    def do_disable(self, stage, kind="Inbound"):
        self._client.disable_stage_transition(pipelineName=self.name, stageName=stage, transitionType=kind, reason="a freeze")

    def do_enable(self, stage, kind="Inbound"):
        self._client.enable_stage_transition(pipelineName=self.name, stageName=stage, transitionType=kind)

    def do_update(self, mode=None):
        if mode:
            self._declaration["executionMode"] = mode
        self._client.update_pipeline(pipeline=self._declaration)

    def do_revision(self, action, revision):
        self._client.put_action_revision(
            pipelineName=self.name, stageName="Source", actionName=action, actionRevision={"revisionId": revision, "revisionChangeId": revision, "created": 1795404612}
        )
