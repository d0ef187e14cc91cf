/*
 * The table of CodePipeline's operations.
 */
#include "server/api/codepipeline/codepipeline.h"

/* clang-format off */
static const struct aws_operation operations[] = {
    {.name = "CreatePipeline", .kind = AWS_WRITE, .input = &create_pipeline_input, .run = create_pipeline},
    {.name = "DeletePipeline", .kind = AWS_WRITE, .input = &delete_pipeline_input, .run = delete_pipeline, .silent = true},
    {.name = "GetPipeline", .kind = AWS_READ, .input = &get_pipeline_input, .run = get_pipeline},
    {.name = "GetPipelineExecution", .kind = AWS_READ, .input = &get_pipeline_execution_input, .run = get_pipeline_execution},
    {.name = "GetPipelineState", .kind = AWS_READ, .input = &get_pipeline_state_input, .run = get_pipeline_state},
    {.name = "ListActionExecutions", .kind = AWS_READ, .input = &list_action_executions_input, .run = list_action_executions},
    {.name = "ListPipelineExecutions", .kind = AWS_READ, .input = &list_pipeline_executions_input, .run = list_pipeline_executions},
    {.name = "ListPipelines", .kind = AWS_READ, .input = &list_pipelines_input, .run = list_pipelines},
    {.name = "ListTagsForResource", .kind = AWS_READ, .input = &list_tags_for_pipeline_input, .run = list_tags_for_pipeline},
    {.name = "PutApprovalResult", .kind = AWS_WRITE, .input = &put_approval_result_input, .run = put_approval_result},
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
