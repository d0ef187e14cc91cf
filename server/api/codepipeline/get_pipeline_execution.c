/*
 * GetPipelineExecution.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/store/revisions.h"

const struct shape get_pipeline_execution_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "pipelineExecutionId", .required = true, .shape = &aws_uuid},
            {0},
        },
};

static bool show_revisions(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                           struct err *err) {
    struct revision_row *rows;
    size_t count;
    if (!revisions_list(tx, arena, execution->id, &rows, &count, err))
        return false;
    struct json *list = json_set_array(arena, out, "artifactRevisions");
    for (size_t i = 0; i < count; i++) {
        const char *id = rows[i].revision_id ? rows[i].revision_id : rows[i].asked;
        if (!id)
            continue;
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "name", rows[i].artifact);
        json_set_text(arena, item, "revisionId", id);
        json_set_text(arena, item, "revisionSummary", rows[i].summary);
        json_set_time(arena, item, "created", rows[i].created_ms);
        json_set_text(arena, item, "revisionUrl", rows[i].url);
    }
    return true;
}

static bool show_variables(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                           struct err *err) {
    struct execution_variable *rows;
    size_t count;
    if (!execution_variables_list(tx, arena, execution->id, &rows, &count, err))
        return false;
    struct json *list = count > 0 ? json_set_array(arena, out, "variables") : NULL;
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "name", rows[i].name);
        json_set_text(arena, item, "resolvedValue", rows[i].value);
    }
    return true;
}

bool get_pipeline_execution(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct pipeline_row pipeline;
    struct execution_row execution;
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &pipeline, err) ||
        !executions_get(tx, arena, pipeline.id, aws_text(call, "pipelineExecutionId"), &execution, err))
        return false;
    struct json *shown = json_set_object(arena, out, "pipelineExecution");
    json_set_text(arena, shown, "pipelineName", pipeline.name);
    json_set_integer(arena, shown, "pipelineVersion", execution.version);
    json_set_text(arena, shown, "pipelineExecutionId", execution.uuid);
    json_set_text(arena, shown, "status", execution_status_name(execution.status));
    json_set_text(arena, shown, "statusSummary", execution.summary);
    if (!show_revisions(tx, arena, &execution, shown, err) || !show_variables(tx, arena, &execution, shown, err))
        return false;
    json_set(arena, shown, "trigger", execution_show_trigger(arena, &execution));
    return execution_show_type(tx, arena, &execution, shown, err);
}
