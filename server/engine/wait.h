/*
 * What something waits for, in words (docs/doors.md: `wait`). NULL where it waits for nothing: it runs, or has ended.
 *
 *     waiting for a runner
 *     waiting for a job worker                  (a custom action)
 *     waiting for approval                      (an action; an execution says "waiting for approval: Release/Approve")
 *     waiting for execution 7 to leave stage Deploy
 *     stopping: waiting for Release/Deploy to be undone
 */
#ifndef SERVER_ENGINE_WAIT_H
#define SERVER_ENGINE_WAIT_H

#include "server/store/action_runs.h"
#include "server/store/executions.h"

bool wait_of_execution(struct tx *tx, struct arena *arena, const struct execution_row *execution, const char **out,
                       struct err *err);
bool wait_of_action(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char **out,
                    struct err *err);
/* The execution that waits in front of the pipeline's stage of that name and index, in words, and its row (both NULL:
 * nobody waits). GetPipelineState's inboundExecution. */
bool wait_before_stage(struct tx *tx, struct arena *arena, int64_t pipeline_id, int stage_index,
                       const struct execution_row **waiting, const char **out, struct err *err);

#endif
