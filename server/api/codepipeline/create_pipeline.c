/*
 * CreatePipeline: stores the pipeline and, as AWS does, starts it once.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/tags.h"
#include "server/engine/engine.h"

const struct shape create_pipeline_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipeline", .required = true, .shape = &aws_any},
            {.name = "tags", .shape = &aws_tag_list},
            {0},
        },
};

/* A pipeline with a variable that has no default can only be started by somebody who gives it. */
static bool can_start(const struct pipeline *pipeline) {
    for (size_t i = 0; i < pipeline->variable_count; i++)
        if (!pipeline->variables[i].default_value)
            return false;
    return true;
}

static bool start(struct tx *tx, const struct aws_call *call, const struct pipeline *pipeline, struct err *err) {
    const struct engine_start_request request = {
        .pipeline = pipeline->name, .trigger_type = "CreatePipeline", .trigger_detail = call->by, .by = call->by};
    const char *execution;
    return !can_start(pipeline) || engine_start(tx, call->arena, &request, &execution, err);
}

static bool name_taken(const struct aws_call *call, const struct pipeline *pipeline, struct err *err) {
    if (err->kind != ERR_CONFLICT)
        return false;
    return err_set_code(err, ERR_CONFLICT, "PipelineNameInUseException",
                        "A pipeline with the name '%s' already exists in account '%s'", pipeline->name,
                        call->account_id);
}

bool create_pipeline(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const struct pipeline *pipeline;
    const struct json *tags = json_get(call->input, "tags");
    struct json *shown;
    if (!pipeline_declared(tx, call, NULL, &pipeline, err) || !tags_check(tags, err))
        return false;
    const struct engine_definition definition = {
        .pipeline = pipeline, .origin = ORIGIN_API, .tags = tags ? json_print(call->arena, tags) : NULL};
    if (!engine_create_pipeline(tx, call->arena, &definition, err))
        return name_taken(call, pipeline, err);
    struct pipeline_row row;
    if (!pipelines_get(tx, call->arena, pipeline->name, &row, err) || !start(tx, call, pipeline, err) ||
        !pipeline_show(tx, call, row.declaration, row.version, &shown, err))
        return false;
    json_set(call->arena, out, "pipeline", shown);
    if (tags)
        json_set(call->arena, out, "tags", json_copy(call->arena, tags));
    return true;
}
