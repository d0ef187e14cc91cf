/* What the two files of the batch parser share. Only for this room. */
#ifndef RUNNER_BUILDSPEC_BATCH_READ_H
#define RUNNER_BUILDSPEC_BATCH_READ_H

#include "runner/buildspec/batch.h"
#include "runner/buildspec/read.h"

/* The batch as it grows. */
struct batch_draft {
    struct reader *reader;
    size_t most;
    struct batch_group *groups;
    size_t count;
    size_t capacity;
};

/* Errors: the file asks for more than `most`. */
bool batch_draft_add(struct batch_draft *draft, const struct json *at, const struct batch_group *group);

/* `env` of a task: one value for each key. */
bool batch_read_environment(struct reader *reader, const struct json *task, struct batch_environment *out);

/* Of `env`, under that key: one value or a list of them, which have been read as texts. Only `type` and `compute-type`
 * have values to choose from. `values` may be NULL. */
bool batch_check_choices(struct reader *reader, const struct json *values, const char *key);

/* An identifier that may stand in the file. */
bool batch_check_identifier(struct reader *reader, const struct json *at, const char *identifier);

bool batch_read_matrix(struct batch_draft *draft, const struct json *matrix);

#endif
