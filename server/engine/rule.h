/* Rules of conditions. Only for this room. */
#ifndef SERVER_ENGINE_RULE_H
#define SERVER_ENGINE_RULE_H

#include "server/engine/carry_out.h"

/* Starts a rule of the condition that the execution's stage has just begun: its row, and its judgement where the engine
 * makes it, or its job. */
bool start_rule(struct step *step, const struct view_execution *execution, const struct pipeline_rule *rule,
                struct err *err);

/* The clock has come to where a rule wanted to look again. */
bool look_at_rule(struct step *step, const struct action_run_row *rule, struct err *err);

/* A rule's time is over: it fails, and a job of it is undone. */
bool expire_rule(struct step *step, const struct action_run_row *rule, struct err *err);

#endif
