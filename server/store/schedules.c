/*
 * Rows of schedules.
 */
#include "server/store/schedules.h"

#include "server/store/query.h"
#include "server/wake.h"

#define COLUMNS                                                                                                        \
    "s.id, s.pipeline_id, p.name, s.name, s.expression, s.time_zone, s.enabled, s.origin, s.anchor_ms, s.next_ms, "    \
    "s.last_ms, s.created_ms, s.updated_ms FROM schedules s JOIN pipelines p ON p.id = s.pipeline_id "

static struct schedule_row schedule_from_row(struct query *query, struct arena *arena) {
    struct schedule_row row = {
        .id = query_column_integer(query, 0),
        .pipeline_id = query_column_integer(query, 1),
        .pipeline = query_column_text(query, arena, 2),
        .name = query_column_text(query, arena, 3),
        .expression = query_column_text(query, arena, 4),
        .time_zone = query_column_text(query, arena, 5),
        .enabled = query_column_integer(query, 6),
        .anchor_ms = query_column_integer(query, 8),
        .next_ms = query_column_integer(query, 9),
        .last_ms = query_column_integer(query, 10),
        .created_ms = query_column_integer(query, 11),
        .updated_ms = query_column_integer(query, 12),
    };
    (void)origin_parse(query_column_text(query, arena, 7), &row.origin);
    return row;
}

bool schedules_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct schedule_row **out, size_t *count,
                    struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE p.deleted_ms IS NULL AND (:pipeline_id = 0 OR s.pipeline_id = :pipeline_id) "
        "ORDER BY p.name, s.name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    struct schedule_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = schedule_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool schedules_find(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *name, bool *found,
                    struct schedule_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE s.pipeline_id = :pipeline_id AND s.name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":name", name);
    *found = query_next(&query);
    if (*found)
        *out = schedule_from_row(&query, arena);
    return query_done(&query, err);
}

bool schedules_get(struct tx *tx, struct arena *arena, int64_t id, bool *found, struct schedule_row *out,
                   struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE s.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    *found = query_next(&query);
    if (*found)
        *out = schedule_from_row(&query, arena);
    return query_done(&query, err);
}

bool schedules_due(struct tx *tx, struct arena *arena, int64_t wall_ms, int64_t **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT id FROM schedules WHERE enabled = 1 AND next_ms IS NOT NULL AND next_ms <= :now "
                              "ORDER BY next_ms, id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", wall_ms);
    int64_t *ids = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            ids = arena_grow(arena, ids, sizeof *ids, &capacity);
        ids[found++] = query_column_integer(&query, 0);
    }
    if (!query_done(&query, err))
        return false;
    *out = ids;
    *count = found;
    return true;
}

bool schedules_next_due(struct tx *tx, int64_t *wall_ms, struct err *err) {
    static const char sql[] = "SELECT min(next_ms) FROM schedules WHERE enabled = 1 AND next_ms IS NOT NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    int64_t next = query_next(&query) ? query_column_integer(&query, 0) : 0;
    if (!query_done(&query, err))
        return false;
    *wall_ms = next;
    return true;
}

bool schedules_put(struct tx *tx, const struct schedule_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO schedules (pipeline_id, name, expression, time_zone, enabled, origin, anchor_ms, next_ms, "
        "created_ms, updated_ms) VALUES (:pipeline_id, :name, :expression, :time_zone, :enabled, :origin, :anchor_ms, "
        ":next_ms, :now, :now) ON CONFLICT (pipeline_id, name) DO UPDATE SET expression = excluded.expression, "
        "time_zone = excluded.time_zone, enabled = excluded.enabled, origin = excluded.origin, "
        "anchor_ms = excluded.anchor_ms, next_ms = excluded.next_ms, updated_ms = excluded.updated_ms";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", row->pipeline_id);
    query_text(&query, ":name", row->name);
    query_text(&query, ":expression", row->expression);
    query_text(&query, ":time_zone", row->time_zone);
    query_integer(&query, ":enabled", row->enabled);
    query_text(&query, ":origin", origin_name(row->origin));
    query_integer(&query, ":anchor_ms", row->anchor_ms);
    query_integer_or_null(&query, ":next_ms", row->next_ms, 0);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    tx_wake(tx, WAKE_CLOCK);
    return query_run(&query, err);
}

bool schedules_set_times(struct tx *tx, const struct schedule_row *row, struct err *err) {
    static const char sql[] =
        "UPDATE schedules SET anchor_ms = :anchor_ms, next_ms = :next_ms, last_ms = :last_ms WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", row->id);
    query_integer(&query, ":anchor_ms", row->anchor_ms);
    query_integer_or_null(&query, ":next_ms", row->next_ms, 0);
    query_integer_or_null(&query, ":last_ms", row->last_ms, 0);
    tx_wake(tx, WAKE_CLOCK);
    return query_run_one(&query, "the schedule", err);
}

bool schedules_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM schedules WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    tx_wake(tx, WAKE_CLOCK);
    return query_run(&query, err);
}

bool schedules_delete_all(struct tx *tx, int64_t pipeline_id, struct err *err) {
    static const char sql[] = "DELETE FROM schedules WHERE pipeline_id = :pipeline_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    tx_wake(tx, WAKE_CLOCK);
    return query_run(&query, err);
}
