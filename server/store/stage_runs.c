/*
 * Stage runs. The lock of a stage is the unique index on those that hold it.
 */
#include "server/store/stage_runs.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "id, execution_id, pipeline_id, stage_index, name, status, holds_lock, run_order, started_ms, updated_ms, "        \
    "ended_ms, phase, condition_id, auto_retries, manual_retries, retry_trigger FROM stage_runs "

static struct stage_run_row stage_run_from_row(struct query *query, struct arena *arena) {
    return (struct stage_run_row){
        .id = query_column_integer(query, 0),
        .execution_id = query_column_integer(query, 1),
        .pipeline_id = query_column_integer(query, 2),
        .stage_index = (int)query_column_integer(query, 3),
        .name = query_column_text(query, arena, 4),
        .status = (enum stage_status)query_column_state(query, &stage_statuses, 5),
        .holds_lock = query_column_integer(query, 6) != 0,
        .run_order = (int)query_column_integer(query, 7),
        .started_ms = query_column_integer(query, 8),
        .updated_ms = query_column_integer(query, 9),
        .ended_ms = query_column_integer(query, 10),
        .phase = (enum stage_phase)query_column_state(query, &stage_phases, 11),
        .condition_id = query_column_integer(query, 12),
        .auto_retries = (int)query_column_integer(query, 13),
        .manual_retries = (int)query_column_integer(query, 14),
        .retry_trigger = query_column_is_null(query, 15)
                             ? RETRY_AUTOMATED
                             : (enum retry_trigger)query_column_state(query, &retry_triggers, 15),
    };
}

bool stage_runs_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct stage_run_row **out,
                     size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE execution_id = :execution_id ORDER BY stage_index";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    struct stage_run_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = stage_run_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool stage_runs_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct stage_run_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    if (query_next(&query)) {
        *out = stage_run_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "no such stage execution");
}

bool stage_runs_get(struct tx *tx, struct arena *arena, int64_t execution_id, int stage_index, bool *found,
                    struct stage_run_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE execution_id = :execution_id AND stage_index = :stage_index";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_integer(&query, ":stage_index", stage_index);
    *found = query_next(&query);
    if (*found)
        *out = stage_run_from_row(&query, arena);
    return query_done(&query, err);
}

static bool find(struct tx *tx, const char *sql, struct arena *arena, int64_t pipeline_id, const char *name,
                 bool *found, struct stage_run_row *out, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":name", name);
    *found = query_next(&query);
    if (*found)
        *out = stage_run_from_row(&query, arena);
    return query_done(&query, err);
}

bool stage_runs_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *name, bool *found,
                       struct stage_run_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE pipeline_id = :pipeline_id AND name = :name AND (SELECT mode FROM executions e "
        "WHERE e.id = execution_id) <> 'PARALLEL' ORDER BY id DESC LIMIT 1";
    return find(tx, sql, arena, pipeline_id, name, found, out, err);
}

bool stage_runs_is_newest(struct tx *tx, const struct stage_run_row *run, bool *out, struct err *err) {
    static const char sql[] =
        "SELECT 1 FROM stage_runs s JOIN executions e ON e.id = s.execution_id WHERE s.pipeline_id = :pipeline_id "
        "AND s.name = :name AND s.id > :id AND e.mode <> 'PARALLEL' LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", run->pipeline_id);
    query_text(&query, ":name", run->name);
    query_integer(&query, ":id", run->id);
    *out = !query_next(&query);
    return query_done(&query, err);
}

bool stage_runs_add(struct tx *tx, const struct stage_run_row *row, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO stage_runs (execution_id, pipeline_id, stage_index, name, status, holds_lock, phase, started_ms, "
        "updated_ms) VALUES (:execution_id, :pipeline_id, :stage_index, :name, :status, :holds_lock, :phase, :now, "
        ":now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", row->execution_id);
    query_integer(&query, ":pipeline_id", row->pipeline_id);
    query_integer(&query, ":stage_index", row->stage_index);
    query_text(&query, ":name", row->name);
    query_state(&query, ":status", &stage_statuses, (int)row->status);
    query_integer(&query, ":holds_lock", row->holds_lock);
    query_state(&query, ":phase", &stage_phases, (int)row->phase);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool stage_runs_set_status(struct tx *tx, int64_t id, enum stage_status from, enum stage_status to, struct err *err) {
    static const char sql[] =
        "UPDATE stage_runs SET status = :to, updated_ms = :now, ended_ms = CASE WHEN :end THEN :now END, "
        "holds_lock = CASE WHEN :end THEN 0 ELSE holds_lock END WHERE id = :id AND status = :from";
    if (!state_may_follow(&stage_statuses, (int)from, (int)to))
        return err_set(err, ERR_INTERNAL, "a stage cannot become %s from %s", stage_status_name(to),
                       stage_status_name(from));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &stage_statuses, (int)from);
    query_state(&query, ":to", &stage_statuses, (int)to);
    query_integer(&query, ":end", state_is_end(&stage_statuses, (int)to));
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the stage", err);
}

bool stage_runs_set_phase(struct tx *tx, int64_t id, enum stage_phase from, enum stage_phase to, struct err *err) {
    static const char sql[] = "UPDATE stage_runs SET phase = :to, condition_id = NULL, updated_ms = :now "
                              "WHERE id = :id AND phase = :from AND ended_ms IS NULL";
    if (!state_may_follow(&stage_phases, (int)from, (int)to))
        return err_set(err, ERR_INTERNAL, "a stage's phase cannot become '%s' from '%s'",
                       state_name(&stage_phases, (int)to), state_name(&stage_phases, (int)from));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &stage_phases, (int)from);
    query_state(&query, ":to", &stage_phases, (int)to);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the stage", err);
}

bool stage_runs_set_condition(struct tx *tx, int64_t id, int64_t condition_id, struct err *err) {
    static const char sql[] = "UPDATE stage_runs SET condition_id = :condition_id, updated_ms = :now "
                              "WHERE id = :id AND condition_id IS NULL AND ended_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":condition_id", condition_id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the stage", err);
}

bool stage_runs_retry(struct tx *tx, const struct stage_run_row *run, const struct stage_retry *retry,
                      struct err *err) {
    static const char sql[] =
        "UPDATE stage_runs SET status = 'InProgress', ended_ms = NULL, holds_lock = :holds_lock, phase = :phase, "
        "condition_id = NULL, run_order = CASE WHEN :all THEN 0 ELSE run_order END, "
        "auto_retries = auto_retries + (:trigger = 'AutomatedStageRetry'), "
        "manual_retries = manual_retries + (:trigger = 'ManualStageRetry'), retry_trigger = :trigger, "
        "updated_ms = :now WHERE id = :id AND status = :from";
    if (run->status != STAGE_IN_PROGRESS && !state_may_follow(&stage_statuses, (int)run->status, STAGE_IN_PROGRESS))
        return err_set(err, ERR_INTERNAL, "a stage that is %s cannot go on", stage_status_name(run->status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", run->id);
    query_state(&query, ":from", &stage_statuses, (int)run->status);
    query_integer(&query, ":all", retry->all);
    query_integer(&query, ":holds_lock", retry->holds_lock);
    query_state(&query, ":phase", &stage_phases, (int)retry->phase);
    query_state(&query, ":trigger", &retry_triggers, (int)retry->trigger);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the stage", err);
}

bool stage_runs_set_run_order(struct tx *tx, int64_t id, int run_order, struct err *err) {
    static const char sql[] = "UPDATE stage_runs SET run_order = :run_order, updated_ms = :now "
                              "WHERE id = :id AND run_order < :run_order AND ended_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":run_order", run_order);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the stage", err);
}
