/*
 * STS: the keys of a role, for somebody who may assume it.
 */
#ifndef RUNNER_AWS_ASSUME_ROLE_H
#define RUNNER_AWS_ASSUME_ROLE_H

#include "runner/aws/identity.h"

struct assume_role {
    const char *role_arn;
    const char *session_name;
    const char *external_id; /* or NULL */
    int duration_seconds;    /* 0: AWS's hour */
    const char *region;
    const char *web_identity_token; /* then nobody's keys are needed */
    int timeout_ms;                 /* of one attempt; 0: as every call */
};

/* Errors: of aws_call; ERR_DENIED names who may not assume the role. */
bool assume_role(struct aws *source, struct arena *arena, const struct assume_role *wanted,
                 struct credentials_found *out, struct err *err);

/* What IAM allows as a session's name: 2 to 64 of [\w+=,.@-]; anything else becomes '-'. */
const char *assume_role_session_name(struct arena *arena, const char *text);

/* "2026-11-23T05:37:00Z" as milliseconds; 0 where it is anything else. */
int64_t credentials_parse_time(const char *text);

#endif
