/*
 * What a rule of a stage's condition makes of what it sees. Pure. A condition before entry or after success is met when
 * its rules succeed: all is well. One after failure is met when its rules match: what failed is really broken; a rule
 * that matches is a job that succeeded.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works-conditions.html
 */
#ifndef RUNNER_ACTIONS_RULE_VERDICT_H
#define RUNNER_ACTIONS_RULE_VERDICT_H

#include "common/err.h"

#include <stdbool.h>

enum rule_condition { RULE_BEFORE_ENTRY, RULE_ON_SUCCESS, RULE_ON_FAILURE };

/* Errors: ERR_INVALID. */
bool rule_condition_parse(const char *name, enum rule_condition *out, struct err *err);

enum rule_verdict { RULE_WAITS, RULE_SUCCEEDS, RULE_FAILS };

/* A set of alarm states: bits of 1 << enum alarm_state. */
enum alarm_state { ALARM_OK, ALARM_ALARM, ALARM_INSUFFICIENT_DATA, ALARM_STATE_COUNT };

/* "ALARM", "INSUFFICIENT_DATA, ALARM"; NULL or "": ALARM. Errors: ERR_INVALID. */
bool alarm_states_parse(const char *text, unsigned *out, struct err *err);

/* False for a state that there is not. */
bool alarm_state_parse(const char *name, enum alarm_state *out);

/* Before entry: OK at once; another state has until its time is over to become OK. After success: the states watched
 * for end it at once; without them until its time is over, it is well. After failure: one of those states matches. */
enum rule_verdict alarm_verdict(enum rule_condition condition, enum alarm_state state, unsigned states,
                                bool time_is_over);

#endif
