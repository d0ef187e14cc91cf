/*
 * BatchGetBuildBatches: what is not there is listed, not refused.
 */
#include "server/api/codebuild/build_batch.h"

const struct shape batch_get_build_batches_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "ids",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

bool batch_get_build_batches(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *found = json_set_array(call->arena, out, "buildBatches");
    struct json *missing = json_set_array(call->arena, out, "buildBatchesNotFound");
    json_each(id, json_get(call->input, "ids")) {
        const char *project, *uuid;
        struct batch_row row;
        struct json *shown;
        if (!build_batch_id_parse(call, id->text, &project, &uuid, err))
            return false;
        if (batches_get(tx, call->arena, project, uuid, &row, err)) {
            if (!build_batch_show(tx, call, &row, &shown, err))
                return false;
            json_append(found, shown);
        } else if (err->kind == ERR_NOT_FOUND) {
            json_append_text(call->arena, missing, id->text);
        } else {
            return false;
        }
    }
    return true;
}
