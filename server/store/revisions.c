/*
 * Source revisions and pipeline variables of executions.
 */
#include "server/store/revisions.h"

#include "server/store/query.h"

#define COLUMNS                                                                                                        \
    "r.execution_id, r.action, r.artifact, r.asked, r.revision_id, r.summary, r.url, r.author, r.branch, "             \
    "r.created_ms, r.ref "

static struct revision_row revision_from_row(struct query *query, struct arena *arena) {
    return (struct revision_row){
        .execution_id = query_column_integer(query, 0),
        .action = query_column_text(query, arena, 1),
        .artifact = query_column_text(query, arena, 2),
        .asked = query_column_text(query, arena, 3),
        .revision_id = query_column_text(query, arena, 4),
        .summary = query_column_text(query, arena, 5),
        .url = query_column_text(query, arena, 6),
        .author = query_column_text(query, arena, 7),
        .branch = query_column_text(query, arena, 8),
        .created_ms = query_column_integer(query, 9),
        .ref = query_column_text(query, arena, 10),
    };
}

bool revisions_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct revision_row **out, size_t *count,
                    struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "FROM source_revisions r WHERE r.execution_id = :execution_id ORDER BY r.action";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    struct revision_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = revision_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

/* For an action that never fetched anything nobody goes through the whole history. */
#define RECENT "e.number > (SELECT last_number - 1000 FROM pipelines WHERE id = :pipeline_id) "

static bool find_newest(struct tx *tx, const char *sql, struct arena *arena, int64_t pipeline_id, const char *action,
                        bool *found, struct revision_row *out, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":pipeline_id", pipeline_id);
    query_text(&query, ":action", action);
    *found = query_next(&query);
    if (*found)
        *out = revision_from_row(&query, arena);
    return query_done(&query, err);
}

bool revisions_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *action, bool *found,
                      struct revision_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "FROM executions e JOIN source_revisions r ON r.execution_id = e.id AND r.action = :action "
        "WHERE e.pipeline_id = :pipeline_id AND " RECENT "AND r.revision_id IS NOT NULL AND e.type = 'STANDARD' "
        "AND e.mode <> 'PARALLEL' ORDER BY e.number DESC LIMIT 1";
    return find_newest(tx, sql, arena, pipeline_id, action, found, out, err);
}

bool revisions_newest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *action, bool *found,
                      struct revision_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "FROM executions e JOIN source_revisions r ON r.execution_id = e.id AND r.action = :action "
        "WHERE e.pipeline_id = :pipeline_id AND " RECENT "AND e.type = 'STANDARD' ORDER BY e.number DESC LIMIT 1";
    return find_newest(tx, sql, arena, pipeline_id, action, found, out, err);
}

bool revisions_before(struct tx *tx, struct arena *arena, int64_t execution_id, const char *stage, const char *action,
                      bool *found, struct revision_row *out, struct err *err) {
    static const char sql[] =
        "SELECT " COLUMNS "FROM executions e JOIN stage_runs s ON s.pipeline_id = e.pipeline_id AND s.name = :stage "
        "JOIN source_revisions r ON r.execution_id = s.execution_id AND r.action = :action "
        "WHERE e.id = :execution_id AND s.status = 'Succeeded' AND s.execution_id < e.id "
        "AND r.revision_id IS NOT NULL ORDER BY s.execution_id DESC LIMIT 1";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_text(&query, ":stage", stage);
    query_text(&query, ":action", action);
    *found = query_next(&query);
    if (*found)
        *out = revision_from_row(&query, arena);
    return query_done(&query, err);
}

static void bind(struct query *query, const struct revision_row *row) {
    query_integer(query, ":execution_id", row->execution_id);
    query_text(query, ":action", row->action);
    query_text(query, ":revision_id", row->revision_id);
    query_text(query, ":summary", row->summary);
    query_text(query, ":url", row->url);
    query_text(query, ":author", row->author);
    query_text(query, ":branch", row->branch);
    query_integer_or_null(query, ":created_ms", row->created_ms, 0);
}

bool revisions_add(struct tx *tx, const struct revision_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO source_revisions (execution_id, action, artifact, asked, revision_id, summary, url, author, "
        "branch, created_ms, ref) VALUES (:execution_id, :action, :artifact, :asked, :revision_id, :summary, :url, "
        ":author, :branch, :created_ms, :ref)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    bind(&query, row);
    query_text(&query, ":artifact", row->artifact);
    query_text(&query, ":asked", row->asked);
    query_text(&query, ":ref", row->ref);
    return query_run(&query, err);
}

bool revisions_settle(struct tx *tx, const struct revision_row *row, struct err *err) {
    static const char sql[] =
        "UPDATE source_revisions SET revision_id = coalesce(:revision_id, revision_id), "
        "summary = coalesce(:summary, summary), url = coalesce(:url, url), author = coalesce(:author, author), "
        "branch = coalesce(:branch, branch), created_ms = coalesce(:created_ms, created_ms) "
        "WHERE execution_id = :execution_id AND action = :action";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    bind(&query, row);
    return query_run_one(&query, "the source revision", err);
}

bool execution_variables_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct execution_variable **out,
                              size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT name, value FROM execution_variables WHERE execution_id = :execution_id ORDER BY name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    struct execution_variable *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct execution_variable){
            .name = query_column_text(&query, arena, 0),
            .value = query_column_text(&query, arena, 1),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool execution_variables_add(struct tx *tx, int64_t execution_id, const char *name, const char *value,
                             struct err *err) {
    static const char sql[] =
        "INSERT INTO execution_variables (execution_id, name, value) VALUES (:execution_id, :name, :value)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":execution_id", execution_id);
    query_text(&query, ":name", name);
    query_text(&query, ":value", value);
    return query_run(&query, err);
}
