/*
 * Runners and join tokens.
 */
#include "server/store/runners.h"

#include "common/json.h"
#include "server/store/events.h"
#include "server/store/query.h"

#define COLUMNS "id, name, version, instance_id, created_ms, seen_ms FROM runners "
#define SEEN_EACH_MS 20000

static struct runner_row runner_from_row(struct query *query, struct arena *arena) {
    return (struct runner_row){
        .id = query_column_text(query, arena, 0),
        .name = query_column_text(query, arena, 1),
        .version = query_column_text(query, arena, 2),
        .instance_id = query_column_text(query, arena, 3),
        .created_ms = query_column_integer(query, 4),
        .seen_ms = query_column_integer(query, 5),
    };
}

static bool one(struct query *query, struct arena *arena, struct runner_row *out, struct err *err) {
    if (query_next(query)) {
        *out = runner_from_row(query, arena);
        return true;
    }
    return query_done(query, err) && err_set(err, ERR_NOT_FOUND, "no such runner");
}

bool runners_find(struct tx *tx, struct arena *arena, const uint8_t token_hash[SHA256_BYTES], struct runner_row *out,
                  struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE token_hash = :hash AND removed_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", token_hash, SHA256_BYTES);
    return one(&query, arena, out, err);
}

bool runners_get(struct tx *tx, struct arena *arena, const char *id, struct runner_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE id = :id AND removed_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    return one(&query, arena, out, err);
}

bool runners_list(struct tx *tx, struct arena *arena, struct runner_row **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE removed_ms IS NULL ORDER BY name, id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    struct runner_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = runner_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool runners_count_online(struct tx *tx, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT count(*) FROM runners WHERE removed_ms IS NULL AND seen_ms > :since";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":since", clock_wall_ms(tx_clock(tx)) - RUNNER_ONLINE_MS);
    if (query_next(&query))
        *out = query_column_integer(&query, 0);
    return query_done(&query, err);
}

static bool tell(struct tx *tx, const char *id, const char *status, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *detail = json_object(&arena);
    json_set_text(&arena, detail, "runnerId", id);
    const struct event_row event = {.type = "runner", .status = status, .detail = json_print(&arena, detail)};
    return events_add(tx, &event, err);
}

bool runners_add(struct tx *tx, const struct runner_row *runner, const uint8_t token_hash[SHA256_BYTES],
                 struct err *err) {
    static const char sql[] = "INSERT INTO runners (id, name, token_hash, version, created_ms, seen_ms) "
                              "VALUES (:id, :name, :hash, :version, :now, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", runner->id);
    query_text(&query, ":name", runner->name);
    query_bytes(&query, ":hash", token_hash, SHA256_BYTES);
    query_text(&query, ":version", runner->version);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err) && tell(tx, runner->id, "joined", err);
}

bool runners_seen(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "UPDATE runners SET seen_ms = :now WHERE id = :id AND removed_ms IS NULL "
                              "AND (seen_ms <= :now - :each OR seen_ms > :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":each", SEEN_EACH_MS);
    return query_run(&query, err);
}

bool runners_set_instance(struct tx *tx, const char *id, const char *instance_id, const char *version,
                          struct err *err) {
    static const char sql[] = "UPDATE runners SET instance_id = :instance_id, version = :version, seen_ms = :now "
                              "WHERE id = :id AND removed_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_text(&query, ":instance_id", instance_id);
    query_text(&query, ":version", version);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the runner", err) && tell(tx, id, "started", err);
}

bool runners_remove(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "UPDATE runners SET removed_ms = :now WHERE id = :id AND removed_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    if (changes == 0)
        return err_set(err, ERR_NOT_FOUND, "no runner with id '%s'", id);
    return tell(tx, id, "removed", err);
}

static bool drop_expired(struct tx *tx, struct err *err) {
    static const char sql[] = "DELETE FROM join_tokens WHERE expires_ms <= :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool join_tokens_add(struct tx *tx, const uint8_t hash[SHA256_BYTES], int64_t expires_ms, const char *by,
                     struct err *err) {
    static const char sql[] = "INSERT INTO join_tokens (hash, created_ms, expires_ms, created_by) "
                              "VALUES (:hash, :now, :expires, :by)";
    if (!drop_expired(tx, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":expires", expires_ms);
    query_text(&query, ":by", by);
    return query_run(&query, err);
}

bool join_tokens_spend(struct tx *tx, const uint8_t hash[SHA256_BYTES], struct err *err) {
    static const char sql[] = "UPDATE join_tokens SET used_ms = :now "
                              "WHERE hash = :hash AND used_ms IS NULL AND expires_ms > :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set(err, ERR_DENIED,
                                   "the join token is unknown, used or expired; make a new one with "
                                   "'penstock join'");
}
