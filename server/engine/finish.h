/* How the end of a job becomes the end of its action and its build. Only for this room. */
#ifndef SERVER_ENGINE_FINISH_H
#define SERVER_ENGINE_FINISH_H

#include "server/engine/carry_out.h"
#include "server/jobs/queue.h"

/* Jobs that ended without a runner's word; the pipelines go on from there. */
bool finish_endings(struct tx *tx, struct arena *arena, const struct queue_ending *endings, size_t count,
                    struct err *err);

#endif
