/*
 * OverrideStageCondition: a person lets an execution go on against the condition that it is asked.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

static const char *const kinds[] = {"BEFORE_ENTRY", "ON_SUCCESS", NULL};

const struct shape override_stage_condition_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {.name = "conditionType",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = kinds}},
            {0},
        },
};

bool override_stage_condition(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct engine_override_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .execution = aws_text(call, "pipelineExecutionId"),
        .kind =
            str_equal(aws_text(call, "conditionType"), "ON_SUCCESS") ? CONDITION_ON_SUCCESS : CONDITION_BEFORE_ENTRY,
        .by = call->by,
    };
    struct pipeline_row row;
    return pipeline_find(tx, call, request.pipeline, &row, err) &&
           (engine_override_condition(tx, call->arena, &request, err) || execution_not_latest(err));
}
