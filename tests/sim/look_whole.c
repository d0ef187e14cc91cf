/* What is looked at now and then: the versions of pipelines, which never change, and the soundness of the file. */
#include "tests/sim/rows.h"

#include "common/str.h"

static void check_version(struct looking *looking, struct query *query) {
    struct seen *seen = looking->seen;
    int64_t pipeline_id = row_number(query, 0), version = row_number(query, 1);
    uint64_t fixed = row_hash(query, 2, 5);
    for (size_t i = 0; i < seen->version_count; i++) {
        const struct seen_version *row = &seen->versions[i];
        if (row->pipeline_id != pipeline_id || row->version != version)
            continue;
        if (row->fixed != fixed)
            violated(HISTORY, "version %lld of pipeline %lld has changed", (long long)version, (long long)pipeline_id);
        return;
    }
    if (seen->version_count == seen->version_room)
        seen->versions = arena_grow(&looking->sim->arena, seen->versions, sizeof *seen->versions, &seen->version_room);
    seen->versions[seen->version_count++] =
        (struct seen_version){.pipeline_id = pipeline_id, .version = version, .fixed = fixed};
}

static bool read_versions(struct tx *tx, struct looking *looking, struct err *err) {
    static const char sql[] = "SELECT pipeline_id, version, declaration, type, mode FROM pipeline_versions";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    size_t were = looking->seen->version_count, found = 0;
    for (; query_next(&query); found++)
        check_version(looking, &query);
    row_check_count("version", were, found);
    return query_done(&query, err);
}

/* Dear: in some histories only. */
static bool check_file(struct tx *tx, struct err *err) {
    static const char sound[] = "PRAGMA integrity_check", keys[] = "PRAGMA foreign_key_check";
    struct query first CLEANUP(query_close) = query_open(tx, sound);
    struct query second CLEANUP(query_close) = query_open(tx, keys);
    if (query_next(&first) && !str_equal((const char *)sqlite3_column_text(first.statement, 0), "ok"))
        violated("the file is sound", "%s", (const char *)sqlite3_column_text(first.statement, 0));
    if (query_next(&second))
        violated("the file is sound", "a row of table %s refers to nothing",
                 (const char *)sqlite3_column_text(second.statement, 0));
    return query_done(&first, err) && query_done(&second, err);
}

bool look_whole(struct tx *tx, struct looking *looking, struct err *err) {
    return read_versions(tx, looking, err) && (looking->sim->seed % 16 != 1 || check_file(tx, err));
}
