/*
 * An execution in full: its stages with their actions, conditions and tries.
 */
#include "server/api/penstock/view.h"

#include "server/engine/engine.h"
#include "server/engine/wait.h"
#include "server/store/stage_runs.h"

#include "common/str.h"

/* Everything that ran in an execution. */
struct history {
    const struct execution_row *execution;
    struct stage_run_row *stages;
    size_t stage_count;
    struct action_run_row *actions; /* oldest first */
    size_t action_count;
};

/* Earlier tries, newest first: what a retry of the stage did again. */
static bool show_earlier(struct view *view, const struct history *history, const struct action_run_row *newest,
                         struct json *out, struct err *err) {
    struct json *list = NULL;
    for (const struct action_run_row *run = newest; run-- > history->actions;) {
        if (!str_equal(run->stage, newest->stage) || !str_equal(run->action, newest->action))
            continue;
        list = list ? list : json_set_array(view->arena, out, "earlierRuns");
        if (!view_run(view, run, json_append_object(view->arena, list), err))
            return false;
    }
    return true;
}

static bool show_action(struct view *view, const struct history *history, const char *stage,
                        const struct pipeline_action *action, struct json *out, struct err *err) {
    const struct action_run_row *newest = NULL;
    for (size_t i = 0; i < history->action_count; i++)
        if (str_equal(history->actions[i].stage, stage) && str_equal(history->actions[i].action, action->name))
            newest = &history->actions[i];
    return view_action(view, action, newest, out, err) && (!newest || show_earlier(view, history, newest, out, err));
}

/* What holds the execution up in front of the stage. */
static bool show_wait(struct view *view, const struct execution_row *execution, int index, struct json *out,
                      struct err *err) {
    const char *wait;
    if (execution->place != PLACE_WAITING || execution->stage_index != index)
        return true;
    if (!wait_of_execution(view->tx, view->arena, execution, &wait, err))
        return false;
    json_set_text(view->arena, out, "wait", wait);
    return true;
}

static void show_retries(struct arena *arena, const struct stage_run_row *run, struct json *out) {
    if (!run->auto_retries && !run->manual_retries)
        return;
    struct json *retries = json_set_object(arena, out, "retries");
    json_set_integer(arena, retries, "automatic", run->auto_retries);
    json_set_integer(arena, retries, "manual", run->manual_retries);
    json_set_text(arena, retries, "latestTrigger", state_name(&retry_triggers, (int)run->retry_trigger));
}

bool view_can_retry(struct view *view, const struct execution_row *execution, const struct stage_run_row *run,
                    enum retry_mode mode, bool *out, struct err *err) {
    *out = false;
    bool may_be = run->status == STAGE_FAILED || run->status == STAGE_STOPPED || run->status == STAGE_IN_PROGRESS;
    if (!may_be)
        return true;
    const struct engine_retry_request request = {
        .pipeline = execution->pipeline, .stage = run->name, .execution = execution->uuid, .mode = mode};
    return engine_can_retry_stage(view->tx, view->arena, &request, out, err);
}

bool view_is_there(struct view *view, const struct execution_row *execution, const char *stage, bool *out,
                   struct err *err) {
    struct stage_run_row newest;
    struct execution_row there;
    bool found = false;
    if (!stage_runs_latest(view->tx, view->arena, execution->pipeline_id, stage, &found, &newest, err) ||
        (found && !executions_get_by_id(view->tx, view->arena, newest.execution_id, &there, err)))
        return false;
    *out =
        !found || there.id == execution->id || (there.rollback_of == execution->id && newest.status == STAGE_SUCCEEDED);
    return true;
}

/* Whether the stage can go back to this execution, which is not what is there already. */
static bool can_roll_back_to(struct view *view, const struct execution_row *execution, const struct stage_run_row *run,
                             bool *out, struct err *err) {
    bool is_there = false;
    *out = false;
    if (run->status != STAGE_SUCCEEDED || execution->mode == MODE_PARALLEL)
        return true;
    if (!view_is_there(view, execution, run->name, &is_there, err))
        return false;
    if (is_there)
        return true;
    const struct engine_rollback_request request = {
        .pipeline = execution->pipeline, .stage = run->name, .target = execution->uuid};
    return engine_can_roll_back_stage(view->tx, view->arena, &request, out, err);
}

static bool show_possibilities(struct view *view, const struct execution_row *execution,
                               const struct stage_run_row *run, struct json *out, struct err *err) {
    bool can_retry = false, can_retry_all = false, can_roll_back = false;
    if (!view_can_retry(view, execution, run, RETRY_FAILED_ACTIONS, &can_retry, err) ||
        !view_can_retry(view, execution, run, RETRY_ALL_ACTIONS, &can_retry_all, err) ||
        !can_roll_back_to(view, execution, run, &can_roll_back, err))
        return false;
    json_set_bool(view->arena, out, "canRetry", can_retry);
    json_set_bool(view->arena, out, "canRetryAll", can_retry_all);
    json_set_bool(view->arena, out, "canRollBackTo", can_roll_back);
    return true;
}

static bool show_stage_run(struct view *view, const struct execution_row *execution, const struct stage_run_row *run,
                           struct json *out, struct err *err) {
    json_set_text(view->arena, out, "status", stage_status_name(run->status));
    json_set_time(view->arena, out, "started", run->started_ms);
    json_set_time(view->arena, out, "updated", run->updated_ms);
    show_retries(view->arena, run, out);
    return show_possibilities(view, execution, run, out, err);
}

static bool show_stage(struct view *view, const struct history *history, const struct pipeline_stage *stage, int index,
                       struct json *out, struct err *err) {
    const struct stage_run_row *run = NULL;
    for (size_t i = 0; i < history->stage_count; i++)
        if (history->stages[i].stage_index == index)
            run = &history->stages[i];
    json_set_text(view->arena, out, "name", stage->name);
    if ((run && !show_stage_run(view, history->execution, run, out, err)) ||
        !show_wait(view, history->execution, index, out, err) || !view_conditions(view, stage, run, out, err))
        return false;
    struct json *actions = json_set_array(view->arena, out, "actions");
    for (size_t i = 0; i < stage->action_count; i++)
        if (!show_action(view, history, stage->name, &stage->actions[i], json_append_object(view->arena, actions), err))
            return false;
    return true;
}

bool view_stages(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    struct history history = {.execution = execution};
    const struct pipeline *pipeline;
    if (!view_definition(view, execution->pipeline_id, execution->version, &pipeline, err) ||
        !stage_runs_list(view->tx, view->arena, execution->id, &history.stages, &history.stage_count, err) ||
        !action_runs_list(view->tx, view->arena, execution->id, &history.actions, &history.action_count, err))
        return false;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (!show_stage(view, &history, &pipeline->stages[i], (int)i, json_append_object(view->arena, out), err))
            return false;
    return true;
}
