/*
 * Step Functions: executions of state machines.
 */
#ifndef RUNNER_AWS_STEP_FUNCTIONS_H
#define RUNNER_AWS_STEP_FUNCTIONS_H

#include "runner/aws/call.h"

struct step_functions {
    struct aws *aws;
    const char *region;
    bool (*interrupted)(void *context);
    void *context;
    bool express; /* whose executions nobody can ask about, and start anew with each call: started once, or unknown */
};

struct state_execution {
    const char *status; /* "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE" */
    const char *output; /* JSON, or NULL */
    const char *error;  /* or NULL, as is the next */
    const char *cause;
};

/* Errors of all: those of aws_call, ERR_NOT_FOUND among them. */

bool step_functions_is_express(const struct step_functions *states, struct arena *arena, const char *machine,
                               bool *express, struct err *err);

/* Starting again under the same name and input gives the one that runs; where it has ended, *existed is set instead.
 * *arn is then NULL. */
bool step_functions_start(const struct step_functions *states, struct arena *arena, const char *machine,
                          const char *name, const char *input, const char **arn, bool *existed, struct err *err);

bool step_functions_describe(const struct step_functions *states, struct arena *arena, const char *execution,
                             struct state_execution *out, struct err *err);

bool step_functions_stop(const struct step_functions *states, struct arena *arena, const char *execution,
                         const char *cause, struct err *err);

/* "arn:aws:states:R:A:execution:MACHINE:NAME" of a machine's ARN; NULL where that is none. Pure. */
const char *step_functions_execution_arn(struct arena *arena, const char *machine, const char *name);

/* "eu-west-1" of a machine's ARN; NULL where that is none. Pure. */
const char *step_functions_region(struct arena *arena, const char *machine);

#endif
