/*
 * Webhooks of repositories elsewhere, and their deliveries.
 */
#include "server/store/source_hooks.h"

#include "common/hash.h"
#include "server/store/query.h"

/* Not by number: a body that is sent again must still be known after a busy week. */
#define DELIVERIES_KEPT_MS (90LL * 24 * 3600 * 1000)

#define COLUMNS                                                                                                        \
    "h.id, h.provider, h.repository, h.clone_url, h.secret, h.clone_user_name, h.clone_password, h.created_ms, "       \
    "(SELECT max(d.received_ms) FROM deliveries d WHERE d.hook_id = h.id), h.fork_pull_requests "                      \
    "FROM source_hooks h "

static struct source_hook_row source_hook_from_row(struct query *query, struct arena *arena) {
    struct source_hook_row row = {
        .id = query_column_text(query, arena, 0),
        .provider = query_column_text(query, arena, 1),
        .repository = query_column_text(query, arena, 2),
        .clone_url = query_column_text(query, arena, 3),
        .clone_user_name = query_column_text(query, arena, 5),
        .created_ms = query_column_integer(query, 7),
        .last_delivery_ms = query_column_integer(query, 8),
        .fork_pull_requests = query_column_integer(query, 9),
    };
    row.secret = query_column_bytes(query, arena, 4, &row.secret_size);
    row.clone_password = query_column_bytes(query, arena, 6, &row.clone_password_size);
    return row;
}

bool source_hooks_get(struct tx *tx, struct arena *arena, const char *id, struct source_hook_row *out,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE h.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    if (query_next(&query)) {
        *out = source_hook_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "no such source hook");
}

bool source_hooks_find(struct tx *tx, struct arena *arena, const char *repository, bool *found,
                       struct source_hook_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE h.repository = :repository ORDER BY h.created_ms LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":repository", repository);
    *found = query_next(&query);
    if (*found)
        *out = source_hook_from_row(&query, arena);
    return query_done(&query, err);
}

bool source_hooks_list(struct tx *tx, struct arena *arena, struct source_hook_row **out, size_t *count,
                       struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "ORDER BY h.provider, h.repository";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    struct source_hook_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = source_hook_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool source_hooks_put(struct tx *tx, struct arena *arena, const struct source_hook_row *hook, const char **id,
                      struct err *err) {
    static const char sql[] =
        "INSERT INTO source_hooks (id, provider, repository, clone_url, secret, clone_user_name, clone_password, "
        "created_ms, fork_pull_requests) VALUES (:id, :provider, :repository, :clone_url, :secret, :clone_user_name, "
        ":clone_password, :now, :fork_pull_requests) ON CONFLICT (provider, repository) DO UPDATE SET "
        "clone_url = excluded.clone_url, secret = excluded.secret, clone_user_name = excluded.clone_user_name, "
        "clone_password = excluded.clone_password, fork_pull_requests = excluded.fork_pull_requests RETURNING id";
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", uuid);
    query_text(&query, ":provider", hook->provider);
    query_text(&query, ":repository", hook->repository);
    query_text(&query, ":clone_url", hook->clone_url);
    query_bytes(&query, ":secret", hook->secret, hook->secret_size);
    query_text(&query, ":clone_user_name", hook->clone_user_name);
    query_bytes(&query, ":clone_password", hook->clone_password, hook->clone_password_size);
    query_integer(&query, ":fork_pull_requests", hook->fork_pull_requests);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    const char *given = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_run(&query, err))
        return false;
    *id = given;
    return true;
}

bool source_hooks_delete(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "DELETE FROM source_hooks WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set(err, ERR_NOT_FOUND, "no source hook with id '%s'", id);
}

bool deliveries_find(struct tx *tx, struct arena *arena, const char *hook_id, const char *delivery_id, bool *found,
                     int *status, const char **answer, struct err *err) {
    static const char sql[] =
        "SELECT status, answer FROM deliveries WHERE hook_id = :hook_id AND delivery_id = :delivery_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":hook_id", hook_id);
    query_text(&query, ":delivery_id", delivery_id);
    *found = query_next(&query);
    if (*found) {
        *status = (int)query_column_integer(&query, 0);
        *answer = query_column_text(&query, arena, 1);
    }
    return query_done(&query, err);
}

static bool drop_oldest(struct tx *tx, const char *hook_id, struct err *err) {
    static const char sql[] = "DELETE FROM deliveries WHERE hook_id = :hook_id AND received_ms < :oldest";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":hook_id", hook_id);
    query_integer(&query, ":oldest", clock_wall_ms(tx_clock(tx)) - DELIVERIES_KEPT_MS);
    return query_run(&query, err);
}

bool deliveries_add(struct tx *tx, const char *hook_id, const char *delivery_id, int status, const char *answer,
                    struct err *err) {
    static const char sql[] = "INSERT INTO deliveries (hook_id, delivery_id, received_ms, status, answer) "
                              "VALUES (:hook_id, :delivery_id, :now, :status, :answer)";
    if (!drop_oldest(tx, hook_id, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":hook_id", hook_id);
    query_text(&query, ":delivery_id", delivery_id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":status", status);
    query_text(&query, ":answer", answer);
    return query_run(&query, err);
}
