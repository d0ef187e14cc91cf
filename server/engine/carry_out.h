/* From the rules' decisions to rows, events and jobs. Only for this room. */
#ifndef SERVER_ENGINE_CARRY_OUT_H
#define SERVER_ENGINE_CARRY_OUT_H

#include "server/engine/advance.h"
#include "server/store/action_runs.h"
#include "server/store/pipelines.h"

#define RESOLVED_MAX (100 * 1024) /* AWS: bytes of an action's configuration once its variables are filled in */

/* What every step of one event works on. */
struct step {
    struct tx *tx;
    struct arena *arena;
    int64_t pipeline_id;
    const char *pipeline; /* name */
    bool look_again;      /* an action ended while decisions were carried out: the rules must look again */
};

/* Hands an error on that was first looked at. Returns false. */
static inline bool pass_on(struct err *err, const struct err *why) {
    if (err)
        *err = *why;
    return false;
}

/* Loads the pipeline, applies the event, and carries out what the rules decide, until they have nothing to say. */
bool engine_move(struct tx *tx, struct arena *arena, int64_t pipeline_id, const struct engine_event *event,
                 struct err *err);

/* Ends an action's run with its event. */
bool end_action(struct step *step, const struct action_run_row *action, const struct action_end *end, struct err *err);

/* Starts an action: its row, with variables resolved, and its job, build or approval. One that cannot start (a variable
 * without value, a project that is not there) is Failed at once. */
bool start_action(struct step *step, const struct view_execution *execution, const struct pipeline_action *action,
                  struct err *err);

/* The value of a setting with each #{namespace.name} replaced. Errors: ERR_INVALID names the reference. */
bool resolve(struct step *step, int64_t execution_id, const char *execution, const char *value, const char **out,
             struct err *err);

#endif
