/*
 * Source credentials.
 */
#include "server/store/source_credentials.h"

#include "server/store/query.h"

#define COLUMNS "server_type, auth_type, user_name, token, resource FROM source_credentials "

static struct source_credential_row credential_from_row(struct query *query, struct arena *arena) {
    struct source_credential_row row = {
        .server_type = query_column_text(query, arena, 0),
        .auth_type = query_column_text(query, arena, 1),
        .user_name = query_column_text(query, arena, 2),
        .resource = query_column_text(query, arena, 4),
    };
    if (!query_column_is_null(query, 3))
        row.token = query_column_bytes(query, arena, 3, &row.token_size);
    return row;
}

bool source_credentials_get(struct tx *tx, struct arena *arena, const char *server_type, bool *found,
                            struct source_credential_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE server_type = :server_type";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":server_type", server_type);
    *found = query_next(&query);
    if (*found)
        *out = credential_from_row(&query, arena);
    return query_done(&query, err);
}

bool source_credentials_list(struct tx *tx, struct arena *arena, struct source_credential_row **out, size_t *count,
                             struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "ORDER BY server_type";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    struct source_credential_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = credential_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool source_credentials_put(struct tx *tx, const struct source_credential_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO source_credentials (server_type, auth_type, user_name, token, resource, created_ms) "
        "VALUES (:server_type, :auth_type, :user_name, :token, :resource, :now) ON CONFLICT DO UPDATE SET "
        "auth_type = excluded.auth_type, user_name = excluded.user_name, token = excluded.token, "
        "resource = excluded.resource, created_ms = excluded.created_ms";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":server_type", row->server_type);
    query_text(&query, ":auth_type", row->auth_type);
    query_text(&query, ":user_name", row->user_name);
    if (row->token)
        query_bytes(&query, ":token", row->token, row->token_size);
    else
        query_text(&query, ":token", NULL);
    query_text(&query, ":resource", row->resource);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool source_credentials_delete(struct tx *tx, const char *server_type, bool *found, struct err *err) {
    static const char sql[] = "DELETE FROM source_credentials WHERE server_type = :server_type";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":server_type", server_type);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    *found = changes == 1;
    return true;
}
