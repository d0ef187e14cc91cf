/*
 * The groups of batches, each with its newest build.
 */
#include "server/store/batches.h"

#include "server/store/query.h"

static struct batch_group_row group_from_row(struct query *query, struct arena *arena) {
    struct batch_group_row row = {
        .position = (int)query_column_integer(query, 0),
        .identifier = query_column_text(query, arena, 1),
        .kind = (enum batch_group_kind)query_column_state(query, &batch_group_kinds, 2),
        .depends_on = query_column_text(query, arena, 3),
        .ignore_failure = query_column_integer(query, 4) != 0,
        .overrides = query_column_text(query, arena, 5),
        .again = query_column_integer(query, 6) != 0,
        .build_id = query_column_integer(query, 7),
    };
    if (row.build_id) {
        row.build_uuid = query_column_text(query, arena, 8);
        row.build_status = (enum build_status)query_column_state(query, &build_statuses, 9);
        row.build_started_ms = query_column_integer(query, 10);
    }
    return row;
}

bool batch_groups_list(struct tx *tx, struct arena *arena, int64_t batch_id, struct batch_group_row **out,
                       size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT g.position, g.identifier, g.kind, g.depends_on, g.ignore_failure, g.overrides, g.again, b.id, b.uuid, "
        "b.status, b.started_ms FROM batch_groups g LEFT JOIN builds b ON b.id = (SELECT max(n.id) FROM builds n "
        "WHERE n.batch_id = g.batch_id AND n.batch_identifier = g.identifier) "
        "WHERE g.batch_id = :batch_id ORDER BY g.position";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":batch_id", batch_id);
    struct batch_group_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = group_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool batch_groups_add(struct tx *tx, int64_t batch_id, const struct batch_group_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO batch_groups (batch_id, position, identifier, kind, depends_on, ignore_failure, overrides) "
        "VALUES (:batch_id, :position, :identifier, :kind, :depends_on, :ignore_failure, :overrides)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":batch_id", batch_id);
    query_integer(&query, ":position", row->position);
    query_text(&query, ":identifier", row->identifier);
    query_state(&query, ":kind", &batch_group_kinds, (int)row->kind);
    query_text(&query, ":depends_on", row->depends_on);
    query_integer(&query, ":ignore_failure", row->ignore_failure);
    query_text(&query, ":overrides", row->overrides);
    return query_run(&query, err);
}

bool batch_groups_set_again(struct tx *tx, int64_t batch_id, int position, bool again, struct err *err) {
    static const char sql[] =
        "UPDATE batch_groups SET again = :again WHERE batch_id = :batch_id AND position = :position";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":batch_id", batch_id);
    query_integer(&query, ":position", position);
    query_integer(&query, ":again", again);
    return query_run_one(&query, "the batch's group", err);
}
