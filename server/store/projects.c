/*
 * CodeBuild projects.
 */
#include "server/store/projects.h"

#include "common/hash.h"
#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "id, name, document, origin, file, tags, created_ms, updated_ms, badge_uuid, cache_generation FROM projects "

static struct project_row project_from_row(struct query *query, struct arena *arena) {
    struct project_row row = {
        .id = query_column_integer(query, 0),
        .name = query_column_text(query, arena, 1),
        .document = query_column_text(query, arena, 2),
        .file = query_column_text(query, arena, 4),
        .tags = query_column_text(query, arena, 5),
        .created_ms = query_column_integer(query, 6),
        .updated_ms = query_column_integer(query, 7),
        .badge_uuid = query_column_text(query, arena, 8),
        .cache_generation = query_column_integer(query, 9),
    };
    (void)origin_parse(query_column_text(query, arena, 3), &row.origin); /* the column's CHECK holds it */
    return row;
}

static bool no_project(const char *name, struct err *err) {
    return err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no project named '%s'", name);
}

bool projects_get(struct tx *tx, struct arena *arena, const char *name, struct project_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    if (query_next(&query)) {
        *out = project_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && no_project(name, err);
}

bool projects_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct project_row **out,
                   size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name > :after ORDER BY name LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":after", after ? after : "");
    query_integer(&query, ":limit", (int64_t)limit);
    struct project_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = project_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

/* The texts must live until the query has run. */
static void bind(struct query *query, struct tx *tx, const struct project_row *project, const char *badge_uuid) {
    query_text(query, ":name", project->name);
    query_text(query, ":document", project->document);
    query_text(query, ":origin", origin_name(project->origin));
    query_text(query, ":file", project->file);
    query_text(query, ":tags", project->tags);
    query_integer(query, ":now", clock_wall_ms(tx_clock(tx)));
    query_text(query, ":badge_uuid", badge_uuid);
}

bool projects_add(struct tx *tx, const struct project_row *project, struct err *err) {
    static const char sql[] =
        "INSERT INTO projects (name, document, origin, file, tags, created_ms, updated_ms, badge_uuid) "
        "VALUES (:name, :document, :origin, :file, coalesce(:tags, '[]'), :now, :now, :badge_uuid) "
        "ON CONFLICT DO NOTHING";
    char badge_uuid[UUID_SIZE];
    hash_uuid(badge_uuid);
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    bind(&query, tx, project, badge_uuid);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set_code(err, ERR_CONFLICT, "ResourceAlreadyExistsException",
                                        "there is a project named '%s' already", project->name);
}

bool projects_change(struct tx *tx, const struct project_row *project, struct err *err) {
    static const char sql[] =
        "UPDATE projects SET document = :document, origin = :origin, file = :file, "
        "tags = coalesce(:tags, '[]'), updated_ms = :now, badge_uuid = coalesce(badge_uuid, :badge_uuid) "
        "WHERE name = :name";
    char badge_uuid[UUID_SIZE];
    hash_uuid(badge_uuid);
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    bind(&query, tx, project, badge_uuid);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || no_project(project->name, err);
}

bool projects_delete(struct tx *tx, const char *name, struct err *err) {
    static const char sql[] = "DELETE FROM projects WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    return query_run(&query, err);
}

bool projects_next_number(struct tx *tx, const char *name, int64_t *out, struct err *err) {
    static const char sql[] =
        "UPDATE projects SET last_number = last_number + 1 WHERE name = :name RETURNING last_number";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    bool found = query_next(&query);
    if (found)
        *out = query_column_integer(&query, 0);
    return query_run(&query, err) && (found || no_project(name, err));
}

bool projects_find_badge(struct tx *tx, struct arena *arena, const char *badge_uuid, bool *found,
                         struct project_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE badge_uuid = :badge_uuid";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":badge_uuid", badge_uuid);
    *found = query_next(&query);
    if (*found)
        *out = project_from_row(&query, arena);
    return query_done(&query, err);
}

bool projects_invalidate_cache(struct tx *tx, const char *name, struct err *err) {
    static const char sql[] = "UPDATE projects SET cache_generation = cache_generation + 1 WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || no_project(name, err);
}
