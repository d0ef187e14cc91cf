/* Which artifact is which bytes: those of runners' jobs and those that job workers uploaded. The bytes are the
 * artifacts room's, by hash. */
#ifndef SERVER_STORE_ARTIFACT_ROWS_H
#define SERVER_STORE_ARTIFACT_ROWS_H

#include "server/store/db.h"

#include <stdint.h>

struct artifact_row {
    const char *job_id;    /* the runner's job; NULL: a job worker's */
    int64_t action_run_id; /* that made it; 0: a build that no pipeline started, as is the next */
    const char *name;
    int64_t execution_id;
    const char *sha256;
    int64_t size_bytes;
    int64_t created_ms;
};

/* Those that a job made, by name. */
bool artifact_rows_of_job(struct tx *tx, struct arena *arena, const char *job_id, struct artifact_row **out,
                          size_t *count, struct err *err);

/* Those that job workers uploaded for an action run, by name. */
bool artifact_rows_of_action(struct tx *tx, struct arena *arena, int64_t action_run_id, struct artifact_row **out,
                             size_t *count, struct err *err);

/* The artifact of that name in an execution, from the newest run that succeeded, whoever made it; a rollback that made
 * none has that of the execution it goes back to. *found false for none. */
bool artifact_rows_find(struct tx *tx, struct arena *arena, int64_t execution_id, const char *name, bool *found,
                        struct artifact_row *out, struct err *err);

/* For the job queues only: adds the row, or replaces that of an upload before. */
bool artifact_rows_put(struct tx *tx, const struct artifact_row *row, struct err *err);           /* by job_id */
bool artifact_rows_put_of_worker(struct tx *tx, const struct artifact_row *row, struct err *err); /* by action_run_id */

/* The object key under which a job worker reads or writes the artifact of an action run: given once, then always the
 * same. artifact_place_find sets *key to NULL where none was given. */
bool artifact_place_find(struct tx *tx, struct arena *arena, int64_t action_run_id, const char *name, const char **key,
                         struct err *err);
bool artifact_place_add(struct tx *tx, int64_t action_run_id, const char *name, const char *key, struct err *err);

#endif
