/*
 * Claims on deploy targets.
 */
#include "server/store/target_claims.h"

#include "server/store/query.h"

bool target_claims_add(struct tx *tx, int64_t action_run_id, const char *target, struct err *err) {
    static const char sql[] = "INSERT INTO target_claims (action_run_id, target) VALUES (:action_run_id, :target) "
                              "ON CONFLICT (target, action_run_id) DO NOTHING";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":target", target);
    return query_run(&query, err);
}

bool target_claims_drop(struct tx *tx, int64_t action_run_id, struct err *err) {
    static const char sql[] = "DELETE FROM target_claims WHERE action_run_id = :action_run_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return query_run(&query, err);
}

bool target_claims_before(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, int64_t *out,
                          const char **target, struct err *err) {
    static const char sql[] =
        "SELECT a.id, c.target FROM target_claims mine JOIN target_claims c ON c.target = mine.target "
        "JOIN action_runs a ON a.id = c.action_run_id WHERE mine.action_run_id = :action_run_id "
        "AND a.id <> :action_run_id AND a.status = 'InProgress' AND (a.holds_target = 1 OR a.id < :action_run_id) "
        "ORDER BY a.holds_target DESC, a.id LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    *found = query_next(&query);
    if (*found) {
        *out = query_column_integer(&query, 0);
        *target = query_column_text(&query, arena, 1);
    }
    return query_done(&query, err);
}

bool target_claims_behind(struct tx *tx, struct arena *arena, int64_t action_run_id, int64_t **out, size_t *count,
                          struct err *err) {
    static const char sql[] =
        "SELECT DISTINCT a.id FROM target_claims mine JOIN target_claims c ON c.target = mine.target "
        "JOIN action_runs a ON a.id = c.action_run_id WHERE mine.action_run_id = :action_run_id "
        "AND a.id <> :action_run_id AND a.status = 'InProgress' AND a.holds_target = 0 ORDER BY a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
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
