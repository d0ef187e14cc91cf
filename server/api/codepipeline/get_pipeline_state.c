/*
 * GetPipelineState: each stage with who is in it, who waits in front of it, and what its actions did last.
 */
#include "server/api/codepipeline/state.h"

#include "server/engine/wait.h"
#include "server/engine/worker_types.h"
#include "server/store/pauses.h"
#include "server/store/revisions.h"
#include "server/store/stage_gates.h"

#include "common/str.h"

const struct shape get_pipeline_state_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "name", .required = true, .shape = &pipeline_name_shape}, {0}},
};

struct state {
    struct tx *tx;
    struct arena *arena;
    int64_t pipeline_id;
    struct wait_in_front *waiting; /* in front of stages, as they will go in */
    size_t waiting_count;
    struct stage_gate_row *gates;
    size_t gate_count;
};

/* What answers it: a manual approval, or a deploy in a pause. */
static bool show_token(const struct state *state, const struct action_run_row *run, struct json *out, struct err *err) {
    struct pause_row pause;
    bool found = false;
    if (run->status != ACTION_IN_PROGRESS)
        return true;
    if (!pauses_waiting(state->tx, state->arena, run->id, &found, &pause, err))
        return false;
    json_set_text(state->arena, out, "token", found ? pause.token : run->approval_token);
    return true;
}

static void show_run(struct arena *arena, const struct action_run_row *run, struct json *out) {
    json_set_text(arena, out, "actionExecutionId", run->uuid);
    json_set_text(arena, out, "status", action_status_name(run->status));
    json_set_text(arena, out, "summary", run->summary);
    json_set_time(arena, out, "lastStatusChange", run->updated_ms);
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
    if (found) {
        struct json *latest = json_set_object(state->arena, out, "latestExecution");
        show_run(state->arena, &run, latest);
        if (!show_token(state, &run, latest, err))
            return false;
    }
    return action->type->worker != ACTION_BY_WORKER ||
           show_urls(state, action, found ? run.external_id : NULL, out, err);
}

static void show_execution(struct arena *arena, const struct execution_row *execution, const char *status,
                           struct json *out) {
    json_set_text(arena, out, "pipelineExecutionId", execution->uuid);
    json_set_text(arena, out, "status", status);
    json_set_text(arena, out, "type", state_name(&execution_types, (int)execution->type));
}

/* AWS: both counts begin at 1, so that none is no member. */
static void show_retries(struct arena *arena, const struct stage_run_row *run, struct json *out) {
    if (!run->auto_retries && !run->manual_retries)
        return;
    struct json *retries = json_set_object(arena, out, "retryStageMetadata");
    if (run->auto_retries)
        json_set_integer(arena, retries, "autoStageRetryAttempt", run->auto_retries);
    if (run->manual_retries)
        json_set_integer(arena, retries, "manualStageRetryAttempt", run->manual_retries);
    json_set_text(arena, retries, "latestRetryTrigger", state_name(&retry_triggers, (int)run->retry_trigger));
}

static bool show_latest(const struct state *state, const struct pipeline_stage *stage, struct json *out,
                        struct err *err) {
    struct stage_run_row run;
    struct execution_row execution;
    bool found;
    if (!stage_runs_latest(state->tx, state->arena, state->pipeline_id, stage->name, &found, &run, err))
        return false;
    if (found) {
        if (!executions_get_by_id(state->tx, state->arena, run.execution_id, &execution, err))
            return false;
        show_execution(state->arena, &execution, stage_status_name(run.status),
                       json_set_object(state->arena, out, "latestExecution"));
        show_retries(state->arena, &run, out);
    }
    return state_show_conditions(state->tx, state->arena, stage, found ? &run : NULL, out, err);
}

static void show_transition(const struct state *state, const char *stage, struct json *out) {
    struct json *transition = json_set_object(state->arena, out, "inboundTransitionState");
    json_set_bool(state->arena, transition, "enabled", true);
    for (size_t i = 0; i < state->gate_count; i++) {
        const struct stage_gate_row *gate = &state->gates[i];
        if (!str_equal(gate->stage, stage))
            continue;
        json_set_bool(state->arena, transition, "enabled", gate->enabled);
        json_set_text(state->arena, transition, "lastChangedBy", gate->changed_by);
        json_set_time(state->arena, transition, "lastChangedAt", gate->changed_ms);
        json_set_text(state->arena, transition, "disabledReason", gate->enabled ? NULL : gate->reason);
    }
}

/* inboundExecution is the one that goes in next. */
static void show_inbound(const struct state *state, int index, struct json *out) {
    struct json *all = NULL;
    for (size_t i = 0; i < state->waiting_count; i++) {
        const struct execution_row *waiting = state->waiting[i].execution;
        const char *status = execution_status_name(waiting->status);
        if (waiting->stage_index != index)
            continue;
        if (!all) {
            show_execution(state->arena, waiting, status, json_set_object(state->arena, out, "inboundExecution"));
            all = json_set_array(state->arena, out, "inboundExecutions");
        }
        show_execution(state->arena, waiting, status, json_append_object(state->arena, all));
    }
}

static bool show_stage(const struct state *state, const struct pipeline_stage *stage, int index, struct json *out,
                       struct err *err) {
    json_set_text(state->arena, out, "stageName", stage->name);
    show_inbound(state, index, out);
    show_transition(state, stage->name, out);
    struct json *actions = json_set_array(state->arena, out, "actionStates");
    for (size_t i = 0; i < stage->action_count; i++)
        if (!show_action(state, stage->name, &stage->actions[i], json_append_object(state->arena, actions), err))
            return false;
    return show_latest(state, stage, out, err);
}

/* A PARALLEL pipeline has no state of its own, only its executions have (AWS). */
static void show_empty_stage(const struct state *state, const struct pipeline_stage *stage, struct json *out) {
    json_set_text(state->arena, out, "stageName", stage->name);
    show_transition(state, stage->name, out);
    struct json *actions = json_set_array(state->arena, out, "actionStates");
    for (size_t i = 0; i < stage->action_count; i++)
        json_set_text(state->arena, json_append_object(state->arena, actions), "actionName", stage->actions[i].name);
}

/* Only those of a mode in which executions wait for each other: what is left of a PARALLEL time shows nowhere. */
static bool load_waiting(struct state *state, struct err *err) {
    struct wait_in_front *all = NULL;
    size_t count = 0;
    if (!wait_in_front(state->tx, state->arena, state->pipeline_id, &all, &count, err))
        return false;
    state->waiting = all;
    state->waiting_count = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].execution->mode != MODE_PARALLEL)
            state->waiting[state->waiting_count++] = all[i];
    return true;
}

bool get_pipeline_state(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct arena *arena = call->arena;
    struct pipeline_row row;
    const struct pipeline *pipeline;
    if (!pipeline_find(tx, call, aws_text(call, "name"), &row, err) ||
        !pipeline_read(call, row.declaration, &pipeline, err))
        return false;
    struct state state = {.tx = tx, .arena = arena, .pipeline_id = row.id};
    if (!load_waiting(&state, err) || !stage_gates_list(tx, arena, row.id, &state.gates, &state.gate_count, err))
        return false;
    json_set_text(arena, out, "pipelineName", row.name);
    json_set_integer(arena, out, "pipelineVersion", row.version);
    struct json *stages = json_set_array(arena, out, "stageStates");
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        struct json *stage = json_append_object(arena, stages);
        if (pipeline->mode == MODE_PARALLEL)
            show_empty_stage(&state, &pipeline->stages[i], stage);
        else if (!show_stage(&state, &pipeline->stages[i], (int)i, stage, err))
            return false;
    }
    json_set_time(arena, out, "created", row.created_ms);
    json_set_time(arena, out, "updated", row.updated_ms);
    return true;
}
