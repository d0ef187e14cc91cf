/* The transitions into stages that somebody ever closed; all others are open. Everybody may read; only the engine
 * writes. */
#ifndef SERVER_STORE_STAGE_GATES_H
#define SERVER_STORE_STAGE_GATES_H

#include "server/store/db.h"

#include <stdint.h>

struct stage_gate_row {
    const char *stage;
    bool enabled;
    const char *reason;     /* why it was closed, or NULL */
    const char *changed_by; /* or NULL */
    int64_t changed_ms;
    int64_t resume_after; /* open, but not for executions with numbers up to this until a newer one was started; 0 */
};

/* Those of a pipeline. */
bool stage_gates_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct stage_gate_row **out,
                      size_t *count, struct err *err);

/* For the engine only: writes the row, whether it was there or not. */
bool stage_gates_put(struct tx *tx, int64_t pipeline_id, const struct stage_gate_row *row, struct err *err);
/* Of a stage that the pipeline does not have any more. */
bool stage_gates_remove(struct tx *tx, int64_t pipeline_id, const char *stage, struct err *err);

#endif
