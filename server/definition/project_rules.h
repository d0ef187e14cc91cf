/* The rules of a project that join several values. Only for this room. */
#ifndef SERVER_DEFINITION_PROJECT_RULES_H
#define SERVER_DEFINITION_PROJECT_RULES_H

#include "server/definition/shape.h"

struct project_draft {
    struct definition_errors *errors;
    struct arena *arena;
    const struct place *place;
    const char *source_type; /* a pipeline's where none is written, as is the next */
    const char *artifacts_type;
};

struct project_draft project_draft(struct definition_errors *errors, const struct place *place);

/* Every member has the shape that it should have. */
void project_check_rules(struct project_draft *draft);

#endif
