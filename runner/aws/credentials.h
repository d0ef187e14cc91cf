/*
 * Where AWS credentials come from, one function for each place. Kept apart from the cache in call.c.
 */
#ifndef RUNNER_AWS_CREDENTIALS_H
#define RUNNER_AWS_CREDENTIALS_H

#include "runner/aws/call.h"

#include <stdint.h>

struct credentials_found {
    struct aws_credentials credentials;
    int64_t expires_ms; /* wall time; 0: never */
};

/* *found false where that place has none; an error where it has something broken. */
bool credentials_from_environment(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);
bool credentials_from_file(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);
bool credentials_from_container(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);
bool credentials_from_instance(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);

/* The keys of a section of ~/.aws/credentials. Pure; texts live in the arena, NULL where absent. */
void credentials_parse_profile(struct arena *arena, const char *text, const char *profile, struct aws_credentials *out);

/* "2026-11-23T05:37:00Z" as milliseconds; 0 where it is anything else. */
int64_t credentials_parse_time(const char *text);

#endif
