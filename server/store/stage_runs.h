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
    enum stage_phase phase;
    int64_t condition_id; /* the condition of its phase, once that was begun; else 0 */
    int auto_retries;
    int manual_retries;
    enum retry_trigger retry_trigger; /* the newest, where there was one */
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

/* The newest of that stage (GetPipelineState's latestExecution), but for PARALLEL executions, of which AWS shows no
 * state; *found false where nobody ever was in it. */
bool stage_runs_latest(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *name, bool *found,
                       struct stage_run_row *out, struct err *err);

/* Whether another execution has entered the stage since that run began, or was let in again. */
bool stage_runs_is_newest(struct tx *tx, const struct stage_run_row *run, bool *out, struct err *err);

/* For the engine only. */
bool stage_runs_add(struct tx *tx, const struct stage_run_row *row, int64_t *id, struct err *err);
bool stage_runs_set_status(struct tx *tx, int64_t id, enum stage_status from, enum stage_status to, struct err *err);
bool stage_runs_set_phase(struct tx *tx, int64_t id, enum stage_phase from, enum stage_phase to, struct err *err);
bool stage_runs_set_condition(struct tx *tx, int64_t id, int64_t condition_id, struct err *err);

/* Another try. The stage is InProgress again, from wherever it was, and holds its lock where `holds_lock` says. `all`:
 * from the first group; else only what failed counts as not done (action_runs_set_aside). */
struct stage_retry {
    bool all;
    enum retry_trigger trigger;
    enum stage_phase phase; /* where it goes on */
    bool holds_lock;
};
bool stage_runs_retry(struct tx *tx, const struct stage_run_row *run, const struct stage_retry *retry, struct err *err);
bool stage_runs_set_run_order(struct tx *tx, int64_t id, int run_order, struct err *err);

#endif
