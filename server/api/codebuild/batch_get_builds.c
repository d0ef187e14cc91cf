/*
 * BatchGetBuilds: what is not there is listed, not refused.
 */
#include "server/api/codebuild/codebuild.h"

const struct shape batch_get_builds_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "ids",
             .required = true,
             .shape = &(const struct shape){.type = SHAPE_LIST, .least = 1, .most = 100, .members = &aws_filled_text}},
            {0},
        },
};

bool batch_get_builds(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct json *found = json_set_array(call->arena, out, "builds");
    struct json *missing = json_set_array(call->arena, out, "buildsNotFound");
    json_each(id, json_get(call->input, "ids")) {
        const char *project, *uuid;
        struct build_row row;
        struct json *shown;
        if (!build_id_parse(call, id->text, &project, &uuid, err))
            return false;
        if (builds_get(tx, call->arena, project, uuid, &row, err)) {
            if (!build_show(call, &row, &shown, err) || !build_show_reports(tx, call, &row, shown, err))
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
