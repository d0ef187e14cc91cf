/*
 * ListPipelineExecutions, newest first.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/api/page.h"
#include "server/store/revisions.h"
#include "server/store/stage_runs.h"

#include "common/str.h"

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
    json_set_text(arena, out, "executionMode", execution_mode_name(execution->mode));
    json_set_text(arena, out, "executionType", EXECUTION_TYPE);
    return true;
}

static bool fits(struct tx *tx, struct arena *arena, const struct execution_row *execution, const char *stage,
                 bool *out, struct err *err) {
    struct stage_run_row *rows;
    size_t count;
    *out = !stage;
    if (!stage)
        return true;
    if (!stage_runs_list(tx, arena, execution->id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        *out = *out || (str_equal(rows[i].name, stage) && rows[i].status == STAGE_SUCCEEDED);
    return true;
}

/* Shows those of a batch that fit until the page is full. *taken is how many were looked at, *position the last one. */
static bool take(struct tx *tx, const struct aws_call *call, const struct execution_row *rows, size_t count,
                 size_t limit, struct json *list, size_t *taken, int64_t *position, struct err *err) {
    const char *stage = json_get_text(json_get(json_get(call->input, "filter"), "succeededInStage"), "stageName");
    for (*taken = 0; *taken < count && list->count < limit; (*taken)++) {
        const struct execution_row *execution = &rows[*taken];
        bool shown;
        if (!fits(tx, call->arena, execution, stage, &shown, err) ||
            (shown && !show(tx, call->arena, execution, json_append_object(call->arena, list), err)))
            return false;
        *position = execution->number;
    }
    return true;
}

bool list_pipeline_executions(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct pipeline_row pipeline;
    int64_t position;
    size_t limit = page_limit(call, 100);
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &pipeline, err) ||
        !page_begin_number(call, "executions", &position, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "pipelineExecutionSummaries");
    for (;;) {
        struct execution_row *rows;
        size_t count, taken;
        if (!executions_list(tx, call->arena, pipeline.id, position, limit + 1, &rows, &count, err) ||
            !take(tx, call, rows, count, limit, list, &taken, &position, err))
            return false;
        if (taken < count)
            page_next_number(call, out, "executions", position);
        if (taken < count || count <= limit)
            return true;
    }
}
