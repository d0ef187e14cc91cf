/*
 * EventBridge, 2015-10-07: the targets of a rule.
 */
#ifndef RUNNER_AWS_EVENTS_H
#define RUNNER_AWS_EVENTS_H

#include "runner/aws/call.h"

struct events_rule {
    struct aws *aws;
    const char *region;
    const char *name;
    const char *bus;                    /* name or ARN; NULL: the default one */
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* The target of that id, as AWS's own tree. Errors: ERR_NOT_FOUND: no such rule, or it has no such target. */
bool events_target(const struct events_rule *rule, struct arena *arena, const char *id, const struct json **target,
                   struct err *err);

/* Puts it as a whole in the place of the one of the same id. */
bool events_put_target(const struct events_rule *rule, struct arena *arena, const struct json *target, struct err *err);

#endif
