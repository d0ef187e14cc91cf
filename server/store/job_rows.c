/*
 * Jobs: reading them.
 */
#include "server/store/job_rows.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "j.id, j.provider, j.state, j.token, j.attempts, j.most_attempts, j.cancel, j.runner_id, r.name, j.claim_id, "     \
    "j.deadline_boot_ms, j.checkpoint, j.outcome, j.action_run_id, j.build_id, j.log_id, j.timeout_seconds, "          \
    "j.sequence, j.queued_ms, j.started_ms, j.ended_ms, j.left_by, l.name, j.project, j.held, j.queued_until_ms, "     \
    "j.batch_id "                                                                                                      \
    "FROM jobs j LEFT JOIN runners r ON r.id = j.runner_id "                                                           \
    "LEFT JOIN runners l ON l.id = j.left_by "

static struct job_row job_from_row(struct query *query, struct arena *arena) {
    return (struct job_row){
        .id = query_column_text(query, arena, 0),
        .provider = query_column_text(query, arena, 1),
        .state = (enum job_state)query_column_state(query, &job_states, 2),
        .token = query_column_integer(query, 3),
        .attempts = (int)query_column_integer(query, 4),
        .most_attempts = (int)query_column_integer(query, 5),
        .cancel = (enum job_cancel)query_column_state(query, &job_cancels, 6),
        .runner_id = query_column_text(query, arena, 7),
        .runner_name = query_column_text(query, arena, 8),
        .claim_id = query_column_text(query, arena, 9),
        .deadline_boot_ms = query_column_integer(query, 10),
        .checkpoint = query_column_text(query, arena, 11),
        .outcome = query_column_is_null(query, 12) ? JOB_STOPPED
                                                   : (enum job_outcome)query_column_state(query, &job_outcomes, 12),
        .action_run_id = query_column_integer(query, 13),
        .build_id = query_column_integer(query, 14),
        .log_id = query_column_text(query, arena, 15),
        .timeout_seconds = (int)query_column_integer(query, 16),
        .sequence = query_column_integer(query, 17),
        .queued_ms = query_column_integer(query, 18),
        .started_ms = query_column_integer(query, 19),
        .ended_ms = query_column_integer(query, 20),
        .left_by = query_column_text(query, arena, 21),
        .left_by_name = query_column_text(query, arena, 22),
        .project = query_column_text(query, arena, 23),
        .held = query_column_integer(query, 24) != 0,
        .queued_until_ms = query_column_integer(query, 25),
        .batch_id = query_column_integer(query, 26),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct job_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = job_from_row(query, arena);
    return query_done(query, err);
}

static bool collect(struct query *query, struct arena *arena, struct job_row **out, size_t *count, struct err *err) {
    struct job_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = job_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool job_rows_get(struct tx *tx, struct arena *arena, const char *id, struct job_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set_code(err, ERR_NOT_FOUND, "JobNotFoundException", "no job with id '%s'", id);
}

bool job_rows_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct job_row *out,
                        struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE j.action_run_id = :action_run_id ORDER BY j.sequence DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool job_rows_of_build(struct tx *tx, struct arena *arena, int64_t build_id, bool *found, struct job_row *out,
                       struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.build_id = :build_id ORDER BY j.sequence DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":build_id", build_id);
    return one(&query, arena, found, out, err);
}

bool job_rows_of_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct job_row **out, size_t *count,
                        struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE j.runner_id = :runner_id AND j.state IN ('offered', 'running') ORDER BY j.sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":runner_id", runner_id);
    return collect(&query, arena, out, count, err);
}

bool job_rows_left_by(struct tx *tx, struct arena *arena, const char *runner_id, struct job_row **out, size_t *count,
                      struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS
        "WHERE j.left_by = :runner_id AND j.state = 'queued' AND j.state <> 'done' ORDER BY +j.sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":runner_id", runner_id);
    return collect(&query, arena, out, count, err);
}

bool job_rows_of_claim(struct tx *tx, struct arena *arena, const char *claim_id, bool *found, struct job_row *out,
                       struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.claim_id = :claim_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":claim_id", claim_id);
    return one(&query, arena, found, out, err);
}

bool job_rows_count_queued(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT count(*) FROM jobs WHERE state = 'queued'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    if (query_next(&query))
        *out = query_column_integer(&query, 0);
    return query_done(&query, err);
}

static bool first_of_provider(struct tx *tx, struct arena *arena, const char *runner_id, const char *provider,
                              bool *found, struct job_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.state = 'queued' AND j.held = 0 AND j.provider = :provider "
                              "AND (j.cancel = 'none' OR j.left_by IS NULL OR j.left_by = :runner_id) "
                              "ORDER BY j.sequence LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":runner_id", runner_id);
    query_text(&query, ":provider", provider);
    return one(&query, arena, found, out, err);
}

bool job_rows_first_queued(struct tx *tx, struct arena *arena, const char *runner_id, const char *const *providers,
                           size_t provider_count, bool *found, struct job_row *out, struct err *err) {
    struct job_row first = {0};
    bool any = false;
    for (size_t i = 0; i < provider_count; i++) {
        struct job_row row;
        bool there = false;
        if (!first_of_provider(tx, arena, runner_id, providers[i], &there, &row, err))
            return false;
        if (there && (!any || row.sequence < first.sequence)) {
            first = row;
            any = true;
        }
    }
    *found = any;
    if (any)
        *out = first;
    return true;
}

bool job_rows_expired(struct tx *tx, struct arena *arena, int64_t now_boot_ms, struct job_row **out, size_t *count,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.state IN ('offered', 'running') "
                              "AND j.deadline_boot_ms <= :now ORDER BY j.deadline_boot_ms, j.sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", now_boot_ms);
    return collect(&query, arena, out, count, err);
}

bool job_rows_first_held(struct tx *tx, struct arena *arena, const char *project, bool *found, struct job_row *out,
                         struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.state = 'queued' AND j.held = 1 AND j.project = :project "
                              "ORDER BY j.sequence LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":project", project);
    return one(&query, arena, found, out, err);
}

bool job_rows_count_in_work(struct tx *tx, const char *project, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT count(*) FROM jobs WHERE project = :project AND state <> 'done' AND held = 0";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":project", project);
    if (query_next(&query))
        *out = query_column_integer(&query, 0);
    return query_done(&query, err);
}

bool job_rows_overdue(struct tx *tx, struct arena *arena, int64_t now_ms, struct job_row **out, size_t *count,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE j.state = 'queued' AND j.queued_until_ms <= :now "
                              "ORDER BY j.queued_until_ms, j.sequence";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", now_ms);
    return collect(&query, arena, out, count, err);
}

bool job_rows_next_overdue(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] =
        "SELECT min(queued_until_ms) FROM jobs WHERE state = 'queued' AND queued_until_ms IS NOT NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

bool job_rows_next_deadline(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT min(deadline_boot_ms) FROM jobs WHERE state IN ('offered', 'running')";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}
