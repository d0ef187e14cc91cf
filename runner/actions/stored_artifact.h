/*
 * An input artifact where AWS can fetch it: in the bucket that the pipeline names as its artifact store. Its key
 * follows from its contents, so that storing it again makes no second one.
 */
#ifndef RUNNER_ACTIONS_STORED_ARTIFACT_H
#define RUNNER_ACTIONS_STORED_ARTIFACT_H

#include "runner/job.h"

struct stored_artifact {
    const char *bucket;
    const char *key; /* "shop/Built/0123456789abcdef0123456789abcdef.zip" */
};

/* `name` NULL: the first input. Errors: ERR_INVALID: the pipeline names no bucket; those of s3_upload. */
bool stored_artifact_put(struct job *job, const char *name, struct stored_artifact *out, struct err *err);

/* Where it lies, or is to lie; nothing is sent. */
bool stored_artifact_place(struct job *job, const char *name, struct stored_artifact *out, struct err *err);

/* A text of our own (a large template), in the same place. */
bool stored_artifact_put_text(struct job *job, const char *name, const char *text, size_t size,
                              struct stored_artifact *out, struct err *err);

/* "https://bucket.s3.eu-west-1.amazonaws.com/key" */
const char *stored_artifact_url(struct job *job, const struct stored_artifact *stored);

#endif
