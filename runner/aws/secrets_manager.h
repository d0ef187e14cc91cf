/*
 * Secrets Manager, 2017-10-17.
 */
#ifndef RUNNER_AWS_SECRETS_MANAGER_H
#define RUNNER_AWS_SECRETS_MANAGER_H

#include "runner/aws/call.h"

struct secret_query {
    struct aws *aws;
    const char *region;                 /* that of an ARN goes before it */
    const char *secret;                 /* name or ARN */
    const char *json_key;               /* or NULL: the whole text */
    const char *version_stage;          /* or NULL: AWSCURRENT */
    const char *version_id;             /* or NULL */
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* Errors: ERR_NOT_FOUND (no such secret, version, stage or JSON key), ERR_DENIED, ERR_INVALID (not text, not JSON),
 * those of aws_call. The message begins with AWS's name of the error where AWS refused. */
bool secret_value(const struct secret_query *query, struct arena *arena, const char **value, struct err *err);

/* The two halves of it, where several keys of one secret are wanted: its whole text, and what a key of that text is. */
bool secret_text(const struct secret_query *query, struct arena *arena, const char **text, struct err *err);
bool secret_member(const struct secret_query *query, struct arena *arena, const char *text, const char **value,
                   struct err *err);

/* Whether the secret is there and not about to be deleted; its value is not read. Errors: ERR_NOT_FOUND; those of
 * aws_call. */
bool secret_find(const struct secret_query *query, struct arena *arena, struct err *err);

/* "secret-id[:json-key[:version-stage[:version-id]]]" as CodeBuild has it; the id may be an ARN, whose colons are its
 * own. Fills the members of `out` that it names. Errors: ERR_INVALID. */
bool secret_reference(struct arena *arena, const char *reference, struct secret_query *out, struct err *err);

#endif
