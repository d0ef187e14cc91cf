/*
 * The table of CodePipeline's operations.
 */
#include "server/api/codepipeline/listing.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "AcknowledgeJob", .kind = AWS_WRITE, .input = &acknowledge_job_input, .run = acknowledge_job},
    {.name = "CreateCustomActionType", .kind = AWS_WRITE, .input = &create_custom_action_type_input, .run = create_custom_action_type},
    {.name = "CreatePipeline", .kind = AWS_WRITE, .input = &create_pipeline_input, .run = create_pipeline},
    {.name = "DeleteCustomActionType", .kind = AWS_WRITE, .input = &delete_custom_action_type_input, .run = delete_custom_action_type, .silent = true},
    {.name = "DeletePipeline", .kind = AWS_WRITE, .input = &delete_pipeline_input, .run = delete_pipeline, .silent = true},
    {.name = "DisableStageTransition", .kind = AWS_WRITE, .input = &disable_stage_transition_input, .run = disable_stage_transition, .silent = true},
    {.name = "EnableStageTransition", .kind = AWS_WRITE, .input = &enable_stage_transition_input, .run = enable_stage_transition, .silent = true},
    {.name = "GetActionType", .kind = AWS_READ, .input = &get_action_type_input, .run = get_action_type},
    {.name = "GetJobDetails", .kind = AWS_READ, .input = &get_job_details_input, .run = get_job_details},
    {.name = "GetPipeline", .kind = AWS_READ, .input = &get_pipeline_input, .run = get_pipeline},
    {.name = "GetPipelineExecution", .kind = AWS_READ, .input = &get_pipeline_execution_input, .run = get_pipeline_execution},
    {.name = "GetPipelineState", .kind = AWS_READ, .input = &get_pipeline_state_input, .run = get_pipeline_state},
    {.name = "ListActionExecutions", .kind = AWS_READ, .input = &listing_input, .run = list_action_executions},
    {.name = "ListActionTypes", .kind = AWS_READ, .input = &list_action_types_input, .run = list_action_types},
    {.name = "ListDeployActionExecutionTargets", .kind = AWS_READ, .input = &list_deploy_action_execution_targets_input, .run = list_deploy_action_execution_targets},
    {.name = "ListPipelineExecutions", .kind = AWS_READ, .input = &list_pipeline_executions_input, .run = list_pipeline_executions},
    {.name = "ListPipelines", .kind = AWS_READ, .input = &list_pipelines_input, .run = list_pipelines},
    {.name = "ListRuleExecutions", .kind = AWS_READ, .input = &listing_input, .run = list_rule_executions},
    {.name = "ListRuleTypes", .kind = AWS_READ, .input = &list_rule_types_input, .run = list_rule_types},
    {.name = "ListTagsForResource", .kind = AWS_READ, .input = &list_tags_for_pipeline_input, .run = list_tags_for_pipeline},
    {.name = "OverrideStageCondition", .kind = AWS_WRITE, .input = &override_stage_condition_input, .run = override_stage_condition, .silent = true},
    {.name = "PollForJobs", .kind = AWS_ALONE, .input = &poll_for_jobs_input, .run = poll_for_jobs},
    {.name = "PutActionRevision", .kind = AWS_WRITE, .input = &put_action_revision_input, .run = put_action_revision},
    {.name = "PutApprovalResult", .kind = AWS_WRITE, .input = &put_approval_result_input, .run = put_approval_result},
    {.name = "PutJobFailureResult", .kind = AWS_WRITE, .input = &put_job_failure_result_input, .run = put_job_failure_result, .silent = true},
    {.name = "PutJobSuccessResult", .kind = AWS_WRITE, .input = &put_job_success_result_input, .run = put_job_success_result, .silent = true},
    {.name = "RetryStageExecution", .kind = AWS_WRITE, .input = &retry_stage_execution_input, .run = retry_stage_execution},
    {.name = "RollbackStage", .kind = AWS_WRITE, .input = &rollback_stage_input, .run = rollback_stage},
    {.name = "StartPipelineExecution", .kind = AWS_WRITE, .input = &start_pipeline_execution_input, .run = start_pipeline_execution},
    {.name = "StopPipelineExecution", .kind = AWS_WRITE, .input = &stop_pipeline_execution_input, .run = stop_pipeline_execution},
    {.name = "TagResource", .kind = AWS_WRITE, .input = &tag_pipeline_input, .run = tag_pipeline},
    {.name = "UntagResource", .kind = AWS_WRITE, .input = &untag_pipeline_input, .run = untag_pipeline},
    {.name = "UpdatePipeline", .kind = AWS_WRITE, .input = &update_pipeline_input, .run = update_pipeline},
    {0},
};
/* clang-format on */

const struct aws_service codepipeline_service = {
    .target = "CodePipeline_20150709",
    .name = "codepipeline",
    .validation = "ValidationException",
    .bad_token = "InvalidNextTokenException",
    .operations = operations,
};
