/*
 * ListPipelineExecutions, newest first.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/page.h"
#include "server/store/revisions.h"

static const struct shape succeeded_in_stage = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "stageName", .shape = &action_name_shape}, {0}},
};

static const struct shape filter = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "succeededInStage", .shape = &succeeded_in_stage}, {0}},
};

const struct shape list_pipeline_executions_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {.name = "filter", .shape = &filter},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

static bool show_revisions(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                           struct err *err) {
    struct revision_row *rows;
    size_t count;
    if (!revisions_list(tx, arena, execution->id, &rows, &count, err))
        return false;
    struct json *list = json_set_array(arena, out, "sourceRevisions");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "actionName", rows[i].action);
        json_set_text(arena, item, "revisionId", rows[i].revision_id ? rows[i].revision_id : rows[i].asked);
        json_set_text(arena, item, "revisionSummary", rows[i].summary);
        json_set_text(arena, item, "revisionUrl", rows[i].url);
    }
    return true;
}

static bool show(struct tx *tx, struct arena *arena, const struct execution_row *execution, struct json *out,
                 struct err *err) {
    json_set_text(arena, out, "pipelineExecutionId", execution->uuid);
    json_set_text(arena, out, "status", execution_status_name(execution->status));
    json_set_text(arena, out, "statusSummary", execution->summary);
    json_set_time(arena, out, "startTime", execution->started_ms);
    json_set_time(arena, out, "lastUpdateTime", execution->updated_ms);
    if (!show_revisions(tx, arena, execution, out, err))
        return false;
    json_set(arena, out, "trigger", execution_show_trigger(arena, execution));
    if (execution->stop_reason)
        json_set_text(arena, json_set_object(arena, out, "stopTrigger"), "reason", execution->stop_reason);
    return execution_show_type(tx, arena, execution, out, err);
}

bool list_pipeline_executions(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    const char *stage = json_get_text(json_get(json_get(call->input, "filter"), "succeededInStage"), "stageName");
    /* A page of one list goes on in that list. */
    const char *token = stage ? arena_printf(call->arena, "succeeded-in-%s", stage) : "executions";
    struct pipeline_row pipeline;
    struct execution_row *rows = NULL;
    int64_t before;
    size_t count = 0, limit = page_limit(call, 100);
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &pipeline, err) ||
        !page_begin_number(call, token, &before, err))
        return false;
    if (!(stage ? executions_list_succeeded(tx, call->arena, pipeline.id, stage, before, limit + 1, &rows, &count, err)
                : executions_list(tx, call->arena, pipeline.id, before, limit + 1, &rows, &count, err)))
        return false;
    struct json *list = json_set_array(call->arena, out, "pipelineExecutionSummaries");
    for (size_t i = 0; i < count && i < limit; i++)
        if (!show(tx, call->arena, &rows[i], json_append_object(call->arena, list), err))
            return false;
    if (count > limit)
        page_next_number(call, out, token, stage ? rows[limit - 1].id : rows[limit - 1].number);
    return true;
}
