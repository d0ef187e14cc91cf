/*
 * Executions, summed up.
 */
#include "server/api/penstock/view.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/engine/wait.h"
#include "server/store/revisions.h"
#include "server/store/stage_runs.h"

#include "common/str.h"

#include <string.h>

const struct json *view_parse(struct arena *arena, const char *text) {
    const struct json *value;
    return text && json_parse(arena, text, strlen(text), &value, NULL) ? value : NULL;
}

const char *view_setting(const struct pipeline_action *action, const char *key) {
    for (size_t i = 0; i < action->configuration_count; i++)
        if (str_equal(action->configuration[i].key, key))
            return action->configuration[i].value;
    return NULL;
}

bool view_definition(struct view *view, int64_t pipeline_id, int64_t version, const struct pipeline **out,
                     struct err *err) {
    const char *declaration;
    if (!view->pipeline || view->pipeline_id != pipeline_id || view->version != version) {
        if (!pipelines_get_version(view->tx, view->arena, pipeline_id, version, &declaration, NULL, err) ||
            !pipeline_read(view->call, declaration, &view->pipeline, err))
            return false;
        view->pipeline_id = pipeline_id;
        view->version = version;
    }
    *out = view->pipeline;
    return true;
}

/* Every stage of the execution's definition, with how it went where the execution got that far. */
static bool show_stages(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    const struct pipeline *pipeline;
    struct stage_run_row *runs;
    size_t count;
    if (!view_definition(view, execution->pipeline_id, execution->version, &pipeline, err) ||
        !stage_runs_list(view->tx, view->arena, execution->id, &runs, &count, err))
        return false;
    struct json *list = json_set_array(view->arena, out, "stages");
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        struct json *item = json_append_object(view->arena, list);
        json_set_text(view->arena, item, "name", pipeline->stages[i].name);
        for (size_t j = 0; j < count; j++)
            if (runs[j].stage_index == (int)i)
                json_set_text(view->arena, item, "status", stage_status_name(runs[j].status));
    }
    return true;
}

bool view_revisions(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    struct revision_row *rows;
    size_t count;
    if (!revisions_list(view->tx, view->arena, execution->id, &rows, &count, err))
        return false;
    struct json *list = json_set_array(view->arena, out, "revisions");
    for (size_t i = 0; i < count; i++) {
        const char *id = rows[i].revision_id ? rows[i].revision_id : rows[i].asked;
        if (!id)
            continue;
        struct json *item = json_append_object(view->arena, list);
        json_set_text(view->arena, item, "actionName", rows[i].action);
        json_set_text(view->arena, item, "artifactName", rows[i].artifact);
        json_set_text(view->arena, item, "revisionId", id);
        json_set_text(view->arena, item, "revisionSummary", rows[i].summary);
        json_set_text(view->arena, item, "revisionUrl", rows[i].url);
        json_set_text(view->arena, item, "author", rows[i].author);
        json_set_text(view->arena, item, "branch", rows[i].branch);
        json_set_time(view->arena, item, "created", rows[i].created_ms);
    }
    return true;
}

void view_execution_name(struct arena *arena, const struct execution_row *execution, struct json *out) {
    json_set_text(arena, out, "pipelineExecutionId", execution->uuid);
    json_set_integer(arena, out, "number", execution->number);
    json_set_text(arena, out, "executionType", state_name(&execution_types, (int)execution->type));
}

static bool show_type(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    struct execution_row target;
    json_set_text(view->arena, out, "executionMode", execution_mode_name(execution->mode));
    json_set_text(view->arena, out, "executionType", state_name(&execution_types, (int)execution->type));
    if (!execution->rollback_of)
        return true;
    if (!executions_get_by_id(view->tx, view->arena, execution->rollback_of, &target, err))
        return false;
    view_execution_name(view->arena, &target, json_set_object(view->arena, out, "rollbackOf"));
    return true;
}

bool view_execution(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    struct arena *arena = view->arena;
    json_set_text(arena, out, "pipelineName", execution->pipeline);
    json_set_text(arena, out, "pipelineExecutionId", execution->uuid);
    json_set_integer(arena, out, "number", execution->number);
    json_set_text(arena, out, "status", execution_status_name(execution->status));
    json_set_text(arena, out, "statusSummary", execution->summary);
    json_set_time(arena, out, "started", execution->started_ms);
    json_set_time(arena, out, "updated", execution->updated_ms);
    json_set_time(arena, out, "ended", execution->ended_ms);
    json_set_integer(arena, out, "version", execution->version);
    if (!show_type(view, execution, out, err))
        return false;
    struct json *trigger = execution_show_trigger(arena, execution);
    json_set_text(arena, trigger, "by", execution->started_by);
    json_set(arena, out, "trigger", trigger);
    json_set_text(arena, out, "stopReason", execution->stop_reason);
    json_set_text(arena, out, "stoppedBy", execution->stopped_by);
    if (!show_stages(view, execution, out, err) || !view_revisions(view, execution, out, err))
        return false;
    if (execution_has_ended(execution->status))
        return true;
    const char *wait;
    if (!wait_of_execution(view->tx, arena, execution, &wait, err))
        return false;
    json_set_text(arena, out, "wait", wait);
    return view_pending_approval(view, execution, out, err) && view_stuck(view, execution, out, err);
}
