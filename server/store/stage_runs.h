/* An execution's time in a stage. Everybody may read; only the engine writes. A stage that was not yet reached has no
 * row. */
#ifndef SERVER_STORE_STAGE_RUNS_H
#define SERVER_STORE_STAGE_RUNS_H

#include "server/store/db.h"
#include "server/store/states.h"

#include <stdint.h>

struct stage_run_row {
    int64_t id;
    int64_t execution_id;
    int64_t pipeline_id;
    int stage_index;
    const char *name;
    enum stage_status status;
    bool holds_lock;
    int run_order; /* the group of actions that was started last; 0 none yet */
    int64_t started_ms;
    int64_t updated_ms;
    int64_t ended_ms; /* 0: not yet */
};

/* Those of an execution, in the order of stages. */
bool stage_runs_list(struct tx *tx, struct arena *arena, int64_t execution_id, struct stage_run_row **out,
                     size_t *count, struct err *err);

/* Errors: ERR_NOT_FOUND. */
bool stage_runs_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct stage_run_row *out, struct err *err);

/* That of one stage; *found false where the execution has not been there. */
bool stage_runs_get(struct tx *tx, struct arena *arena, int64_t execution_id, int stage_index, bool *found,
                    struct stage_run_row *out, struct err *err);

/* The newest of that stage (GetPipelineState's latestExecution); *found false where nobody ever was in it. */
bool stage_runs_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *name, bool *found,
                       struct stage_run_row *out, struct err *err);

/* For the engine only. */
bool stage_runs_add(struct tx *tx, const struct stage_run_row *row, int64_t *id, struct err *err);
bool stage_runs_set_status(struct tx *tx, int64_t id, enum stage_status from, enum stage_status to, struct err *err);
bool stage_runs_set_run_order(struct tx *tx, int64_t id, int run_order, struct err *err);

#endif
