/*
 * What a service says when it refuses: AWS's name of the error and its words, from JSON, from XML or from a header,
 * whichever the service speaks. Pure. Foreign bytes.
 */
#ifndef RUNNER_AWS_REFUSAL_H
#define RUNNER_AWS_REFUSAL_H

#include "common/http_client.h"

struct aws_refusal {
    const char *type;    /* "ThrottlingException"; "" where the answer names none */
    const char *message; /* never NULL */
    const char *region;  /* S3: where the bucket is, or NULL */
    int status;
};

struct aws_refusal aws_refusal_read(struct arena *arena, const struct http_answer *answer);

/* What the caller may do about it. */
enum err_kind aws_refusal_kind(const struct aws_refusal *refusal);

/* Refused before anything was done, because of too many requests. */
bool aws_refusal_is_throttling(const struct aws_refusal *refusal);

/* The credentials are over; our clock is off. */
bool aws_refusal_is_expired(const struct aws_refusal *refusal);
bool aws_refusal_is_skewed(const struct aws_refusal *refusal);

#endif
