/*
 * Which logs exist.
 */
#include "server/store/log_rows.h"

#include "server/store/query.h"
#include "server/wake.h"

#include <stdio.h>

bool log_rows_get(struct tx *tx, const char *id, bool *found, bool *closed, struct err *err) {
    static const char sql[] = "SELECT closed FROM logs WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    *found = query_next(&query);
    if (*found)
        *closed = query_column_integer(&query, 0) != 0;
    return query_done(&query, err);
}

bool log_rows_add(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "INSERT INTO logs (id, created_ms) VALUES (:id, :now) "
                              "ON CONFLICT DO UPDATE SET closed = 0";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool log_rows_close(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "UPDATE logs SET closed = 1 WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    char topic[WAKE_TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, WAKE_LOG, id);
    tx_wake(tx, topic);
    return query_run(&query, err);
}
