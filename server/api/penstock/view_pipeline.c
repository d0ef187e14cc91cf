/*
 * Pipelines, summed up: each stage with who is in it, who waits in front of it and why, and what a person may do there.
 */
#include "server/api/penstock/view.h"

#include "server/engine/engine.h"
#include "server/engine/wait.h"
#include "server/store/stage_gates.h"
#include "server/store/stage_runs.h"

#include "common/str.h"

/* What concerns a pipeline as a whole, read once for all of its stages. */
struct surroundings {
    const struct pipeline_row *row;
    struct wait_in_front *waiting;
    size_t waiting_count;
    struct stage_gate_row *gates;
    size_t gate_count;
};

static void show_transition(struct view *view, const struct surroundings *around, const char *stage, struct json *out) {
    struct json *transition = json_set_object(view->arena, out, "transition");
    json_set_bool(view->arena, transition, "enabled", true);
    for (size_t i = 0; i < around->gate_count; i++) {
        const struct stage_gate_row *gate = &around->gates[i];
        if (!str_equal(gate->stage, stage))
            continue;
        json_set_bool(view->arena, transition, "enabled", gate->enabled);
        json_set_text(view->arena, transition, "reason", gate->enabled ? NULL : gate->reason);
        json_set_text(view->arena, transition, "by", gate->changed_by);
        json_set_time(view->arena, transition, "changed", gate->changed_ms);
    }
}

/* What is left of a PARALLEL time, after a change of the mode, is in no stage of this definition. */
static bool shows(const struct surroundings *around, const struct execution_row *execution) {
    return (execution->mode == MODE_PARALLEL) == (around->row->mode == MODE_PARALLEL);
}

static void show_waiting(struct view *view, const struct surroundings *around, int index, struct json *out) {
    struct json *list = NULL;
    for (size_t i = 0; i < around->waiting_count; i++) {
        const struct wait_in_front *waiting = &around->waiting[i];
        if (waiting->execution->stage_index != index || !shows(around, waiting->execution))
            continue;
        if (!list) {
            json_set_text(view->arena, out, "wait", waiting->words);
            list = json_set_array(view->arena, out, "waiting");
        }
        struct json *item = json_append_object(view->arena, list);
        view_execution_name(view->arena, waiting->execution, item);
        json_set_text(view->arena, item, "wait", waiting->words);
    }
}

/* Where a rollback goes that nobody gave a target: before what is in the stage now; behind a rollback that is what it
 * went back to. */
static bool show_rollback_target(struct view *view, const struct pipeline_row *row, const char *stage,
                                 const struct execution_row *newest, struct json *out, struct err *err) {
    struct execution_row target;
    int64_t before = newest->rollback_of ? newest->rollback_of : newest->id;
    bool found = false, can = false;
    if (row->mode == MODE_PARALLEL)
        return true;
    if (!executions_find_rollback_target(view->tx, view->arena, row->id, row->version, stage, before, &found, &target,
                                         err))
        return false;
    if (!found)
        return true;
    const struct engine_rollback_request request = {.pipeline = row->name, .stage = stage, .target = target.uuid};
    if (!engine_can_roll_back_stage(view->tx, view->arena, &request, &can, err))
        return false;
    if (can)
        view_execution_name(view->arena, &target, json_set_object(view->arena, out, "rollbackTarget"));
    return true;
}

static bool show_newest(struct view *view, const struct pipeline_row *row, const char *stage, struct json *out,
                        struct err *err) {
    struct stage_run_row run;
    struct execution_row newest;
    bool found = false, can_retry = false;
    if (row->mode == MODE_PARALLEL)
        return true;
    if (!stage_runs_latest(view->tx, view->arena, row->id, stage, &found, &run, err))
        return false;
    if (!found)
        return true;
    if (!executions_get_by_id(view->tx, view->arena, run.execution_id, &newest, err) ||
        !view_can_retry(view, &newest, &run, RETRY_FAILED_ACTIONS, &can_retry, err))
        return false;
    json_set_text(view->arena, out, "status", stage_status_name(run.status));
    view_execution_name(view->arena, &newest, json_set_object(view->arena, out, "execution"));
    json_set_bool(view->arena, out, "canRetry", can_retry);
    return show_rollback_target(view, row, stage, &newest, out, err);
}

bool view_stage_holder(struct view *view, const struct pipeline_row *row, const char *stage, const char *member,
                       struct json *out, struct err *err) {
    struct stage_run_row run;
    struct execution_row newest;
    bool found = false;
    if (row->mode == MODE_PARALLEL)
        return true;
    if (!stage_runs_latest(view->tx, view->arena, row->id, stage, &found, &run, err))
        return false;
    if (!found)
        return true;
    if (!executions_get_by_id(view->tx, view->arena, run.execution_id, &newest, err))
        return false;
    struct json *holder = json_set_object(view->arena, out, member);
    view_execution_name(view->arena, &newest, holder);
    json_set_text(view->arena, holder, "status", stage_status_name(run.status));
    return show_rollback_target(view, row, stage, &newest, out, err);
}

static bool show_stage(struct view *view, const struct surroundings *around, const char *name, int index,
                       struct json *out, struct err *err) {
    json_set_text(view->arena, out, "name", name);
    if (!show_newest(view, around->row, name, out, err))
        return false;
    show_transition(view, around, name, out);
    show_waiting(view, around, index, out);
    return true;
}

/* The newest execution, and the oldest approval of the pipeline that is not answered. */
static bool show_latest(struct view *view, const struct pipeline_row *row, struct json *out, struct err *err) {
    struct execution_row *newest;
    struct action_run_row *approvals;
    size_t count, approval_count;
    if (!executions_list(view->tx, view->arena, row->id, 0, 1, &newest, &count, err) ||
        !action_runs_pending_approvals(view->tx, view->arena, row->id, &approvals, &approval_count, err))
        return false;
    if (count > 0 && !view_execution(view, newest, json_set_object(view->arena, out, "latestExecution"), err))
        return false;
    return approval_count == 0 || view_approval(view, approvals, out, err);
}

static bool show_stages(struct view *view, const struct pipeline_row *row, struct json *out, struct err *err) {
    struct surroundings around = {.row = row};
    const struct pipeline *pipeline;
    if (!view_definition(view, row->id, row->version, &pipeline, err) ||
        !wait_in_front(view->tx, view->arena, row->id, &around.waiting, &around.waiting_count, err) ||
        !stage_gates_list(view->tx, view->arena, row->id, &around.gates, &around.gate_count, err))
        return false;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (!show_stage(view, &around, pipeline->stages[i].name, (int)i, json_append_object(view->arena, out), err))
            return false;
    return true;
}

bool view_pipeline(struct view *view, const struct pipeline_row *row, struct json *out, struct err *err) {
    struct arena *arena = view->arena;
    json_set_text(arena, out, "name", row->name);
    json_set_integer(arena, out, "version", row->version);
    json_set_time(arena, out, "created", row->created_ms);
    json_set_time(arena, out, "updated", row->updated_ms);
    json_set_text(arena, out, "executionMode", execution_mode_name(row->mode));
    json_set_text(arena, out, "pipelineType", row->type);
    json_set_text(arena, out, "origin", origin_name(row->origin));
    json_set_text(arena, out, "file", row->file);
    json_set_text(arena, out, "fileError", row->file_error);
    return show_latest(view, row, out, err) && show_stages(view, row, json_set_array(arena, out, "stages"), err);
}
