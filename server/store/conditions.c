/*
 * Conditions of stages.
 */
#include "server/store/conditions.h"

#include "server/store/query.h"

#define COLUMNS "id, stage_run_id, kind, result, status, summary, started_ms, updated_ms, ended_ms FROM conditions "

static struct condition_row condition_from_row(struct query *query, struct arena *arena) {
    return (struct condition_row){
        .id = query_column_integer(query, 0),
        .stage_run_id = query_column_integer(query, 1),
        .kind = (enum condition_kind)query_column_state(query, &condition_kinds, 2),
        .result = (enum condition_result)query_column_state(query, &condition_results, 3),
        .status = (enum condition_status)query_column_state(query, &condition_statuses, 4),
        .summary = query_column_text(query, arena, 5),
        .started_ms = query_column_integer(query, 6),
        .updated_ms = query_column_integer(query, 7),
        .ended_ms = query_column_integer(query, 8),
    };
}

bool conditions_get(struct tx *tx, struct arena *arena, int64_t id, struct condition_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    if (query_next(&query)) {
        *out = condition_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "no such condition");
}

bool conditions_latest(struct tx *tx, struct arena *arena, int64_t stage_run_id, enum condition_kind kind, bool *found,
                       struct condition_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE stage_run_id = :stage_run_id AND kind = :kind ORDER BY id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":stage_run_id", stage_run_id);
    query_state(&query, ":kind", &condition_kinds, (int)kind);
    *found = query_next(&query);
    if (*found)
        *out = condition_from_row(&query, arena);
    return query_done(&query, err);
}

bool conditions_add(struct tx *tx, int64_t stage_run_id, enum condition_kind kind, enum condition_result result,
                    int64_t *id, struct err *err) {
    static const char sql[] = "INSERT INTO conditions (stage_run_id, kind, result, status, started_ms, updated_ms) "
                              "VALUES (:stage_run_id, :kind, :result, 'InProgress', :now, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":stage_run_id", stage_run_id);
    query_state(&query, ":kind", &condition_kinds, (int)kind);
    query_state(&query, ":result", &condition_results, (int)result);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool conditions_end(struct tx *tx, int64_t id, enum condition_status status, const char *summary, struct err *err) {
    static const char sql[] = "UPDATE conditions SET status = :to, summary = :summary, updated_ms = :now, "
                              "ended_ms = :now WHERE id = :id AND status = 'InProgress'";
    if (!state_may_follow(&condition_statuses, CONDITION_IN_PROGRESS, (int)status))
        return err_set(err, ERR_INTERNAL, "a condition cannot become %s", state_name(&condition_statuses, (int)status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":to", &condition_statuses, (int)status);
    query_text(&query, ":summary", summary);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the condition", err);
}
