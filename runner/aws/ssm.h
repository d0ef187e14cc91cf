/*
 * SSM's parameter store, 2014-11-06.
 */
#ifndef RUNNER_AWS_SSM_H
#define RUNNER_AWS_SSM_H

#include "runner/aws/call.h"

struct ssm_query {
    struct aws *aws;
    const char *region;
    const char *const *names; /* of parameters: "/path/name", also "name:version"; an ARN */
    size_t count;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* values[i]: names[i]'s, decrypted. Errors: ERR_NOT_FOUND with the names that do not exist; ERR_DENIED; those of
 * aws_call. *failed: what AWS called the refusal ("AccessDeniedException"), or "". */
bool ssm_parameters(const struct ssm_query *query, struct arena *arena, const char **values, const char **failed,
                    struct err *err);

/* found[i]: whether there is a parameter names[i] (bare names); no value is read. Errors: those of aws_call. */
bool ssm_find(const struct ssm_query *query, struct arena *arena, bool *found, struct err *err);

#endif
