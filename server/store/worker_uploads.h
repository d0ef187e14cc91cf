/* Multipart uploads of job workers that are under way: an output artifact in parts. The bytes of each part are the
 * artifacts room's, by hash. */
#ifndef SERVER_STORE_WORKER_UPLOADS_H
#define SERVER_STORE_WORKER_UPLOADS_H

#include "server/store/db.h"

#include <stdint.h>

struct worker_upload_part {
    int64_t number;   /* from 1 */
    const char *etag; /* MD5 in hex: what the client names it by */
    const char *sha256;
    int64_t size_bytes;
};

/* What the upload is for; *name NULL where the job has no such upload. */
bool worker_uploads_find(struct tx *tx, struct arena *arena, const char *job_id, const char *id, const char **name,
                         struct err *err);
/* In the order of their numbers. */
bool worker_uploads_parts(struct tx *tx, struct arena *arena, const char *id, struct worker_upload_part **out,
                          size_t *count, struct err *err);
bool worker_uploads_count(struct tx *tx, const char *job_id, int64_t *out, struct err *err);

bool worker_uploads_add(struct tx *tx, const char *id, const char *job_id, const char *name, struct err *err);
/* Replaces the part of that number. */
bool worker_uploads_put_part(struct tx *tx, const char *id, const struct worker_upload_part *part, struct err *err);
/* With its parts. Nothing where there is none. */
bool worker_uploads_remove(struct tx *tx, const char *id, struct err *err);
/* All of a job that ended. */
bool worker_uploads_remove_of_job(struct tx *tx, const char *job_id, struct err *err);

#endif
