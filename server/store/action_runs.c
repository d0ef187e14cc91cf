/*
 * The runs of actions: reading them.
 */
#include "server/store/action_runs.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "a.id, a.uuid, a.execution_id, e.uuid, e.version, a.stage_run_id, a.pipeline_id, p.name, a.stage, a.action, "      \
    "a.category, a.provider, a.run_order, a.variable_namespace, a.status, a.configuration, a.inputs, a.outputs, "      \
    "a.summary, a.approval_token, a.expires_ms, a.external_id, a.external_url, a.error_code, a.error_message, "        \
    "a.updated_by, a.percent, a.started_ms, a.updated_ms, a.ended_ms, a.owner, a.type_version, a.condition_id, "       \
    "c.kind, a.commands, a.environment, a.output_variables, a.output_files, a.target, a.holds_target, a.look_ms, "     \
    "a.role_arn, a.region "                                                                                            \
    "FROM action_runs a JOIN executions e ON e.id = a.execution_id JOIN pipelines p ON p.id = a.pipeline_id "          \
    "LEFT JOIN conditions c ON c.id = a.condition_id "

static struct action_run_row action_run_from_row(struct query *query, struct arena *arena) {
    return (struct action_run_row){
        .id = query_column_integer(query, 0),
        .uuid = query_column_text(query, arena, 1),
        .execution_id = query_column_integer(query, 2),
        .execution = query_column_text(query, arena, 3),
        .version = query_column_integer(query, 4),
        .stage_run_id = query_column_integer(query, 5),
        .pipeline_id = query_column_integer(query, 6),
        .pipeline = query_column_text(query, arena, 7),
        .stage = query_column_text(query, arena, 8),
        .action = query_column_text(query, arena, 9),
        .category = query_column_text(query, arena, 10),
        .provider = query_column_text(query, arena, 11),
        .run_order = (int)query_column_integer(query, 12),
        .variable_namespace = query_column_text(query, arena, 13),
        .status = (enum action_status)query_column_state(query, &action_statuses, 14),
        .configuration = query_column_text(query, arena, 15),
        .inputs = query_column_text(query, arena, 16),
        .outputs = query_column_text(query, arena, 17),
        .summary = query_column_text(query, arena, 18),
        .approval_token = query_column_text(query, arena, 19),
        .expires_ms = query_column_integer(query, 20),
        .external_id = query_column_text(query, arena, 21),
        .external_url = query_column_text(query, arena, 22),
        .error_code = query_column_text(query, arena, 23),
        .error_message = query_column_text(query, arena, 24),
        .updated_by = query_column_text(query, arena, 25),
        .percent = query_column_is_null(query, 26) ? -1 : (int)query_column_integer(query, 26),
        .started_ms = query_column_integer(query, 27),
        .updated_ms = query_column_integer(query, 28),
        .ended_ms = query_column_integer(query, 29),
        .owner = query_column_text(query, arena, 30),
        .type_version = query_column_text(query, arena, 31),
        .condition_id = query_column_integer(query, 32),
        .condition = query_column_text(query, arena, 33),
        .commands = query_column_text(query, arena, 34),
        .environment = query_column_text(query, arena, 35),
        .output_variable_names = query_column_text(query, arena, 36),
        .output_files = query_column_text(query, arena, 37),
        .target = query_column_text(query, arena, 38),
        .holds_target = query_column_integer(query, 39) != 0,
        .look_ms = query_column_integer(query, 40),
        .role_arn = query_column_text(query, arena, 41),
        .region = query_column_text(query, arena, 42),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct action_run_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = action_run_from_row(query, arena);
    return query_done(query, err);
}

static bool collect(struct query *query, struct arena *arena, struct action_run_row **out, size_t *count,
                    struct err *err) {
    struct action_run_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = action_run_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool action_runs_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct action_run_row *out,
                           struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set(err, ERR_NOT_FOUND, "no such action execution");
}

bool action_runs_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct action_run_row **out,
                      size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE a.execution_id = :execution_id AND a.condition_id IS NULL ORDER BY a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    return collect(&query, arena, out, count, err);
}

bool action_runs_list_stage(struct tx *tx, struct arena *arena, int64_t stage_run_id, struct action_run_row **out,
                            size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.stage_run_id = :stage_run_id AND a.condition_id IS NULL "
                              "AND a.set_aside = 0 ORDER BY a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":stage_run_id", stage_run_id);
    return collect(&query, arena, out, count, err);
}

bool action_runs_list_pipeline(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                               struct action_run_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE a.pipeline_id = :pipeline_id AND a.id < :before AND a.condition_id IS NULL "
        "ORDER BY a.id DESC LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_integer(&query, ":before", before ? before : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    return collect(&query, arena, out, count, err);
}

bool action_runs_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, const char *action,
                        bool *found, struct action_run_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.pipeline_id = :pipeline_id AND a.stage = :stage "
                              "AND a.action = :action AND a.condition_id IS NULL AND e.mode <> 'PARALLEL' "
                              "ORDER BY a.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_text(&query, ":action", action);
    return one(&query, arena, found, out, err);
}

bool action_runs_find_token(struct tx *tx, struct arena *arena, const char *approval_token, bool *found,
                            struct action_run_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.approval_token = :token";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":token", approval_token);
    return one(&query, arena, found, out, err);
}

bool action_runs_pending_approvals(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct action_run_row **out,
                                   size_t *count, struct err *err) {
    /* The index on expires_ms holds approvals (and rules) under way and nothing else: they all expire. With the '+'
     * they are sorted; else SQLite would go through all actions that ever ran, in their order. */
    static const char sql[] =
        "SELECT " COLUMNS "WHERE a.id IN ("
        "SELECT id FROM action_runs WHERE status = 'InProgress' AND expires_ms IS NOT NULL "
        "AND approval_token IS NOT NULL UNION SELECT action_run_id FROM pauses WHERE state = 'Waiting') "
        "AND (:pipeline_id = 0 OR a.pipeline_id = :pipeline_id) AND p.deleted_ms IS NULL ORDER BY +a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    return collect(&query, arena, out, count, err);
}

bool action_runs_list_condition(struct tx *tx, struct arena *arena, int64_t condition_id, struct action_run_row **out,
                                size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.condition_id = :condition_id ORDER BY a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":condition_id", condition_id);
    return collect(&query, arena, out, count, err);
}

static bool page(struct tx *tx, const char *sql, struct arena *arena, int64_t owner_id, int64_t before, size_t limit,
                 struct action_run_row **out, size_t *count, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":owner_id", owner_id);
    query_integer(&query, ":before", before ? before : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    return collect(&query, arena, out, count, err);
}

/* No later run of the same action, or rule of the same kind of condition, in the execution's same stage. */
#define NEWEST                                                                                                         \
    "AND NOT EXISTS (SELECT 1 FROM action_runs b WHERE b.stage_run_id = a.stage_run_id AND b.id > a.id "               \
    "AND b.action = a.action AND (SELECT kind FROM conditions WHERE id = b.condition_id) IS c.kind) "

bool action_runs_list_execution(struct tx *tx, struct arena *arena, int64_t execution_id, bool newest, int64_t before,
                                size_t limit, struct action_run_row **out, size_t *count, struct err *err) {
    static const char all[] =
        "SELECT " COLUMNS "WHERE a.execution_id = :owner_id AND a.id < :before AND a.condition_id IS NULL "
        "ORDER BY a.id DESC LIMIT :limit";
    static const char newest_ones[] = "SELECT " COLUMNS "WHERE a.execution_id = :owner_id AND a.id < :before "
                                      "AND a.condition_id IS NULL " NEWEST "ORDER BY a.id DESC LIMIT :limit";
    return page(tx, newest ? newest_ones : all, arena, execution_id, before, limit, out, count, err);
}

bool action_runs_list_rules(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                            struct action_run_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE a.pipeline_id = :owner_id AND a.id < :before AND a.condition_id IS NOT NULL "
        "ORDER BY a.id DESC LIMIT :limit";
    return page(tx, sql, arena, pipeline_id, before, limit, out, count, err);
}

bool action_runs_list_rules_of(struct tx *tx, struct arena *arena, int64_t execution_id, bool newest, int64_t before,
                               size_t limit, struct action_run_row **out, size_t *count, struct err *err) {
    static const char all[] =
        "SELECT " COLUMNS "WHERE a.execution_id = :owner_id AND a.id < :before AND a.condition_id IS NOT NULL "
        "ORDER BY a.id DESC LIMIT :limit";
    static const char newest_ones[] = "SELECT " COLUMNS "WHERE a.execution_id = :owner_id AND a.id < :before "
                                      "AND a.condition_id IS NOT NULL " NEWEST "ORDER BY a.id DESC LIMIT :limit";
    return page(tx, newest ? newest_ones : all, arena, execution_id, before, limit, out, count, err);
}

bool action_runs_find(struct tx *tx, struct arena *arena, const char *uuid, bool *found, struct action_run_row *out,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE a.uuid = :uuid";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", uuid);
    return one(&query, arena, found, out, err);
}

bool action_runs_expired(struct tx *tx, struct arena *arena, int64_t now_ms, struct action_run_row **out, size_t *count,
                         struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE a.id IN ("
        "SELECT id FROM action_runs WHERE status = 'InProgress' AND expires_ms <= :now UNION "
        "SELECT id FROM action_runs WHERE status = 'InProgress' AND look_ms <= :now) ORDER BY a.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", now_ms);
    return collect(&query, arena, out, count, err);
}

bool action_runs_next_expiry(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] =
        "SELECT min(moment) FROM ("
        "SELECT min(expires_ms) AS moment FROM action_runs WHERE status = 'InProgress' AND expires_ms IS NOT NULL "
        "UNION ALL "
        "SELECT min(look_ms) FROM action_runs WHERE status = 'InProgress' AND look_ms IS NOT NULL)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

bool action_runs_variables(struct tx *tx, struct arena *arena, int64_t action_run_id, struct output_variable **out,
                           size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT name, value FROM output_variables WHERE action_run_id = :action_run_id ORDER BY name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    struct output_variable *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct output_variable){
            .name = query_column_text(&query, arena, 0),
            .value = query_column_text(&query, arena, 1),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool action_runs_find_variable(struct tx *tx, struct arena *arena, int64_t execution_id, const char *variable_namespace,
                               const char *name, const char **out, struct err *err) {
    static const char sql[] =
        "SELECT o.value FROM action_runs a JOIN output_variables o ON o.action_run_id = a.id AND o.name = :name "
        "WHERE a.execution_id IN (:execution_id, (SELECT rollback_of FROM executions WHERE id = :execution_id)) "
        "AND a.variable_namespace = :namespace AND a.status = 'Succeeded' "
        "ORDER BY a.execution_id = :execution_id DESC, a.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_text(&query, ":namespace", variable_namespace);
    query_text(&query, ":name", name);
    const char *value = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_done(&query, err))
        return false;
    *out = value;
    return true;
}
