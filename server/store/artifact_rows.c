/*
 * Which artifact is which bytes.
 */
#include "server/store/artifact_rows.h"

#include "server/store/query.h"

#define COLUMNS "f.job_id, f.name, f.execution_id, f.sha256, f.size_bytes, f.created_ms FROM artifacts f "

static struct artifact_row artifact_from_row(struct query *query, struct arena *arena) {
    return (struct artifact_row){
        .job_id = query_column_text(query, arena, 0),
        .name = query_column_text(query, arena, 1),
        .execution_id = query_column_integer(query, 2),
        .sha256 = query_column_text(query, arena, 3),
        .size_bytes = query_column_integer(query, 4),
        .created_ms = query_column_integer(query, 5),
    };
}

bool artifact_rows_of_job(struct tx *tx, struct arena *arena, const char *job_id, struct artifact_row **out,
                          size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE f.job_id = :job_id ORDER BY f.name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":job_id", job_id);
    struct artifact_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = artifact_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool artifact_rows_find(struct tx *tx, struct arena *arena, int64_t execution_id, const char *name, bool *found,
                        struct artifact_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "JOIN jobs j ON j.id = f.job_id JOIN action_runs a ON a.id = j.action_run_id "
        "WHERE f.execution_id = :execution_id AND f.name = :name AND a.status = 'Succeeded' "
        "ORDER BY a.id DESC LIMIT 1";
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
