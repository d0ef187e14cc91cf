/*
 * CloudWatch: in which state an alarm is.
 */
#ifndef RUNNER_AWS_CLOUDWATCH_H
#define RUNNER_AWS_CLOUDWATCH_H

#include "runner/aws/call.h"

struct cloudwatch {
    struct aws *aws;
    const char *region;
    bool (*interrupted)(void *context);
    void *context;
};

struct cloudwatch_alarm {
    const char *state;  /* "OK", "ALARM", "INSUFFICIENT_DATA" */
    const char *reason; /* CloudWatch's words for it, or "" */
};

/* The metric or composite alarm of exactly that name. Errors: ERR_NOT_FOUND where there is none, those of aws_call. */
bool cloudwatch_alarm_state(const struct cloudwatch *cloudwatch, struct arena *arena, const char *name,
                            struct cloudwatch_alarm *out, struct err *err);

#endif
