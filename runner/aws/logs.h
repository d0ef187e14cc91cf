/*
 * CloudWatch Logs, 2014-03-28: what a container wrote, as its awslogs driver sent it there.
 */
#ifndef RUNNER_AWS_LOGS_H
#define RUNNER_AWS_LOGS_H

#include "runner/aws/call.h"

struct log_stream {
    struct aws *aws;
    const char *region;
    const char *group;
    const char *stream;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

struct log_event {
    int64_t at_ms;
    const char *text; /* one line or several, without a line end behind it */
};

/* Both: a stream that is not there (yet) has no events. Errors: ERR_NOT_FOUND: no such group; those of aws_call. */

/* The newest `most` events (10,000 at most), the oldest of them first. */
bool logs_tail(const struct log_stream *stream, struct arena *arena, size_t most, const struct log_event **events,
               size_t *count, struct err *err);

/* What came since the last time, at most one page; asks from the beginning where *position is NULL. *position is what
 * CloudWatch calls a token, kept in `arena_of_position`: it may be stored and used by another process. */
bool logs_follow(const struct log_stream *stream, struct arena *arena, struct arena *arena_of_position,
                 const char **position, const struct log_event **events, size_t *count, struct err *err);

/* Where a container's awslogs driver writes: group and stream of `task_id`'s container as its definition (an element of
 * containerDefinitions) says, and the region where that is another one. False where it logs elsewhere, or the stream's
 * name cannot be known (no awslogs-stream-prefix). */
bool logs_of_container(struct arena *arena, const struct json *container, const char *task_id, struct log_stream *out);

#endif
