/*
 * What a function is called with: CodePipeline's own event. Artifacts lie in the pipeline's bucket where it has one in
 * S3; without one the function is given their names. No credentials go with it: the function reads and writes the
 * bucket with its own role.
 */
#ifndef RUNNER_ACTIONS_LAMBDA_EVENT_H
#define RUNNER_ACTIONS_LAMBDA_EVENT_H

#include "runner/job.h"

struct lambda_event {
    const char *function;
    const char *bucket;             /* where the artifacts are, or NULL */
    const char *continuation_token; /* of the call before, or NULL */
};

/* JSON. */
const char *lambda_event(struct job *job, const struct lambda_event *event);

/* The object of an artifact in the bucket. */
const char *lambda_event_key(struct job *job, const char *artifact);

#endif
