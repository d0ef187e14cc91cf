/*
 * Test cases.
 */
#include "server/store/report_cases.h"

#include "server/store/query.h"

bool report_cases_add(struct tx *tx, int64_t report_id, const struct report_case_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO report_test_cases (report_id, position, status, name, prefix, suite, duration_ns, message, "
        "raw_path) VALUES (:report_id, :position, :status, :name, :prefix, :suite, :duration_ns, :message, :raw_path)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":report_id", report_id);
    query_integer(&query, ":position", row->position);
    query_text(&query, ":status", row->status);
    query_text(&query, ":name", row->name);
    query_text(&query, ":prefix", row->prefix);
    query_text(&query, ":suite", row->suite);
    query_integer(&query, ":duration_ns", row->duration_ns);
    query_text(&query, ":message", row->message);
    query_text(&query, ":raw_path", row->raw_path);
    return query_run(&query, err);
}

static struct report_case_row case_from_row(struct query *query, struct arena *arena) {
    return (struct report_case_row){
        .position = query_column_integer(query, 0),
        .status = query_column_text(query, arena, 1),
        .name = query_column_text(query, arena, 2),
        .prefix = query_column_text(query, arena, 3),
        .suite = query_column_text(query, arena, 4),
        .duration_ns = query_column_integer(query, 5),
        .message = query_column_text(query, arena, 6),
        .raw_path = query_column_text(query, arena, 7),
    };
}

bool report_cases_list(struct tx *tx, struct arena *arena, int64_t report_id, const char *status, const char *keyword,
                       int64_t past, size_t limit, struct report_case_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT position, status, name, prefix, suite, duration_ns, message, raw_path FROM report_test_cases "
        "WHERE report_id = :report_id AND position > :past AND (:status IS NULL OR status = :status) "
        "AND (:keyword IS NULL OR instr(name, :keyword) > 0 OR instr(coalesce(prefix, ''), :keyword) > 0) "
        "ORDER BY position LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":report_id", report_id);
    query_text(&query, ":status", status);
    query_text(&query, ":keyword", keyword);
    query_integer(&query, ":past", past);
    query_integer(&query, ":limit", (int64_t)limit);
    struct report_case_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = case_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}
