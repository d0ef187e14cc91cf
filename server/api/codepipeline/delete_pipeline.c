/*
 * DeletePipeline: one that is not there is no error, as in AWS (Terraform's destroy relies on it).
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

const struct shape delete_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &pipeline_name_shape}, {0}},
};

bool delete_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return engine_delete_pipeline(tx, call->arena, aws_text(call, "name"), call->by, err);
}
