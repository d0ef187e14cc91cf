/*
 * StopBuild: the build's container is killed; the answer shows it as it is then.
 */
#include "server/api/codebuild/codebuild.h"

#include "server/engine/engine.h"

const struct shape stop_build_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "id", .required = true, .shape = &aws_filled_text}, {0}},
};

bool stop_build(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *project, *uuid;
    struct build_row row;
    struct json *shown;
    if (!build_id_parse(call, aws_text(call, "id"), &project, &uuid, err) ||
        !engine_stop_build(tx, call->arena, project, uuid, &row, err) || !build_show(call, &row, &shown, err))
        return false;
    json_set(call->arena, out, "build", shown);
    return true;
}
