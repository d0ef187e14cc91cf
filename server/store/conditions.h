/* The conditions of stages, each time that one was asked. Their rules are action runs (action_runs_list_condition).
 * Everybody may read; only the engine writes. */
#ifndef SERVER_STORE_CONDITIONS_H
#define SERVER_STORE_CONDITIONS_H

#include "server/definition/pipeline.h"
#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct condition_row {
    int64_t id;
    int64_t stage_run_id;
    enum condition_kind kind;
    enum condition_result result;
    enum condition_status status;
    const char *summary; /* or NULL */
    int64_t started_ms;
    int64_t updated_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* Errors: ERR_NOT_FOUND. */
bool conditions_get(struct tx *tx, struct arena *arena, int64_t id, struct condition_row *out, struct err *err);

/* The newest of that kind in a stage run; *found false where it was not asked. */
bool conditions_latest(struct tx *tx, struct arena *arena, int64_t stage_run_id, enum condition_kind kind, bool *found,
                       struct condition_row *out, struct err *err);

/* For the engine only. */
bool conditions_add(struct tx *tx, int64_t stage_run_id, enum condition_kind kind, enum condition_result result,
                    int64_t *id, struct err *err);
/* From InProgress. */
bool conditions_end(struct tx *tx, int64_t id, enum condition_status status, const char *summary, struct err *err);

#endif
