/*
 * CloudFront, 2020-05-31: invalidations.
 */
#ifndef RUNNER_AWS_CLOUDFRONT_H
#define RUNNER_AWS_CLOUDFRONT_H

#include "runner/aws/call.h"

struct cloudfront {
    struct aws *aws;
    const char *distribution;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

struct cloudfront_invalidation {
    const char *id;
    bool completed;
};

/* The same reference with the same paths gives the same invalidation. Errors: ERR_NOT_FOUND: no such distribution;
 * ERR_UNAVAILABLE also where too many invalidations are in progress; those of aws_call_rest. */
bool cloudfront_invalidate(const struct cloudfront *cloudfront, struct arena *arena, const char *reference,
                           const char *const *paths, size_t count, struct cloudfront_invalidation *out,
                           struct err *err);

bool cloudfront_look(const struct cloudfront *cloudfront, struct arena *arena, const char *id,
                     struct cloudfront_invalidation *out, struct err *err);

#endif
