/*
 * The queue of job workers: who may have a custom action's job, for how long, and what a late word gets. AWS's rules
 * (PollForJobs, AcknowledgeJob, PutJobSuccessResult): a poll offers a job under a new nonce for 60 seconds; who
 * acknowledges it with that nonce has it until it ends, 24 hours after its action began at the latest. An offer that is
 * over goes back into the queue, and its nonce is worth nothing any more. There are no heartbeats: AWS has no message
 * for them.
 *
 * What becomes of the action is the engine's (engine_finish_worker_job, engine_do_due).
 */
#ifndef SERVER_JOBS_WORKER_QUEUE_H
#define SERVER_JOBS_WORKER_QUEUE_H

#include "server/jobs/worker_message.h"

#define WORKER_OFFER_MS 60000
#define WORKER_LIFE_MS (24LL * 60 * 60 * 1000) /* AWS: a custom action times out after 24 hours */
#define WORKER_BATCH_MAX 100                   /* jobs that one poll gets at most */

struct worker_poll {
    const char *category; /* the action type */
    const char *provider;
    const char *version;
    const char *query_value; /* of its queryable property; NULL: whatever it is */
    size_t most;             /* jobs, at least 1 */
};

/* Offers jobs, those that wait longest first. Looking before with worker_queue_has_work (db_read) spares the write. */
bool worker_queue_poll(struct tx *tx, struct arena *arena, const struct worker_poll *poll, struct worker_job_row **out,
                       size_t *count, struct err *err);
bool worker_queue_has_work(struct tx *tx, const struct worker_poll *poll, bool *any, struct err *err);

/* *state is the job's afterwards: WORKER_JOB_IN_PROGRESS, or how it ended meanwhile. Again with the same nonce is no
 * error: an answer was lost. Errors: ERR_NOT_FOUND JobNotFoundException, ERR_CONFLICT InvalidNonceException. */
bool worker_queue_acknowledge(struct tx *tx, const char *job_id, const char *nonce, enum worker_job_state *state,
                              struct err *err);

/* Artifacts: for whoever came with a job's credentials. All of them want the nonce of the offer that the job is held
 * under (principal->nonce): a job that has ended or was offered again is ERR_DENIED ExpiredToken. */

/* The job as its worker sees it now. */
bool worker_queue_look(struct tx *tx, struct arena *arena, const char *job_id, const char *nonce,
                       struct worker_message *out, struct err *err);
/* An output artifact, after its bytes are safe in the artifacts room. Errors: ERR_INVALID a name that the action does
 * not declare. */
bool worker_queue_put_artifact(struct tx *tx, struct arena *arena, const char *job_id, const char *nonce,
                               const struct artifact_row *artifact, struct err *err);

/* For the engine only. */

/* Queues the first job of an action that has just begun; gives its artifacts their object keys. Errors: ERR_NOT_FOUND
 * an input artifact that its execution does not have. */
bool worker_queue_add(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char *query_value,
                      struct err *err);

/* Ends a job that its worker has acknowledged: WORKER_JOB_SUCCEEDED or WORKER_JOB_FAILED. *out is the row as it was.
 * Errors: ERR_NOT_FOUND JobNotFoundException, ERR_CONFLICT InvalidJobStateException. */
bool worker_queue_finish(struct tx *tx, struct arena *arena, const char *job_id, enum worker_job_state state,
                         struct worker_job_row *out, struct err *err);

/* After worker_queue_finish: the next job of the same action, with what the worker left for it; it lives no longer than
 * the one before. */
bool worker_queue_continue(struct tx *tx, const struct worker_job_row *job, const char *continuation_token,
                           struct err *err);

/* Ends the job of an action that is given up: late words get InvalidJobStateException. *found: the action has a job
 * here; only_unbegun: one that a worker has acknowledged stays, else *dropped. */
bool worker_queue_drop(struct tx *tx, struct arena *arena, int64_t action_run_id, bool only_unbegun, bool *found,
                       bool *dropped, struct err *err);

/* What is due by the transaction's clocks: an offer goes back into the queue, a job whose life is over is TimedOut:
 * then *timed_out and its row. One that has time left stays as it is. */
bool worker_queue_expire(struct tx *tx, struct arena *arena, const char *job_id, bool *timed_out,
                         struct worker_job_row *out, struct err *err);

#endif
