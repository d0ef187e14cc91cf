/*
 * StopBuildBatch: nothing more is begun and the containers of its builds are killed; the answer shows it as it is then.
 */
#include "server/api/codebuild/build_batch.h"

#include "server/engine/engine.h"

const struct shape stop_build_batch_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "id", .required = true, .shape = &aws_filled_text}, {0}},
};

bool stop_build_batch(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *project, *uuid;
    struct batch_row row;
    return build_batch_id_parse(call, aws_text(call, "id"), &project, &uuid, err) &&
           engine_stop_batch(tx, call->arena, project, uuid, &row, err) && build_batch_answer(tx, call, &row, out, err);
}
