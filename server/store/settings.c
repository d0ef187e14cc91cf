/*
 * Settings, by name.
 */
#include "server/store/settings.h"

#include "server/store/query.h"

bool settings_get(struct tx *tx, struct arena *arena, const char *name, const char **out, struct err *err) {
    static const char sql[] = "SELECT value FROM settings WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    const char *value = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_done(&query, err))
        return false;
    *out = value;
    return true;
}

bool settings_put(struct tx *tx, const char *name, const char *value, struct err *err) {
    static const char sql[] = "INSERT INTO settings (name, value) VALUES (:name, :value) "
                              "ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    query_text(&query, ":value", value);
    return query_run(&query, err);
}
