/*
 * IAM: whether a role is there, and whom it lets take it.
 */
#ifndef RUNNER_AWS_IAM_H
#define RUNNER_AWS_IAM_H

#include "runner/aws/call.h"

struct iam {
    struct aws *aws;
    const char *region; /* any of the partition: IAM lives in one place */
    bool (*interrupted)(void *context);
    void *context;
};

/* `role`: a name, or an ARN, whose path is left out. *trust: its trust policy. Errors: ERR_NOT_FOUND: no such role;
 * those of aws_call. */
bool iam_role(const struct iam *iam, struct arena *arena, const char *role, const struct json **trust, struct err *err);

/* Whether the trust policy lets that service ("ecs-tasks.amazonaws.com") assume the role. Conditions are not weighed:
 * a statement that has some counts. */
bool iam_trusts(const struct json *trust, const char *service);

#endif
