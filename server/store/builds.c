/*
 * CodeBuild builds.
 */
#include "server/store/builds.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "b.id, b.uuid, b.project, b.number, b.status, b.document, b.state, b.initiator, b.idempotency_token, "             \
    "b.action_run_id, CASE WHEN b.batch_id IS NULL THEN coalesce(a.uuid, b.uuid) ELSE b.uuid END, b.started_ms, "      \
    "b.ended_ms, b.branch, b.retry_of, b.retry_number, b.retry_limit, "                                                \
    "(SELECT p.uuid FROM builds p WHERE p.id = b.retry_of), "                                                          \
    "(SELECT n.uuid FROM builds n WHERE n.retry_of = b.id), "                                                          \
    "b.batch_id, (SELECT t.uuid FROM batches t WHERE t.id = b.batch_id), b.batch_identifier "                          \
    "FROM builds b LEFT JOIN action_runs a ON a.id = b.action_run_id "

static struct build_row build_from_row(struct query *query, struct arena *arena) {
    return (struct build_row){
        .id = query_column_integer(query, 0),
        .uuid = query_column_text(query, arena, 1),
        .project = query_column_text(query, arena, 2),
        .number = query_column_integer(query, 3),
        .status = (enum build_status)query_column_state(query, &build_statuses, 4),
        .document = query_column_text(query, arena, 5),
        .state = query_column_text(query, arena, 6),
        .initiator = query_column_text(query, arena, 7),
        .idempotency_token = query_column_text(query, arena, 8),
        .action_run_id = query_column_integer(query, 9),
        .log_id = query_column_text(query, arena, 10),
        .started_ms = query_column_integer(query, 11),
        .ended_ms = query_column_integer(query, 12),
        .branch = query_column_text(query, arena, 13),
        .retry_of = query_column_integer(query, 14),
        .retry_number = (int)query_column_integer(query, 15),
        .retry_limit = (int)query_column_integer(query, 16),
        .previous_uuid = query_column_text(query, arena, 17),
        .next_uuid = query_column_text(query, arena, 18),
        .batch_id = query_column_integer(query, 19),
        .batch_uuid = query_column_text(query, arena, 20),
        .batch_identifier = query_column_text(query, arena, 21),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct build_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = build_from_row(query, arena);
    return query_done(query, err);
}

static bool collect(struct query *query, struct arena *arena, struct build_row **out, size_t *count, struct err *err) {
    struct build_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = build_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool builds_get(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct build_row *out,
                struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE b.uuid = :uuid AND b.project = :project AND b.deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", uuid);
    query_text(&query, ":project", project);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no build '%s:%s'", project, uuid);
}

bool builds_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct build_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no such build");
}

bool builds_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct build_row *out,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.action_run_id = :action_run_id AND b.deleted_ms IS NULL "
                              "AND b.batch_id IS NULL "
                              "ORDER BY b.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool builds_find_idempotent(struct tx *tx, struct arena *arena, const char *project, const char *idempotency_token,
                            int64_t since_ms, bool *found, struct build_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.project = :project AND b.idempotency_token = :token "
                              "AND b.started_ms > :since ORDER BY b.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":project", project);
    query_text(&query, ":token", idempotency_token);
    query_integer(&query, ":since", since_ms);
    return one(&query, arena, found, out, err);
}

/* One text for each combination: SQLite chooses its index when it compiles, so "NULL means all" would read everything.
 */
static const char *list_sql(const char *project, bool oldest_first) {
    static const char oldest_of_project[] =
        "SELECT " COLUMNS
        "WHERE b.project = :project AND b.id > :past AND b.deleted_ms IS NULL ORDER BY b.id LIMIT :limit";
    static const char newest_of_project[] =
        "SELECT " COLUMNS
        "WHERE b.project = :project AND b.id < :past AND b.deleted_ms IS NULL ORDER BY b.id DESC LIMIT :limit";
    static const char oldest[] =
        "SELECT " COLUMNS "WHERE b.id > :past AND b.deleted_ms IS NULL ORDER BY b.id LIMIT :limit";
    static const char newest[] =
        "SELECT " COLUMNS "WHERE b.id < :past AND b.deleted_ms IS NULL ORDER BY b.id DESC LIMIT :limit";
    if (project)
        return oldest_first ? oldest_of_project : newest_of_project;
    return oldest_first ? oldest : newest;
}

bool builds_list(struct tx *tx, struct arena *arena, const char *project, bool oldest_first, int64_t past, size_t limit,
                 struct build_row **out, size_t *count, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, list_sql(project, oldest_first));
    if (project)
        query_text(&query, ":project", project);
    query_integer(&query, ":past", past || oldest_first ? past : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    return collect(&query, arena, out, count, err);
}

bool builds_of_batch(struct tx *tx, struct arena *arena, int64_t batch_id, struct build_row **out, size_t *count,
                     struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.batch_id = :batch_id ORDER BY b.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":batch_id", batch_id);
    return collect(&query, arena, out, count, err);
}

bool builds_newest(struct tx *tx, struct arena *arena, const char *project, const char *branch, bool *found,
                   struct build_row *out, struct err *err) {
    static const char any[] =
        "SELECT " COLUMNS
        "WHERE b.project = :project AND b.deleted_ms IS NULL AND b.batch_id IS NULL ORDER BY b.id DESC LIMIT 1";
    static const char of_branch[] = "SELECT " COLUMNS "WHERE b.project = :project AND b.branch = :branch "
                                    "AND b.deleted_ms IS NULL AND b.batch_id IS NULL ORDER BY b.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, branch ? of_branch : any);
    query_text(&query, ":project", project);
    if (branch)
        query_text(&query, ":branch", branch);
    return one(&query, arena, found, out, err);
}

bool builds_add(struct tx *tx, const struct build_row *row, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO builds (uuid, project, number, status, document, state, initiator, idempotency_token, "
        "action_run_id, started_ms, branch, retry_of, retry_number, retry_limit, batch_id, batch_identifier) "
        "VALUES (:uuid, :project, :number, "
        "'IN_PROGRESS', :document, :state, :initiator, :idempotency_token, :action_run_id, :now, :branch, :retry_of, "
        ":retry_number, :retry_limit, :batch_id, :batch_identifier)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", row->uuid);
    query_text(&query, ":project", row->project);
    query_integer(&query, ":number", row->number);
    query_text(&query, ":document", row->document);
    query_text(&query, ":state", row->state);
    query_text(&query, ":initiator", row->initiator);
    query_text(&query, ":idempotency_token", row->idempotency_token);
    query_integer_or_null(&query, ":action_run_id", row->action_run_id, 0);
    query_text(&query, ":branch", row->branch);
    query_integer_or_null(&query, ":retry_of", row->retry_of, 0);
    query_integer(&query, ":retry_number", row->retry_number);
    query_integer(&query, ":retry_limit", row->retry_limit);
    query_integer_or_null(&query, ":batch_id", row->batch_id, 0);
    query_text(&query, ":batch_identifier", row->batch_identifier);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool builds_set_state(struct tx *tx, int64_t id, const char *state, struct err *err) {
    static const char sql[] = "UPDATE builds SET state = :state WHERE id = :id AND status = 'IN_PROGRESS'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":state", state);
    return query_run_one(&query, "the build", err);
}

bool builds_end(struct tx *tx, int64_t id, enum build_status status, const char *state, struct err *err) {
    static const char sql[] =
        "UPDATE builds SET status = :to, state = :state, ended_ms = :now WHERE id = :id AND status = 'IN_PROGRESS'";
    if (!state_may_follow(&build_statuses, BUILD_IN_PROGRESS, (int)status))
        return err_set(err, ERR_INTERNAL, "a build cannot become %s", build_status_name(status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":to", &build_statuses, (int)status);
    query_text(&query, ":state", state);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the build", err);
}

bool builds_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE builds SET deleted_ms = :now, document = '{}', state = '{}' "
                              "WHERE id = :id AND status <> 'IN_PROGRESS' AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the build", err);
}

bool builds_set_retry_limit(struct tx *tx, int64_t id, int limit, struct err *err) {
    static const char sql[] = "UPDATE builds SET retry_limit = :limit WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":limit", limit);
    return query_run_one(&query, "the build", err);
}
