/*
 * Browser sessions and one-time sign-in links.
 */
#include "server/store/sessions.h"

#include "server/store/query.h"
#include "server/wake.h"

bool sessions_find(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], struct session_row *out,
                   struct err *err) {
    static const char sql[] = "SELECT user_name, csrf_token, created_ms, expires_ms FROM sessions "
                              "WHERE hash = :hash AND expires_ms > :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    if (query_next(&query)) {
        *out = (struct session_row){
            .user_name = query_column_text(&query, arena, 0),
            .csrf_token = query_column_text(&query, arena, 1),
            .created_ms = query_column_integer(&query, 2),
            .expires_ms = query_column_integer(&query, 3),
        };
        return true;
    }
    return query_done(&query, err) && err_set(err, ERR_NOT_FOUND, "the session is unknown or expired; sign in again");
}

static bool drop_expired(struct tx *tx, struct err *err) {
    static const char sql[] = "DELETE FROM sessions WHERE expires_ms <= :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool sessions_add(struct tx *tx, const struct session_row *session, const uint8_t hash[SHA256_BYTES], struct err *err) {
    static const char sql[] = "INSERT INTO sessions (hash, user_name, csrf_token, created_ms, expires_ms) "
                              "VALUES (:hash, :user_name, :csrf_token, :now, :expires)";
    if (!drop_expired(tx, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_text(&query, ":user_name", session->user_name);
    query_text(&query, ":csrf_token", session->csrf_token);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":expires", session->expires_ms);
    return query_run(&query, err);
}

bool sessions_delete(struct tx *tx, const uint8_t hash[SHA256_BYTES], struct err *err) {
    static const char sql[] = "DELETE FROM sessions WHERE hash = :hash";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    tx_wake(tx, WAKE_EVENTS); /* its streams end now, not with the next event */
    return query_run(&query, err);
}

static bool drop_expired_links(struct tx *tx, struct err *err) {
    static const char sql[] = "DELETE FROM sign_in_links WHERE expires_ms <= :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool sign_in_links_add(struct tx *tx, const uint8_t hash[SHA256_BYTES], const char *user_name, int64_t expires_ms,
                       struct err *err) {
    static const char sql[] = "INSERT INTO sign_in_links (hash, user_name, created_ms, expires_ms) "
                              "VALUES (:hash, :user_name, :now, :expires)";
    if (!drop_expired_links(tx, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_text(&query, ":user_name", user_name);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    query_integer(&query, ":expires", expires_ms);
    return query_run(&query, err);
}

bool sign_in_links_spend(struct tx *tx, struct arena *arena, const uint8_t hash[SHA256_BYTES], const char **user_name,
                         struct err *err) {
    static const char sql[] =
        "UPDATE sign_in_links SET used_ms = :now WHERE hash = :hash AND used_ms IS NULL AND expires_ms > :now "
        "RETURNING user_name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_bytes(&query, ":hash", hash, SHA256_BYTES);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    const char *found = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_run(&query, err))
        return false;
    if (!found)
        return err_set(err, ERR_DENIED, "the sign-in link is unknown, used or expired; ask for a new one");
    *user_name = found;
    return true;
}
