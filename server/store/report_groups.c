/*
 * Report groups.
 */
#include "server/store/report_groups.h"

#include "server/store/query.h"

#define COLUMNS "id, name, type, export, tags, created_ms, updated_ms FROM report_groups "

static struct report_group_row report_group_from_row(struct query *query, struct arena *arena) {
    return (struct report_group_row){
        .id = query_column_integer(query, 0),
        .name = query_column_text(query, arena, 1),
        .type = query_column_text(query, arena, 2),
        .export = query_column_text(query, arena, 3),
        .tags = query_column_text(query, arena, 4),
        .created_ms = query_column_integer(query, 5),
        .updated_ms = query_column_integer(query, 6),
    };
}

static bool no_group(const char *name, struct err *err) {
    return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no report group named '%s'", name);
}

bool report_groups_get(struct tx *tx, struct arena *arena, const char *name, struct report_group_row *out,
                       struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    if (query_next(&query)) {
        *out = report_group_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && no_group(name, err);
}

bool report_groups_list(struct tx *tx, struct arena *arena, const char *after, size_t limit,
                        struct report_group_row **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name > :after ORDER BY name LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":after", after ? after : "");
    query_integer(&query, ":limit", (int64_t)limit);
    struct report_group_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = report_group_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool report_groups_add(struct tx *tx, const struct report_group_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO report_groups (name, type, export, tags, created_ms, updated_ms) "
        "VALUES (:name, :type, :export, coalesce(:tags, '[]'), :now, :now) ON CONFLICT DO NOTHING";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", row->name);
    query_text(&query, ":type", row->type);
    query_text(&query, ":export", row->export);
    query_text(&query, ":tags", row->tags);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set_code(err, ERR_CONFLICT, "ResourceAlreadyExistsException",
                                        "there is a report group named '%s' already", row->name);
}

bool report_groups_change(struct tx *tx, const char *name, const char *export, const char *tags, struct err *err) {
    static const char sql[] = "UPDATE report_groups SET export = coalesce(:export, export), "
                              "tags = coalesce(:tags, tags), updated_ms = :now WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    query_text(&query, ":export", export);
    query_text(&query, ":tags", tags);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || no_group(name, err);
}

/* A group may have months of reports with hundreds of rows each, and the one writer must not stand still for them. */
static bool leave_reports(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE reports SET group_id = NULL, expires_ms = 0 WHERE group_id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run(&query, err);
}

bool report_groups_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM report_groups WHERE id = :id";
    if (!leave_reports(tx, id, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run_one(&query, "the report group", err);
}
