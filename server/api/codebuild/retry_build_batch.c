/*
 * RetryBuildBatch: the same batch goes on, with new builds in place of those that failed, or of all.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/jobs/batch.h"

#include "common/str.h"

static const char *const types[] = {"RETRY_ALL_BUILDS", "RETRY_FAILED_BUILDS", NULL};

const struct shape retry_build_batch_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            /* The model leaves it optional; a call without it has nothing to do. */
            {.name = "id", .required = true, .shape = &aws_filled_text},
            {.name = "idempotencyToken", .shape = &aws_plain_text},
            {.name = "retryType", .shape = &(const struct shape){.type = SHAPE_TEXT, .choices = types}},
            {0},
        },
};

bool retry_build_batch(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *project, *uuid;
    struct project_row owner;
    struct batch_row row;
    bool all = !str_equal(aws_text(call, "retryType"), "RETRY_FAILED_BUILDS");
    return build_batch_id_parse(call, aws_text(call, "id"), &project, &uuid, err) &&
           batches_get(tx, call->arena, project, uuid, &row, err) && project_find(tx, call, project, &owner, err) &&
           batch_retry(tx, call->arena, &row, all, aws_text(call, "idempotencyToken"), err) &&
           batches_get_by_id(tx, call->arena, row.id, &row, err) && build_batch_answer(tx, call, &row, out, err);
}
