/*
 * Reports.
 */
#include "server/store/reports.h"

#include "server/store/query.h"

#include "common/hash.h"

#define DROPPED_AT_ONCE 20

#define COLUMNS                                                                                                        \
    "r.id, r.uuid, r.group_id, g.name, r.build_id, b.project, b.uuid, r.entry, r.type, r.status, r.truncated, "        \
    "r.summary, r.export, r.problem, r.created_ms, r.expires_ms FROM reports r "                                       \
    "JOIN report_groups g ON g.id = r.group_id JOIN builds b ON b.id = r.build_id "

static struct report_row report_from_row(struct query *query, struct arena *arena) {
    return (struct report_row){
        .id = query_column_integer(query, 0),
        .uuid = query_column_text(query, arena, 1),
        .group_id = query_column_integer(query, 2),
        .group = query_column_text(query, arena, 3),
        .build_id = query_column_integer(query, 4),
        .build_project = query_column_text(query, arena, 5),
        .build_uuid = query_column_text(query, arena, 6),
        .entry = query_column_integer(query, 7),
        .type = query_column_text(query, arena, 8),
        .status = query_column_text(query, arena, 9),
        .truncated = query_column_integer(query, 10) != 0,
        .summary = query_column_text(query, arena, 11),
        .export = query_column_text(query, arena, 12),
        .problem = query_column_text(query, arena, 13),
        .created_ms = query_column_integer(query, 14),
        .expires_ms = query_column_integer(query, 15),
    };
}

static void bind_now(struct query *query, struct tx *tx) {
    query_integer(query, ":now", clock_wall_ms(tx_clock(tx)));
}

bool reports_get(struct tx *tx, struct arena *arena, const char *group, const char *uuid, struct report_row *out,
                 struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE r.uuid = :uuid AND g.name = :group AND r.expires_ms > :now";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", uuid);
    query_text(&query, ":group", group);
    bind_now(&query, tx);
    if (query_next(&query)) {
        *out = report_from_row(&query, arena);
        return true;
    }
    return query_done(&query, err) &&
           err_set_code(err, ERR_NOT_FOUND, "ResourceNotFoundException", "no report '%s:%s'", group, uuid);
}

static bool read_all(struct query *query, struct arena *arena, struct report_row **out, size_t *count,
                     struct err *err) {
    struct report_row *rows = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(query)) {
        if (found == capacity)
            rows = arena_grow(arena, rows, sizeof *rows, &capacity);
        rows[found++] = report_from_row(query, arena);
    }
    if (!query_done(query, err))
        return false;
    *out = rows;
    *count = found;
    return true;
}

/* One text for each combination, so that SQLite chooses the index that ends the reading after one page. */
static const char *list_sql(const struct report_filter *filter) {
#define KEPT "r.expires_ms > :now AND (:status IS NULL OR r.status = :status) "
    static const char oldest_of_group[] =
        "SELECT " COLUMNS "WHERE r.group_id = :group_id AND r.id > :past AND " KEPT "ORDER BY r.id LIMIT :limit";
    static const char newest_of_group[] =
        "SELECT " COLUMNS "WHERE r.group_id = :group_id AND r.id < :past AND " KEPT "ORDER BY r.id DESC LIMIT :limit";
    static const char oldest[] = "SELECT " COLUMNS "WHERE r.id > :past AND " KEPT "ORDER BY r.id LIMIT :limit";
    static const char newest[] = "SELECT " COLUMNS "WHERE r.id < :past AND " KEPT "ORDER BY r.id DESC LIMIT :limit";
#undef KEPT
    if (filter->group_id)
        return filter->oldest_first ? oldest_of_group : newest_of_group;
    return filter->oldest_first ? oldest : newest;
}

bool reports_list(struct tx *tx, struct arena *arena, const struct report_filter *filter, struct report_row **out,
                  size_t *count, struct err *err) {
    struct query query CLEANUP(query_close) = query_open(tx, list_sql(filter));
    if (filter->group_id)
        query_integer(&query, ":group_id", filter->group_id);
    query_text(&query, ":status", filter->status);
    query_integer(&query, ":past", filter->past || filter->oldest_first ? filter->past : INT64_MAX);
    query_integer(&query, ":limit", (int64_t)filter->limit);
    bind_now(&query, tx);
    return read_all(&query, arena, out, count, err);
}

bool reports_of_build(struct tx *tx, struct arena *arena, int64_t build_id, struct report_row **out, size_t *count,
                      struct err *err) {
    static const char sql[] = "SELECT " COLUMNS "WHERE r.build_id = :build_id AND r.expires_ms > :now ORDER BY r.entry";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":build_id", build_id);
    bind_now(&query, tx);
    return read_all(&query, arena, out, count, err);
}

static bool delete_cases(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM report_test_cases WHERE report_id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run(&query, err);
}

static bool delete_coverages(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM report_coverages WHERE report_id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run(&query, err);
}

/* An id of 0: the build has none for that entry. */
static bool find_earlier(struct tx *tx, struct arena *arena, struct report_row *row, struct err *err) {
    static const char sql[] = "SELECT id, uuid, created_ms, expires_ms FROM reports "
                              "WHERE build_id = :build_id AND entry = :entry AND group_id IS NOT NULL";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":build_id", row->build_id);
    query_integer(&query, ":entry", row->entry);
    row->id = 0;
    if (query_next(&query)) {
        row->id = query_column_integer(&query, 0);
        row->uuid = query_column_text(&query, arena, 1);
        row->created_ms = query_column_integer(&query, 2);
        row->expires_ms = query_column_integer(&query, 3);
    }
    return query_done(&query, err);
}

static void bind_content(struct query *query, const struct report_row *row) {
    query_integer(query, ":group_id", row->group_id);
    query_text(query, ":type", row->type);
    query_text(query, ":status", row->status);
    query_integer(query, ":truncated", row->truncated);
    query_text(query, ":summary", row->summary);
    query_text(query, ":export", row->export);
    query_text(query, ":problem", row->problem);
}

static bool replace(struct tx *tx, const struct report_row *row, struct err *err) {
    static const char sql[] =
        "UPDATE reports SET group_id = :group_id, type = :type, status = :status, truncated = :truncated, "
        "summary = :summary, export = :export, problem = :problem WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", row->id);
    bind_content(&query, row);
    return query_run_one(&query, "the report", err) && delete_cases(tx, row->id, err) &&
           delete_coverages(tx, row->id, err);
}

/* A report whose group was deleted while its build runs on has still its place in UNIQUE (build_id, entry). */
static bool forget_deleted(struct tx *tx, const struct report_row *row, struct err *err) {
    static const char sql[] =
        "SELECT id FROM reports WHERE build_id = :build_id AND entry = :entry AND group_id IS NULL";
    int64_t id = 0;
    {
        struct query query CLEANUP(query_close) = query_open(tx, sql);
        query_integer(&query, ":build_id", row->build_id);
        query_integer(&query, ":entry", row->entry);
        if (query_next(&query))
            id = query_column_integer(&query, 0);
        if (!query_done(&query, err))
            return false;
    }
    return id == 0 || reports_delete(tx, id, err);
}

static bool insert(struct tx *tx, struct arena *arena, struct report_row *row, struct err *err) {
    static const char sql[] =
        "INSERT INTO reports (uuid, group_id, build_id, entry, type, status, truncated, summary, export, problem, "
        "created_ms, expires_ms) VALUES (:uuid, :group_id, :build_id, :entry, :type, :status, :truncated, :summary, "
        ":export, :problem, :now, :expires)";
    char uuid[UUID_SIZE];
    hash_uuid(uuid);
    row->uuid = arena_strdup(arena, uuid);
    row->created_ms = clock_wall_ms(tx_clock(tx));
    row->expires_ms = row->created_ms + REPORT_KEPT_MS;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":uuid", row->uuid);
    query_integer(&query, ":build_id", row->build_id);
    query_integer(&query, ":entry", row->entry);
    query_integer(&query, ":now", row->created_ms);
    query_integer(&query, ":expires", row->expires_ms);
    bind_content(&query, row);
    if (!query_run(&query, err))
        return false;
    row->id = query_last_id(&query);
    return true;
}

bool reports_put(struct tx *tx, struct arena *arena, struct report_row *row, struct err *err) {
    if (!forget_deleted(tx, row, err) || !find_earlier(tx, arena, row, err))
        return false;
    return row->id ? replace(tx, row, err) : insert(tx, arena, row, err);
}

bool reports_delete(struct tx *tx, int64_t id, struct err *err) {
    static const char sql[] = "DELETE FROM reports WHERE id = :id";
    if (!delete_cases(tx, id, err) || !delete_coverages(tx, id, err))
        return false;
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_integer(&query, ":id", id);
    return query_run(&query, err);
}

bool reports_drop_expired(struct tx *tx, struct err *err) {
    static const char sql[] = "SELECT id FROM reports WHERE expires_ms <= :now ORDER BY expires_ms LIMIT :limit";
    int64_t ids[DROPPED_AT_ONCE];
    size_t count = 0;
    {
        struct query query CLEANUP(query_close) = query_open(tx, sql);
        query_integer(&query, ":limit", DROPPED_AT_ONCE);
        bind_now(&query, tx);
        while (count < DROPPED_AT_ONCE && query_next(&query))
            ids[count++] = query_column_integer(&query, 0);
        if (!query_done(&query, err))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!reports_delete(tx, ids[i], err))
            return false;
    return true;
}
