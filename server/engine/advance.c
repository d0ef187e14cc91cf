/*
 * The rules. Each of them looks at the view, changes it, and leaves a decision that says so; they are repeated until
 * nothing changes any more.
 */
#include "server/engine/advance.h"

#include "common/str.h"
#include "server/engine/decide.h"

/* ---- what is so ---- */

static bool is_last_stage(const struct view_execution *execution) {
    return (size_t)execution->stage_index + 1 == execution->definition->stage_count;
}

static bool any(const struct view_action *items, size_t count, enum action_status status) {
    for (size_t i = 0; i < count; i++) {
        if (items[i].status == status)
            return true;
    }
    return false;
}

static bool any_action(const struct view_execution *execution, enum action_status status) {
    return any(execution->actions, execution->action_count, status);
}

static bool any_rule(const struct view_execution *execution, enum action_status status) {
    return execution->condition_begun && any(execution->rules, execution->rule_count, status);
}

static bool has_failed(const struct view_execution *execution) {
    return any_action(execution, ACTION_FAILED) || any_action(execution, ACTION_ABANDONED);
}

static size_t count_working(const struct view_execution *execution) {
    size_t count = 0;
    for (size_t i = 0; i < execution->action_count; i++)
        count += execution->actions[i].status == ACTION_IN_PROGRESS;
    return count;
}

static bool was_started(const struct view_execution *execution, const char *name) {
    for (size_t i = 0; i < execution->action_count; i++) {
        if (str_equal(execution->actions[i].name, name))
            return true;
    }
    return false;
}

/* The smallest runOrder behind the group that was started last; 0: there is none. Groups may leave numbers out. */
static int next_group(const struct view_execution *execution) {
    const struct pipeline_stage *stage = view_stage(execution);
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
    return str_equal(view_stage(a)->name, view_stage(b)->name);
}

enum condition_kind advance_condition_kind(enum stage_phase phase) {
    if (phase == PHASE_ENTRY)
        return CONDITION_BEFORE_ENTRY;
    return phase == PHASE_SUCCESS ? CONDITION_ON_SUCCESS : CONDITION_ON_FAILURE;
}

/* A rollback goes in before what waited longer: the stage has just failed. */
static bool is_in_the_way(const struct view_execution *other, const struct view_execution *execution) {
    if (other == execution || other->mode == MODE_PARALLEL || !is_before_same_stage(other, execution))
        return false;
    return other->place == PLACE_INSIDE || (other->place == PLACE_WAITING && other->type == EXECUTION_ROLLBACK &&
                                            execution->type == EXECUTION_STANDARD);
}

static const struct view_gate *gate_before(const struct view *view, const struct view_execution *execution) {
    for (size_t i = 0; i < view->gate_count; i++) {
        if (str_equal(view->gates[i].stage, view_stage(execution)->name))
            return &view->gates[i];
    }
    return NULL;
}

struct advance_wait advance_wait(const struct view *view, const struct view_execution *execution) {
    struct advance_wait wait = {0};
    if (execution->type == EXECUTION_STANDARD)
        wait.gate = gate_before(view, execution);
    for (size_t i = 0; !wait.gate && !wait.holder && execution->mode != MODE_PARALLEL && i < view->count; i++) {
        if (is_in_the_way(&view->executions[i], execution))
            wait.holder = &view->executions[i];
    }
    return wait;
}

/* A newer one that has come to the same place in front of a stage. */
static const struct view_execution *newer_waiting(const struct view *view, const struct view_execution *execution) {
    for (size_t i = view->count; i-- > 0;) {
        const struct view_execution *other = &view->executions[i];
        if (other->number > execution->number && other->place == PLACE_WAITING && other->stop_mode == STOP_NONE &&
            other->mode == MODE_SUPERSEDED && other->type == EXECUTION_STANDARD &&
            is_before_same_stage(other, execution))
            return other;
    }
    return NULL;
}

/* ---- rules ---- */

/* In front of a stage one execution waits; a newer one takes its place. QUEUED ones all wait, in the order of their
 * numbers: that is the order of the view. */
static bool look_waiting(struct view *view, struct view_execution *execution, struct decisions *decisions) {
    if (execution->stop_mode == STOP_UPDATE) {
        decide_status(decisions, execution, EXECUTION_CANCELLED, "the pipeline was changed");
        return true;
    }
    if (execution->stop_mode != STOP_NONE) {
        decide_status(decisions, execution, EXECUTION_STOPPED, NULL);
        return true;
    }
    if (execution->unreadable) {
        decide_status(decisions, execution, EXECUTION_FAILED, execution->unreadable);
        return true;
    }
    bool may_be_replaced = execution->mode == MODE_SUPERSEDED && execution->type == EXECUTION_STANDARD;
    const struct view_execution *newer = may_be_replaced ? newer_waiting(view, execution) : NULL;
    if (newer) {
        decide_status(decisions, execution, EXECUTION_SUPERSEDED,
                      arena_printf(decisions->arena, "superseded by execution %lld", (long long)newer->number));
        return true;
    }
    struct advance_wait wait = advance_wait(view, execution);
    if (wait.holder || wait.gate)
        return false;
    decide_enter(decisions, execution);
    return true;
}

static void end_inside(struct decisions *decisions, struct view_execution *execution, enum stage_status stage,
                       enum execution_status status, const char *summary) {
    decide_stage_status(decisions, execution, stage);
    decide_status(decisions, execution, status, summary);
}

static void fail_stage(struct decisions *decisions, struct view_execution *execution, const char *summary) {
    end_inside(decisions, execution, STAGE_FAILED, EXECUTION_FAILED, summary);
}

/* The failed stage is free for the rollback alone: the rules stop here until that is written. */
static void fail_and_roll_back(struct decisions *decisions, struct view_execution *execution) {
    int64_t target = execution->rollback_target;
    fail_stage(decisions, execution, NULL);
    if (!target)
        return;
    struct decision *decision = decide(decisions, DECIDE_ROLLBACK, execution);
    decision->stage_index = execution->stage_index;
    decision->rollback_target = target;
    decisions->incomplete = true;
}

static void leave_stage(struct decisions *decisions, struct view_execution *execution, enum stage_status status) {
    decide_stage_status(decisions, execution, status);
    if (execution->type == EXECUTION_ROLLBACK || is_last_stage(execution))
        decide_status(decisions, execution, EXECUTION_SUCCEEDED, NULL);
    else
        decide_wait(decisions, execution);
}

/* One automatic retry for each time in a stage (AWS). */
static void retry_or_fail(struct decisions *decisions, struct view_execution *execution) {
    if (execution->auto_retries == 0)
        decide_retry(decisions, execution, view_stage(execution)->retry_mode, RETRY_AUTOMATED);
    else
        fail_stage(decisions, execution, NULL);
}

static void look_failed(struct decisions *decisions, struct view_execution *execution) {
    const struct pipeline_stage *stage = view_stage(execution);
    if (execution->type == EXECUTION_ROLLBACK)
        fail_stage(decisions, execution, NULL);
    else if (stage->conditions[CONDITION_ON_FAILURE])
        decide_phase(decisions, execution, PHASE_FAILURE);
    else if (stage->on_failure == RESULT_RETRY)
        retry_or_fail(decisions, execution);
    else if (stage->on_failure == RESULT_ROLLBACK)
        fail_and_roll_back(decisions, execution);
    else
        fail_stage(decisions, execution, NULL);
}

/* What of the group was not yet started: all of it, what a retry forgot, what a PARALLEL execution had no room for. */
static bool start_rest(struct decisions *decisions, struct view_execution *execution) {
    const struct pipeline_stage *stage = view_stage(execution);
    size_t room = execution->mode == MODE_PARALLEL ? PARALLEL_ACTIONS_MAX : stage->action_count;
    size_t working = count_working(execution);
    bool started = false;
    for (size_t i = 0; i < stage->action_count && working < room; i++) {
        const struct pipeline_action *action = &stage->actions[i];
        if (action->run_order != execution->run_order || was_started(execution, action->name))
            continue;
        decide_start_action(decisions, execution, action);
        working++;
        started = true;
    }
    return started;
}

static bool look_at_actions(struct decisions *decisions, struct view_execution *execution) {
    if (!has_failed(execution) && start_rest(decisions, execution))
        return true;
    if (any_action(execution, ACTION_IN_PROGRESS))
        return false;
    if (has_failed(execution)) {
        look_failed(decisions, execution);
        return true;
    }
    int run_order = next_group(execution);
    if (run_order)
        decide_group(decisions, execution, run_order);
    else if (view_stage(execution)->conditions[CONDITION_ON_SUCCESS] && execution->type == EXECUTION_STANDARD)
        decide_phase(decisions, execution, PHASE_SUCCESS);
    else
        leave_stage(decisions, execution, STAGE_SUCCEEDED);
    return true;
}

static void follow_result(struct decisions *decisions, struct view_execution *execution, enum condition_result result) {
    switch (result) {
    case RESULT_FAIL:
        fail_stage(decisions, execution, NULL);
        break;
    case RESULT_SKIP:
        leave_stage(decisions, execution, STAGE_SKIPPED);
        break;
    case RESULT_ROLLBACK:
        fail_and_roll_back(decisions, execution);
        break;
    case RESULT_RETRY:
        retry_or_fail(decisions, execution);
        break;
    }
}

/* The condition has ended. beforeEntry and onSuccess lead to their result where they are not met, onFailure where it
 * is. */
static void follow_condition(struct decisions *decisions, struct view_execution *execution) {
    enum condition_kind kind = advance_condition_kind(execution->phase);
    enum condition_result result = view_stage(execution)->conditions[kind]->result;
    bool met = execution->condition_status == CONDITION_SUCCEEDED;
    bool overridden = execution->condition_status == CONDITION_OVERRIDDEN;
    if (kind == CONDITION_ON_FAILURE)
        follow_result(decisions, execution, met ? result : RESULT_FAIL);
    else if (!met && !overridden)
        follow_result(decisions, execution, result);
    else if (kind == CONDITION_BEFORE_ENTRY)
        decide_phase(decisions, execution, PHASE_ACTIONS);
    else
        leave_stage(decisions, execution, STAGE_SUCCEEDED);
}

static bool look_at_condition(struct decisions *decisions, struct view_execution *execution) {
    if (!execution->condition_begun) {
        decide_condition(decisions, execution);
    } else if (execution->condition_status != CONDITION_IN_PROGRESS) {
        follow_condition(decisions, execution);
    } else if (any_rule(execution, ACTION_FAILED) || any_rule(execution, ACTION_ABANDONED)) {
        decide_give_up_rules(decisions, execution);
        decide_condition_status(decisions, execution, CONDITION_FAILED);
    } else if (any_rule(execution, ACTION_IN_PROGRESS)) {
        return false;
    } else {
        decide_condition_status(decisions, execution, CONDITION_SUCCEEDED);
    }
    return true;
}

static bool look_stopping(struct decisions *decisions, struct view_execution *execution) {
    if (any_action(execution, ACTION_IN_PROGRESS) || any_rule(execution, ACTION_IN_PROGRESS))
        return false;
    if (execution->condition_begun && execution->condition_status == CONDITION_IN_PROGRESS)
        decide_condition_status(decisions, execution,
                                execution->stop_mode == STOP_ABANDON ? CONDITION_ABANDONED : CONDITION_CANCELLED);
    if (execution->stop_mode == STOP_UPDATE)
        end_inside(decisions, execution, STAGE_CANCELLED, EXECUTION_CANCELLED, "the pipeline was changed");
    else
        end_inside(decisions, execution, STAGE_STOPPED, EXECUTION_STOPPED, NULL);
    return true;
}

static bool look_unreadable(struct decisions *decisions, struct view_execution *execution) {
    if (any_action(execution, ACTION_IN_PROGRESS) || any_rule(execution, ACTION_IN_PROGRESS))
        return false;
    if (execution->condition_begun && execution->condition_status == CONDITION_IN_PROGRESS)
        decide_condition_status(decisions, execution, CONDITION_CANCELLED);
    fail_stage(decisions, execution, execution->unreadable);
    return true;
}

static bool look_inside(struct view_execution *execution, struct decisions *decisions) {
    if (execution->stop_mode != STOP_NONE)
        return look_stopping(decisions, execution);
    if (execution->unreadable)
        return look_unreadable(decisions, execution);
    if (execution->phase == PHASE_ACTIONS)
        return look_at_actions(decisions, execution);
    return look_at_condition(decisions, execution);
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

static void abandon_at_once(struct view_execution *execution, struct view_action *item, struct decisions *decisions) {
    decide(decisions, DECIDE_ABANDON_ACTION, execution)->action_run_id = item->run_id;
    item->status = ACTION_ABANDONED;
}

static void give_up(struct view_execution *execution, struct view_action *items, size_t count, enum decision_kind job,
                    struct decisions *decisions) {
    for (size_t i = 0; i < count; i++) {
        struct view_action *item = &items[i];
        if (item->status != ACTION_IN_PROGRESS)
            continue;
        if (item->without_job || item->waits_for_target)
            abandon_at_once(execution, item, decisions);
        else
            decide(decisions, job, execution)->action_run_id = item->run_id;
    }
}

static void give_up_work(struct view_execution *execution, enum decision_kind job, struct decisions *decisions) {
    if (execution->place != PLACE_INSIDE)
        return;
    give_up(execution, execution->actions, execution->action_count, job, decisions);
    if (execution->condition_begun)
        give_up(execution, execution->rules, execution->rule_count, job, decisions);
}

/* A deploy that waits for its target was not begun: a stop that lets things end does not begin it. Nor does it wait for
 * a deployment window. */
static void give_up_waiting(struct view_execution *execution, struct decisions *decisions) {
    if (execution->place != PLACE_INSIDE)
        return;
    for (size_t i = 0; i < execution->action_count; i++) {
        if (execution->actions[i].status == ACTION_IN_PROGRESS && execution->actions[i].waits_for_target)
            abandon_at_once(execution, &execution->actions[i], decisions);
    }
    for (size_t i = 0; execution->condition_begun && i < execution->rule_count; i++) {
        if (execution->rules[i].status == ACTION_IN_PROGRESS && execution->rules[i].without_job)
            abandon_at_once(execution, &execution->rules[i], decisions);
    }
}

static void stop(struct view_execution *execution, bool abandon, struct decisions *decisions) {
    enum stop_mode mode = abandon ? STOP_ABANDON : STOP_WAIT;
    if (execution->place == PLACE_ENDED || execution->stop_mode == mode || execution->stop_mode == STOP_ABANDON)
        return;
    decide_stop_mode(decisions, execution, mode);
    if (execution->status == EXECUTION_IN_PROGRESS)
        decide_status(decisions, execution, EXECUTION_STOPPING, NULL);
    if (execution->place == PLACE_INSIDE && execution->stage_status == STAGE_IN_PROGRESS)
        decide_stage_status(decisions, execution, STAGE_STOPPING);
    if (abandon)
        give_up_work(execution, DECIDE_UNDO_ACTION, decisions);
    else
        give_up_waiting(execution, decisions);
}

/* Actions that a runner works on finish; what nobody has begun does not begin any more. PARALLEL executions go on with
 * the version that they have. */
static void update(struct view_execution *execution, int64_t version, struct decisions *decisions) {
    if (execution->mode == MODE_PARALLEL || execution->version >= version || execution->stop_mode != STOP_NONE)
        return;
    decide_stop_mode(decisions, execution, STOP_UPDATE);
    give_up_work(execution, DECIDE_DROP_ACTION, decisions);
}

/* A person tries the stage again. Whether that may be was checked where the rows are (engine_retry_stage). */
static void try_again(struct view_execution *execution, enum retry_mode mode, struct decisions *decisions) {
    if (execution->place == PLACE_ENDED) {
        struct decision *decision = decide(decisions, DECIDE_REOPEN, execution);
        decision->status_from = execution->status;
        decision->stage_index = execution->stage_index;
        execution->status = EXECUTION_IN_PROGRESS;
        execution->place = PLACE_INSIDE;
        execution->stop_mode = STOP_NONE;
    }
    decide_retry(decisions, execution, mode, RETRY_MANUAL);
}

static void override(struct view_execution *execution, struct decisions *decisions) {
    if (!execution->condition_begun || execution->condition_status != CONDITION_IN_PROGRESS)
        return;
    decide_give_up_rules(decisions, execution);
    decide_condition_status(decisions, execution, CONDITION_OVERRIDDEN);
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
    case EVENT_RETRY:
        if (execution->id == event->execution_id)
            try_again(execution, event->retry_mode, decisions);
        break;
    case EVENT_OVERRIDE:
        if (execution->id == event->execution_id)
            override(execution, decisions);
        break;
    }
}

void advance(struct view *view, const struct engine_event *event, struct decisions *out) {
    for (size_t i = 0; i < view->count; i++)
        apply(&view->executions[i], event, out);
    /* From the oldest again after each change: a stage that was freed belongs to who waits longest. */
    bool changed = true;
    while (changed && !out->incomplete) {
        changed = false;
        for (size_t i = 0; i < view->count && !changed; i++)
            changed = look(view, &view->executions[i], out);
    }
}
