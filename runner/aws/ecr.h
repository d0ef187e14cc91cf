/*
 * ECR: the token to sign in with.
 */
#ifndef RUNNER_AWS_ECR_H
#define RUNNER_AWS_ECR_H

#include "runner/aws/call.h"

#include <stdint.h>

struct ecr_token {
    const char *token; /* base64 of "AWS:password": HTTP Basic as it stands */
    const char *password;
    const char *registry; /* "123456789012.dkr.ecr.eu-west-1.amazonaws.com", port and all */
    int64_t expires_ms;
};

bool ecr_token(struct aws *aws, struct arena *arena, const char *region, struct ecr_token *out, struct err *err);

#endif
