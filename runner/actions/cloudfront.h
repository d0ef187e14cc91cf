/*
 * An invalidation under way, as functions of its own, so that a release can hold one. Idempotent by itself: the action
 * execution's id is CloudFront's caller reference. There is nothing to undo: caches only ask again.
 */
#ifndef RUNNER_ACTIONS_CLOUDFRONT_H
#define RUNNER_ACTIONS_CLOUDFRONT_H

#include "runner/actions/deployment.h"
#include "runner/aws/cloudfront.h"

struct invalidation {
    struct job *job;
    struct deployment_report *report;
    struct arena *arena;
    struct cloudfront cloudfront;
    const char *target; /* "cloudfront/E123" */
    const char *const *paths;
    size_t count;
    const char *id; /* NULL: not asked for yet */
    bool completed;
};

/* Reads the configuration. Errors: ERR_INVALID. */
bool invalidation_prepare(struct invalidation *invalidation, struct job *job, struct deployment_report *report,
                          struct err *err);
bool invalidation_apply(struct invalidation *invalidation, struct err *err);

/* Waits until it is completed. */
bool invalidation_follow(struct invalidation *invalidation, struct err *err);

#endif
