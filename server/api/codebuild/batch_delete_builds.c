/*
 * BatchDeleteBuilds: what cannot be deleted is listed with the reason, not refused.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/api/names.h"

const struct shape batch_delete_builds_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "ids",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

static void add_left(struct aws_call *call, struct json *left, const char *id, const char *status) {
    struct json *one = json_append_object(call->arena, left);
    json_set_text(call->arena, one, "id", id);
    json_set_text(call->arena, one, "statusCode", status);
}

bool batch_delete_builds(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *gone = json_array(call->arena), *left = json_array(call->arena);
    json_each(id, json_get(call->input, "ids")) {
        const char *project, *uuid;
        struct build_row row;
        struct err own = {.kind = ERR_NONE};
        if (!build_id_parse(call, id->text, &project, &uuid, err))
            return false;
        if (!builds_get(tx, call->arena, project, uuid, &row, &own)) {
            if (own.kind != ERR_NOT_FOUND)
                return err_set(err, own.kind, "%s", own.message);
            add_left(call, left, id->text, "BUILD_NOT_FOUND");
        } else if (row.status == BUILD_IN_PROGRESS) {
            add_left(call, left, id->text, "BUILD_IN_PROGRESS");
        } else {
            if (!builds_delete(tx, row.id, err))
                return false;
            json_append_text(call->arena, gone, name_build_arn(call, project, uuid));
        }
    }
    /* AWS's model wants one member at least in the lists that it answers. */
    if (gone->count)
        json_set(call->arena, out, "buildsDeleted", gone);
    json_set(call->arena, out, "buildsNotDeleted", left);
    return true;
}
