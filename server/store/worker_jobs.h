/*
 * The jobs of job workers: rows only. The rules (who may have one, for how long, what a late word gets) are those of
 * server/jobs/worker_queue.h; only that writes here. Every move names the state that the caller read.
 */
#ifndef SERVER_STORE_WORKER_JOBS_H
#define SERVER_STORE_WORKER_JOBS_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct worker_job_row {
    const char *id; /* UUID */
    int64_t action_run_id;
    const char *category; /* its action type, as are the next two */
    const char *provider;
    const char *version;
    const char *query_value; /* of the type's queryable property, or NULL */
    enum worker_job_state state;
    const char *nonce;              /* of the newest answer to a poll; NULL where that offer is over */
    const char *continuation_token; /* what the job before it left, or NULL */
    int64_t offered_until_boot_ms;  /* Dispatched, else 0 */
    int64_t expires_ms;             /* wall time */
    int64_t created_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* Errors: ERR_NOT_FOUND JobNotFoundException. */
bool worker_jobs_get(struct tx *tx, struct arena *arena, const char *id, struct worker_job_row *out, struct err *err);
/* The one of an action that has not ended; *found false: none. */
bool worker_jobs_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found,
                           struct worker_job_row *out, struct err *err);
/* Those that wait, longest first; query_value NULL: whatever theirs is. */
bool worker_jobs_queued(struct tx *tx, struct arena *arena, const struct worker_job_row *type, const char *query_value,
                        size_t limit, struct worker_job_row **out, size_t *count, struct err *err);

/* Queued; state, nonce and the times but expires_ms are not read. */
bool worker_jobs_add(struct tx *tx, const struct worker_job_row *row, struct err *err);
/* To Dispatched. */
bool worker_jobs_offer(struct tx *tx, const struct worker_job_row *job, const char *nonce, int64_t until_boot_ms,
                       struct err *err);
/* From Dispatched to InProgress. */
bool worker_jobs_begin(struct tx *tx, const struct worker_job_row *job, struct err *err);
/* From Dispatched to Queued; the nonce is forgotten. */
bool worker_jobs_take_back(struct tx *tx, const struct worker_job_row *job, struct err *err);
/* To one of the final states. */
bool worker_jobs_end(struct tx *tx, const struct worker_job_row *job, enum worker_job_state state, struct err *err);

/* The ids of those whose offer (boot time) or life (wall time) is over. */
bool worker_jobs_due(struct tx *tx, struct arena *arena, int64_t boot_ms, int64_t wall_ms, const char *const **out,
                     size_t *count, struct err *err);
/* When that will be next; 0: never. */
bool worker_jobs_next_due(struct tx *tx, int64_t *boot_ms, int64_t *wall_ms, struct err *err);
/* Every offer gets this new end: after a restart the old ones mean nothing. */
bool worker_jobs_extend_offers(struct tx *tx, int64_t until_boot_ms, struct err *err);

#endif
