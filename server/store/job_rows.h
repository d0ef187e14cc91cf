/*
 * Jobs, row by row. The rules (who may have one, for how long, what a late message gets) are in server/jobs/queue.h,
 * the only writer. Doors read here which runner works on what.
 */
#ifndef SERVER_STORE_JOB_ROWS_H
#define SERVER_STORE_JOB_ROWS_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct job_row {
    const char *id;
    const char *provider;
    enum job_state state;
    int64_t token;
    int attempts;      /* how often somebody began */
    int most_attempts; /* 0: no limit */
    enum job_cancel cancel;
    const char *runner_id;    /* or NULL */
    const char *runner_name;  /* or NULL */
    const char *left_by;      /* the runner that was lost with this build begun, or NULL */
    const char *left_by_name; /* or NULL */
    const char *claim_id;     /* or NULL */
    int64_t deadline_boot_ms; /* 0: none */
    const char *checkpoint;   /* JSON, or NULL */
    enum job_outcome outcome; /* JOB_DONE */
    int64_t action_run_id;    /* 0: a build that no pipeline started */
    int64_t build_id;         /* 0: no build */
    int64_t batch_id;         /* its build is one of a batch, and the action does not end with it; 0: no batch */
    const char *log_id;
    int timeout_seconds;
    const char *project;     /* a build's: it counts for this one's concurrentBuildLimit; else NULL */
    bool held;               /* queued, and not offered before a build of its project has ended */
    int64_t queued_until_ms; /* wall time: where nobody has begun it by then, it ends; 0: it may wait */
    int64_t sequence;
    int64_t queued_ms;
    int64_t started_ms; /* 0: not yet */
    int64_t ended_ms;   /* 0: not yet */
};

/* Errors: ERR_NOT_FOUND. */
bool job_rows_get(struct tx *tx, struct arena *arena, const char *id, struct job_row *out, struct err *err);

/* The newest job of an action run or of a build; *found false for none. */
bool job_rows_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct job_row *out,
                        struct err *err);
bool job_rows_of_build(struct tx *tx, struct arena *arena, int64_t build_id, bool *found, struct job_row *out,
                       struct err *err);

/* What a runner holds now. */
bool job_rows_of_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct job_row **out, size_t *count,
                        struct err *err);

/* How many wait for a runner. */
bool job_rows_count_queued(struct tx *tx, int64_t *out, struct err *err);

/* For server/jobs/queue.c only. Every write says which state and token the row must be in; ERR_INTERNAL where it is in
 * another one (there is one writer, so our own reading was wrong), and nothing is written. */

bool job_rows_add(struct tx *tx, const struct job_row *row, struct err *err);
/* The queued job of the providers that waits longest and that this runner may have (a build that is to be undone only
 * goes to the runner that left it); *found false for none. */
bool job_rows_first_queued(struct tx *tx, struct arena *arena, const char *runner_id, const char *const *providers,
                           size_t provider_count, bool *found, struct job_row *out, struct err *err);
bool job_rows_of_claim(struct tx *tx, struct arena *arena, const char *claim_id, bool *found, struct job_row *out,
                       struct err *err);
/* The held one of the project that came first; how many others of it are queued, offered or running. */
bool job_rows_first_held(struct tx *tx, struct arena *arena, const char *project, bool *found, struct job_row *out,
                         struct err *err);
bool job_rows_count_in_work(struct tx *tx, const char *project, int64_t *out, struct err *err);
bool job_rows_let_go(struct tx *tx, const struct job_row *job, struct err *err);
/* queued -> offered, token + 1. */
bool job_rows_offer(struct tx *tx, const struct job_row *job, const char *runner_id, const char *claim_id,
                    int64_t deadline_boot_ms, struct err *err);
/* offered -> running, attempts + 1. */
bool job_rows_begin(struct tx *tx, const struct job_row *job, int64_t deadline_boot_ms, struct err *err);
bool job_rows_extend(struct tx *tx, const struct job_row *job, int64_t deadline_boot_ms, struct err *err);
/* offered or running -> queued, token + 1. */
bool job_rows_requeue(struct tx *tx, const struct job_row *job, const char *left_by, struct err *err);
/* The queued ones that the runner left; and nobody's any more: it will not come back. */
bool job_rows_left_by(struct tx *tx, struct arena *arena, const char *runner_id, struct job_row **out, size_t *count,
                      struct err *err);
bool job_rows_forget_runner(struct tx *tx, const char *runner_id, struct err *err);
/* any -> done; `fence_off` raises the token too, so that the last holder's words are late. */
bool job_rows_finish(struct tx *tx, const struct job_row *job, enum job_outcome outcome, bool fence_off,
                     struct err *err);
bool job_rows_set_cancel(struct tx *tx, const struct job_row *job, enum job_cancel cancel, struct err *err);
bool job_rows_set_checkpoint(struct tx *tx, const struct job_row *job, const char *checkpoint, struct err *err);
/* Offered and running ones whose deadline is at or before now. */
bool job_rows_expired(struct tx *tx, struct arena *arena, int64_t now_boot_ms, struct job_row **out, size_t *count,
                      struct err *err);
/* 0: none. */
bool job_rows_next_deadline(struct tx *tx, int64_t *out, struct err *err);
/* Queued ones that nobody has begun in time. */
bool job_rows_overdue(struct tx *tx, struct arena *arena, int64_t now_ms, struct job_row **out, size_t *count,
                      struct err *err);
/* Wall time; 0: none. */
bool job_rows_next_overdue(struct tx *tx, int64_t *out, struct err *err);
/* Every offered and running one gets this deadline (a server's start). */
bool job_rows_extend_all(struct tx *tx, int64_t deadline_boot_ms, struct err *err);

#endif
