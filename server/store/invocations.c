/*
 * Calls that SDKs may repeat.
 */
#include "server/store/invocations.h"

#include "server/store/query.h"

#define KEPT_MS (60LL * 60 * 1000)

bool invocations_find(struct tx *tx, struct arena *arena, const char *who, const char *operation, const char *id,
                      bool *found, int *status, const char **answer, struct err *err) {
    static const char sql[] =
        "SELECT status, answer FROM invocations WHERE who = :who AND operation = :operation AND id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":who", who);
    query_text(&query, ":operation", operation);
    query_text(&query, ":id", id);
    *found = query_next(&query);
    if (*found) {
        *status = (int)query_column_integer(&query, 0);
        *answer = query_column_text(&query, arena, 1);
    }
    return query_done(&query, err);
}

static bool drop_old(struct tx *tx, int64_t now_ms, struct err *err) {
    static const char sql[] = "DELETE FROM invocations WHERE created_ms < :oldest";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":oldest", now_ms - KEPT_MS);
    return query_run(&query, err);
}

bool invocations_add(struct tx *tx, const char *who, const char *operation, const char *id, int status,
                     const char *answer, struct err *err) {
    static const char sql[] = "INSERT INTO invocations (id, operation, who, status, answer, created_ms) "
                              "VALUES (:id, :operation, :who, :status, :answer, :now)";
    int64_t now_ms = clock_wall_ms(tx_clock(tx));
    if (!drop_old(tx, now_ms, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_text(&query, ":operation", operation);
    query_text(&query, ":who", who);
    query_integer(&query, ":status", status);
    query_text(&query, ":answer", answer);
    query_integer(&query, ":now", now_ms);
    return query_run(&query, err);
}
