/*
 * Transitions into stages.
 */
#include "server/store/stage_gates.h"

#include "server/store/query.h"

static struct stage_gate_row stage_gate_from_row(struct query *query, struct arena *arena) {
    return (struct stage_gate_row){
        .stage = query_column_text(query, arena, 0),
        .enabled = query_column_integer(query, 1) != 0,
        .reason = query_column_text(query, arena, 2),
        .changed_by = query_column_text(query, arena, 3),
        .changed_ms = query_column_integer(query, 4),
        .resume_after = query_column_integer(query, 5),
    };
}

bool stage_gates_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct stage_gate_row **out,
                      size_t *count, struct err *err) {
    static const char sql[] = "SELECT stage, enabled, reason, changed_by, changed_ms, resume_after FROM stage_gates "
                              "WHERE pipeline_id = :pipeline_id ORDER BY stage";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    struct stage_gate_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = stage_gate_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool stage_gates_put(struct tx *tx, int64_t pipeline_id, const struct stage_gate_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO stage_gates (pipeline_id, stage, enabled, reason, changed_by, changed_ms, resume_after) "
        "VALUES (:pipeline_id, :stage, :enabled, :reason, :changed_by, :changed_ms, :resume_after) "
        "ON CONFLICT (pipeline_id, stage) DO UPDATE SET enabled = excluded.enabled, reason = excluded.reason, "
        "changed_by = excluded.changed_by, changed_ms = excluded.changed_ms, resume_after = excluded.resume_after";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", row->stage);
    query_integer(&query, ":enabled", row->enabled);
    query_text(&query, ":reason", row->reason);
    query_text(&query, ":changed_by", row->changed_by);
    query_integer(&query, ":changed_ms", row->changed_ms);
    query_integer_or_null(&query, ":resume_after", row->resume_after, 0);
    return query_run(&query, err);
}

bool stage_gates_remove(struct tx *tx, int64_t pipeline_id, const char *stage, struct err *err) {
    static const char sql[] = "DELETE FROM stage_gates WHERE pipeline_id = :pipeline_id AND stage = :stage";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    return query_run(&query, err);
}
