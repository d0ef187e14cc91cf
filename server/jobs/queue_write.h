/* What queue.c and queue_end.c share: moves of a job with their events and wakes. Only for this room.
 */
#ifndef SERVER_JOBS_QUEUE_WRITE_H
#define SERVER_JOBS_QUEUE_WRITE_H

#include "server/jobs/queue.h"

/* The job, where the fence still holds. */
bool queue_read_fenced(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct job_row *out,
                       struct err *err);

/* The same, and the job is running with a new term of its lease. */
bool queue_hold(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct job_row *out,
                struct err *err);

/* Writes the event "job" with that status. */
bool queue_tell(struct tx *tx, const struct job_row *job, const char *status, struct err *err);

/* The job is done, its log closed; nothing that its holder still sends is taken where `fence_off`. */
bool queue_end(struct tx *tx, const struct job_row *job, enum job_outcome outcome, bool fence_off, struct err *err);

/* Whether one more job of the project may be in work. */
bool queue_has_room(struct tx *tx, const char *project, int limit, bool *out, struct err *err);

#endif
