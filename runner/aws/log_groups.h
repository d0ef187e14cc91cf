/*
 * CloudWatch Logs: whether a log group is there.
 */
#ifndef RUNNER_AWS_LOG_GROUPS_H
#define RUNNER_AWS_LOG_GROUPS_H

#include "runner/aws/call.h"

struct log_group_query {
    struct aws *aws;
    const char *region;
    const char *group;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* Errors: ERR_NOT_FOUND: no group of exactly that name; those of aws_call. */
bool log_group_find(const struct log_group_query *query, struct arena *arena, struct err *err);

#endif
