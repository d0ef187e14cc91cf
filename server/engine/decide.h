/*
 * What the rules may do to an execution: each function changes the view and leaves the decision that says so. Only for
 * advance.c, which says when.
 */
#ifndef SERVER_ENGINE_DECIDE_H
#define SERVER_ENGINE_DECIDE_H

#include "server/engine/advance.h"

static inline const struct pipeline_stage *view_stage(const struct view_execution *execution) {
    return &execution->definition->stages[execution->stage_index];
}

struct decision *decide(struct decisions *decisions, enum decision_kind kind, struct view_execution *execution);
void decide_status(struct decisions *decisions, struct view_execution *execution, enum execution_status status,
                   const char *summary);
void decide_stop_mode(struct decisions *decisions, struct view_execution *execution, enum stop_mode mode);
void decide_stage_status(struct decisions *decisions, struct view_execution *execution, enum stage_status status);
void decide_enter(struct decisions *decisions, struct view_execution *execution);
void decide_wait(struct decisions *decisions, struct view_execution *execution);
void decide_phase(struct decisions *decisions, struct view_execution *execution, enum stage_phase phase);
void decide_group(struct decisions *decisions, struct view_execution *execution, int run_order);
void decide_start_action(struct decisions *decisions, struct view_execution *execution,
                         const struct pipeline_action *action);
void decide_condition(struct decisions *decisions, struct view_execution *execution);
void decide_condition_status(struct decisions *decisions, struct view_execution *execution,
                             enum condition_status status);
void decide_give_up_rules(struct decisions *decisions, struct view_execution *execution);
void decide_retry(struct decisions *decisions, struct view_execution *execution, enum retry_mode mode,
                  enum retry_trigger trigger);

#endif
