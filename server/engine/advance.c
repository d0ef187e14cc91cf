/*
 * The rules. Each of them looks at the view, changes it, and leaves a decision that says so; they are repeated until
 * nothing changes any more.
 */
#include "server/engine/advance.h"

#include "common/str.h"

static struct decision *decide(struct decisions *decisions, enum decision_kind kind, struct view_execution *execution) {
    if (decisions->count == decisions->capacity)
        decisions->items =
            arena_grow(decisions->arena, decisions->items, sizeof *decisions->items, &decisions->capacity);
    struct decision *decision = &decisions->items[decisions->count++];
    *decision = (struct decision){.kind = kind, .execution = execution, .stage_run_id = execution->stage_run_id};
    return decision;
}

static const struct pipeline_stage *stage_of(const struct view_execution *execution) {
    return &execution->definition->stages[execution->stage_index];
}

static bool is_last_stage(const struct view_execution *execution) {
    return (size_t)execution->stage_index + 1 == execution->definition->stage_count;
}

/* ---- changes, each with its decision ---- */

static void set_status(struct decisions *decisions, struct view_execution *execution, enum execution_status status,
                       const char *summary) {
    struct decision *decision = decide(decisions, DECIDE_STATUS, execution);
    decision->status_from = execution->status;
    decision->status = status;
    decision->summary = summary;
    execution->status = status;
    if (execution_has_ended(status))
        execution->place = PLACE_ENDED;
}

static void set_stop_mode(struct decisions *decisions, struct view_execution *execution, enum stop_mode mode) {
    struct decision *decision = decide(decisions, DECIDE_STOP_MODE, execution);
    decision->stop_from = execution->stop_mode;
    decision->stop = mode;
    execution->stop_mode = mode;
}

static void set_stage_status(struct decisions *decisions, struct view_execution *execution, enum stage_status status) {
    struct decision *decision = decide(decisions, DECIDE_STAGE_STATUS, execution);
    decision->stage_from = execution->stage_status;
    decision->stage = status;
    execution->stage_status = status;
}

static void enter(struct decisions *decisions, struct view_execution *execution) {
    decide(decisions, DECIDE_ENTER, execution)->stage_index = execution->stage_index;
    execution->place = PLACE_INSIDE;
    execution->stage_run_id = 0;
    execution->stage_status = STAGE_IN_PROGRESS;
    execution->run_order = 0;
    execution->action_count = 0;
}

static void wait_before_next(struct decisions *decisions, struct view_execution *execution) {
    execution->stage_index++;
    execution->place = PLACE_WAITING;
    decide(decisions, DECIDE_WAIT, execution)->stage_index = execution->stage_index;
}

static void start_group(struct decisions *decisions, struct view_execution *execution, int run_order) {
    const struct pipeline_stage *stage = stage_of(execution);
    decide(decisions, DECIDE_GROUP, execution)->run_order = run_order;
    execution->run_order = run_order;
    for (size_t i = 0; i < stage->action_count; i++) {
        const struct pipeline_action *action = &stage->actions[i];
        if (action->run_order != run_order)
            continue;
        decide(decisions, DECIDE_START_ACTION, execution)->action = action;
        execution->actions[execution->action_count++] = (struct view_action){
            .name = action->name,
            .by_person = action->type->worker == ACTION_BY_PERSON,
            .status = ACTION_IN_PROGRESS,
        };
    }
}

/* ---- what is so ---- */

static bool any_action(const struct view_execution *execution, enum action_status status) {
    for (size_t i = 0; i < execution->action_count; i++) {
        if (execution->actions[i].status == status)
            return true;
    }
    return false;
}

/* The smallest runOrder behind the group that was started last; 0: there is none. Groups may leave numbers out. */
static int next_group(const struct view_execution *execution) {
    const struct pipeline_stage *stage = stage_of(execution);
    int next = 0;
    for (size_t i = 0; i < stage->action_count; i++) {
        int run_order = stage->actions[i].run_order;
        if (run_order > execution->run_order && (next == 0 || run_order < next))
            next = run_order;
    }
    return next;
}

/* Stages are the same by name: an execution of an earlier version may still be in one. */
static bool is_before_same_stage(const struct view_execution *a, const struct view_execution *b) {
    return str_equal(stage_of(a)->name, stage_of(b)->name);
}

const struct view_execution *advance_holder(const struct view *view, const struct view_execution *execution) {
    if (execution->mode == MODE_PARALLEL)
        return NULL;
    for (size_t i = 0; i < view->count; i++) {
        const struct view_execution *other = &view->executions[i];
        if (other != execution && other->place == PLACE_INSIDE && other->mode != MODE_PARALLEL &&
            is_before_same_stage(other, execution))
            return other;
    }
    return NULL;
}

/* A newer one that has come to the same place in front of a stage. */
static const struct view_execution *newer_waiting(const struct view *view, const struct view_execution *execution) {
    for (size_t i = view->count; i-- > 0;) {
        const struct view_execution *other = &view->executions[i];
        if (other->number > execution->number && other->place == PLACE_WAITING && other->stop_mode == STOP_NONE &&
            other->mode == MODE_SUPERSEDED && is_before_same_stage(other, execution))
            return other;
    }
    return NULL;
}

/* ---- rules ---- */

/* In front of a stage one execution waits; a newer one takes its place. QUEUED ones all wait, in the order of their
 * numbers: that is the order of the view. */
static bool look_waiting(struct view *view, struct view_execution *execution, struct decisions *decisions) {
    if (execution->stop_mode == STOP_UPDATE) {
        set_status(decisions, execution, EXECUTION_CANCELLED, "the pipeline was changed");
        return true;
    }
    if (execution->stop_mode != STOP_NONE) {
        set_status(decisions, execution, EXECUTION_STOPPED, NULL);
        return true;
    }
    if (execution->unreadable) {
        set_status(decisions, execution, EXECUTION_FAILED, execution->unreadable);
        return true;
    }
    const struct view_execution *newer = execution->mode == MODE_SUPERSEDED ? newer_waiting(view, execution) : NULL;
    if (newer) {
        set_status(decisions, execution, EXECUTION_SUPERSEDED,
                   arena_printf(decisions->arena, "superseded by execution %lld", (long long)newer->number));
        return true;
    }
    if (advance_holder(view, execution))
        return false;
    enter(decisions, execution);
    return true;
}

static void end_inside(struct decisions *decisions, struct view_execution *execution, enum stage_status stage,
                       enum execution_status status, const char *summary) {
    set_stage_status(decisions, execution, stage);
    set_status(decisions, execution, status, summary);
}

static bool look_inside(struct view_execution *execution, struct decisions *decisions) {
    if (any_action(execution, ACTION_IN_PROGRESS))
        return false;
    if (execution->stop_mode == STOP_UPDATE) {
        end_inside(decisions, execution, STAGE_CANCELLED, EXECUTION_CANCELLED, "the pipeline was changed");
        return true;
    }
    if (execution->stop_mode != STOP_NONE) {
        end_inside(decisions, execution, STAGE_STOPPED, EXECUTION_STOPPED, NULL);
        return true;
    }
    if (any_action(execution, ACTION_FAILED) || any_action(execution, ACTION_ABANDONED)) {
        end_inside(decisions, execution, STAGE_FAILED, EXECUTION_FAILED, NULL);
        return true;
    }
    if (execution->unreadable) {
        end_inside(decisions, execution, STAGE_FAILED, EXECUTION_FAILED, execution->unreadable);
        return true;
    }
    int run_order = next_group(execution);
    if (run_order) {
        start_group(decisions, execution, run_order);
        return true;
    }
    set_stage_status(decisions, execution, STAGE_SUCCEEDED);
    if (is_last_stage(execution))
        set_status(decisions, execution, EXECUTION_SUCCEEDED, NULL);
    else
        wait_before_next(decisions, execution);
    return true;
}

static bool look(struct view *view, struct view_execution *execution, struct decisions *decisions) {
    switch (execution->place) {
    case PLACE_WAITING:
        return look_waiting(view, execution, decisions);
    case PLACE_INSIDE:
        return look_inside(execution, decisions);
    case PLACE_ENDED:
        return false;
    }
    return false;
}

/* ---- events ---- */

static void give_up_actions(struct view_execution *execution, enum decision_kind job, struct decisions *decisions) {
    for (size_t i = 0; execution->place == PLACE_INSIDE && i < execution->action_count; i++) {
        struct view_action *action = &execution->actions[i];
        if (action->status != ACTION_IN_PROGRESS)
            continue;
        enum decision_kind kind = action->by_person ? DECIDE_ABANDON_ACTION : job;
        decide(decisions, kind, execution)->action_run_id = action->run_id;
        if (action->by_person)
            action->status = ACTION_ABANDONED;
    }
}

static void stop(struct view_execution *execution, bool abandon, struct decisions *decisions) {
    enum stop_mode mode = abandon ? STOP_ABANDON : STOP_WAIT;
    if (execution->place == PLACE_ENDED || execution->stop_mode == mode || execution->stop_mode == STOP_ABANDON)
        return;
    set_stop_mode(decisions, execution, mode);
    if (execution->status == EXECUTION_IN_PROGRESS)
        set_status(decisions, execution, EXECUTION_STOPPING, NULL);
    if (execution->place == PLACE_INSIDE && execution->stage_status == STAGE_IN_PROGRESS)
        set_stage_status(decisions, execution, STAGE_STOPPING);
    if (abandon)
        give_up_actions(execution, DECIDE_UNDO_ACTION, decisions);
}

/* Actions that a runner works on finish; what nobody has begun does not begin any more. PARALLEL executions go on with
 * the version that they have. */
static void update(struct view_execution *execution, int64_t version, struct decisions *decisions) {
    if (execution->mode == MODE_PARALLEL || execution->version >= version || execution->stop_mode != STOP_NONE)
        return;
    set_stop_mode(decisions, execution, STOP_UPDATE);
    give_up_actions(execution, DECIDE_DROP_ACTION, decisions);
}

static void apply(struct view_execution *execution, const struct engine_event *event, struct decisions *decisions) {
    switch (event->kind) {
    case EVENT_LOOK:
        break;
    case EVENT_STOP:
    case EVENT_ABANDON:
        if (execution->id == event->execution_id)
            stop(execution, event->kind == EVENT_ABANDON, decisions);
        break;
    case EVENT_UPDATE:
        update(execution, event->version, decisions);
        break;
    case EVENT_DELETE:
        stop(execution, true, decisions);
        break;
    }
}

void advance(struct view *view, const struct engine_event *event, struct decisions *out) {
    for (size_t i = 0; i < view->count; i++)
        apply(&view->executions[i], event, out);
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < view->count; i++)
            changed = look(view, &view->executions[i], out) || changed;
    }
}
