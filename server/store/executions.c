/*
 * Pipeline executions.
 */
#include "server/store/executions.h"

#include "server/store/pipelines.h"
#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "e.id, e.uuid, e.pipeline_id, p.name, e.number, e.version, e.mode, e.status, e.summary, e.place, e.stage_index, "  \
    "e.stop_mode, e.stop_reason, e.stopped_by, e.trigger_type, e.trigger_detail, e.started_by, "                       \
    "e.client_request_token, e.started_ms, e.updated_ms, e.ended_ms, e.type, e.rollback_of "                           \
    "FROM executions e JOIN pipelines p ON p.id = e.pipeline_id "

static struct execution_row execution_from_row(struct query *query, struct arena *arena) {
    return (struct execution_row){
        .id = query_column_integer(query, 0),
        .uuid = query_column_text(query, arena, 1),
        .pipeline_id = query_column_integer(query, 2),
        .pipeline = query_column_text(query, arena, 3),
        .number = query_column_integer(query, 4),
        .version = query_column_integer(query, 5),
        .mode = (enum execution_mode)query_column_state(query, &execution_modes, 6),
        .status = (enum execution_status)query_column_state(query, &execution_statuses, 7),
        .summary = query_column_text(query, arena, 8),
        .place = (enum execution_place)query_column_state(query, &execution_places, 9),
        .stage_index = (int)query_column_integer(query, 10),
        .stop_mode = (enum stop_mode)query_column_state(query, &stop_modes, 11),
        .stop_reason = query_column_text(query, arena, 12),
        .stopped_by = query_column_text(query, arena, 13),
        .trigger_type = query_column_text(query, arena, 14),
        .trigger_detail = query_column_text(query, arena, 15),
        .started_by = query_column_text(query, arena, 16),
        .client_request_token = query_column_text(query, arena, 17),
        .started_ms = query_column_integer(query, 18),
        .updated_ms = query_column_integer(query, 19),
        .ended_ms = query_column_integer(query, 20),
        .type = (enum execution_type)query_column_state(query, &execution_types, 21),
        .rollback_of = query_column_integer(query, 22),
    };
}

static bool no_execution(struct err *err, const char *uuid) {
    return err_set_code(err, ERR_NOT_FOUND, "PipelineExecutionNotFoundException",
                        "the pipeline has no execution with id '%s'", uuid);
}

bool executions_get(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *uuid,
                    struct execution_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE e.uuid = :uuid AND e.pipeline_id = :pipeline_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", uuid);
    query_integer(&query, ":pipeline_id", pipeline_id);
    if (query_next(&query)) {
        *out = execution_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && no_execution(err, uuid);
}

bool executions_find(struct tx *tx, struct arena *arena, const char *pipeline, const char *uuid,
                     struct execution_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE e.uuid = :uuid AND p.name = :pipeline";
    {
        struct query query CLEANUP(query_close) = query_open(tx, sql);
        query_text(&query, ":uuid", uuid);
        query_text(&query, ":pipeline", pipeline);
        if (query_next(&query)) {
            *out = execution_from_row(&query, arena);
            return true;
        }
        if (!query_done(&query, err))
            return false;
    }
    struct pipeline_row row;
    return pipelines_get(tx, arena, pipeline, &row, err) && no_execution(err, uuid);
}

bool executions_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct execution_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE e.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    if (query_next(&query)) {
        *out = execution_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && no_execution(err, "(gone)");
}

static bool collect(struct query *query, struct arena *arena, struct execution_row **out, size_t *count,
                    struct err *err) {
    struct execution_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = execution_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool executions_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                     struct execution_row **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE e.pipeline_id = :pipeline_id AND e.number < :before "
                              "ORDER BY e.number DESC LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_integer(&query, ":before", before ? before : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    return collect(&query, arena, out, count, err);
}

bool executions_list_succeeded(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage,
                               int64_t before, size_t limit, struct execution_row **out, size_t *count,
                               struct err *err) {
    /* Ids of a pipeline's executions grow as their numbers do, and the index on what succeeded has them. */
    static const char sql[] =
        "SELECT " COLUMNS "JOIN stage_runs s ON s.execution_id = e.id WHERE s.pipeline_id = :pipeline_id "
        "AND s.name = :stage AND s.status = 'Succeeded' AND s.execution_id < :before "
        "ORDER BY s.execution_id DESC LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_integer(&query, ":before", before ? before : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    return collect(&query, arena, out, count, err);
}

bool executions_succeeded_uuids(struct tx *tx, struct arena *arena, int64_t pipeline_id, size_t limit,
                                const char *const **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT uuid FROM executions WHERE pipeline_id = :pipeline_id AND status = 'Succeeded' "
                              "ORDER BY number DESC LIMIT :limit";
    const char **uuids = arena_array(arena, const char *, limit);
    size_t found = 0;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_integer(&query, ":limit", (int64_t)limit);
    while (found < limit && query_next(&query))
        uuids[found++] = query_column_text(&query, arena, 0);
    *out = uuids;
    *count = found;
    return query_done(&query, err);
}

bool executions_find_rollback_target(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                                     const char *stage, int64_t before, bool *found, struct execution_row *out,
                                     struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "JOIN stage_runs s ON s.execution_id = e.id WHERE s.pipeline_id = :pipeline_id "
        "AND s.name = :stage AND s.status = 'Succeeded' AND s.execution_id < :before AND e.type = 'STANDARD' "
        "ORDER BY s.execution_id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_integer(&query, ":before", before);
    struct execution_row newest;
    /* Versions only grow: where the newest ran an older one, so did all before it. */
    bool fits = query_next(&query);
    if (fits) {
        newest = execution_from_row(&query, arena);
        fits = newest.version == version;
    }
    if (!query_done(&query, err))
        return false;
    *found = fits;
    if (fits)
        *out = newest;
    return true;
}

bool executions_newest_start(struct tx *tx, int64_t pipeline_id, int64_t *number, struct err *err) {
    static const char sql[] = "SELECT number FROM executions WHERE pipeline_id = :pipeline_id AND type = 'STANDARD' "
                              "ORDER BY number DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    *number = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

bool executions_active(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct execution_row **out,
                       size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE e.pipeline_id = :pipeline_id AND e.place <> 'ended' ORDER BY e.number";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    return collect(&query, arena, out, count, err);
}

bool executions_add(struct tx *tx, const struct execution_row *row, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO executions (uuid, pipeline_id, number, version, mode, type, rollback_of, status, place, "
        "stage_index, trigger_type, trigger_detail, started_by, client_request_token, started_ms, updated_ms) VALUES "
        "(:uuid, :pipeline_id, :number, :version, :mode, :type, :rollback_of, :status, :place, :stage_index, "
        ":trigger_type, :trigger_detail, :started_by, :client_request_token, :now, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", row->uuid);
    query_integer(&query, ":pipeline_id", row->pipeline_id);
    query_integer(&query, ":number", row->number);
    query_integer(&query, ":version", row->version);
    query_state(&query, ":mode", &execution_modes, (int)row->mode);
    query_state(&query, ":type", &execution_types, (int)row->type);
    query_integer_or_null(&query, ":rollback_of", row->rollback_of, 0);
    query_state(&query, ":status", &execution_statuses, (int)row->status);
    query_state(&query, ":place", &execution_places, (int)row->place);
    query_integer(&query, ":stage_index", row->stage_index);
    query_text(&query, ":trigger_type", row->trigger_type);
    query_text(&query, ":trigger_detail", row->trigger_detail);
    query_text(&query, ":started_by", row->started_by);
    query_text(&query, ":client_request_token", row->client_request_token);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool executions_find_token(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *client_request_token,
                           bool *found, struct execution_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE e.pipeline_id = :pipeline_id AND e.client_request_token = :token";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":token", client_request_token);
    *found = query_next(&query);
    if (*found)
        *out = execution_from_row(&query, arena);
    return query_done(&query, err);
}

bool executions_set_status(struct tx *tx, int64_t id, enum execution_status from, enum execution_status to,
                           const char *summary, struct err *err) {
    static const char sql[] =
        "UPDATE executions SET status = :to, summary = coalesce(:summary, summary), updated_ms = :now, "
        "place = CASE WHEN :end THEN 'ended' ELSE place END, ended_ms = CASE WHEN :end THEN :now END "
        "WHERE id = :id AND status = :from";
    if (!state_may_follow(&execution_statuses, (int)from, (int)to))
        return err_set(err, ERR_INTERNAL, "an execution cannot become %s from %s", execution_status_name(to),
                       execution_status_name(from));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &execution_statuses, (int)from);
    query_state(&query, ":to", &execution_statuses, (int)to);
    query_text(&query, ":summary", summary);
    query_integer(&query, ":end", execution_has_ended(to));
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the execution", err);
}

bool executions_set_place(struct tx *tx, int64_t id, enum execution_place place, int stage_index, struct err *err) {
    static const char sql[] = "UPDATE executions SET place = :to, stage_index = :stage_index, updated_ms = :now "
                              "WHERE id = :id AND place = :from";
    enum execution_place from = place == PLACE_INSIDE ? PLACE_WAITING : PLACE_INSIDE;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &execution_places, (int)from);
    query_state(&query, ":to", &execution_places, (int)place);
    query_integer(&query, ":stage_index", stage_index);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the execution", err);
}

bool executions_reopen(struct tx *tx, int64_t id, enum execution_status from, int stage_index, struct err *err) {
    static const char sql[] =
        "UPDATE executions SET status = 'InProgress', summary = NULL, place = 'inside', stage_index = :stage_index, "
        "stop_mode = 'none', stop_reason = NULL, stopped_by = NULL, updated_ms = :now, ended_ms = NULL "
        "WHERE id = :id AND status = :from AND place = 'ended'";
    if (!state_may_follow(&execution_statuses, (int)from, EXECUTION_IN_PROGRESS))
        return err_set(err, ERR_INTERNAL, "an execution that is %s cannot go on", execution_status_name(from));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &execution_statuses, (int)from);
    query_integer(&query, ":stage_index", stage_index);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the execution", err);
}

bool executions_set_stop(struct tx *tx, int64_t id, enum stop_mode from, enum stop_mode to, struct err *err) {
    static const char sql[] = "UPDATE executions SET stop_mode = :to, updated_ms = :now "
                              "WHERE id = :id AND stop_mode = :from AND place <> 'ended'";
    if (!state_may_follow(&stop_modes, (int)from, (int)to))
        return err_set(err, ERR_INTERNAL, "an execution's stop cannot become '%s' from '%s'",
                       state_name(&stop_modes, (int)to), state_name(&stop_modes, (int)from));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":from", &stop_modes, (int)from);
    query_state(&query, ":to", &stop_modes, (int)to);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the execution", err);
}

bool executions_note_stop(struct tx *tx, int64_t pipeline_id, int64_t id, const char *reason, const char *by,
                          struct err *err) {
    static const char sql[] =
        "UPDATE executions SET stop_reason = coalesce(:reason, stop_reason), stopped_by = coalesce(:by, stopped_by) "
        "WHERE pipeline_id = :pipeline_id AND place <> 'ended' AND (:id = 0 OR id = :id)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_integer(&query, ":id", id);
    query_text(&query, ":reason", reason);
    query_text(&query, ":by", by);
    return query_run(&query, err);
}
