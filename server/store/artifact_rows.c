/*
 * Which artifact is which bytes.
 */
#include "server/store/artifact_rows.h"

#include "server/store/query.h"

#define BY_RUNNERS                                                                                                     \
    "SELECT f.job_id, f.name, f.execution_id, f.sha256, f.size_bytes, f.created_ms, j.action_run_id "                  \
    "FROM artifacts f JOIN jobs j ON j.id = f.job_id "
#define BY_WORKERS                                                                                                     \
    "SELECT NULL, f.name, f.execution_id, f.sha256, f.size_bytes, f.created_ms, f.action_run_id "                      \
    "FROM worker_artifacts f "

static struct artifact_row artifact_from_row(struct query *query, struct arena *arena) {
    return (struct artifact_row){
        .job_id = query_column_text(query, arena, 0),
        .name = query_column_text(query, arena, 1),
        .execution_id = query_column_integer(query, 2),
        .sha256 = query_column_text(query, arena, 3),
        .size_bytes = query_column_integer(query, 4),
        .created_ms = query_column_integer(query, 5),
        .action_run_id = query_column_integer(query, 6),
    };
}

static bool collect(struct query *query, struct arena *arena, struct artifact_row **out, size_t *count,
                    struct err *err) {
    struct artifact_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = artifact_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool artifact_rows_of_job(struct tx *tx, struct arena *arena, const char *job_id, struct artifact_row **out,
                          size_t *count, struct err *err) {
    static const char sql[] = BY_RUNNERS "WHERE f.job_id = :job_id ORDER BY f.name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":job_id", job_id);
    return collect(&query, arena, out, count, err);
}

bool artifact_rows_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, struct artifact_row **out,
                             size_t *count, struct err *err) {
    static const char sql[] = BY_WORKERS "WHERE f.action_run_id = :action_run_id ORDER BY f.name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return collect(&query, arena, out, count, err);
}

bool artifact_rows_find(struct tx *tx, struct arena *arena, int64_t execution_id, const char *name, bool *found,
                        struct artifact_row *out, struct err *err) {
#define OF_EXECUTION                                                                                                   \
    "WHERE f.name = :name AND f.execution_id IN (:execution_id, "                                                      \
    "(SELECT rollback_of FROM executions WHERE id = :execution_id)) "
    static const char sql[] = "SELECT f.* FROM (" BY_RUNNERS OF_EXECUTION "UNION ALL " BY_WORKERS OF_EXECUTION
                              ") f JOIN action_runs a ON a.id = f.action_run_id WHERE a.status = 'Succeeded' "
                              "ORDER BY f.execution_id = :execution_id DESC, a.id DESC LIMIT 1";
#undef OF_EXECUTION
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_text(&query, ":name", name);
    *found = query_next(&query);
    if (*found)
        *out = artifact_from_row(&query, arena);
    return query_done(&query, err);
}

bool artifact_rows_put(struct tx *tx, const struct artifact_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO artifacts (job_id, name, execution_id, sha256, size_bytes, created_ms) "
        "VALUES (:job_id, :name, :execution_id, :sha256, :size_bytes, :now) ON CONFLICT (job_id, name) DO UPDATE "
        "SET sha256 = excluded.sha256, size_bytes = excluded.size_bytes, created_ms = excluded.created_ms";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":job_id", row->job_id);
    query_text(&query, ":name", row->name);
    query_integer_or_null(&query, ":execution_id", row->execution_id, 0);
    query_text(&query, ":sha256", row->sha256);
    query_integer(&query, ":size_bytes", row->size_bytes);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool artifact_rows_put_of_worker(struct tx *tx, const struct artifact_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO worker_artifacts (action_run_id, name, execution_id, sha256, size_bytes, created_ms) "
        "VALUES (:action_run_id, :name, :execution_id, :sha256, :size_bytes, :now) "
        "ON CONFLICT (action_run_id, name) DO UPDATE "
        "SET sha256 = excluded.sha256, size_bytes = excluded.size_bytes, created_ms = excluded.created_ms";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", row->action_run_id);
    query_text(&query, ":name", row->name);
    query_integer(&query, ":execution_id", row->execution_id);
    query_text(&query, ":sha256", row->sha256);
    query_integer(&query, ":size_bytes", row->size_bytes);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool artifact_place_find(struct tx *tx, struct arena *arena, int64_t action_run_id, const char *name, const char **key,
                         struct err *err) {
    static const char sql[] =
        "SELECT object_key FROM artifact_places WHERE action_run_id = :action_run_id AND name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":name", name);
    const char *found = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_done(&query, err))
        return false;
    *key = found;
    return true;
}

bool artifact_place_add(struct tx *tx, int64_t action_run_id, const char *name, const char *key, struct err *err) {
    static const char sql[] = "INSERT INTO artifact_places (object_key, action_run_id, name) "
                              "VALUES (:object_key, :action_run_id, :name)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":name", name);
    query_text(&query, ":object_key", key);
    return query_run(&query, err);
}
