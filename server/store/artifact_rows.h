/* Which artifact is which bytes. The bytes are the artifacts room's, by hash. */
#ifndef SERVER_STORE_ARTIFACT_ROWS_H
#define SERVER_STORE_ARTIFACT_ROWS_H

#include "server/store/db.h"

#include <stdint.h>

struct artifact_row {
    const char *job_id;
    const char *name;
    int64_t execution_id; /* 0: a build that no pipeline started */
    const char *sha256;
    int64_t size_bytes;
    int64_t created_ms;
};

/* Those that a job made, by name. */
bool artifact_rows_of_job(struct tx *tx, struct arena *arena, const char *job_id, struct artifact_row **out,
                          size_t *count, struct err *err);

/* The artifact of that name in an execution, from the newest run that succeeded; *found false for none. */
bool artifact_rows_find(struct tx *tx, struct arena *arena, int64_t execution_id, const char *name, bool *found,
                        struct artifact_row *out, struct err *err);

/* For the job queue only (queue_put_artifact): adds the row, or replaces that of an upload before. */
bool artifact_rows_put(struct tx *tx, const struct artifact_row *row, struct err *err);

#endif
