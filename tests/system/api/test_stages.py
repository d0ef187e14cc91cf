"""What people do to stages, as AWS's clients ask for it: retry, rollback, transitions, conditions and their rules. Debian's
model does not know the newest operations: those go through `ask`."""

import pytest
from api_steps import approval, events_of, wait_for_status
from hand_runner import COMMIT
from stack.sandbox import ACCOUNT, REGION
from stack.server import Refused

NOWHERE = "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"


def refusal(ask, operation, **members):
    with pytest.raises(Refused) as refused:
        ask(operation, **members)
    return refused.value.name


def state(ask, pipeline, stage="Release"):
    return next(shown for shown in ask("GetPipelineState", name=pipeline)["stageStates"] if shown["stageName"] == stage)


def newest(codepipeline, pipeline):
    return codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"][0]["pipelineExecutionId"]


def answer(ask, pipeline, status, stage="Release"):
    token = state(ask, pipeline, stage)["actionStates"][0]["latestExecution"]["token"]
    ask("PutApprovalResult", pipelineName=pipeline, stageName=stage, actionName="Approve", token=token, result={"summary": "", "status": status})


def retry(pipeline, execution, **members):
    return {"pipelineName": pipeline, "stageName": "Release", "pipelineExecutionId": execution, "retryMode": "FAILED_ACTIONS", **members}


def start(codepipeline, hand, pipeline, commit=COMMIT):
    """The id of a new execution that has its source."""
    execution = codepipeline.start_pipeline_execution(name=pipeline)["pipelineExecutionId"]
    hand.fetch(pipeline, commit=commit)
    return execution


@pytest.fixture
def rejected(ask, codepipeline, waiting):
    """The waiting pipeline, whose approval was refused: (pipeline, execution)."""
    execution = newest(codepipeline, waiting)
    answer(ask, waiting, "Rejected")
    return waiting, execution


@pytest.fixture
def released(ask, codepipeline, hand, waiting):
    """A pipeline whose first and second execution were let through: (pipeline, first, second)."""
    first = newest(codepipeline, waiting)
    answer(ask, waiting, "Approved")
    second = start(codepipeline, hand, waiting, "a" * 40)
    answer(ask, waiting, "Approved")
    return waiting, first, second


class TestRetryStageExecution:
    def test_the_stage_goes_on_in_the_same_execution(self, ask, cli, codepipeline, api, rejected):
        pipeline, execution = rejected
        failed = state(ask, pipeline)
        assert failed["latestExecution"] == {"pipelineExecutionId": execution, "status": "Failed", "type": "STANDARD"}
        assert "retryStageMetadata" not in failed
        assert api.call("GetPipelineDetail", name=pipeline)["pipeline"]["stages"][1]["canRetry"] is True
        arguments = ("--pipeline-name", pipeline, "--stage-name", "Release", "--pipeline-execution-id", execution, "--retry-mode", "FAILED_ACTIONS")
        assert cli("codepipeline", "retry-stage-execution", *arguments) == {"pipelineExecutionId": execution}
        again = state(ask, pipeline)
        assert again["retryStageMetadata"] == {"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"}
        asked = again["actionStates"][0]["latestExecution"]
        assert asked["status"] == "InProgress"
        assert asked["actionExecutionId"] != failed["actionStates"][0]["latestExecution"]["actionExecutionId"]
        answer(ask, pipeline, "Approved")
        wait_for_status(codepipeline, pipeline, execution, "Succeeded")

    def test_history_keeps_what_was_tried(self, ask, api, codepipeline, rejected):
        pipeline, execution = rejected
        ask("RetryStageExecution", **retry(pipeline, execution, retryMode="ALL_ACTIONS"))

        def listed(**chosen):
            details = ask("ListActionExecutions", pipelineName=pipeline, filter=chosen)["actionExecutionDetails"]
            return [(detail["actionName"], detail["status"]) for detail in details]

        everything = [("Approve", "InProgress"), ("Approve", "Failed"), ("App", "Succeeded")]
        assert listed(pipelineExecutionId=execution) == everything
        assert listed(latestInPipelineExecution={"pipelineExecutionId": execution, "startTimeRange": "All"}) == everything
        assert listed(latestInPipelineExecution={"pipelineExecutionId": execution, "startTimeRange": "Latest"}) == [everything[0], everything[2]]
        stage = api.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=execution)["stages"][1]
        assert stage["retries"] == {"automatic": 0, "manual": 1, "latestTrigger": "ManualStageRetry"}
        assert [run["status"] for run in stage["actions"][0]["earlierRuns"]] == ["Failed"]
        assert (stage["canRetry"], stage["canRetryAll"], stage["canRollBackTo"]) == (False, False, False)

    def test_refusals(self, ask, codepipeline, hand, rejected, name):
        pipeline, execution = rejected
        assert refusal(ask, "RetryStageExecution", **retry("nix-" + name, execution)) == "PipelineNotFoundException"
        assert refusal(ask, "RetryStageExecution", **retry(pipeline, execution, stageName="Nix")) == "StageNotFoundException"
        assert refusal(ask, "RetryStageExecution", **retry(pipeline, execution, stageName="Source")) == "StageNotRetryableException"
        assert refusal(ask, "RetryStageExecution", **retry(pipeline, NOWHERE)) == "NotLatestPipelineExecutionException"
        assert refusal(ask, "RetryStageExecution", **retry(pipeline, execution, retryMode="SOME")) == "ValidationException"
        start(codepipeline, hand, pipeline)
        with pytest.raises(codepipeline.exceptions.NotLatestPipelineExecutionException):
            codepipeline.retry_stage_execution(**retry(pipeline, execution))


class TestRollbackStage:
    def test_the_stage_goes_back(self, ask, api, codepipeline, released):
        pipeline, first, second = released
        detail = api.call("GetPipelineDetail", name=pipeline)["pipeline"]["stages"]
        assert "rollbackTarget" not in detail[0]
        assert detail[1]["rollbackTarget"] == {"pipelineExecutionId": first, "number": 1, "executionType": "STANDARD"}
        stages = api.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=first)["stages"]
        assert [stage["canRollBackTo"] for stage in stages] == [False, True]
        back = ask("RollbackStage", pipelineName=pipeline, stageName="Release", targetPipelineExecutionId=first)["pipelineExecutionId"]
        assert state(ask, pipeline)["latestExecution"] == {"pipelineExecutionId": back, "status": "InProgress", "type": "ROLLBACK"}
        assert state(ask, pipeline, "Source")["latestExecution"]["pipelineExecutionId"] == second, "other stages are as they were"
        assert state(ask, pipeline, "Source")["actionStates"][0]["currentRevision"]["revisionId"] == "a" * 40
        answer(ask, pipeline, "Approved")
        wait_for_status(codepipeline, pipeline, back, "Succeeded")
        shown = ask("GetPipelineExecution", pipelineName=pipeline, pipelineExecutionId=back)["pipelineExecution"]
        assert (shown["executionType"], shown["rollbackMetadata"]) == ("ROLLBACK", {"rollbackTargetPipelineExecutionId": first})
        assert shown["trigger"] == {"triggerType": "ManualRollback", "triggerDetail": ADMIN}
        assert [revision["revisionId"] for revision in shown["artifactRevisions"]] == [COMMIT]
        listed = ask("ListPipelineExecutions", pipelineName=pipeline)["pipelineExecutionSummaries"]
        assert [(one["executionType"], one.get("rollbackMetadata")) for one in listed] == [("ROLLBACK", shown["rollbackMetadata"]), ("STANDARD", None), ("STANDARD", None)]
        summary = api.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=back)["execution"]
        assert summary["rollbackOf"] == {"pipelineExecutionId": first, "number": 1, "executionType": "STANDARD"}

    def test_who_succeeded_in_a_stage_goes_page_by_page(self, ask, codepipeline, hand, released):
        pipeline, first, second = released
        third = start(codepipeline, hand, pipeline)
        chosen = {"pipelineName": pipeline, "maxResults": 1, "filter": {"succeededInStage": {"stageName": "Release"}}}
        page = ask("ListPipelineExecutions", **chosen)
        assert [one["pipelineExecutionId"] for one in page["pipelineExecutionSummaries"]] == [second]
        page = ask("ListPipelineExecutions", **chosen, nextToken=page["nextToken"])
        assert [one["pipelineExecutionId"] for one in page["pipelineExecutionSummaries"]] == [first]
        assert "nextToken" not in page
        everywhere = ask("ListPipelineExecutions", pipelineName=pipeline, filter={"succeededInStage": {"stageName": "Source"}})
        assert [one["pipelineExecutionId"] for one in everywhere["pipelineExecutionSummaries"]] == [third, second, first]

    def test_refusals(self, ask, codepipeline, declaration, released, name):
        pipeline, first, _ = released

        def refused(**members):
            return refusal(ask, "RollbackStage", **{"pipelineName": pipeline, "stageName": "Release", "targetPipelineExecutionId": first, **members})

        assert refused(pipelineName="nix-" + name) == "PipelineNotFoundException"
        assert refused(stageName="Nix") == "StageNotFoundException"
        assert refused(targetPipelineExecutionId=NOWHERE) == "PipelineExecutionNotFoundException"
        assert refused(stageName="Source") == "UnableToRollbackStageException"
        codepipeline.update_pipeline(pipeline=declaration(approval(CustomData="changed")))
        assert refused() == "PipelineExecutionOutdatedException"


class TestTransitions:
    def close(self, cli, pipeline, stage="Release", kind="Inbound", reason="release freeze"):
        return cli("codepipeline", "disable-stage-transition", "--pipeline-name", pipeline, "--stage-name", stage, "--transition-type", kind, "--reason", reason)

    def test_who_waits_in_front_of_a_closed_stage_enters_when_it_opens(self, ask, cli, api, codepipeline, hand, pipeline):
        assert state(ask, pipeline)["inboundTransitionState"] == {"enabled": True}
        assert self.close(cli, pipeline) is None
        execution = newest(codepipeline, pipeline)
        hand.fetch(pipeline)
        shown = state(ask, pipeline)
        waiting = {"pipelineExecutionId": execution, "status": "InProgress", "type": "STANDARD"}
        assert shown["inboundExecution"] == waiting and shown["inboundExecutions"] == [waiting]
        assert "latestExecution" not in shown
        changed = shown["inboundTransitionState"].pop("lastChangedAt")
        assert isinstance(changed, float)
        assert shown["inboundTransitionState"] == {"enabled": False, "lastChangedBy": ADMIN, "disabledReason": "release freeze"}
        stage = api.call("GetPipelineDetail", name=pipeline)["pipeline"]["stages"][1]
        words = f"the transition into stage Release is disabled: {ADMIN} closed it: release freeze"
        assert stage["transition"] == {"enabled": False, "reason": "release freeze", "by": ADMIN, "changed": changed}
        assert stage["waiting"] == [{"pipelineExecutionId": execution, "number": 1, "executionType": "STANDARD", "wait": words}]
        assert stage["wait"] == words
        assert cli("codepipeline", "enable-stage-transition", "--pipeline-name", pipeline, "--stage-name", "Release", "--transition-type", "Inbound") is None
        shown = state(ask, pipeline)
        assert "inboundExecution" not in shown and shown["latestExecution"]["pipelineExecutionId"] == execution
        assert shown["inboundTransitionState"]["enabled"] is True and "disabledReason" not in shown["inboundTransitionState"]

    def test_out_of_a_stage_is_into_the_next(self, ask, cli, pipeline):
        self.close(cli, pipeline, "Source", "Outbound")
        assert state(ask, pipeline)["inboundTransitionState"]["enabled"] is False
        assert state(ask, pipeline, "Source")["inboundTransitionState"] == {"enabled": True}
        types = [(event["status"], event["stageName"]) for event in self.events(ask, pipeline)]
        assert types == [("disabled", "Release")]

    def events(self, ask, pipeline):
        del ask
        return events_of(self.api, pipeline, "transition")

    @pytest.fixture(autouse=True)
    def server(self, api):
        self.api = api

    def test_a_queue_waits_in_its_order(self, ask, cli, codepipeline, declaration, hand, name):
        ask("CreatePipeline", pipeline={**declaration(), "pipelineType": "V2", "executionMode": "QUEUED"})
        self.close(cli, name)
        executions = [newest(codepipeline, name)]
        hand.fetch(name)
        executions.append(start(codepipeline, hand, name))
        shown = state(ask, name)
        assert [one["pipelineExecutionId"] for one in shown["inboundExecutions"]] == executions
        assert shown["inboundExecution"]["pipelineExecutionId"] == executions[0]

    def test_refusals(self, ask, pipeline, name):
        members = {"pipelineName": pipeline, "stageName": "Release", "transitionType": "Inbound"}
        for operation, others in [("DisableStageTransition", {"reason": "why"}), ("EnableStageTransition", {})]:
            assert refusal(ask, operation, **{**members, **others, "pipelineName": "nix-" + name}) == "PipelineNotFoundException"
            assert refusal(ask, operation, **{**members, **others, "stageName": "Nix"}) == "StageNotFoundException"
            assert refusal(ask, operation, **{**members, **others, "transitionType": "Sideways"}) == "ValidationException"
        for reason in ["", "x" * 301, "no <b>tags</b>"]:
            assert refusal(ask, "DisableStageTransition", **members, reason=reason) == "ValidationException"
        assert refusal(ask, "DisableStageTransition", **members) == "ValidationException"


def rule(name, provider, **configuration):
    return {"name": name, "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}, "configuration": configuration}


BRANCH = rule("Branch", "VariableCheck", Variable="#{Source.BranchName}", Value="main", Operator="EQ")
NEVER_NOW = rule("Window", "DeploymentWindow", Cron="0 0 0 29 2 ? 2096", TimeZone="UTC")


def entry(*rules, result="FAIL"):
    return {**approval(), "beforeEntry": {"conditions": [{"result": result, "rules": list(rules)}]}}


class TestConditions:
    @pytest.fixture
    def checked(self, ask, declaration, hand, name):
        def make(stage):
            ask("CreatePipeline", pipeline={**declaration(stage), "pipelineType": "V2"})
            hand.fetch(name)
            return name

        return make

    def test_a_condition_that_waits_can_be_overridden(self, ask, api, codepipeline, checked):
        pipeline = checked(entry(BRANCH, NEVER_NOW))
        execution = newest(codepipeline, pipeline)
        asked = state(ask, pipeline)["beforeEntryConditionState"]
        assert asked["latestExecution"] == {"status": "InProgress"}
        condition = asked["conditionStates"][0]
        assert condition["latestExecution"]["status"] == "InProgress" and condition["latestExecution"]["lastStatusChange"]
        branch, window = condition["ruleStates"]
        assert (branch["ruleName"], branch["latestExecution"]["status"], window["latestExecution"]["status"]) == ("Branch", "Succeeded", "InProgress")
        shown = api.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=execution)["stages"][1]["conditions"][0]
        assert (shown["type"], shown["result"], shown["status"], shown["canOverride"]) == ("BEFORE_ENTRY", "FAIL", "InProgress", True)
        assert [(one["name"], one["provider"], one["status"], one.get("wait")) for one in shown["rules"]] == [("Branch", "VariableCheck", "Succeeded", None), ("Window", "DeploymentWindow", "InProgress", "waiting for the deployment window")]
        override = {"pipelineName": pipeline, "stageName": "Release", "pipelineExecutionId": execution}
        assert refusal(ask, "OverrideStageCondition", **override, conditionType="ON_SUCCESS") == "ConditionNotOverridableException"
        assert ask("OverrideStageCondition", **override, conditionType="BEFORE_ENTRY") is None
        after = state(ask, pipeline)
        assert after["beforeEntryConditionState"]["latestExecution"]["status"] == "Overridden"
        assert after["actionStates"][0]["latestExecution"]["status"] == "InProgress"
        rules = ask("ListRuleExecutions", pipelineName=pipeline, filter={"pipelineExecutionId": execution})["ruleExecutionDetails"]
        assert [(one["ruleName"], one["status"]) for one in rules] == [("Window", "Abandoned"), ("Branch", "Succeeded")]
        assert refusal(ask, "OverrideStageCondition", **override, conditionType="BEFORE_ENTRY") == "ConditionNotOverridableException"

    def test_rules_are_listed(self, ask, codepipeline, checked):
        pipeline = checked(entry(BRANCH, rule("Other", "VariableCheck", Variable="#{Source.BranchName}", Value="next", Operator="EQ")))
        execution = newest(codepipeline, pipeline)
        wait_for_status(codepipeline, pipeline, execution, "Failed")
        page = ask("ListRuleExecutions", pipelineName=pipeline, maxResults=1)
        other = page["ruleExecutionDetails"][0]
        assert (other["ruleName"], other["status"], other["stageName"], other["pipelineVersion"], other["pipelineExecutionId"]) == ("Other", "Failed", "Release", 1, execution)
        assert other["input"]["ruleTypeId"] == {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
        assert other["input"]["configuration"]["Variable"] == "#{Source.BranchName}"
        assert other["input"]["resolvedConfiguration"]["Variable"] == "main"
        assert other["output"]["executionResult"]["errorDetails"]["code"] == "JobFailed"
        rest = ask("ListRuleExecutions", pipelineName=pipeline, maxResults=1, nextToken=page["nextToken"])
        assert [one["ruleName"] for one in rest["ruleExecutionDetails"]] == ["Branch"] and "nextToken" not in rest
        actions = ask("ListActionExecutions", pipelineName=pipeline)["actionExecutionDetails"]
        assert [one["actionName"] for one in actions] == ["App"], "rules are no actions"
        latest = {"pipelineExecutionId": execution, "startTimeRange": "Latest"}
        ask("RetryStageExecution", **retry(pipeline, execution))
        rules = ask("ListRuleExecutions", pipelineName=pipeline, filter={"latestInPipelineExecution": latest})["ruleExecutionDetails"]
        assert sorted(one["ruleName"] for one in rules) == ["Branch", "Other"]

    def test_refusals(self, ask, codepipeline, waiting, name):
        override = {"pipelineName": waiting, "stageName": "Release", "pipelineExecutionId": newest(codepipeline, waiting), "conditionType": "BEFORE_ENTRY"}
        assert refusal(ask, "OverrideStageCondition", **override) == "ConditionNotOverridableException"
        assert refusal(ask, "OverrideStageCondition", **{**override, "pipelineExecutionId": NOWHERE}) == "NotLatestPipelineExecutionException"
        assert refusal(ask, "OverrideStageCondition", **{**override, "stageName": "Nix"}) == "StageNotFoundException"
        assert refusal(ask, "OverrideStageCondition", **{**override, "pipelineName": "nix-" + name}) == "PipelineNotFoundException"
        assert refusal(ask, "OverrideStageCondition", **{**override, "conditionType": "ON_FAILURE"}) == "ValidationException"
        assert refusal(ask, "ListRuleExecutions", pipelineName="nix-" + name) == "PipelineNotFoundException"
        assert refusal(ask, "ListRuleExecutions", pipelineName=waiting, nextToken="x") == "InvalidNextTokenException"
        assert refusal(ask, "ListRuleExecutions", pipelineName=waiting, filter={"pipelineExecutionId": NOWHERE}) == "PipelineExecutionNotFoundException"


class TestPutActionRevision:
    def put(self, cli, pipeline, revision, **others):
        names = {"pipeline-name": pipeline, "stage-name": "Source", "action-name": "App", **others}
        given = f"revisionId={revision},revisionChangeId=1,created=1795404612"
        return ["codepipeline", "put-action-revision", *(part for key, value in names.items() for part in (f"--{key}", value)), "--action-revision", given]

    def test_a_new_revision_starts_the_pipeline_once(self, cli, codepipeline, waiting):
        started = cli(*self.put(cli, waiting, "b" * 40))
        assert started["newRevision"] is True
        again = cli(*self.put(cli, waiting, "b" * 40))
        assert again == {"newRevision": False, "pipelineExecutionId": started["pipelineExecutionId"]}
        listed = codepipeline.list_pipeline_executions(pipelineName=waiting)["pipelineExecutionSummaries"]
        assert len(listed) == 2 and listed[0]["pipelineExecutionId"] == started["pipelineExecutionId"]
        assert listed[0]["trigger"]["triggerType"] == "PutActionRevision"
        assert listed[0]["sourceRevisions"][0]["revisionId"] == "b" * 40

    def test_refusals(self, cli, pipeline, name):
        assert cli.refused(*self.put(cli, "nix-" + name, "b" * 40))[0] == "PipelineNotFoundException"
        assert cli.refused(*self.put(cli, pipeline, "b" * 40, **{"stage-name": "Nix"}))[0] == "StageNotFoundException"
        assert cli.refused(*self.put(cli, pipeline, "b" * 40, **{"action-name": "Nix"}))[0] == "ActionNotFoundException"
        code, words = cli.refused(*self.put(cli, pipeline, "b" * 40, **{"stage-name": "Release", "action-name": "Approve"}))
        assert (code, words) == ("ValidationException", "action 'Approve' is no source action; only those have revisions")
        assert cli.refused(*self.put(cli, pipeline, "main"))[0] == "ValidationException"


class TestStart:
    def test_revisions_and_variables_are_checked(self, ask, pipeline):
        def refused(**members):
            with pytest.raises(Refused) as told:
                ask("StartPipelineExecution", name=pipeline, **members)
            assert told.value.name == "ValidationException"
            return told.value.message

        def revision(**members):
            return {"actionName": "App", "revisionType": "COMMIT_ID", "revisionValue": "c" * 40, **members}

        assert refused(sourceRevisions=[revision(revisionType="IMAGE_DIGEST")]) == "action 'App' fetches commits, not revisions of type IMAGE_DIGEST; write COMMIT_ID"
        assert refused(sourceRevisions=[revision(actionName="Nix")]) == "the pipeline has no source action 'Nix'"
        assert refused(sourceRevisions=[revision(), revision()]) == "sourceRevisions names action 'App' twice"
        assert "is no commit id" in refused(sourceRevisions=[revision(revisionValue="main")])
        assert "Color" in refused(variables=[{"name": "Color", "value": "red"}])
        assert refused(variables=[{"name": "Color", "value": "red"}, {"name": "Color", "value": "blue"}]) == "variables names 'Color' twice"
        started = ask("StartPipelineExecution", name=pipeline, sourceRevisions=[revision()])["pipelineExecutionId"]
        shown = ask("GetPipelineExecution", pipelineName=pipeline, pipelineExecutionId=started)["pipelineExecution"]
        assert shown["artifactRevisions"][0]["revisionId"] == "c" * 40


def deploy(name):
    type_id = {"category": "Deploy", "owner": "AWS", "provider": "ECS", "version": "1"}
    configuration = {"ClusterName": "prod", "ServiceName": name}
    return {"name": "Release", "actions": [{"name": "Deploy", "actionTypeId": type_id, "configuration": configuration, "inputArtifacts": [{"name": "App"}]}]}


class TestTargets:
    def test_who_waits_for_a_service_says_for_whom(self, ask, api, codepipeline, declaration, hand, name):
        ids = []
        for one in (name, name + "-2"):
            codepipeline.create_pipeline(pipeline={**declaration(deploy(name)), "name": one})
            hand.fetch(one)
            detail = codepipeline.list_action_executions(pipelineName=one)["actionExecutionDetails"][0]
            ids.append(detail["actionExecutionId"])
        words = f"waiting for execution 1 of pipeline '{name}' to finish with ecs/{REGION}/prod/{name}"
        holder, waiter = (ask("ListDeployActionExecutionTargets", actionExecutionId=one)["targets"][0] for one in ids)
        assert holder["targetId"] == waiter["targetId"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/{name}"
        assert (holder["status"], holder["events"][0]["name"], waiter["events"][0]["name"]) == ("InProgress", "Deploy", "Wait")
        assert waiter["events"][0]["context"] == {"message": words}
        shown = api.call("GetExecutionDetail", pipelineName=name + "-2", pipelineExecutionId=newest(codepipeline, name + "-2"))["stages"][1]["actions"][0]
        assert (shown["wait"], shown["target"]) == (words, {"name": f"ecs/{REGION}/prod/{name}", "held": False})
        chosen = {"actionExecutionId": ids[0], "pipelineName": name, "filters": [{"name": "TARGET_STATUS", "values": ["Failed"]}]}
        assert ask("ListDeployActionExecutionTargets", **chosen) == {"targets": []}
        for one in (name, name + "-2"):
            hand.fail(hand.lease("ECS", lambda job, one=one: job["pipeline"] == one))

    def test_refusals(self, ask, codepipeline, waiting, name):
        approve = codepipeline.list_action_executions(pipelineName=waiting)["actionExecutionDetails"][0]["actionExecutionId"]
        assert ask("ListDeployActionExecutionTargets", actionExecutionId=approve) == {"targets": []}
        assert refusal(ask, "ListDeployActionExecutionTargets", actionExecutionId=NOWHERE) == "ActionExecutionNotFoundException"
        assert refusal(ask, "ListDeployActionExecutionTargets", actionExecutionId=approve, pipelineName="nix-" + name) == "PipelineNotFoundException"


class TestGetActionType:
    def test_a_type_that_is_here(self, codepipeline):
        shown = codepipeline.get_action_type(category="Deploy", owner="AWS", provider="ECS", version="1")["actionType"]
        assert (shown["id"]["provider"], shown["inputArtifactDetails"]) == ("ECS", {"minimumCount": 1, "maximumCount": 5})
        assert [(one["name"], one["optional"]) for one in shown["properties"]][:2] == [("ClusterName", False), ("ServiceName", False)]

    def test_one_that_is_not(self, codepipeline):
        with pytest.raises(codepipeline.exceptions.ActionTypeNotFoundException):
            codepipeline.get_action_type(category="Deploy", owner="AWS", provider="Nix", version="1")


class TestModes:
    def test_a_parallel_pipeline_has_no_state(self, ask, codepipeline, declaration, hand, name):
        ask("CreatePipeline", pipeline={**declaration(), "pipelineType": "V2", "executionMode": "PARALLEL"})
        hand.fetch(name)
        empty = {"stageName": "Release", "inboundTransitionState": {"enabled": True}, "actionStates": [{"actionName": "Approve"}]}
        assert state(ask, name) == empty
        execution = newest(codepipeline, name)
        assert refusal(ask, "RollbackStage", pipelineName=name, stageName="Release", targetPipelineExecutionId=execution) == "UnableToRollbackStageException"
        ask("UpdatePipeline", pipeline={**declaration(), "pipelineType": "V2", "executionMode": "SUPERSEDED"})
        assert state(ask, name) == empty, "what is left of the time before shows in history only"
