/*
 * The operations of Elastic Beanstalk that a deployment needs. Answers are AWS's own trees.
 */
#ifndef RUNNER_AWS_ELASTIC_BEANSTALK_H
#define RUNNER_AWS_ELASTIC_BEANSTALK_H

#include "runner/aws/call.h"

struct beanstalk {
    struct aws *aws;
    const char *region;
    const char *application;
    const char *environment;
    bool urgent; /* an undo: its orders do not wait for their turn */
    bool (*interrupted)(void *context);
    void *context;
};

/* Errors: ERR_NOT_FOUND: no such environment. */
bool beanstalk_environment(const struct beanstalk *beanstalk, struct arena *arena, const struct json **environment,
                           struct err *err);

/* A version of that label that is there already is taken for this one. */
bool beanstalk_create_version(const struct beanstalk *beanstalk, struct arena *arena, const char *label,
                              const char *bucket, const char *key, const char *description, struct err *err);

/* Errors: ERR_CONFLICT: the environment is not Ready. */
bool beanstalk_update(const struct beanstalk *beanstalk, struct arena *arena, const char *label, struct err *err);

/* Errors: ERR_CONFLICT: there is nothing to abort. */
bool beanstalk_abort(const struct beanstalk *beanstalk, struct arena *arena, struct err *err);

/* The environment's events since then, newest first. */
bool beanstalk_events(const struct beanstalk *beanstalk, struct arena *arena, int64_t since_ms,
                      const struct json **events, struct err *err);

#endif
