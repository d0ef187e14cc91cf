/*
 * The jobs of job workers.
 */
#include "server/store/worker_jobs.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "w.id, w.action_run_id, w.category, w.provider, w.version, w.query_value, w.state, w.nonce, "                      \
    "w.continuation_token, w.offered_until_boot_ms, w.expires_ms, w.created_ms, w.ended_ms FROM worker_jobs w "

static struct worker_job_row worker_job_from_row(struct query *query, struct arena *arena) {
    return (struct worker_job_row){
        .id = query_column_text(query, arena, 0),
        .action_run_id = query_column_integer(query, 1),
        .category = query_column_text(query, arena, 2),
        .provider = query_column_text(query, arena, 3),
        .version = query_column_text(query, arena, 4),
        .query_value = query_column_text(query, arena, 5),
        .state = (enum worker_job_state)query_column_state(query, &worker_job_states, 6),
        .nonce = query_column_text(query, arena, 7),
        .continuation_token = query_column_text(query, arena, 8),
        .offered_until_boot_ms = query_column_integer(query, 9),
        .expires_ms = query_column_integer(query, 10),
        .created_ms = query_column_integer(query, 11),
        .ended_ms = query_column_integer(query, 12),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct worker_job_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = worker_job_from_row(query, arena);
    return query_done(query, err);
}

/* ---- reading ---- */

bool worker_jobs_get(struct tx *tx, struct arena *arena, const char *id, struct worker_job_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE w.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set_code(err, ERR_NOT_FOUND, "JobNotFoundException", "there is no job with the id '%s'", id);
}

bool worker_jobs_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found,
                           struct worker_job_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE w.action_run_id = :action_run_id AND w.ended_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool worker_jobs_queued(struct tx *tx, struct arena *arena, const struct worker_job_row *type, const char *query_value,
                        size_t limit, struct worker_job_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE w.state = 'Queued' AND w.category = :category AND w.provider = :provider "
        "AND w.version = :version AND (:query_value IS NULL OR w.query_value = :query_value) "
        "ORDER BY w.created_ms, w.action_run_id LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":category", type->category);
    query_text(&query, ":provider", type->provider);
    query_text(&query, ":version", type->version);
    query_text(&query, ":query_value", query_value);
    query_integer(&query, ":limit", (int64_t)limit);
    struct worker_job_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = worker_job_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool worker_jobs_due(struct tx *tx, struct arena *arena, int64_t boot_ms, int64_t wall_ms, const char *const **out,
                     size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT id FROM worker_jobs WHERE state = 'Dispatched' AND offered_until_boot_ms <= :boot "
        "UNION SELECT id FROM worker_jobs WHERE ended_ms IS NULL AND expires_ms <= :wall";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":boot", boot_ms);
    query_integer(&query, ":wall", wall_ms);
    const char **ids = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            ids = arena_grow(arena, ids, sizeof *ids, &capacity);
        ids[found++] = query_column_text(&query, arena, 0);
    }
    if (!query_done(&query, err))
        return false;
    *out = ids;
    *count = found;
    return true;
}

bool worker_jobs_next_due(struct tx *tx, int64_t *boot_ms, int64_t *wall_ms, struct err *err) {
    static const char sql[] = "SELECT (SELECT min(offered_until_boot_ms) FROM worker_jobs WHERE state = 'Dispatched'), "
                              "(SELECT min(expires_ms) FROM worker_jobs WHERE ended_ms IS NULL)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    if (query_next(&query)) {
        *boot_ms = query_column_integer(&query, 0);
        *wall_ms = query_column_integer(&query, 1);
    }
    return query_done(&query, err);
}

/* ---- writing ---- */

bool worker_jobs_add(struct tx *tx, const struct worker_job_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO worker_jobs (id, action_run_id, category, provider, version, query_value, state, "
        "continuation_token, expires_ms, created_ms, updated_ms) VALUES (:id, :action_run_id, :category, :provider, "
        ":version, :query_value, 'Queued', :continuation_token, :expires_ms, :now, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", row->id);
    query_integer(&query, ":action_run_id", row->action_run_id);
    query_text(&query, ":category", row->category);
    query_text(&query, ":provider", row->provider);
    query_text(&query, ":version", row->version);
    query_text(&query, ":query_value", row->query_value);
    query_text(&query, ":continuation_token", row->continuation_token);
    query_integer(&query, ":expires_ms", row->expires_ms);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

static bool move_allowed(const struct worker_job_row *job, enum worker_job_state to, struct err *err) {
    if (state_may_follow(&worker_job_states, (int)job->state, (int)to))
        return true;
    return err_set(err, ERR_INTERNAL, "a job worker's job cannot become %s from %s",
                   state_name(&worker_job_states, (int)to), state_name(&worker_job_states, (int)job->state));
}

static struct query open_change(struct tx *tx, const char *sql, const struct worker_job_row *job) {
    struct query query = query_open(tx, sql);
    query_text(&query, ":id", job->id);
    query_state(&query, ":state", &worker_job_states, (int)job->state);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query;
}

bool worker_jobs_offer(struct tx *tx, const struct worker_job_row *job, const char *nonce, int64_t until_boot_ms,
                       struct err *err) {
    static const char sql[] =
        "UPDATE worker_jobs SET state = 'Dispatched', nonce = :nonce, offered_until_boot_ms = :until, "
        "updated_ms = :now WHERE id = :id AND state = :state";
    if (!move_allowed(job, WORKER_JOB_DISPATCHED, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_text(&query, ":nonce", nonce);
    query_integer(&query, ":until", until_boot_ms);
    return query_run_one(&query, "the job", err);
}

bool worker_jobs_begin(struct tx *tx, const struct worker_job_row *job, struct err *err) {
    static const char sql[] = "UPDATE worker_jobs SET state = 'InProgress', offered_until_boot_ms = NULL, "
                              "updated_ms = :now WHERE id = :id AND state = :state";
    if (!move_allowed(job, WORKER_JOB_IN_PROGRESS, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    return query_run_one(&query, "the job", err);
}

bool worker_jobs_take_back(struct tx *tx, const struct worker_job_row *job, struct err *err) {
    static const char sql[] = "UPDATE worker_jobs SET state = 'Queued', nonce = NULL, offered_until_boot_ms = NULL, "
                              "updated_ms = :now WHERE id = :id AND state = :state";
    if (!move_allowed(job, WORKER_JOB_QUEUED, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    return query_run_one(&query, "the job", err);
}

bool worker_jobs_end(struct tx *tx, const struct worker_job_row *job, enum worker_job_state state, struct err *err) {
    static const char sql[] = "UPDATE worker_jobs SET state = :to, offered_until_boot_ms = NULL, updated_ms = :now, "
                              "ended_ms = :now WHERE id = :id AND state = :state";
    if (!move_allowed(job, state, err))
        return false;
    struct query query CLEANUP(query_close) = open_change(tx, sql, job);
    query_state(&query, ":to", &worker_job_states, (int)state);
    return query_run_one(&query, "the job", err);
}

bool worker_jobs_extend_offers(struct tx *tx, int64_t until_boot_ms, struct err *err) {
    static const char sql[] = "UPDATE worker_jobs SET offered_until_boot_ms = :until WHERE state = 'Dispatched'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":until", until_boot_ms);
    return query_run(&query, err);
}
