/*
 * Batches. Their groups are in batch_groups.c.
 */
#include "server/store/batches.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "b.id, b.uuid, b.project, b.number, b.status, b.document, b.state, b.initiator, b.idempotency_token, "             \
    "b.action_run_id, b.fast_fail, b.stop, b.expires_ms, b.log, b.started_ms, b.ended_ms FROM batches b "

static struct batch_row batch_from_row(struct query *query, struct arena *arena) {
    return (struct batch_row){
        .id = query_column_integer(query, 0),
        .uuid = query_column_text(query, arena, 1),
        .project = query_column_text(query, arena, 2),
        .number = query_column_integer(query, 3),
        .status = (enum build_status)query_column_state(query, &batch_statuses, 4),
        .document = query_column_text(query, arena, 5),
        .state = query_column_text(query, arena, 6),
        .initiator = query_column_text(query, arena, 7),
        .idempotency_token = query_column_text(query, arena, 8),
        .action_run_id = query_column_integer(query, 9),
        .fast_fail = query_column_integer(query, 10) != 0,
        .stop = (enum batch_stop)query_column_state(query, &batch_stops, 11),
        .expires_ms = query_column_integer(query, 12),
        .log = query_column_text(query, arena, 13),
        .started_ms = query_column_integer(query, 14),
        .ended_ms = query_column_integer(query, 15),
    };
}

static bool one(struct query *query, struct arena *arena, bool *found, struct batch_row *out, struct err *err) {
    *found = query_next(query);
    if (*found)
        *out = batch_from_row(query, arena);
    return query_done(query, err);
}

bool batches_get(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct batch_row *out,
                 struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE b.uuid = :uuid AND b.project = :project AND b.deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", uuid);
    query_text(&query, ":project", project);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found ||
           err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no batch build '%s:%s'", project, uuid);
}

bool batches_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct batch_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    bool found = false;
    if (!one(&query, arena, &found, out, err))
        return false;
    return found || err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no such batch build");
}

bool batches_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found, struct batch_row *out,
                       struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.action_run_id = :action_run_id ORDER BY b.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":action_run_id", action_run_id);
    return one(&query, arena, found, out, err);
}

bool batches_find_idempotent(struct tx *tx, struct arena *arena, const char *project, const char *idempotency_token,
                             int64_t since_ms, bool *found, struct batch_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE b.project = :project AND b.idempotency_token = :token "
                              "AND b.started_ms > :since AND b.deleted_ms IS NULL ORDER BY b.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":project", project);
    query_text(&query, ":token", idempotency_token);
    query_integer(&query, ":since", since_ms);
    return one(&query, arena, found, out, err);
}

bool batches_log_of(struct tx *tx, struct arena *arena, const char *action_uuid, const char **text, struct err *err) {
    static const char sql[] =
        "SELECT b.log FROM action_runs a JOIN batches b ON b.action_run_id = a.id WHERE a.uuid = :uuid LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", action_uuid);
    *text = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    return query_done(&query, err);
}

/* ---- lists ---- */

#define SHOWN " AND b.deleted_ms IS NULL "
#define NEWEST "AND b.id < :past ORDER BY b.id DESC LIMIT :limit"
#define OLDEST "AND b.id > :past ORDER BY b.id LIMIT :limit"

/* One text for each combination: SQLite chooses its index when it compiles, so "NULL means all" would read everything.
 */
static const char *list_sql(const struct batch_listing *listing) {
    static const char texts[2][2][2][400] = {
        {{"SELECT " COLUMNS "WHERE b.deleted_ms IS NULL " NEWEST,
          "SELECT " COLUMNS "WHERE b.deleted_ms IS NULL " OLDEST},
         {"SELECT " COLUMNS "WHERE b.status = :status" SHOWN NEWEST,
          "SELECT " COLUMNS "WHERE b.status = :status" SHOWN OLDEST}},
        {{"SELECT " COLUMNS "WHERE b.project = :project" SHOWN NEWEST,
          "SELECT " COLUMNS "WHERE b.project = :project" SHOWN OLDEST},
         {"SELECT " COLUMNS "WHERE b.project = :project AND +b.status = :status" SHOWN NEWEST,
          "SELECT " COLUMNS "WHERE b.project = :project AND +b.status = :status" SHOWN OLDEST}},
    };
    return texts[listing->project != NULL][listing->status != NULL][listing->oldest_first];
}

bool batches_list(struct tx *tx, struct arena *arena, const struct batch_listing *listing, struct batch_row **out,
                  size_t *count, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, list_sql(listing));
    if (listing->project)
        query_text(&query, ":project", listing->project);
    if (listing->status)
        query_state(&query, ":status", &batch_statuses, (int)*listing->status);
    query_integer(&query, ":past", listing->past || listing->oldest_first ? listing->past : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)listing->limit);
    struct batch_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = batch_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool batches_expired(struct tx *tx, struct arena *arena, int64_t now_ms, int64_t **out, size_t *count,
                     struct err *err) {
    static const char sql[] =
        "SELECT id FROM batches WHERE status = 'IN_PROGRESS' AND expires_ms <= :now AND stop = 'none' "
        "ORDER BY expires_ms, id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", now_ms);
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

bool batches_next_expiry(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT min(expires_ms) FROM batches WHERE status = 'IN_PROGRESS' AND stop = 'none'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

/* ---- changes ---- */

bool batches_next_number(struct tx *tx, const char *project, int64_t *out, struct err *err) {
    static const char sql[] = "UPDATE projects SET last_batch = last_batch + 1 WHERE name = :name RETURNING last_batch";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", project);
    bool found = query_next(&query);
    if (found)
        *out = query_column_integer(&query, 0);
    return query_run(&query, err) &&
           (found || err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no project '%s'", project));
}

bool batches_add(struct tx *tx, const struct batch_row *row, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO batches (uuid, project, number, status, document, state, initiator, idempotency_token, "
        "action_run_id, expires_ms, started_ms) VALUES (:uuid, :project, :number, 'IN_PROGRESS', :document, :state, "
        ":initiator, :idempotency_token, :action_run_id, :expires, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", row->uuid);
    query_text(&query, ":project", row->project);
    query_integer(&query, ":number", row->number);
    query_text(&query, ":document", row->document);
    query_text(&query, ":state", row->state);
    query_text(&query, ":initiator", row->initiator);
    query_text(&query, ":idempotency_token", row->idempotency_token);
    query_integer_or_null(&query, ":action_run_id", row->action_run_id, 0);
    query_integer(&query, ":expires", row->expires_ms);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (!query_run(&query, err))
        return false;
    *id = query_last_id(&query);
    return true;
}

bool batches_set_state(struct tx *tx, int64_t id, const char *state, struct err *err) {
    static const char sql[] = "UPDATE batches SET state = :state WHERE id = :id AND status = 'IN_PROGRESS'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":state", state);
    return query_run_one(&query, "the batch", err);
}

bool batches_set_fast_fail(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE batches SET fast_fail = 1 WHERE id = :id AND status = 'IN_PROGRESS'";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run_one(&query, "the batch", err);
}

bool batches_set_stop(struct tx *tx, const struct batch_row *row, enum batch_stop stop, struct err *err) {
    static const char sql[] =
        "UPDATE batches SET stop = :to WHERE id = :id AND stop = :from AND status = 'IN_PROGRESS'";
    if (!state_may_follow(&batch_stops, (int)row->stop, (int)stop))
        return err_set(err, ERR_INTERNAL, "a batch cannot be stopped for that reason any more");
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", row->id);
    query_state(&query, ":from", &batch_stops, (int)row->stop);
    query_state(&query, ":to", &batch_stops, (int)stop);
    return query_run_one(&query, "the batch", err);
}

bool batches_add_log(struct tx *tx, int64_t id, const char *text, struct err *err) {
    static const char sql[] = "UPDATE batches SET log = log || :text WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":text", text);
    return query_run_one(&query, "the batch", err);
}

bool batches_end(struct tx *tx, int64_t id, enum build_status status, const char *state, struct err *err) {
    static const char sql[] =
        "UPDATE batches SET status = :to, state = :state, ended_ms = :now WHERE id = :id AND status = 'IN_PROGRESS'";
    if (!state_may_follow(&batch_statuses, BUILD_IN_PROGRESS, (int)status))
        return err_set(err, ERR_INTERNAL, "a batch cannot become %s", build_status_name(status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":to", &batch_statuses, (int)status);
    query_text(&query, ":state", state);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the batch", err);
}

bool batches_reopen(struct tx *tx, const struct batch_row *row, const char *state, int64_t expires_ms,
                    struct err *err) {
    static const char sql[] = "UPDATE batches SET status = 'IN_PROGRESS', stop = 'none', state = :state, "
                              "expires_ms = :expires, ended_ms = NULL WHERE id = :id AND status = :from";
    if (!state_may_follow(&batch_statuses, (int)row->status, BUILD_IN_PROGRESS))
        return err_set(err, ERR_INTERNAL, "a batch that is %s cannot go on", build_status_name(row->status));
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", row->id);
    query_state(&query, ":from", &batch_statuses, (int)row->status);
    query_text(&query, ":state", state);
    query_integer(&query, ":expires", expires_ms);
    return query_run_one(&query, "the batch", err);
}

bool batches_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE batches SET deleted_ms = :now, document = '{}', state = '{}', log = '' "
                              "WHERE id = :id AND status <> 'IN_PROGRESS' AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the batch", err);
}
