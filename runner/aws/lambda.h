/*
 * Lambda: a function is called and its answer waited for.
 */
#ifndef RUNNER_AWS_LAMBDA_H
#define RUNNER_AWS_LAMBDA_H

#include "runner/aws/call.h"

struct lambda_call {
    struct aws *aws;
    const char *region;
    const char *function; /* name, name:alias or ARN */
    const char *payload;  /* JSON */
    bool (*interrupted)(void *context);
    void *context;
};

struct lambda_answer {
    bool failed;         /* the function ended with an error */
    const char *error;   /* then: one line of what is known of it */
    const char *payload; /* else: what the function returned, JSON */
};

/* Calls the function once; only a call that did not arrive, or that Lambda refused for its number, is repeated. A
 * function that fails is an answer, too. Errors: those of aws_call; *unknown is set where the function may have been
 * called and no answer came. */
bool lambda_invoke(const struct lambda_call *call, struct arena *arena, struct lambda_answer *out, bool *unknown,
                   struct err *err);

#endif
