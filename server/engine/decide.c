/*
 * Decisions, one by one.
 */
#include "server/engine/decide.h"

struct decision *decide(struct decisions *decisions, enum decision_kind kind, struct view_execution *execution) {
    if (decisions->count == decisions->capacity)
        decisions->items =
            arena_grow(decisions->arena, decisions->items, sizeof *decisions->items, &decisions->capacity);
    struct decision *decision = &decisions->items[decisions->count++];
    *decision = (struct decision){.kind = kind, .execution = execution, .stage_run_id = execution->stage_run_id};
    return decision;
}

void decide_status(struct decisions *decisions, struct view_execution *execution, enum execution_status status,
                   const char *summary) {
    struct decision *decision = decide(decisions, DECIDE_STATUS, execution);
    decision->status_from = execution->status;
    decision->status = status;
    decision->summary = summary;
    execution->status = status;
    if (execution_has_ended(status))
        execution->place = PLACE_ENDED;
}

void decide_stop_mode(struct decisions *decisions, struct view_execution *execution, enum stop_mode mode) {
    struct decision *decision = decide(decisions, DECIDE_STOP_MODE, execution);
    decision->stop_from = execution->stop_mode;
    decision->stop = mode;
    execution->stop_mode = mode;
}

void decide_stage_status(struct decisions *decisions, struct view_execution *execution, enum stage_status status) {
    struct decision *decision = decide(decisions, DECIDE_STAGE_STATUS, execution);
    decision->stage_from = execution->stage_status;
    decision->stage = status;
    execution->stage_status = status;
}

void decide_enter(struct decisions *decisions, struct view_execution *execution) {
    const struct pipeline_stage *stage = view_stage(execution);
    execution->place = PLACE_INSIDE;
    execution->stage_run_id = 0;
    execution->stage_status = STAGE_IN_PROGRESS;
    /* A rollback brings back what had been let in before: nobody is asked. */
    execution->phase = stage->conditions[CONDITION_BEFORE_ENTRY] && execution->type == EXECUTION_STANDARD
                           ? PHASE_ENTRY
                           : PHASE_ACTIONS;
    execution->run_order = 0;
    execution->auto_retries = 0;
    execution->action_count = 0;
    execution->condition_begun = false;
    struct decision *decision = decide(decisions, DECIDE_ENTER, execution);
    decision->stage_index = execution->stage_index;
    decision->phase = execution->phase;
}

void decide_wait(struct decisions *decisions, struct view_execution *execution) {
    execution->stage_index++;
    execution->place = PLACE_WAITING;
    decide(decisions, DECIDE_WAIT, execution)->stage_index = execution->stage_index;
}

void decide_phase(struct decisions *decisions, struct view_execution *execution, enum stage_phase phase) {
    struct decision *decision = decide(decisions, DECIDE_PHASE, execution);
    decision->phase_from = execution->phase;
    decision->phase = phase;
    execution->phase = phase;
    execution->condition_begun = false;
}

void decide_group(struct decisions *decisions, struct view_execution *execution, int run_order) {
    decide(decisions, DECIDE_GROUP, execution)->run_order = run_order;
    execution->run_order = run_order;
}

void decide_start_action(struct decisions *decisions, struct view_execution *execution,
                         const struct pipeline_action *action) {
    decide(decisions, DECIDE_START_ACTION, execution)->action = action;
    execution->actions[execution->action_count++] = (struct view_action){
        .name = action->name,
        .without_job = action->type->worker == ACTION_BY_PERSON,
        .status = ACTION_IN_PROGRESS,
    };
}

void decide_condition(struct decisions *decisions, struct view_execution *execution) {
    enum condition_kind kind = advance_condition_kind(execution->phase);
    const struct pipeline_condition *condition = view_stage(execution)->conditions[kind];
    struct decision *begun = decide(decisions, DECIDE_CONDITION, execution);
    begun->condition_kind = kind;
    begun->condition = condition;
    execution->condition_begun = true;
    execution->condition_status = CONDITION_IN_PROGRESS;
    execution->rule_count = 0;
    for (size_t i = 0; i < condition->rule_count; i++) {
        const struct pipeline_rule *rule = &condition->rules[i];
        decide(decisions, DECIDE_START_RULE, execution)->rule = rule;
        execution->rules[execution->rule_count++] = (struct view_action){
            .name = rule->name,
            .without_job = rule->type->judge != RULE_BY_RUNNER,
            .status = ACTION_IN_PROGRESS,
        };
    }
}

void decide_condition_status(struct decisions *decisions, struct view_execution *execution,
                             enum condition_status status) {
    decide(decisions, DECIDE_CONDITION_STATUS, execution)->condition_status = status;
    execution->condition_status = status;
}

/* Rules of a condition that is settled without them. */
void decide_give_up_rules(struct decisions *decisions, struct view_execution *execution) {
    for (size_t i = 0; i < execution->rule_count; i++) {
        struct view_action *rule = &execution->rules[i];
        if (rule->status != ACTION_IN_PROGRESS)
            continue;
        decide(decisions, DECIDE_GIVE_UP_RULE, execution)->action_run_id = rule->run_id;
        rule->status = ACTION_ABANDONED;
    }
}

/* What counts as not done is forgotten, so that it is started again. */
static void forget_actions(struct view_execution *execution, bool all) {
    size_t kept = 0;
    for (size_t i = 0; i < execution->action_count; i++) {
        enum action_status status = execution->actions[i].status;
        if (!all && (status == ACTION_IN_PROGRESS || status == ACTION_SUCCEEDED))
            execution->actions[kept++] = execution->actions[i];
    }
    execution->action_count = kept;
    if (all)
        execution->run_order = 0;
}

void decide_retry(struct decisions *decisions, struct view_execution *execution, enum retry_mode mode,
                  enum retry_trigger trigger) {
    bool all = mode == RETRY_ALL_ACTIONS;
    bool keeps_phase = execution->phase == PHASE_ENTRY || (execution->phase == PHASE_SUCCESS && !all);
    if (!keeps_phase)
        execution->phase = PHASE_ACTIONS;
    struct decision *decision = decide(decisions, DECIDE_RETRY, execution);
    decision->retry_all = all;
    decision->retry_trigger = trigger;
    decision->phase = execution->phase;
    execution->stage_status = STAGE_IN_PROGRESS;
    execution->condition_begun = false;
    execution->auto_retries += trigger == RETRY_AUTOMATED;
    forget_actions(execution, all);
}
