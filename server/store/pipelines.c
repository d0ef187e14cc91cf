/*
 * Pipelines, their versions, and the sources that start them. A deleted pipeline keeps its row for its history; its
 * name is free (the unique index looks at living ones only).
 */
#include "server/store/pipelines.h"

#include "server/store/query.h"
#include "server/store/states.h"

#define COLUMNS                                                                                                        \
    "p.id, p.name, p.version, v.mode, v.type, v.declaration, p.origin, p.file, p.file_error, p.tags, p.created_ms, "   \
    "p.updated_ms, p.deleted_ms, p.last_number "                                                                       \
    "FROM pipelines p JOIN pipeline_versions v ON v.pipeline_id = p.id AND v.version = p.version "

static const struct state_row origin_rows[] = {
    [ORIGIN_API] = {.name = "api"},
    [ORIGIN_FILE] = {.name = "file"},
};
static const struct state_table origins = {.what = "origin", .rows = origin_rows, .count = 2};

const char *origin_name(enum origin origin) {
    return state_name(&origins, (int)origin);
}

bool origin_parse(const char *name, enum origin *out) {
    int found = state_parse(&origins, name);
    if (found >= 0)
        *out = (enum origin)found;
    return found >= 0;
}

static struct pipeline_row pipeline_from_row(struct query *query, struct arena *arena) {
    return (struct pipeline_row){
        .id = query_column_integer(query, 0),
        .name = query_column_text(query, arena, 1),
        .version = query_column_integer(query, 2),
        .mode = (enum execution_mode)query_column_state(query, &execution_modes, 3),
        .type = query_column_text(query, arena, 4),
        .declaration = query_column_text(query, arena, 5),
        .origin = (enum origin)query_column_state(query, &origins, 6),
        .file = query_column_text(query, arena, 7),
        .file_error = query_column_text(query, arena, 8),
        .tags = query_column_text(query, arena, 9),
        .created_ms = query_column_integer(query, 10),
        .updated_ms = query_column_integer(query, 11),
        .deleted = !query_column_is_null(query, 12),
        .last_number = query_column_integer(query, 13),
    };
}

bool pipelines_get(struct tx *tx, struct arena *arena, const char *name, struct pipeline_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE p.name = :name AND p.deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    if (query_next(&query)) {
        *out = pipeline_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) &&
           err_set_code(err, ERR_NOT_FOUND, "PipelineNotFoundException", "no pipeline named '%s'", name);
}

bool pipelines_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct pipeline_row *out, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE p.id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    if (query_next(&query)) {
        *out = pipeline_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) &&
           err_set_code(err, ERR_NOT_FOUND, "PipelineNotFoundException", "no pipeline with that id");
}

bool pipelines_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct pipeline_row **out,
                    size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "WHERE p.deleted_ms IS NULL AND p.name > :after ORDER BY p.name LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":after", after ? after : "");
    query_integer(&query, ":limit", (int64_t)limit);
    struct pipeline_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = pipeline_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool pipelines_get_version(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                           const char **declaration, int64_t *created_ms, struct err *err) {
    static const char sql[] = "SELECT declaration, created_ms FROM pipeline_versions "
                              "WHERE pipeline_id = :pipeline_id AND version = :version";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_integer(&query, ":version", version);
    if (query_next(&query)) {
        *declaration = query_column_text(&query, arena, 0);
        if (created_ms)
            *created_ms = query_column_integer(&query, 1);
        return true;
    }
    return query_done(&query, err) && err_set_code(err, ERR_NOT_FOUND, "PipelineVersionNotFoundException",
                                                   "the pipeline has no version %lld", (long long)version);
}

bool pipelines_set_file_error(struct tx *tx, const char *name, const char *file_error, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET file_error = :file_error "
                              "WHERE name = :name AND deleted_ms IS NULL AND file_error IS NOT :file_error";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    query_text(&query, ":file_error", file_error);
    return query_run(&query, err);
}

bool pipelines_set_file(struct tx *tx, const char *name, const char *file, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET file = :file WHERE name = :name AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    query_text(&query, ":file", file);
    return query_run(&query, err);
}

bool pipelines_set_origin(struct tx *tx, int64_t id, enum origin origin, const char *file, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET origin = :origin, file = :file, file_error = NULL "
                              "WHERE id = :id AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_state(&query, ":origin", &origins, (int)origin);
    query_text(&query, ":file", file);
    return query_run_one(&query, "the pipeline", err);
}

bool pipelines_set_tags(struct tx *tx, int64_t id, const char *tags, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET tags = :tags WHERE id = :id AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_text(&query, ":tags", tags);
    return query_run_one(&query, "the pipeline", err);
}

static bool add_version(struct tx *tx, int64_t id, int64_t version, const struct pipeline_change *change,
                        struct err *err) {
    static const char sql[] =
        "INSERT INTO pipeline_versions (pipeline_id, version, declaration, type, mode, created_ms) "
        "VALUES (:pipeline_id, :version, :declaration, :type, :mode, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", id);
    query_integer(&query, ":version", version);
    query_text(&query, ":declaration", change->declaration);
    query_text(&query, ":type", change->type);
    query_state(&query, ":mode", &execution_modes, (int)change->mode);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

static bool clear_sources(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM pipeline_sources WHERE pipeline_id = :pipeline_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", id);
    return query_run(&query, err);
}

static bool add_source(struct tx *tx, int64_t id, const struct pipeline_source *source, struct err *err) {
    static const char sql[] = "INSERT INTO pipeline_sources (pipeline_id, action, kind, repository, branch, filtered) "
                              "VALUES (:pipeline_id, :action, :kind, :repository, :branch, :filtered)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", id);
    query_text(&query, ":action", source->action);
    query_text(&query, ":kind", source->hosted ? "hosted" : "hook");
    query_text(&query, ":repository", source->repository);
    query_text(&query, ":branch", source->branch);
    query_integer(&query, ":filtered", source->filtered);
    return query_run(&query, err);
}

static bool set_sources(struct tx *tx, int64_t id, const struct pipeline_change *change, struct err *err) {
    if (!clear_sources(tx, id, err))
        return false;
    for (size_t i = 0; i < change->source_count; i++) {
        if (!add_source(tx, id, &change->sources[i], err))
            return false;
    }
    return true;
}

bool pipelines_add(struct tx *tx, const struct pipeline_change *change, int64_t *id, struct err *err) {
    static const char sql[] =
        "INSERT INTO pipelines (name, version, origin, file, tags, created_ms, updated_ms) "
        "VALUES (:name, 1, :origin, :file, coalesce(:tags, '[]'), :now, :now) ON CONFLICT DO NOTHING";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", change->name);
    query_state(&query, ":origin", &origins, (int)change->origin);
    query_text(&query, ":file", change->file);
    query_text(&query, ":tags", change->tags);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    if (changes == 0)
        return err_set_code(err, ERR_CONFLICT, "PipelineNameInUseException", "there is a pipeline named '%s' already",
                            change->name);
    *id = query_last_id(&query);
    return add_version(tx, *id, 1, change, err) && set_sources(tx, *id, change, err);
}

bool pipelines_change(struct tx *tx, int64_t id, const struct pipeline_change *change, struct err *err) {
    static const char sql[] =
        "UPDATE pipelines SET version = version + 1, origin = :origin, file = :file, file_error = NULL, "
        "tags = coalesce(:tags, tags), updated_ms = :now WHERE id = :id AND deleted_ms IS NULL RETURNING version";
    int64_t version = 0;
    {
        struct query query CLEANUP(query_close) = query_open(tx, sql);
        query_integer(&query, ":id", id);
        query_state(&query, ":origin", &origins, (int)change->origin);
        query_text(&query, ":file", change->file);
        query_text(&query, ":tags", change->tags);
        query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
        if (query_next(&query))
            version = query_column_integer(&query, 0);
        if (!query_run(&query, err))
            return false;
    }
    if (version == 0)
        return err_set(err, ERR_INTERNAL, "the pipeline is not in the state that was read");
    return add_version(tx, id, version, change, err) && set_sources(tx, id, change, err);
}

bool pipelines_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET deleted_ms = :now WHERE id = :id AND deleted_ms IS NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_one(&query, "the pipeline", err) && clear_sources(tx, id, err);
}

bool pipelines_next_number(struct tx *tx, int64_t id, int64_t *out, struct err *err) {
    static const char sql[] = "UPDATE pipelines SET last_number = last_number + 1 WHERE id = :id RETURNING last_number";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    if (query_next(&query))
        *out = query_column_integer(&query, 0);
    return query_run(&query, err);
}

bool pipelines_with_source(struct tx *tx, struct arena *arena, bool hosted, const char *repository,
                           struct pipeline_source_match **out, size_t *count, struct err *err) {
    static const char hosted_sql[] =
        "SELECT s.pipeline_id, p.name, p.version, s.action, s.branch, s.filtered "
        "FROM pipeline_sources s JOIN pipelines p ON p.id = s.pipeline_id "
        "WHERE s.kind = 'hosted' AND s.repository = :repository ORDER BY s.pipeline_id, s.action";
    static const char hook_sql[] =
        "SELECT s.pipeline_id, p.name, p.version, s.action, s.branch, s.filtered "
        "FROM pipeline_sources s JOIN pipelines p ON p.id = s.pipeline_id "
        "WHERE s.kind = 'hook' AND s.repository = :repository COLLATE NOCASE ORDER BY s.pipeline_id, s.action";
    struct query query CLEANUP(query_close) = query_open(tx, hosted ? hosted_sql : hook_sql);
    query_text(&query, ":repository", repository);
    struct pipeline_source_match *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct pipeline_source_match){
            .pipeline_id = query_column_integer(&query, 0),
            .pipeline = query_column_text(&query, arena, 1),
            .version = query_column_integer(&query, 2),
            .action = query_column_text(&query, arena, 3),
            .branch = query_column_text(&query, arena, 4),
            .filtered = query_column_integer(&query, 5),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}
