/*
 * RollbackStage: a new execution that brings a stage back to what an earlier one left there.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

const struct shape rollback_stage_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "targetPipelineExecutionId", .required = true, .shape = &aws_uuid},
            {0},
        },
};

bool rollback_stage(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct engine_rollback_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .target = aws_text(call, "targetPipelineExecutionId"),
        .by = call->by,
    };
    struct pipeline_row row;
    const char *execution = NULL;
    if (!pipeline_find(tx, call, request.pipeline, &row, err) ||
        !engine_rollback_stage(tx, call->arena, &request, &execution, err))
        return false;
    json_set_text(call->arena, out, "pipelineExecutionId", execution);
    return true;
}
