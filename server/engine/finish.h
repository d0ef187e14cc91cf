/* How the end of a job (a runner's or a job worker's) becomes the end of its action and its build. Only for this room.
 */
#ifndef SERVER_ENGINE_FINISH_H
#define SERVER_ENGINE_FINISH_H

#include "server/engine/carry_out.h"
#include "server/jobs/queue.h"
#include "server/store/artifact_rows.h"

/* Jobs that ended without a runner's word; the pipelines go on from there. */
bool finish_endings(struct tx *tx, struct arena *arena, const struct queue_ending *endings, size_t count,
                    struct err *err);

/* A batch's time is over: what runs of it is stopped. */
bool expire_batch(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err);

/* Writes what a successful action put out. Where an artifact that it declares is not among `artifacts`, or its
 * variables are too large, *end says that it Failed instead. */
bool finish_succeeded(struct step *step, const struct action_run_row *action, const struct artifact_row *artifacts,
                      size_t count, const struct wire_result *result, struct action_end *end, struct err *err);

/* AWS's limit of one action's output variables. */
bool finish_variables_fit(const struct wire_variable *variables, size_t count);

#endif
