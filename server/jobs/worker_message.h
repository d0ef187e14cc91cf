/* What a job worker is told of its job, put together from the store's rows: the action it belongs to, and the object
 * keys of its artifacts. */
#ifndef SERVER_JOBS_WORKER_MESSAGE_H
#define SERVER_JOBS_WORKER_MESSAGE_H

#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/worker_jobs.h"

struct worker_artifact {
    const char *name;
    const char *object_key;
    const char *revision; /* an input of a source action: what was fetched; else NULL */
    const char *sha256;   /* an input's bytes; NULL for outputs */
    int64_t size_bytes;
};

struct worker_message {
    struct worker_job_row job;
    struct action_run_row action;
    const struct worker_artifact *inputs;
    size_t input_count;
    const struct worker_artifact *outputs;
    size_t output_count;
};

/* Errors: ERR_NOT_FOUND JobNotFoundException. */
bool worker_message(struct tx *tx, struct arena *arena, const char *job_id, struct worker_message *out,
                    struct err *err);

#endif
