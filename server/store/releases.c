/*
 * What runs where.
 */
#include "server/store/releases.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "r.id, r.target, r.kind, r.revision, r.previous, r.images, r.fingerprint, r.pipeline_id, p.name, r.stage, "        \
    "r.action, r.execution_id, r.action_run_id, r.approved_by, r.released_ms FROM releases r "                         \
    "JOIN pipelines p ON p.id = r.pipeline_id "

static struct release_row release_from_row(struct query *query, struct arena *arena) {
    return (struct release_row){
        .id = query_column_integer(query, 0),
        .target = query_column_text(query, arena, 1),
        .kind = query_column_text(query, arena, 2),
        .revision = query_column_text(query, arena, 3),
        .previous = query_column_text(query, arena, 4),
        .images = query_column_text(query, arena, 5),
        .fingerprint = query_column_text(query, arena, 6),
        .pipeline_id = query_column_integer(query, 7),
        .pipeline = query_column_text(query, arena, 8),
        .stage = query_column_text(query, arena, 9),
        .action = query_column_text(query, arena, 10),
        .execution_id = query_column_integer(query, 11),
        .action_run_id = query_column_integer(query, 12),
        .approved_by = query_column_text(query, arena, 13),
        .released_ms = query_column_integer(query, 14),
    };
}

static bool collect(struct query *query, struct arena *arena, struct release_row **out, size_t *count,
                    struct err *err) {
    struct release_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = release_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool releases_add(struct tx *tx, const struct release_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO releases (target, kind, revision, previous, images, fingerprint, pipeline_id, stage, action, "
        "execution_id, action_run_id, approved_by, released_ms) VALUES (:target, :kind, :revision, :previous, "
        ":images, :fingerprint, :pipeline_id, :stage, :action, :execution_id, :action_run_id, :approved_by, :now) "
        "ON CONFLICT (action_run_id, target) DO NOTHING";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":target", row->target);
    query_text(&query, ":kind", row->kind);
    query_text(&query, ":revision", row->revision);
    query_text(&query, ":previous", row->previous);
    query_text(&query, ":images", row->images);
    query_text(&query, ":fingerprint", row->fingerprint);
    query_integer(&query, ":pipeline_id", row->pipeline_id);
    query_text(&query, ":stage", row->stage);
    query_text(&query, ":action", row->action);
    query_integer(&query, ":execution_id", row->execution_id);
    query_integer(&query, ":action_run_id", row->action_run_id);
    query_text(&query, ":approved_by", row->approved_by);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool releases_of_action(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, const char *action,
                        struct release_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE r.action_run_id = (SELECT max(action_run_id) FROM releases WHERE "
        "pipeline_id = :pipeline_id AND stage = :stage AND action = :action) ORDER BY r.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_text(&query, ":action", action);
    return collect(&query, arena, out, count, err);
}

bool releases_of_target(struct tx *tx, struct arena *arena, const char *target, bool *found, struct release_row *out,
                        struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE r.target = :target ORDER BY r.id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":target", target);
    *found = query_next(&query);
    if (*found)
        *out = release_from_row(&query, arena);
    return query_done(&query, err);
}

bool releases_executions(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage, int64_t before,
                         size_t limit, int64_t **out, size_t *count, struct err *err) {
    static const char sql[] = "SELECT DISTINCT execution_id FROM releases WHERE pipeline_id = :pipeline_id "
                              "AND stage = :stage AND execution_id < :before ORDER BY execution_id DESC LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_integer(&query, ":before", before ? before : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)limit);
    int64_t *ids = arena_array(arena, int64_t, limit);
    size_t found = 0;
    while (found < limit && query_next(&query))
        ids[found++] = query_column_integer(&query, 0);
    if (!query_done(&query, err))
        return false;
    *out = ids;
    *count = found;
    return true;
}

bool releases_of_execution(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage,
                           int64_t execution_id, struct release_row **out, size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE r.pipeline_id = :pipeline_id AND r.stage = :stage AND r.execution_id = :execution_id "
        "AND NOT EXISTS (SELECT 1 FROM releases n WHERE n.pipeline_id = r.pipeline_id AND n.stage = r.stage "
        "AND n.execution_id = r.execution_id AND n.action = r.action AND n.action_run_id > r.action_run_id) "
        "ORDER BY r.id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":stage", stage);
    query_integer(&query, ":execution_id", execution_id);
    return collect(&query, arena, out, count, err);
}
