/*
 * GetPipelineState: each stage with who is in it, who waits in front of it, and what its actions did last.
 */
#include "server/api/codepipeline/codepipeline.h"

#include "server/engine/wait.h"
#include "server/engine/worker_types.h"
#include "server/store/revisions.h"
#include "server/store/stage_runs.h"

const struct shape get_pipeline_state_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &pipeline_name_shape}, {0}},
};

struct state {
    struct tx *tx;
    struct arena *arena;
    int64_t pipeline_id;
};

static void show_run(struct arena *arena, const struct action_run_row *run, struct json *out) {
    json_set_text(arena, out, "actionExecutionId", run->uuid);
    json_set_text(arena, out, "status", action_status_name(run->status));
    json_set_text(arena, out, "summary", run->summary);
    json_set_time(arena, out, "lastStatusChange", run->updated_ms);
    if (run->status == ACTION_IN_PROGRESS)
        json_set_text(arena, out, "token", run->approval_token);
    json_set_text(arena, out, "lastUpdatedBy", run->updated_by);
    json_set_text(arena, out, "externalExecutionId", run->external_id);
    json_set_text(arena, out, "externalExecutionUrl", run->external_url);
    if (run->percent >= 0)
        json_set_integer(arena, out, "percentComplete", run->percent);
    if (!run->error_code && !run->error_message)
        return;
    struct json *error = json_set_object(arena, out, "errorDetails");
    json_set_text(arena, error, "code", run->error_code);
    json_set_text(arena, error, "message", run->error_message);
}

static bool show_revision(const struct state *state, const char *action, struct json *out, struct err *err) {
    struct revision_row row;
    bool found;
    if (!revisions_latest(state->tx, state->arena, state->pipeline_id, action, &found, &row, err))
        return false;
    if (!found || !row.revision_id)
        return true;
    struct json *revision = json_set_object(state->arena, out, "currentRevision");
    json_set_text(state->arena, revision, "revisionId", row.revision_id);
    json_set_time(state->arena, revision, "created", row.created_ms);
    json_set_text(state->arena, out, "revisionUrl", row.url);
    return true;
}

/* Where the type of a custom action says that its work shows. */
static bool show_urls(const struct state *state, const struct pipeline_action *action, const char *external_id,
                      struct json *out, struct err *err) {
    const struct action_type *type = action->type;
    struct custom_type_row row;
    struct custom_type custom;
    bool found;
    if (!custom_type_rows_get(state->tx, state->arena, action_category_name(type->category), type->provider,
                              type->version, &found, &row, err))
        return false;
    if (!found)
        return true;
    if (!worker_type_read(state->arena, &row, &custom, err))
        return false;
    struct json *configuration = json_object(state->arena);
    for (size_t i = 0; i < action->configuration_count; i++)
        json_set_text(state->arena, configuration, action->configuration[i].key, action->configuration[i].value);
    json_set_text(state->arena, out, "entityUrl",
                  worker_url(state->arena, custom.entity_url, configuration, external_id));
    json_set_text(state->arena, out, "revisionUrl",
                  worker_url(state->arena, custom.revision_url, configuration, external_id));
    return true;
}

static bool show_action(const struct state *state, const char *stage, const struct pipeline_action *action,
                        struct json *out, struct err *err) {
    struct action_run_row run;
    bool found;
    json_set_text(state->arena, out, "actionName", action->name);
    if (action->type->category == ACTION_SOURCE && !show_revision(state, action->name, out, err))
        return false;
    if (!action_runs_latest(state->tx, state->arena, state->pipeline_id, stage, action->name, &found, &run, err))
        return false;
    if (found)
        show_run(state->arena, &run, json_set_object(state->arena, out, "latestExecution"));
    return action->type->worker != ACTION_BY_WORKER ||
           show_urls(state, action, found ? run.external_id : NULL, out, err);
}

static bool show_latest(const struct state *state, const char *stage, struct json *out, struct err *err) {
    struct stage_run_row run;
    struct execution_row execution;
    bool found;
    if (!stage_runs_latest(state->tx, state->arena, state->pipeline_id, stage, &found, &run, err))
        return false;
    if (!found)
        return true;
    if (!executions_get_by_id(state->tx, state->arena, run.execution_id, &execution, err))
        return false;
    struct json *latest = json_set_object(state->arena, out, "latestExecution");
    json_set_text(state->arena, latest, "pipelineExecutionId", execution.uuid);
    json_set_text(state->arena, latest, "status", stage_status_name(run.status));
    json_set_text(state->arena, latest, "type", EXECUTION_TYPE);
    return true;
}

static bool show_inbound(const struct state *state, int index, struct json *out, struct err *err) {
    const struct execution_row *waiting;
    const char *words;
    if (!wait_before_stage(state->tx, state->arena, state->pipeline_id, index, &waiting, &words, err))
        return false;
    if (waiting) {
        struct json *inbound = json_set_object(state->arena, out, "inboundExecution");
        json_set_text(state->arena, inbound, "pipelineExecutionId", waiting->uuid);
        json_set_text(state->arena, inbound, "status", execution_status_name(waiting->status));
        json_set_text(state->arena, inbound, "type", EXECUTION_TYPE);
    }
    json_set_bool(state->arena, json_set_object(state->arena, out, "inboundTransitionState"), "enabled", true);
    return true;
}

static bool show_stage(const struct state *state, const struct pipeline_stage *stage, int index, struct json *out,
                       struct err *err) {
    json_set_text(state->arena, out, "stageName", stage->name);
    if (!show_inbound(state, index, out, err))
        return false;
    struct json *actions = json_set_array(state->arena, out, "actionStates");
    for (size_t i = 0; i < stage->action_count; i++)
        if (!show_action(state, stage->name, &stage->actions[i], json_append_object(state->arena, actions), err))
            return false;
    return show_latest(state, stage->name, out, err);
}

/* A PARALLEL pipeline has no state of its own, only its executions have (AWS). */
static void show_empty_stage(struct arena *arena, const struct pipeline_stage *stage, struct json *out) {
    json_set_text(arena, out, "stageName", stage->name);
    json_set_bool(arena, json_set_object(arena, out, "inboundTransitionState"), "enabled", true);
    struct json *actions = json_set_array(arena, out, "actionStates");
    for (size_t i = 0; i < stage->action_count; i++)
        json_set_text(arena, json_append_object(arena, actions), "actionName", stage->actions[i].name);
}

bool get_pipeline_state(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct pipeline_row row;
    const struct pipeline *pipeline;
    if (!pipeline_find(tx, call, aws_text(call, "name"), &row, err) ||
        !pipeline_read(call, row.declaration, &pipeline, err))
        return false;
    const struct state state = {.tx = tx, .arena = arena, .pipeline_id = row.id};
    json_set_text(arena, out, "pipelineName", row.name);
    json_set_integer(arena, out, "pipelineVersion", row.version);
    struct json *stages = json_set_array(arena, out, "stageStates");
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        struct json *stage = json_append_object(arena, stages);
        if (pipeline->mode == MODE_PARALLEL)
            show_empty_stage(arena, &pipeline->stages[i], stage);
        else if (!show_stage(&state, &pipeline->stages[i], (int)i, stage, err))
            return false;
    }
    json_set_time(arena, out, "created", row.created_ms);
    json_set_time(arena, out, "updated", row.updated_ms);
    return true;
}
