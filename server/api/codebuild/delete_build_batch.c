/*
 * DeleteBuildBatch: the batch and its builds. What is not there is gone already.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/api/names.h"

const struct shape delete_build_batch_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "id", .required = true, .shape = &aws_filled_text}, {0}},
};

static bool delete_builds(struct tx *tx, struct aws_call *call, int64_t batch_id, struct json *gone, struct err *err) {
    struct build_row *builds = NULL;
    size_t count = 0;
    if (!builds_of_batch(tx, call->arena, batch_id, &builds, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!builds_delete(tx, builds[i].id, err))
            return false;
        json_append_text(call->arena, gone, name_build_arn(call, builds[i].project, builds[i].uuid));
    }
    return true;
}

bool delete_build_batch(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *project, *uuid;
    struct batch_row row;
    struct json *gone = json_array(call->arena);
    if (!build_batch_id_parse(call, aws_text(call, "id"), &project, &uuid, err))
        return false;
    json_set_text(call->arena, out, "statusCode", "BATCH_DELETED");
    if (!batches_get(tx, call->arena, project, uuid, &row, err))
        return err->kind == ERR_NOT_FOUND;
    if (row.status == BUILD_IN_PROGRESS)
        return err_set_code(err, ERR_INVALID, "InvalidInputException",
                            "batch '%s:%s' is in progress; stop it, or let it end", project, uuid);
    if (!delete_builds(tx, call, row.id, gone, err) || !batches_delete(tx, row.id, err))
        return false;
    if (gone->count) /* AWS's model wants one member at least */
        json_set(call->arena, out, "buildsDeleted", gone);
    json_set_array(call->arena, out, "buildsNotDeleted");
    return true;
}
