/*
 * Custom action types.
 */
#include "server/store/custom_type_rows.h"

#include "server/store/query.h"

#define COLUMNS "c.id, c.category, c.provider, c.version, c.document, c.tags, c.created_ms, c.deleted_ms "

static struct custom_type_row custom_type_from_row(struct query *query, struct arena *arena) {
    return (struct custom_type_row){
        .id = query_column_integer(query, 0),
        .category = query_column_text(query, arena, 1),
        .provider = query_column_text(query, arena, 2),
        .version = query_column_text(query, arena, 3),
        .document = query_column_text(query, arena, 4),
        .tags = query_column_text(query, arena, 5),
        .created_ms = query_column_integer(query, 6),
        .deleted_ms = query_column_integer(query, 7),
    };
}

bool custom_type_rows_get(struct tx *tx, struct arena *arena, const char *category, const char *provider,
                          const char *version, bool *found, struct custom_type_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "FROM custom_action_types c "
                              "WHERE c.category = :category AND c.provider = :provider AND c.version = :version";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":category", category);
    query_text(&query, ":provider", provider);
    query_text(&query, ":version", version);
    *found = query_next(&query);
    if (*found)
        *out = custom_type_from_row(&query, arena);
    return query_done(&query, err);
}

bool custom_type_rows_list(struct tx *tx, struct arena *arena, bool with_deleted, struct custom_type_row **out,
                           size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "FROM custom_action_types c "
                              "WHERE :with_deleted OR c.deleted_ms IS NULL ORDER BY c.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":with_deleted", with_deleted);
    struct custom_type_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = custom_type_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool custom_type_rows_add(struct tx *tx, const struct custom_type_row *row, struct err *err) {
    static const char sql[] = "INSERT INTO custom_action_types (category, provider, version, document, tags, "
                              "created_ms) VALUES (:category, :provider, :version, :document, :tags, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":category", row->category);
    query_text(&query, ":provider", row->provider);
    query_text(&query, ":version", row->version);
    query_text(&query, ":document", row->document);
    query_text(&query, ":tags", row->tags ? row->tags : "[]");
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool custom_type_rows_delete(struct tx *tx, const char *category, const char *provider, const char *version,
                             struct err *err) {
    static const char sql[] =
        "UPDATE custom_action_types SET deleted_ms = :now "
        "WHERE category = :category AND provider = :provider AND version = :version AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":category", category);
    query_text(&query, ":provider", provider);
    query_text(&query, ":version", version);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool custom_type_rows_set_tags(struct tx *tx, int64_t id, const char *tags, struct err *err) {
    static const char sql[] = "UPDATE custom_action_types SET tags = :tags WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":tags", tags);
    return query_run_one(&query, "the action type", err);
}
