/*
 * What something waits for, in words.
 */
#include "server/engine/wait.h"

#include "common/str.h"
#include "server/engine/load.h"
#include "server/engine/target.h"
#include "server/jobs/batch.h"
#include "server/store/job_rows.h"
#include "server/store/pauses.h"
#include "server/store/stage_runs.h"
#include "server/store/worker_jobs.h"

static const struct view_execution *find(const struct view *view, int64_t id) {
    for (size_t i = 0; i < view->count; i++) {
        if (view->executions[i].id == id)
            return &view->executions[i];
    }
    return NULL;
}

static const char *wait_before(struct arena *arena, const struct view *view, int64_t execution_id) {
    const struct view_execution *waiting = find(view, execution_id);
    if (!waiting)
        return NULL;
    struct advance_wait wait = advance_wait(view, waiting);
    const char *stage = waiting->definition->stages[waiting->stage_index].name;
    if (wait.gate)
        return arena_printf(arena, "the transition into stage %s is disabled: %s", stage, wait.gate->reason);
    if (!wait.holder)
        return NULL;
    return arena_printf(arena, "waiting for execution %lld to leave stage %s", (long long)wait.holder->number, stage);
}

/* The actions that keep a stopping execution, "A/B, A/C". */
static const char *wait_for_undo(struct arena *arena, const struct execution_row *execution,
                                 const struct action_run_row *actions, size_t count) {
    const char *names = NULL;
    for (size_t i = 0; i < count; i++) {
        if (actions[i].status != ACTION_IN_PROGRESS)
            continue;
        const char *name = arena_printf(arena, "%s/%s", actions[i].stage, actions[i].action);
        names = names ? arena_printf(arena, "%s, %s", names, name) : name;
    }
    if (!names)
        return NULL;
    return arena_printf(arena, "stopping: waiting for %s to %s", names,
                        execution->stop_mode == STOP_ABANDON ? "be undone" : "end");
}

static bool wait_for_worker(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                            struct err *err) {
    struct worker_job_row job;
    bool found = false;
    if (!worker_jobs_of_action(tx, arena, action->id, &found, &job, err))
        return false;
    if (found && job.state != WORKER_JOB_IN_PROGRESS)
        *out = "waiting for a job worker";
    return true;
}

bool wait_of_action(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                    struct err *err) {
    struct job_row job;
    struct pause_row pause;
    bool found = false;
    *out = NULL;
    if (action->status != ACTION_IN_PROGRESS)
        return true;
    if (action->approval_token) {
        *out = "waiting for approval";
        return true;
    }
    if (action->look_ms) {
        *out = "waiting for the deployment window";
        return true;
    }
    if (str_equal(action->owner, "Custom"))
        return wait_for_worker(tx, arena, action, out, err);
    if (!target_wait(tx, arena, action, out, err))
        return false;
    if (*out)
        return true;
    if (!pauses_waiting(tx, arena, action->id, &found, &pause, err))
        return false;
    if (found) {
        *out = "waiting for approval";
        return true;
    }
    if (!job_rows_of_action(tx, arena, action->id, &found, &job, err))
        return false;
    if (found && job.batch_id && !str_equal(job.provider, BATCH_PROVIDER))
        return true; /* others of the batch may run */
    if (found && job.state == JOB_QUEUED && job.cancel != JOB_CANCEL_NONE && job.left_by)
        *out = arena_printf(arena, "waiting for runner '%s' to undo it", job.left_by_name);
    else if (found && job.state == JOB_QUEUED && job.held)
        *out = arena_printf(arena, "waiting for another build of project %s to end", job.project);
    else if (found && job.state == JOB_QUEUED && str_equal(job.provider, BUILD_PROVIDER_ARM))
        *out = "waiting for a runner on an ARM machine";
    else if (found && (job.state == JOB_QUEUED || job.state == JOB_OFFERED))
        *out = job.cancel == JOB_CANCEL_NONE ? "waiting for a runner" : "waiting for a runner to undo it";
    return true;
}

/* The first of its actions that waits says what the execution waits for. */
static bool wait_for_actions(struct tx *tx, struct arena *arena, const struct action_run_row *actions, size_t count,
                             const char **out, struct err *err) {
    for (size_t i = 0; i < count && !*out; i++) {
        const char *wait = NULL;
        if (!wait_of_action(tx, arena, &actions[i], &wait, err))
            return false;
        if (wait)
            *out = arena_printf(arena, "%s: %s/%s", wait, actions[i].stage, actions[i].action);
    }
    return true;
}

/* The condition that its stage is at. */
static bool wait_for_rules(struct tx *tx, struct arena *arena, const struct execution_row *execution, const char **out,
                           struct err *err) {
    struct stage_run_row stage;
    struct action_run_row *rules = NULL;
    size_t count = 0;
    bool found = false;
    if (!stage_runs_get(tx, arena, execution->id, execution->stage_index, &found, &stage, err))
        return false;
    if (!found || !stage.condition_id)
        return true;
    return action_runs_list_condition(tx, arena, stage.condition_id, &rules, &count, err) &&
           wait_for_actions(tx, arena, rules, count, out, err);
}

bool wait_of_execution(struct tx *tx, struct arena *arena, const struct execution_row *execution, const char **out,
                       struct err *err) {
    struct view view;
    struct action_run_row *actions = NULL;
    size_t count = 0;
    *out = NULL;
    if (execution->place == PLACE_ENDED)
        return true;
    if (execution->place == PLACE_WAITING) {
        if (!load_view(tx, arena, execution->pipeline_id, 0, &view, err))
            return false;
        *out = wait_before(arena, &view, execution->id);
        return true;
    }
    if (!action_runs_list(tx, arena, execution->id, &actions, &count, err))
        return false;
    if (execution->status == EXECUTION_STOPPING)
        *out = wait_for_undo(arena, execution, actions, count);
    if (!*out && !wait_for_actions(tx, arena, actions, count, out, err))
        return false;
    return *out || wait_for_rules(tx, arena, execution, out, err);
}

/* A rollback goes in first (advance.c), the others in the order in which they came. */
static bool goes_in_before(const struct wait_in_front *a, const struct wait_in_front *b) {
    if (a->execution->stage_index != b->execution->stage_index)
        return a->execution->stage_index < b->execution->stage_index;
    return a->execution->type == EXECUTION_ROLLBACK && b->execution->type != EXECUTION_ROLLBACK;
}

static void insert(struct wait_in_front *list, size_t count, struct wait_in_front item) {
    size_t place = count;
    for (; place > 0 && goes_in_before(&item, &list[place - 1]); place--)
        list[place] = list[place - 1];
    list[place] = item;
}

bool wait_in_front(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct wait_in_front **out, size_t *count,
                   struct err *err) {
    struct execution_row *rows = NULL;
    struct view view;
    size_t active = 0, waiting = 0;
    if (!executions_active(tx, arena, pipeline_id, &rows, &active, err))
        return false;
    for (size_t i = 0; i < active; i++)
        waiting += rows[i].place == PLACE_WAITING;
    if (waiting > 0 && !load_view(tx, arena, pipeline_id, 0, &view, err))
        return false;
    *out = arena_array(arena, struct wait_in_front, waiting);
    *count = 0;
    for (size_t i = 0; i < active; i++) {
        if (rows[i].place != PLACE_WAITING)
            continue;
        const char *words = wait_before(arena, &view, rows[i].id);
        insert(*out, (*count)++, (struct wait_in_front){.execution = &rows[i], .words = words});
    }
    return true;
}
