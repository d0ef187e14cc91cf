/*
 * The table of rule types: what a stage's condition may ask, which configuration each takes, and who judges it here.
 *
 * AWS, "Rule structure reference".
 */
#ifndef SERVER_DEFINITION_RULE_TYPES_H
#define SERVER_DEFINITION_RULE_TYPES_H

#include "common/action_types.h"

#include <stdbool.h>
#include <stddef.h>

enum rule_judge {
    RULE_BY_VALUES, /* VariableCheck: the engine, at once */
    RULE_BY_CLOCK,  /* DeploymentWindow: the engine, when the time has come */
    RULE_BY_RUNNER, /* a job */
};

struct rule_type {
    const char *provider; /* "VariableCheck" */
    enum rule_judge judge;
    bool may_skip; /* it may stand in a condition whose result is SKIP */
    int most_inputs;
    struct action_key keys[8]; /* a NULL name ends the list */
};

/* All rows; *count is their number. */
const struct rule_type *rule_types_all(size_t *count);

/* The row of that provider; NULL where there is none. */
const struct rule_type *rule_types_find(const char *provider);

#endif
