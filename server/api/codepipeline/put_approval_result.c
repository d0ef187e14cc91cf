/*
 * PutApprovalResult: a person's answer to a manual approval.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

#include "common/str.h"

static const char *const answers[] = {"Approved", "Rejected", NULL};

static const struct shape result = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "summary", .required = true, .shape = &(const struct shape){.type = SHAPE_TEXT, .most = 512}},
            {.name = "status",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = answers}},
            {0},
        },
};

const struct shape put_approval_result_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "actionName", .required = true, .shape = &action_name_shape},
            {.name = "result", .required = true, .shape = &result},
            {.name = "token", .required = true, .shape = &aws_uuid},
            {0},
        },
};

bool put_approval_result(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct json *said = json_get(call->input, "result");
    const struct engine_answer answer = {
        .pipeline = aws_text(call, "pipelineName"),
        .stage = aws_text(call, "stageName"),
        .action = aws_text(call, "actionName"),
        .token = aws_text(call, "token"),
        .approved = str_equal(json_get_text(said, "status"), "Approved"),
        .summary = json_get_text(said, "summary"),
        .by = call->by,
    };
    struct pipeline_row row;
    int64_t answered_ms;
    if (!pipeline_find(tx, call, answer.pipeline, &row, err) ||
        !engine_answer_approval(tx, call->arena, &answer, &answered_ms, err))
        return false;
    json_set_time(call->arena, out, "approvedAt", answered_ms);
    return true;
}
