/*
 * UpdatePipeline: the whole declaration anew; what it does not say is gone. Starts nothing.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/engine.h"

const struct shape update_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "pipeline", .required = true, .shape = &aws_any}, {0}},
};

/* The file would undo the change at the next load, without a word. */
static bool check_origin(const struct pipeline_row *row, struct err *err) {
    if (row->origin != ORIGIN_FILE)
        return true;
    return err_set_code(err, ERR_CONFLICT, "ConflictException",
                        "pipeline '%s' comes from the file '%s'; change it there", row->name, row->file);
}

bool update_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *name = json_get_text(json_get(call->input, "pipeline"), "name");
    const struct pipeline *pipeline;
    struct pipeline_row row;
    struct json *shown;
    if (!name) /* says what is wrong */
        return pipeline_declared(tx, call, NULL, &pipeline, err);
    if (!pipeline_find(tx, call, name, &row, err) || !check_origin(&row, err) ||
        !pipeline_declared(tx, call, &row, &pipeline, err))
        return false;
    const struct engine_definition definition = {.pipeline = pipeline, .origin = ORIGIN_API};
    if (!engine_update_pipeline(tx, call->arena, &definition, err) ||
        !pipelines_get(tx, call->arena, name, &row, err) ||
        !pipeline_show(tx, call, row.declaration, row.version, &shown, err))
        return false;
    json_set(call->arena, out, "pipeline", shown);
    return true;
}
