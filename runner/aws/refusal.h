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
    const char
        *right; /* of a call whose rights were missing: "ecs:UpdateService on arn:…", what would mend it; or NULL */
    int status;
};

struct aws_request;

struct aws_refusal aws_refusal_read(struct arena *arena, const struct http_answer *answer);

/* What the caller may do about it. */
enum err_kind aws_refusal_kind(const struct aws_refusal *refusal);

/* Refused before anything was done, because of too many requests. */
bool aws_refusal_is_throttling(const struct aws_refusal *refusal);

/* Refused before anything was done: may be sent again, whatever it is. */
bool aws_refusal_is_before_effect(const struct aws_refusal *refusal);

/* Refused for want of rights, not for bad credentials. */
bool aws_refusal_is_missing_right(const struct aws_refusal *refusal);

/* AWS's message, without the kilobyte of code that EC2 puts behind it. */
const char *aws_refusal_words(struct arena *arena, const struct aws_refusal *refusal);

/* The credentials are over; our clock is off. */
bool aws_refusal_is_expired(const struct aws_refusal *refusal);
bool aws_refusal_is_skewed(const struct aws_refusal *refusal);

/* The least right that would mend it: what AWS names where it does (with who refuses it, where that is not simply an
 * absent policy), else what the operation is known to need (right.c). NULL where it was refused for something else. */
const char *aws_refusal_right(struct arena *arena, const struct aws_request *request,
                              const struct aws_refusal *refusal);

/* "s3:GetObject" for HeadObject of s3. */
const char *aws_right_of(struct arena *arena, const char *service, const char *operation);

#endif
