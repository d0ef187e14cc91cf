/*
 * GetPipeline: the declaration, the newest or a version that once was.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/names.h"

#include <inttypes.h>

const struct shape get_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "name", .required = true, .shape = &pipeline_name_shape},
            {.name = "version", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1}},
            {0},
        },
};

static bool version_missing(const struct aws_call *call, int64_t version, struct err *err) {
    if (err->kind != ERR_NOT_FOUND)
        return false;
    return err_set_code(err, ERR_NOT_FOUND, "PipelineVersionNotFoundException",
                        "Account '%s' does not have a pipeline with name '%s' and version '%" PRId64 "'",
                        call->account_id, aws_text(call, "name"), version);
}

bool get_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct pipeline_row row;
    struct json *shown;
    if (!pipeline_find(tx, call, aws_text(call, "name"), &row, err))
        return false;
    int64_t version = json_get_integer(call->input, "version", row.version);
    const char *declaration = row.declaration;
    if (version != row.version && !pipelines_get_version(tx, call->arena, row.id, version, &declaration, NULL, err))
        return version_missing(call, version, err);
    if (!pipeline_show(tx, call, declaration, version, &shown, err))
        return false;
    json_set(call->arena, out, "pipeline", shown);
    struct json *metadata = json_set_object(call->arena, out, "metadata");
    json_set_text(call->arena, metadata, "pipelineArn", name_pipeline_arn(call, row.name));
    json_set_time(call->arena, metadata, "created", row.created_ms);
    json_set_time(call->arena, metadata, "updated", row.updated_ms);
    return true;
}
