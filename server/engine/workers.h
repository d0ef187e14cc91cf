/* Custom actions: how they start, how they are given up, and what time brings to them. Only for this room. */
#ifndef SERVER_ENGINE_WORKERS_H
#define SERVER_ENGINE_WORKERS_H

#include "common/json.h"
#include "server/engine/carry_out.h"

/* Queues the job of a custom action that has just begun. Where its type is gone, or an input was never made, the action
 * is Failed at once. */
bool start_worker_job(struct step *step, const struct action_run_row *run, const struct json *configuration,
                      struct err *err);

/* Gives up a custom action: AWS knows no way to tell a worker, so there is nothing to wait for. *found: it is one, and
 * has a job; only_unbegun: one that a worker has acknowledged stays as it is, else *dropped. The action itself is the
 * caller's to end. */
bool drop_worker_job(struct step *step, const struct action_run_row *run, bool only_unbegun, bool *found, bool *dropped,
                     struct err *err);

/* engine_do_due's part. */
bool expire_worker_job(struct tx *tx, struct arena *arena, const char *job_id, struct err *err);

#endif
