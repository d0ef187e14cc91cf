/*
 * Multipart uploads of job workers.
 */
#include "server/store/worker_uploads.h"

#include "server/store/query.h"

bool worker_uploads_find(struct tx *tx, struct arena *arena, const char *job_id, const char *id, const char **name,
                         struct err *err) {
    static const char sql[] = "SELECT name FROM worker_uploads WHERE id = :id AND job_id = :job_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_text(&query, ":job_id", job_id);
    const char *found = query_next(&query) ? query_column_text(&query, arena, 0) : NULL;
    if (!query_done(&query, err))
        return false;
    *name = found;
    return true;
}

bool worker_uploads_parts(struct tx *tx, struct arena *arena, const char *id, struct worker_upload_part **out,
                          size_t *count, struct err *err) {
    static const char sql[] =
        "SELECT number, etag, sha256, size_bytes FROM worker_upload_parts WHERE upload_id = :id ORDER BY number";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    struct worker_upload_part *parts = NULL;
    size_t capacity = 0, found = 0;
    while (query_next(&query)) {
        if (found == capacity)
            parts = arena_grow(arena, parts, sizeof *parts, &capacity);
        parts[found++] = (struct worker_upload_part){
            .number = query_column_integer(&query, 0),
            .etag = query_column_text(&query, arena, 1),
            .sha256 = query_column_text(&query, arena, 2),
            .size_bytes = query_column_integer(&query, 3),
        };
    }
    if (!query_done(&query, err))
        return false;
    *out = parts;
    *count = found;
    return true;
}

bool worker_uploads_count(struct tx *tx, const char *job_id, int64_t *out, struct err *err) {
    static const char sql[] = "SELECT count(*) FROM worker_uploads WHERE job_id = :job_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":job_id", job_id);
    *out = query_next(&query) ? query_column_integer(&query, 0) : 0;
    return query_done(&query, err);
}

bool worker_uploads_add(struct tx *tx, const char *id, const char *job_id, const char *name, struct err *err) {
    static const char sql[] =
        "INSERT INTO worker_uploads (id, job_id, name, created_ms) VALUES (:id, :job_id, :name, :now)";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_text(&query, ":job_id", job_id);
    query_text(&query, ":name", name);
    query_integer(&query, ":now", clock_wall_ms(tx_clock(tx)));
    return query_run(&query, err);
}

bool worker_uploads_put_part(struct tx *tx, const char *id, const struct worker_upload_part *part, struct err *err) {
    static const char sql[] =
        "INSERT INTO worker_upload_parts (upload_id, number, etag, sha256, size_bytes) "
        "VALUES (:id, :number, :etag, :sha256, :size_bytes) ON CONFLICT (upload_id, number) DO UPDATE "
        "SET etag = excluded.etag, sha256 = excluded.sha256, size_bytes = excluded.size_bytes";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    query_integer(&query, ":number", part->number);
    query_text(&query, ":etag", part->etag);
    query_text(&query, ":sha256", part->sha256);
    query_integer(&query, ":size_bytes", part->size_bytes);
    return query_run(&query, err);
}

bool worker_uploads_remove(struct tx *tx, const char *id, struct err *err) {
    static const char sql[] = "DELETE FROM worker_uploads WHERE id = :id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":id", id);
    return query_run(&query, err);
}

bool worker_uploads_remove_of_job(struct tx *tx, const char *job_id, struct err *err) {
    static const char sql[] = "DELETE FROM worker_uploads WHERE job_id = :job_id";
    struct query query CLEANUP(query_close) = query_open(tx, sql);
    query_text(&query, ":job_id", job_id);
    return query_run(&query, err);
}
