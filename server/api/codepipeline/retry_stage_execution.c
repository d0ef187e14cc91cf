/*
 * RetryStageExecution: the failed or stopped stage once more, in the same execution.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

static const char *const modes[] = {"FAILED_ACTIONS", "ALL_ACTIONS", NULL};

const struct shape retry_stage_execution_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {.name = "retryMode",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = modes}},
            {0},
        },
};

bool retry_stage_execution(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct engine_retry_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .execution = aws_text(call, "pipelineExecutionId"),
        .mode = str_equal(aws_text(call, "retryMode"), "ALL_ACTIONS") ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
        .by = call->by,
    };
    struct pipeline_row row;
    if (!pipeline_find(tx, call, request.pipeline, &row, err))
        return false;
    if (!engine_retry_stage(tx, call->arena, &request, err))
        return execution_not_latest(err);
    json_set_text(call->arena, out, "pipelineExecutionId", request.execution);
    return true;
}
