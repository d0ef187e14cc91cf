/*
 * The queue: who may have a job, for how long, and what a late message gets. A claim carries the runner's own id, so
 * that asking again gives the same job; a job is offered for 15 seconds until the runner acknowledges it, then leased
 * for 60, and every sign of life extends that. Each offer raises the token, and each write of a runner is checked
 * against job, token and runner in the transaction that writes: a late one changes nothing.
 *
 * How a job ends is the engine's (engine_finish_job, engine_do_due), because pipelines go on from there.
 */
#ifndef SERVER_JOBS_QUEUE_H
#define SERVER_JOBS_QUEUE_H

#include "common/wire.h"
#include "server/store/job_rows.h"
#include "server/store/pauses.h"

#define QUEUE_OFFER_MS 15000
#define QUEUE_LEASE_MS 60000

/* What every message of a runner about a job carries. */
struct queue_fence {
    const char *job_id;
    int64_t token;
    const char *runner_id; /* of the principal */
};

/* The job for a lease message: the one that this claim already has, else the one that waits longest among the
 * providers. *job_id NULL where there is none: park on WAKE_JOBS. Marks the runner as seen. Errors: ERR_CONFLICT
 * StaleTokenException where the claim is another runner's, or its job has ended: take a new claim id. */
bool queue_lease(struct tx *tx, struct arena *arena, const char *runner_id, const struct wire_lease *lease,
                 const char **job_id, struct err *err);

/* True in *any where queue_lease would give a job or an error: for a long poll to look (db_read) before it writes. */
bool queue_has_work(struct tx *tx, const char *runner_id, const struct wire_lease *lease, bool *any, struct err *err);

/* Below, a stale fence is ERR_CONFLICT StaleTokenException, an unknown job ERR_NOT_FOUND JobNotFoundException; nothing
 * is written. Each of them, but queue_return and the last two, proves that the runner has the job: it counts as
 * acknowledged, and its lease is extended. */

/* Again is no error. */
bool queue_acknowledge(struct tx *tx, const struct queue_fence *fence, struct err *err);

/* Gives back what was offered and not begun, at once: a runner that ends. Extends no lease. Errors: ERR_CONFLICT
 * ConflictException where it was begun. */
bool queue_return(struct tx *tx, const struct queue_fence *fence, struct err *err);

/* What a job's holder is to hear. */
struct queue_word {
    enum job_cancel cancel;
    const char *cancelled_by; /* or NULL, as is the next */
    const char *cancel_reason;
    bool answered; /* somebody answered the deploy's newest pause: */
    struct pause_row answer;
};

/* Tells of a cancel and of an answer, marks the runner as seen. Park on WAKE_JOB (job id). */
bool queue_heartbeat(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct queue_word *out,
                     struct err *err);

/* The mark before a side effect. Of a job that was given up it is refused as stale: nothing may be begun any more. */
bool queue_checkpoint(struct tx *tx, const struct queue_fence *fence, const struct json *checkpoint, struct err *err);

/* Fenced by progress->token (fence->token is not read). Reaches the action run, the build and the deployment. */
bool queue_progress(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                    const struct wire_progress *progress, struct err *err);

/* After the bytes are safe in the artifacts room. Only names that the job's action declares: a build that no pipeline
 * started has none. Errors: ERR_INVALID. */
bool queue_put_artifact(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char *name,
                        const char *sha256, int64_t size_bytes, struct err *err);

/* The two below check the fence and write nothing, so a db_read will do; they extend no lease. */

/* The input artifact of that name. Errors: ERR_NOT_FOUND. */
bool queue_get_artifact(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char *name,
                        const char **sha256, int64_t *size_bytes, struct err *err);

/* *log_id is where the job's log bytes belong. */
bool queue_check_fence(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char **log_id,
                       struct err *err);

/* A job that ended without a runner's word. */
struct queue_ending {
    const char *job_id;
    int64_t action_run_id;     /* 0: none */
    int64_t build_id;          /* 0: none */
    enum job_outcome outcome;  /* JOB_FAILED or JOB_STOPPED */
    bool timed_out;            /* JOB_FAILED: nobody began it in time; else its runners were lost */
    const char *error_message; /* JOB_FAILED: a sentence */
};

/* Offers the jobs of a project that were held back and now fit into its limit, those that came first. Called here
 * whenever one of its jobs ends; by others when the limit has changed. */
bool queue_let_go(struct tx *tx, const char *project, struct err *err);

/* For the engine only. */

struct queue_new_job {
    const char *provider;
    int64_t action_run_id; /* 0: none */
    int64_t build_id;      /* 0: none */
    int64_t batch_id;      /* 0: none */
    const char *log_id;
    int most_attempts; /* 0: no limit */
    int timeout_seconds;
    const char *project;     /* of a build; NULL: no limit but that of runners */
    int project_limit;       /* how many jobs of the project may be in work at a time; 0: any number */
    int64_t queued_until_ms; /* wall time: where nobody has begun it by then, it ends; 0: it may wait */
};

/* Queues a job, makes (or opens again) its log, wakes WAKE_JOBS. Past its project's limit it is held back: no runner is
 * offered it before queue_let_go. */
bool queue_add(struct tx *tx, const struct queue_new_job *job, struct err *err);

/* Asks that the job be undone (or no longer watched). Where no runner has begun it and no earlier one left a mark, it
 * ends at once: *ended. Else its runner learns of it with the heartbeat, or another one gets it for undoing. A build's
 * container is only seen from the machine that it runs on: where its runner was lost, that one alone gets it. */
bool queue_cancel(struct tx *tx, const char *job_id, enum job_cancel cancel, bool *ended, struct err *err);

/* Takes a runner's result: the job is done, its log closed. *again: a result was taken before under this fence, nothing
 * was written. *job is the row as it was before. */
bool queue_finish(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const struct wire_result *result,
                  bool *again, struct job_row *job, struct err *err);

/* Takes a job whose offer or lease is over back into the queue, or ends it: then *ended and *out. One that nobody began
 * in time ends. One that has time left stays as it is. */
bool queue_expire(struct tx *tx, struct arena *arena, const char *job_id, bool *ended, struct queue_ending *out,
                  struct err *err);

/* A new process of a runner: what its earlier ones held goes back at once, or ends. The runner has removed their
 * containers before it says this (runner/main.c). */
bool queue_hello(struct tx *tx, struct arena *arena, const char *runner_id, const char *instance_id,
                 const char *version, struct queue_ending **out, size_t *count, struct err *err);

/* The runner's token is no longer good; what it held goes back at once, or ends, as does what only it could undo: that
 * its machine is gone is the word of the person who removes it. */
bool queue_remove_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct queue_ending **out,
                         size_t *count, struct err *err);

#endif
