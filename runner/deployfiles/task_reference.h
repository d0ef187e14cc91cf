/*
 * Where a secret of a container comes from: valueFrom, in the forms that ECS takes. Pure.
 */
#ifndef RUNNER_DEPLOYFILES_TASK_REFERENCE_H
#define RUNNER_DEPLOYFILES_TASK_REFERENCE_H

#include "common/arena.h"
#include "common/err.h"

struct task_reference {
    bool is_secret;     /* of Secrets Manager; else a parameter of SSM */
    const char *name;   /* the secret's ARN without key and version; the parameter's name, or its ARN */
    const char *region; /* of the ARN; NULL: the service's own */
    const char *key;    /* of the secret's JSON, or NULL: the whole text */
};

/* Errors: ERR_INVALID: what is wrong with it, as the rest of a sentence that begins with its name. */
bool task_reference_read(struct arena *arena, const char *value_from, struct task_reference *out, struct err *err);

#endif
