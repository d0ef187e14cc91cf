/*
 * Access keys and git tokens.
 */
#include "server/store/access_keys.h"

#include "server/store/query.h"

#define KEY_COLUMNS "id, user_name, secret, created_ms, used_ms FROM access_keys "
#define TOKEN_COLUMNS "id, user_name, description, created_ms FROM git_tokens "
#define USED_EACH_MS 60000

static struct access_key_row access_key_from_row(struct query *query, struct arena *arena) {
    struct access_key_row row = {
        .id = query_column_text(query, arena, 0),
        .user_name = query_column_text(query, arena, 1),
        .created_ms = query_column_integer(query, 3),
        .used_ms = query_column_integer(query, 4),
    };
    row.secret = query_column_bytes(query, arena, 2, &row.secret_size);
    return row;
}

bool access_keys_get(struct tx *tx, struct arena *arena, const char *id, struct access_key_row *out, struct err *err) {
    static const char sql[] = "SELECT " KEY_COLUMNS "WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    if (query_next(&query)) {
        *out = access_key_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "no access key with id '%s'", id);
}

bool access_keys_list(struct tx *tx, struct arena *arena, struct access_key_row **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT " KEY_COLUMNS "ORDER BY created_ms, id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    struct access_key_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = access_key_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool access_keys_add(struct tx *tx, const struct access_key_row *key, struct err *err) {
    static const char sql[] = "INSERT INTO access_keys (id, user_name, secret, created_ms) "
                              "VALUES (:id, :user_name, :secret, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", key->id);
    query_text(&query, ":user_name", key->user_name);
    query_bytes(&query, ":secret", key->secret, key->secret_size);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool access_keys_delete(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "DELETE FROM access_keys WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set(err, ERR_NOT_FOUND, "no access key with id '%s'", id);
}

bool access_keys_used(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] =
        "UPDATE access_keys SET used_ms = :now WHERE id = :id AND coalesce(used_ms, 0) <= :now - :each";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":each", USED_EACH_MS);
    return query_run(&query, err);
}

static struct git_token_row git_token_from_row(struct query *query, struct arena *arena) {
    return (struct git_token_row){
        .id = query_column_text(query, arena, 0),
        .user_name = query_column_text(query, arena, 1),
        .description = query_column_text(query, arena, 2),
        .created_ms = query_column_integer(query, 3),
    };
}

bool git_tokens_find(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], struct git_token_row *out,
                     struct err *err) {
    static const char sql[] = "SELECT " TOKEN_COLUMNS "WHERE hash = :hash";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    if (query_next(&query)) {
        *out = git_token_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "no such git token");
}

bool git_tokens_list(struct tx *tx, struct arena *arena, struct git_token_row **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT " TOKEN_COLUMNS "ORDER BY created_ms, id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    struct git_token_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = git_token_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool git_tokens_add(struct tx *tx, const struct git_token_row *token, const uint8_t hash[SHA256_BYTES],
                    struct err *err) {
    static const char sql[] = "INSERT INTO git_tokens (id, hash, user_name, description, created_ms) "
                              "VALUES (:id, :hash, :user_name, :description, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", token->id);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_text(&query, ":user_name", token->user_name);
    query_text(&query, ":description", token->description);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool git_tokens_delete(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "DELETE FROM git_tokens WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set(err, ERR_NOT_FOUND, "no git token with id '%s'", id);
}
