/*
 * What deploys are doing and did.
 */
#include "server/store/deployments.h"

#include "server/store/query.h"

bool deployments_put(struct tx *tx, int64_t action_run_id, const char *document, struct err *err) {
    static const char sql[] = "INSERT INTO deployments (action_run_id, document, updated_ms) "
                              "VALUES (:action_run_id, :document, :now) ON CONFLICT (action_run_id) DO UPDATE "
                              "SET document = excluded.document, updated_ms = excluded.updated_ms";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    query_text(&query, ":document", document);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool deployments_get(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct deployment_row *out,
                     struct err *err) {
    static const char sql[] = "SELECT document, updated_ms FROM deployments WHERE action_run_id = :action_run_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    *found = query_next(&query);
    if (*found)
        *out = (struct deployment_row){.document = query_column_text(&query, arena, 0),
                                       .updated_ms = query_column_integer(&query, 1)};
    return query_done(&query, err);
}

/* The first column of the first row, or NULL. */
static bool one_text(struct query *query, struct arena *arena, const char **out, struct err *err) {
    const char *text = query_next(query) ? query_column_text(query, arena, 0) : NULL;
    if (!query_done(query, err))
        return false;
    *out = text;
    return true;
}

bool deployments_cause(struct tx *tx, struct arena *arena, int64_t action_run_id, const char **out, struct err *err) {
    static const char sql[] =
        "SELECT json_extract(document, '$.cause') FROM deployments WHERE action_run_id = :action_run_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one_text(&query, arena, out, err);
}

bool deployments_of_execution(struct tx *tx, struct arena *arena, int64_t execution_id, const char *stage,
                              const char *action, const char **out, struct err *err) {
    static const char sql[] =
        "SELECT d.document FROM action_runs a JOIN deployments d ON d.action_run_id = a.id "
        "WHERE a.execution_id = :execution_id AND a.stage = :stage AND a.action = :action AND a.condition_id IS NULL "
        "AND a.status = 'Succeeded' ORDER BY a.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_text(&query, ":stage", stage);
    query_text(&query, ":action", action);
    return one_text(&query, arena, out, err);
}
