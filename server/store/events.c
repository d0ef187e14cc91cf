/*
 * The row of events.
 */
#include "server/store/events.h"

#include "server/store/query.h"
#include "server/wake.h"

bool events_list(struct tx *tx, struct arena *arena, int64_t after, size_t limit, struct event_row **out, size_t *count,
                 struct err *err) {
    static const char sql[] = "SELECT sequence, time_ms, type, pipeline, execution, stage, action, status, detail "
                              "FROM events WHERE sequence > :after ORDER BY sequence LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":after", after);
    query_integer(&query, ":limit", (int64_t)limit);
    struct event_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct event_row){
            .sequence = query_column_integer(&query, 0),
            .time_ms = query_column_integer(&query, 1),
            .type = query_column_text(&query, arena, 2),
            .pipeline = query_column_text(&query, arena, 3),
            .execution = query_column_text(&query, arena, 4),
            .stage = query_column_text(&query, arena, 5),
            .action = query_column_text(&query, arena, 6),
            .status = query_column_text(&query, arena, 7),
            .detail = query_column_text(&query, arena, 8),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool events_last(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT max(sequence) FROM events";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

bool events_add(struct tx *tx, const struct event_row *event, struct err *err) {
    static const char sql[] = "INSERT INTO events (time_ms, type, pipeline, execution, stage, action, status, detail) "
                              "VALUES (:now, :type, :pipeline, :execution, :stage, :action, :status, :detail)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_text(&query, ":type", event->type);
    query_text(&query, ":pipeline", event->pipeline);
    query_text(&query, ":execution", event->execution);
    query_text(&query, ":stage", event->stage);
    query_text(&query, ":action", event->action);
    query_text(&query, ":status", event->status);
    query_text(&query, ":detail", event->detail);
    tx_wake(tx, WAKE_EVENTS);
    return query_run(&query, err);
}
