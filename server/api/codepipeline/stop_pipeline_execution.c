/*
 * StopPipelineExecution. With `abandon` what is under way is undone, which is more than AWS does (docs/doors.md).
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

const struct shape stop_pipeline_execution_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {.name = "abandon", .shape = &aws_boolean},
            {.name = "reason", .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 200}},
            {0},
        },
};

bool stop_pipeline_execution(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct engine_stop_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .execution = aws_text(call, "pipelineExecutionId"),
        .abandon = json_get_bool(call->input, "abandon", false),
        .reason = aws_text(call, "reason"),
        .by = call->by,
    };
    struct pipeline_row row;
    if (!pipeline_find(tx, call, request.pipeline, &row, err) || !engine_stop(tx, call->arena, &request, err))
        return false;
    json_set_text(call->arena, out, "pipelineExecutionId", request.execution);
    return true;
}
