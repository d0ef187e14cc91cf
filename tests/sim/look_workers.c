/* The jobs of job workers: each moves as its table says, and an action under way has one that has not ended. */

#include "common/str.h"
#include "tests/sim/rows.h"

#include <stdio.h>

static struct seen_worker_job *find(struct looking *looking, const char *id) {
    struct seen *seen = looking->seen;
    for (size_t i = 0; i < seen->worker_job_count; i++) {
        if (str_equal(seen->worker_jobs[i].id, id))
            return &seen->worker_jobs[i];
    }
    if (seen->worker_job_count == seen->worker_job_room)
        seen->worker_jobs =
            arena_grow(&looking->sim->arena, seen->worker_jobs, sizeof *seen->worker_jobs, &seen->worker_job_room);
    struct seen_worker_job *job = &seen->worker_jobs[seen->worker_job_count++];
    *job = (struct seen_worker_job){.state = -1};
    (void)snprintf(job->id, sizeof job->id, "%s", id);
    return job;
}

bool look_read_workers(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT id, action_run_id, state FROM worker_jobs";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t were = looking->seen->worker_job_count, found = 0;
    for (; query_next(&query); found++) {
        struct seen_worker_job *job = find(looking, (const char *)sqlite3_column_text(query.statement, 0));
        int state = query_column_state(&query, &worker_job_states, 2);
        if (job->state >= 0)
            row_check_move(&worker_job_states, job->state, state, job->action_run_id);
        job->action_run_id = query_column_integer(&query, 1);
        job->state = state;
    }
    if (found < were)
        violated("history only grows", "there were %zu jobs of workers and are %zu", were, found);
    return query_done(&query, err);
}

bool seen_by_worker(const struct seen *seen, int64_t action_run_id) {
    for (size_t i = 0; i < seen->worker_job_count; i++) {
        const struct seen_worker_job *job = &seen->worker_jobs[i];
        if (job->action_run_id == action_run_id && !state_is_end(&worker_job_states, job->state))
            return true;
    }
    return false;
}
