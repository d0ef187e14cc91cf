"""Debian's botocore knows CodePipeline as it was; this adds what AWS has added since, so that boto3 can say it.

Each shape is written in one line: its members, "*" for required, ":" with a type where it is no text, "[...]" for a
list. A name that ends in "+" adds members to a shape that botocore has.
"""

import glob
import gzip
import json
import os
import re

import botocore.session

SHAPES = {
    "PipelineDeclaration+": "executionMode pipelineType variables:[PipelineVariableDeclaration] triggers:[PipelineTriggerDeclaration]",
    "PipelineVariableDeclaration": "name* defaultValue description",
    "PipelineTriggerDeclaration": "providerType* gitConfiguration:GitConfiguration",
    "GitConfiguration": "sourceActionName* push:[GitPushFilter] pullRequest:[GitPullRequestFilter]",
    "GitPushFilter": "tags:GitFilter branches:GitFilter filePaths:GitFilter",
    "GitPullRequestFilter": "events:[Text] branches:GitFilter filePaths:GitFilter",
    "GitFilter": "includes:[Text] excludes:[Text]",
    "StageDeclaration+": "beforeEntry:BeforeEntryConditions onSuccess:SuccessConditions onFailure:FailureConditions",
    "BeforeEntryConditions": "conditions*:[Condition]",
    "SuccessConditions": "conditions*:[Condition]",
    "FailureConditions": "result retryConfiguration:RetryConfiguration conditions:[Condition]",
    "RetryConfiguration": "retryMode",
    "Condition": "result rules:[RuleDeclaration]",
    "RuleDeclaration": "name* ruleTypeId*:RuleTypeId configuration:Map commands:[Text] inputArtifacts:[InputArtifact] roleArn region timeoutInMinutes:Whole",
    "RuleTypeId": "category* owner provider* version",
    "ActionDeclaration+": "commands:[Text] outputVariables:[Text] timeoutInMinutes:Whole environmentVariables:[EnvironmentVariable]",
    "EnvironmentVariable": "name* value* type",
    "OutputArtifact+": "files:[Text]",
    "StartPipelineExecutionInput+": "variables:[PipelineVariable] sourceRevisions:[SourceRevisionOverride]",
    "PipelineVariable": "name* value*",
    "SourceRevisionOverride": "actionName* revisionType* revisionValue*",
    "PipelineExecution+": "variables:[ResolvedPipelineVariable] trigger:ExecutionTrigger executionMode executionType rollbackMetadata:PipelineRollbackMetadata",
    "PipelineExecutionSummary+": "statusSummary executionMode executionType rollbackMetadata:PipelineRollbackMetadata",
    "ResolvedPipelineVariable": "name resolvedValue",
    "PipelineRollbackMetadata": "rollbackTargetPipelineExecutionId",
    "ListPipelineExecutionsInput+": "filter:PipelineExecutionFilter",
    "PipelineExecutionFilter": "succeededInStage:SucceededInStageFilter",
    "SucceededInStageFilter": "stageName",
    "StageExecution+": "type",
    "StageState+": "inboundExecutions:[StageExecution] beforeEntryConditionState:StageConditionState onSuccessConditionState:StageConditionState onFailureConditionState:StageConditionState retryStageMetadata:RetryStageMetadata",
    "RetryStageMetadata": "autoStageRetryAttempt:Whole manualStageRetryAttempt:Whole latestRetryTrigger",
    "StageConditionState": "latestExecution:StageConditionsExecution conditionStates:[ConditionState]",
    "StageConditionsExecution": "status summary",
    "ConditionState": "latestExecution:ConditionExecution ruleStates:[RuleState]",
    "ConditionExecution": "status summary lastStatusChange:Moment",
    "RuleState": "ruleName currentRevision:RuleRevision latestExecution:RuleExecution entityUrl revisionUrl",
    "RuleRevision": "revisionId revisionChangeId created:Moment",
    "RuleExecution": "ruleExecutionId status summary lastStatusChange:Moment token lastUpdatedBy externalExecutionId externalExecutionUrl errorDetails:ErrorDetails",
    "ActionExecution+": "actionExecutionId logStreamARN",
    "RollbackStageInput": "pipelineName* stageName* targetPipelineExecutionId*",
    "RollbackStageOutput": "pipelineExecutionId",
    "OverrideStageConditionInput": "pipelineName* stageName* pipelineExecutionId* conditionType*",
    "ListRuleExecutionsInput": "pipelineName* filter:RuleExecutionFilter maxResults:Whole nextToken",
    "RuleExecutionFilter": "pipelineExecutionId latestInPipelineExecution:LatestInPipelineExecutionFilter",
    "LatestInPipelineExecutionFilter": "pipelineExecutionId* startTimeRange*",
    "ActionExecutionFilter+": "latestInPipelineExecution:LatestInPipelineExecutionFilter",
    "ListRuleExecutionsOutput": "ruleExecutionDetails:[RuleExecutionDetail] nextToken",
    "RuleExecutionDetail": "pipelineExecutionId ruleExecutionId pipelineVersion:Whole stageName ruleName startTime:Moment lastUpdateTime:Moment updatedBy status input:RuleExecutionInput output:RuleExecutionOutput",
    "RuleExecutionInput": "ruleTypeId:RuleTypeId configuration:Map resolvedConfiguration:Map roleArn region inputArtifacts:[ArtifactDetail]",
    "RuleExecutionOutput": "executionResult:RuleExecutionResult",
    "RuleExecutionResult": "externalExecutionId externalExecutionSummary externalExecutionUrl errorDetails:ErrorDetails",
    "ListDeployActionExecutionTargetsInput": "actionExecutionId* pipelineName filters:[TargetFilter] maxResults:Whole nextToken",
    "TargetFilter": "name values:[Text]",
    "ListDeployActionExecutionTargetsOutput": "targets:[DeployActionExecutionTarget] nextToken",
    "DeployActionExecutionTarget": "targetId targetType status startTime:Moment endTime:Moment",
    "ListRuleTypesInput": "ruleOwnerFilter regionFilter",
    "ListRuleTypesOutput": "ruleTypes:[RuleType]",
    "RuleType": "id:RuleTypeId",
}
OPERATIONS = {
    "RollbackStage": ("PipelineNotFound", "PipelineExecutionNotFound", "PipelineExecutionOutdated", "StageNotFound", "UnableToRollbackStage", "Conflict"),
    "OverrideStageCondition": ("PipelineNotFound", "StageNotFound", "ConditionNotOverridable", "NotLatestPipelineExecution", "Conflict", "ConcurrentPipelineExecutionsLimitExceeded"),
    "ListRuleExecutions": ("PipelineNotFound", "PipelineExecutionNotFound", "InvalidNextToken"),
    "ListDeployActionExecutionTargets": ("PipelineNotFound", "ActionExecutionNotFound", "InvalidNextToken"),
    "ListRuleTypes": ("InvalidNextToken",),
}
WITHOUT_OUTPUT = ("OverrideStageCondition",)
PLAIN = {"Text": {"type": "string"}, "Whole": {"type": "integer"}, "Moment": {"type": "timestamp"}, "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}}}


def _reference(shapes, kind):
    listed = re.fullmatch(r"\[(\w+)\]", kind)
    if not listed:
        return {"shape": kind}
    shapes.setdefault(f"TodayList{listed[1]}", {"type": "list", "member": {"shape": listed[1]}})
    return {"shape": f"TodayList{listed[1]}"}


def _add_shape(shapes, name, line):
    added = name.endswith("+")
    shape = shapes[name[:-1]] if added else shapes.setdefault(name, {"type": "structure", "members": {}, "required": []})
    for word in line.split():
        member, _, kind = word.partition(":")
        shape["members"].setdefault(member.rstrip("*"), _reference(shapes, kind or "Text"))
        if member.endswith("*"):
            shape.setdefault("required", []).append(member[:-1])


def _add_operation(model, name, errors):
    shapes = model["shapes"]
    for error in errors:
        shapes.setdefault(error + "Exception", {"type": "structure", "members": {}, "exception": True})
    model["operations"][name] = {
        "name": name,
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": name + "Input"},
        "errors": [{"shape": error + "Exception"} for error in errors],
        **({} if name in WITHOUT_OUTPUT else {"output": {"shape": name + "Output"}}),
    }


def extend(model):
    """The model with what came later; what it has already stays as it is."""
    model["shapes"].update({name: shape for name, shape in PLAIN.items() if name not in model["shapes"]})
    for name, line in SHAPES.items():
        if name.endswith("+") or name not in model["shapes"]:
            _add_shape(model["shapes"], name, line)
    for name, errors in OPERATIONS.items():
        if name not in model["operations"]:
            _add_operation(model, name, errors)
    return model


def session(folder):
    """A botocore session whose CodePipeline is today's; the model is written under the folder."""
    made = botocore.session.Session()
    loader = made.get_component("data_loader")
    for root in loader.search_paths:
        for path in sorted(glob.glob(os.path.join(root, "codepipeline", "*", "service-2.json*"))):
            with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
                model = extend(json.load(file))
            version = os.path.basename(os.path.dirname(path))
            os.makedirs(os.path.join(folder, "codepipeline", version), exist_ok=True)
            with open(os.path.join(folder, "codepipeline", version, "service-2.json"), "w", encoding="utf-8") as file:
                json.dump(model, file)
    loader.search_paths.insert(0, str(folder))
    return made
