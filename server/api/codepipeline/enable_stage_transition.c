/*
 * EnableStageTransition: what waits in front of the stage goes in at once.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

const struct shape enable_stage_transition_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "transitionType", .required = true, .shape = &transition_type_shape},
            {0},
        },
};

bool enable_stage_transition(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct engine_transition_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .outbound = str_equal(aws_text(call, "transitionType"), "Outbound"),
        .enable = true,
        .by = call->by,
    };
    struct pipeline_row row;
    return pipeline_find(tx, call, request.pipeline, &row, err) &&
           engine_set_transition(tx, call->arena, &request, err);
}
