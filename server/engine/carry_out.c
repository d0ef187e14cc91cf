/*
 * Writing decisions, each with its event. The rules are asked again only where carrying out made an action end.
 */
#include "server/engine/carry_out.h"

#include "common/str.h"
#include "server/engine/load.h"
#include "server/engine/rollback.h"
#include "server/engine/rule.h"
#include "server/engine/target.h"
#include "server/engine/workers.h"
#include "server/jobs/batch.h"
#include "server/jobs/deployment.h"
#include "server/jobs/queue.h"
#include "server/store/conditions.h"
#include "server/store/events.h"
#include "server/store/executions.h"
#include "server/store/stage_runs.h"

static const struct build_ending stopped_build = {.status = BUILD_STOPPED};

static bool tell(struct step *step, const struct view_execution *execution, const char *type, const char *stage,
                 const char *status, struct err *err) {
    const struct event_row event = {
        .type = type, .pipeline = step->pipeline, .execution = execution->uuid, .stage = stage, .status = status};
    return events_add(step->tx, &event, err);
}

static const char *stage_name(const struct view_execution *execution, int stage_index) {
    return execution->definition->stages[stage_index].name;
}

/* A decision's stage run, also where it was written only after the decision was made. */
static int64_t stage_run_of(const struct decision *decision) {
    return decision->stage_run_id ? decision->stage_run_id : decision->execution->stage_run_id;
}

static const char *first_failure(struct step *step, const struct action_run_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (rows[i].status == ACTION_FAILED)
            return arena_printf(step->arena, "%s/%s: %s", rows[i].stage, rows[i].action,
                                rows[i].error_message ? rows[i].error_message : "failed");
    }
    return NULL;
}

/* Why an execution failed, in one line: the first action of its stage that did, else the rule that was not met. */
static bool describe_failure(struct step *step, const struct decision *decision, const char **out, struct err *err) {
    struct action_run_row *rows = NULL;
    struct stage_run_row stage;
    size_t count = 0;
    int64_t id = stage_run_of(decision);
    if (!id) /* it failed in front of its first stage */
        return true;
    if (!action_runs_list_stage(step->tx, step->arena, id, &rows, &count, err) ||
        !stage_runs_get_by_id(step->tx, step->arena, id, &stage, err))
        return false;
    const char *failure = first_failure(step, rows, count);
    if (!failure && stage.condition_id) {
        if (!action_runs_list_condition(step->tx, step->arena, stage.condition_id, &rows, &count, err))
            return false;
        failure = first_failure(step, rows, count);
    }
    *out = failure ? failure : *out;
    return true;
}

static bool write_status(struct step *step, const struct decision *decision, struct err *err) {
    const char *summary = decision->summary;
    if (decision->status == EXECUTION_FAILED && !describe_failure(step, decision, &summary, err))
        return false;
    return executions_set_status(step->tx, decision->execution->id, decision->status_from, decision->status, summary,
                                 err) &&
           tell(step, decision->execution, "execution", NULL, execution_status_name(decision->status), err);
}

static bool write_entry(struct step *step, const struct decision *decision, struct err *err) {
    struct view_execution *execution = decision->execution;
    const struct stage_run_row row = {
        .execution_id = execution->id,
        .pipeline_id = step->pipeline_id,
        .stage_index = decision->stage_index,
        .name = stage_name(execution, decision->stage_index),
        .status = STAGE_IN_PROGRESS,
        .holds_lock = execution->mode != MODE_PARALLEL,
        .phase = decision->phase,
    };
    return executions_set_place(step->tx, execution->id, PLACE_INSIDE, decision->stage_index, err) &&
           stage_runs_add(step->tx, &row, &execution->stage_run_id, err) &&
           tell(step, execution, "stage", row.name, stage_status_name(STAGE_IN_PROGRESS), err);
}

static bool write_stage_status(struct step *step, const struct decision *decision, struct err *err) {
    struct stage_run_row row;
    int64_t id = stage_run_of(decision);
    return stage_runs_set_status(step->tx, id, decision->stage_from, decision->stage, err) &&
           stage_runs_get_by_id(step->tx, step->arena, id, &row, err) &&
           tell(step, decision->execution, "stage", row.name, stage_status_name(decision->stage), err);
}

/* ---- another try ---- */

static bool reopen(struct step *step, const struct decision *decision, struct err *err) {
    return executions_reopen(step->tx, decision->execution->id, decision->status_from, decision->stage_index, err) &&
           tell(step, decision->execution, "execution", NULL, execution_status_name(EXECUTION_IN_PROGRESS), err);
}

static bool write_retry(struct step *step, const struct decision *decision, struct err *err) {
    const struct view_execution *execution = decision->execution;
    const struct stage_retry retry = {
        .all = decision->retry_all,
        .trigger = decision->retry_trigger,
        .phase = decision->phase,
        .holds_lock = execution->mode != MODE_PARALLEL,
    };
    struct stage_run_row stage;
    if (!stage_runs_get_by_id(step->tx, step->arena, decision->stage_run_id, &stage, err) ||
        !action_runs_set_aside(step->tx, stage.id, decision->retry_all, err) ||
        !stage_runs_retry(step->tx, &stage, &retry, err))
        return false;
    struct json *detail = json_object(step->arena);
    json_set_text(step->arena, detail, "retry", state_name(&retry_triggers, (int)decision->retry_trigger));
    const struct event_row event = {
        .type = "stage",
        .pipeline = step->pipeline,
        .execution = execution->uuid,
        .stage = stage.name,
        .status = stage_status_name(STAGE_IN_PROGRESS),
        .detail = json_print(step->arena, detail),
    };
    return events_add(step->tx, &event, err);
}

/* ---- conditions ---- */

static bool tell_condition(struct step *step, const struct decision *decision, const char *stage, int64_t condition_id,
                           struct err *err) {
    struct condition_row condition;
    struct json *detail = json_object(step->arena);
    if (!conditions_get(step->tx, step->arena, condition_id, &condition, err))
        return false;
    json_set_text(step->arena, detail, "condition", state_name(&condition_kinds, (int)condition.kind));
    const struct event_row event = {
        .type = "condition",
        .pipeline = step->pipeline,
        .execution = decision->execution->uuid,
        .stage = stage,
        .status = state_name(&condition_statuses, (int)condition.status),
        .detail = json_print(step->arena, detail),
    };
    return events_add(step->tx, &event, err);
}

static bool write_condition(struct step *step, const struct decision *decision, struct err *err) {
    struct stage_run_row stage;
    int64_t id = 0;
    return stage_runs_get_by_id(step->tx, step->arena, stage_run_of(decision), &stage, err) &&
           conditions_add(step->tx, stage.id, decision->condition_kind, decision->condition->result, &id, err) &&
           stage_runs_set_condition(step->tx, stage.id, id, err) && tell_condition(step, decision, stage.name, id, err);
}

/* A rule that says no has AWS's JobFailed; any other code tells why it could not be judged. */
static bool could_not_be_asked(const struct action_run_row *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (rules[i].status == ACTION_FAILED)
            return !str_equal(rules[i].error_code, "JobFailed");
    }
    return false;
}

/* Why a condition was not met: the first of its rules that failed. */
static bool write_condition_status(struct step *step, const struct decision *decision, struct err *err) {
    struct stage_run_row stage;
    struct action_run_row *rules = NULL;
    size_t count = 0;
    if (!stage_runs_get_by_id(step->tx, step->arena, stage_run_of(decision), &stage, err) ||
        !action_runs_list_condition(step->tx, step->arena, stage.condition_id, &rules, &count, err))
        return false;
    enum condition_status status = decision->condition_status;
    if (status == CONDITION_FAILED && could_not_be_asked(rules, count))
        status = CONDITION_ERRORED;
    return conditions_end(step->tx, stage.condition_id, status, first_failure(step, rules, count), err) &&
           tell_condition(step, decision, stage.name, stage.condition_id, err);
}

bool end_action(struct step *step, const struct action_run_row *action, const struct action_end *end, struct err *err) {
    const struct event_row event = {
        .type = action->condition_id ? "rule" : "action",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = action_status_name(end->status),
    };
    step->look_again = true;
    return deployment_stop_asking(step->tx, step->arena, action, err) &&
           action_runs_end(step->tx, action->id, end, err) && events_add(step->tx, &event, err) &&
           target_pass_on(step, action, err);
}

static bool abandon(struct step *step, const struct action_run_row *action, struct err *err) {
    const struct action_end end = {.status = ACTION_ABANDONED};
    return end_action(step, action, &end, err);
}

/* All builds of the action's batch; it ends with the last of them, which may be at once. */
static bool undo_batch(struct step *step, const struct action_run_row *action, const struct batch_row *batch,
                       bool only_unbegun, struct err *err) {
    struct batch_end end;
    bool begun = false, ended = false;
    if (!batch_has_begun(step->tx, step->arena, batch->id, &begun, err))
        return false;
    if (only_unbegun && begun)
        return true;
    return batch_stop(step->tx, step->arena, batch->id, BATCH_STOP_ASKED, err) &&
           batch_get_end(step->tx, step->arena, batch->id, &ended, &end, err) && (!ended || abandon(step, action, err));
}

/* Where no runner has it, the job ends at once, and the action with it; a job worker's always does. */
static bool undo_action(struct step *step, const struct decision *decision, bool only_unbegun, struct err *err) {
    struct action_run_row action;
    struct batch_row batch;
    struct job_row job;
    bool found = false, ended = false, by_worker = false;
    if (!action_runs_get_by_id(step->tx, step->arena, decision->action_run_id, &action, err) ||
        !drop_worker_job(step, &action, only_unbegun, &by_worker, &ended, err))
        return false;
    if (by_worker)
        return !ended || abandon(step, &action, err);
    if (!batches_of_action(step->tx, step->arena, action.id, &found, &batch, err))
        return false;
    if (found)
        return undo_batch(step, &action, &batch, only_unbegun, err);
    if (!job_rows_of_action(step->tx, step->arena, action.id, &found, &job, err))
        return false;
    if (!found)
        return err_set(err, ERR_INTERNAL, "action '%s' is in progress without a job", action.action);
    if (only_unbegun && job.attempts > 0)
        return true;
    return deployment_stop_asking(step->tx, step->arena, &action, err) &&
           queue_cancel(step->tx, job.id, JOB_CANCEL_UNDO, &ended, err) &&
           (!ended || !job.build_id || build_finish(step->tx, step->arena, &job, &stopped_build, err)) &&
           (!ended || abandon(step, &action, err));
}

/* An approval, or a deploy that waited for its target when the rules looked. The undo of the one before it, in the same
 * round, may have passed the target on to it since: then there is a job, which must not outlive it. */
static bool abandon_action(struct step *step, const struct decision *decision, struct err *err) {
    struct action_run_row action;
    if (!action_runs_get_by_id(step->tx, step->arena, decision->action_run_id, &action, err))
        return false;
    return action.holds_target ? undo_action(step, decision, false, err) : abandon(step, &action, err);
}

/* The rule does not matter any more; what its runner began is undone without anybody waiting for it. */
static bool give_up_rule(struct step *step, const struct decision *decision, struct err *err) {
    struct action_run_row rule;
    struct job_row job;
    bool found = false, ended = false;
    return action_runs_get_by_id(step->tx, step->arena, decision->action_run_id, &rule, err) &&
           abandon(step, &rule, err) && job_rows_of_action(step->tx, step->arena, rule.id, &found, &job, err) &&
           (!found || queue_cancel(step->tx, job.id, JOB_CANCEL_UNDO, &ended, err));
}

static bool carry_out(struct step *step, const struct decision *decision, struct err *err) {
    struct view_execution *execution = decision->execution;
    switch (decision->kind) {
    case DECIDE_STATUS:
        return write_status(step, decision, err);
    case DECIDE_STOP_MODE:
        return executions_set_stop(step->tx, execution->id, decision->stop_from, decision->stop, err);
    case DECIDE_WAIT:
        return executions_set_place(step->tx, execution->id, PLACE_WAITING, decision->stage_index, err);
    case DECIDE_ENTER:
        return write_entry(step, decision, err);
    case DECIDE_REOPEN:
        return reopen(step, decision, err);
    case DECIDE_RETRY:
        return write_retry(step, decision, err);
    case DECIDE_PHASE:
        return stage_runs_set_phase(step->tx, stage_run_of(decision), decision->phase_from, decision->phase, err);
    case DECIDE_CONDITION:
        return write_condition(step, decision, err);
    case DECIDE_START_RULE:
        return start_rule(step, execution, decision->rule, err);
    case DECIDE_GIVE_UP_RULE:
        return give_up_rule(step, decision, err);
    case DECIDE_CONDITION_STATUS:
        return write_condition_status(step, decision, err);
    case DECIDE_ROLLBACK:
        return roll_back(step, execution, decision->rollback_target, err);
    case DECIDE_STAGE_STATUS:
        return write_stage_status(step, decision, err);
    case DECIDE_GROUP:
        return stage_runs_set_run_order(step->tx, stage_run_of(decision), decision->run_order, err);
    case DECIDE_START_ACTION:
        return start_action(step, execution, decision->action, err);
    case DECIDE_ABANDON_ACTION:
        return abandon_action(step, decision, err);
    case DECIDE_UNDO_ACTION:
        return undo_action(step, decision, false, err);
    case DECIDE_DROP_ACTION:
        return undo_action(step, decision, true, err);
    }
    return true;
}

static bool one_round(struct step *step, const struct engine_event *event, struct err *err) {
    struct view view;
    int64_t also = event->kind == EVENT_RETRY ? event->execution_id : 0;
    if (!load_view(step->tx, step->arena, step->pipeline_id, also, &view, err))
        return false;
    struct decisions decisions = {.arena = step->arena};
    advance(&view, event, &decisions);
    for (size_t i = 0; i < decisions.count; i++) {
        if (!carry_out(step, &decisions.items[i], err))
            return false;
    }
    step->look_again = step->look_again || decisions.incomplete;
    return true;
}

bool engine_move(struct tx *tx, struct arena *arena, int64_t pipeline_id, const struct engine_event *event,
                 struct err *err) {
    static const struct engine_event look = {.kind = EVENT_LOOK};
    struct pipeline_row pipeline;
    if (!pipelines_get_by_id(tx, arena, pipeline_id, &pipeline, err))
        return false;
    struct step step = {
        .tx = tx, .arena = arena, .pipeline_id = pipeline_id, .pipeline = pipeline.name, .look_again = true};
    for (bool first = true; step.look_again; first = false) {
        step.look_again = false;
        if (!one_round(&step, first ? event : &look, err))
            return err_wrap(err, "moving pipeline '%s'", pipeline.name);
    }
    return true;
}
