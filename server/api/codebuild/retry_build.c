/*
 * RetryBuild: a build again as it was, under a new id and number.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/jobs/build_start.h"

const struct shape retry_build_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            /* The model leaves it optional; a call without it has nothing to do. */
            {.name = "id", .required = true, .shape = &aws_filled_text},
            {.name = "idempotencyToken", .shape = &aws_plain_text},
            {0},
        },
};

bool retry_build(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *project, *uuid;
    struct project_row row;
    struct build_row build, again;
    struct json *shown;
    if (!build_id_parse(call, aws_text(call, "id"), &project, &uuid, err) ||
        !builds_get(tx, call->arena, project, uuid, &build, err) || !project_find(tx, call, project, &row, err) ||
        !build_repeat(tx, call->arena, &build, call->user ? call->user : "penstock", aws_text(call, "idempotencyToken"),
                      &again, err) ||
        !build_show(call, &again, &shown, err))
        return false;
    json_set(call->arena, out, "build", shown);
    return true;
}
