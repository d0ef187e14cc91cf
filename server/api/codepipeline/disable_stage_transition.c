/*
 * DisableStageTransition: nobody goes into a stage (Inbound) or out of it (Outbound: into the next) any more.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

static const char *const types[] = {"Inbound", "Outbound", NULL};
const struct shape transition_type_shape = {.type = SHAPE_TEXT, .choices = types};

static const struct shape_pattern reason_pattern = {
    .aws = "[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+",
    .expression = "^[a-zA-Z0-9!@ ().*?-]+$",
    .words = "letters, digits, blanks and ! @ ( ) . * ? -",
};

const struct shape disable_stage_transition_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "transitionType", .required = true, .shape = &transition_type_shape},
            {.name = "reason",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .least = 1, .most = 300, .pattern = &reason_pattern}},
            {0},
        },
};

bool disable_stage_transition(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    const struct engine_transition_request request = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .outbound = str_equal(aws_text(call, "transitionType"), "Outbound"),
        .reason = aws_text(call, "reason"),
        .by = call->by,
    };
    struct pipeline_row row;
    return pipeline_find(tx, call, request.pipeline, &row, err) &&
           engine_set_transition(tx, call->arena, &request, err);
}
