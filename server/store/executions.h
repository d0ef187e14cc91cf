/* Pipeline executions. Everybody may read; only the engine writes. */
#ifndef SERVER_STORE_EXECUTIONS_H
#define SERVER_STORE_EXECUTIONS_H

#include "server/definition/pipeline.h"
#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct execution_row {
    int64_t id;
    const char *uuid;
    int64_t pipeline_id;
    const char *pipeline; /* name */
    int64_t number;
    int64_t version;
    enum execution_mode mode;
    enum execution_type type;
    int64_t rollback_of; /* EXECUTION_ROLLBACK: the id of the one it goes back to, else 0 */
    enum execution_status status;
    const char *summary; /* or NULL */
    enum execution_place place;
    int stage_index; /* the stage it is in or waits for; the last one when ended */
    enum stop_mode stop_mode;
    const char *stop_reason; /* or NULL */
    const char *stopped_by;  /* or NULL */
    const char *trigger_type;
    const char *trigger_detail;       /* or NULL */
    const char *started_by;           /* or NULL */
    const char *client_request_token; /* or NULL */
    int64_t started_ms;
    int64_t updated_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* Errors: ERR_NOT_FOUND PipelineExecutionNotFoundException. */
bool executions_get(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *uuid,
                    struct execution_row *out, struct err *err);
/* The same by the pipeline's name, also where that was deleted meanwhile. Errors: also PipelineNotFoundException. */
bool executions_find(struct tx *tx, struct arena *arena, const char *pipeline, const char *uuid,
                     struct execution_row *out, struct err *err);
bool executions_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct execution_row *out, struct err *err);

/* Newest first; those with a smaller number than `before` (0: from the newest). */
bool executions_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t before, size_t limit,
                     struct execution_row **out, size_t *count, struct err *err);

/* Those that succeeded in the stage of that name, newest first; with a smaller id than `before` (0: from the newest).
 */
bool executions_list_succeeded(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *stage,
                               int64_t before, size_t limit, struct execution_row **out, size_t *count,
                               struct err *err);

/* uuids of those that succeeded as a whole, newest first. */
bool executions_succeeded_uuids(struct tx *tx, struct arena *arena, int64_t pipeline_id, size_t limit,
                                const char *const **out, size_t *count, struct err *err);

/* The newest that a rollback of the stage may go back to: STANDARD, of that version, Succeeded there, with a smaller id
 * than `before`; *found false for none. */
bool executions_find_rollback_target(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                                     const char *stage, int64_t before, bool *found, struct execution_row *out,
                                     struct err *err);

/* The number of the newest one that was started, not rolled back to; 0 for none. */
bool executions_newest_start(struct tx *tx, int64_t pipeline_id, int64_t *number, struct err *err);

/* Those that have not ended, oldest first. */
bool executions_active(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct execution_row **out,
                       size_t *count, struct err *err);

/* For the engine only. */

/* Adds the row as given but for the id. Errors: ERR_CONFLICT. */
bool executions_add(struct tx *tx, const struct execution_row *row, int64_t *id, struct err *err);
/* The execution that was started under that token; *found false where there is none. */
bool executions_find_token(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *client_request_token,
                           bool *found, struct execution_row *out, struct err *err);
/* A move by the table of states; ended_ms is set with a final status. `summary` NULL leaves it. Errors: ERR_INTERNAL
 * where the row was not in state `from`. */
bool executions_set_status(struct tx *tx, int64_t id, enum execution_status from, enum execution_status to,
                           const char *summary, struct err *err);
/* In front of a stage or into it. */
bool executions_set_place(struct tx *tx, int64_t id, enum execution_place place, int stage_index, struct err *err);
/* An ended one is in its stage again, and not to be stopped any more. */
bool executions_reopen(struct tx *tx, int64_t id, enum execution_status from, int stage_index, struct err *err);
bool executions_set_stop(struct tx *tx, int64_t id, enum stop_mode from, enum stop_mode to, struct err *err);
/* Why and by whom it is stopped; id 0: every one of the pipeline that has not ended. NULL leaves what is there. */
bool executions_note_stop(struct tx *tx, int64_t pipeline_id, int64_t id, const char *reason, const char *by,
                          struct err *err);

#endif
