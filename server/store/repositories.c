/*
 * Hosted repositories and their refs as last seen.
 */
#include "server/store/repositories.h"

#include "common/hash.h"
#include "common/json.h"
#include "server/store/events.h"
#include "server/store/query.h"

#define COLUMNS "name, uuid, description, default_branch, tags, created_ms, updated_ms, tags_noted FROM repositories "

static struct repository_row repository_from_row(struct query *query, struct arena *arena) {
    return (struct repository_row){
        .name = query_column_text(query, arena, 0),
        .uuid = query_column_text(query, arena, 1),
        .description = query_column_text(query, arena, 2),
        .default_branch = query_column_text(query, arena, 3),
        .tags = query_column_text(query, arena, 4),
        .created_ms = query_column_integer(query, 5),
        .updated_ms = query_column_integer(query, 6),
        .tags_noted = query_column_integer(query, 7),
    };
}

static bool no_repository(const char *name, struct err *err) {
    return err_set_code(err, ERR_NOT_FOUND, "RepositoryDoesNotExistException", "no repository named '%s'", name);
}

bool repositories_get(struct tx *tx, struct arena *arena, const char *name, struct repository_row *out,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    if (query_next(&query)) {
        *out = repository_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) && no_repository(name, err);
}

bool repositories_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct repository_row **out,
                       size_t *count, struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE name > :after ORDER BY name LIMIT :limit";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":after", after ? after : "");
    query_integer(&query, ":limit", (int64_t)limit);
    struct repository_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = repository_from_row(&query, arena);
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

bool repositories_add(struct tx *tx, const struct repository_row *repository, struct err *err) {
    static const char sql[] =
        "INSERT INTO repositories (name, uuid, description, tags, created_ms, updated_ms, tags_noted) "
        "VALUES (:name, :uuid, :description, coalesce(:tags, '{}'), :now, :now, 1) ON CONFLICT (name) DO NOTHING";
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", repository->name);
    query_text(&query, ":uuid", uuid);
    query_text(&query, ":description", repository->description);
    query_text(&query, ":tags", repository->tags);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || err_set_code(err, ERR_CONFLICT, "RepositoryNameExistsException",
                                        "there is a repository named '%s' already", repository->name);
}

/* Runs an UPDATE of one member, given as :value. */
static bool set_member(struct tx *tx, const char *sql, const char *name, const char *value, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    query_text(&query, ":value", value);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    int64_t changes = 0;
    if (!query_run_changes(&query, &changes, err))
        return false;
    return changes == 1 || no_repository(name, err);
}

bool repositories_set_default_branch(struct tx *tx, const char *name, const char *branch, struct err *err) {
    static const char sql[] = "UPDATE repositories SET default_branch = :value, updated_ms = :now WHERE name = :name";
    return set_member(tx, sql, name, branch, err);
}

bool repositories_set_description(struct tx *tx, const char *name, const char *description, struct err *err) {
    static const char sql[] = "UPDATE repositories SET description = :value, updated_ms = :now WHERE name = :name";
    return set_member(tx, sql, name, description, err);
}

bool repositories_set_tags(struct tx *tx, const char *name, const char *tags, struct err *err) {
    static const char sql[] = "UPDATE repositories SET tags = :value, updated_ms = :now WHERE name = :name";
    return set_member(tx, sql, name, tags, err);
}

bool repositories_note_tags(struct tx *tx, const char *name, struct err *err) {
    static const char sql[] = "UPDATE repositories SET tags_noted = 1 WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    return query_run(&query, err);
}

bool repositories_delete(struct tx *tx, const char *name, struct err *err) {
    static const char sql[] = "DELETE FROM repositories WHERE name = :name";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":name", name);
    return query_run(&query, err);
}

bool repositories_refs(struct tx *tx, struct arena *arena, const char *name, struct repository_ref **out, size_t *count,
                       struct err *err) {
    static const char sql[] = "SELECT ref, commit_id FROM repository_refs WHERE repository = :repository ORDER BY ref";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":repository", name);
    struct repository_ref *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = (struct repository_ref){
            .ref = query_column_text(&query, arena, 0),
            .commit_id = query_column_text(&query, arena, 1),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

static bool set_ref(struct tx *tx, const char *name, const char *ref, const char *commit_id, int64_t *changes,
                    struct err *err) {
    static const char sql[] =
        "INSERT INTO repository_refs (repository, ref, commit_id, seen_ms) VALUES (:repository, :ref, :commit_id, "
        ":now) "
        "ON CONFLICT (repository, ref) DO UPDATE SET commit_id = excluded.commit_id, seen_ms = excluded.seen_ms "
        "WHERE commit_id <> excluded.commit_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":repository", name);
    query_text(&query, ":ref", ref);
    query_text(&query, ":commit_id", commit_id);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run_changes(&query, changes, err);
}

static bool delete_ref(struct tx *tx, const char *name, const char *ref, int64_t *changes, struct err *err) {
    static const char sql[] = "DELETE FROM repository_refs WHERE repository = :repository AND ref = :ref";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":repository", name);
    query_text(&query, ":ref", ref);
    return query_run_changes(&query, changes, err);
}

bool repositories_see_ref(struct tx *tx, const char *name, const char *ref, const char *commit_id, bool *changed,
                          struct err *err) {
    int64_t changes = 0;
    bool ok = commit_id ? set_ref(tx, name, ref, commit_id, &changes, err) : delete_ref(tx, name, ref, &changes, err);
    if (!ok)
        return false;
    *changed = changes != 0;
    if (!*changed)
        return true;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *detail = json_object(&arena);
    json_set_text(&arena, detail, "repository", name);
    json_set_text(&arena, detail, "ref", ref);
    json_set_text(&arena, detail, "commitId", commit_id);
    const struct event_row event = {
        .type = "repository", .status = commit_id ? "changed" : "deleted", .detail = json_print(&arena, detail)};
    return events_add(tx, &event, err);
}
