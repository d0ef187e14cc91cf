/*
 * What something waits for, in words (docs/doors.md: `wait`). NULL where it waits for nothing: it runs, or has ended.
 *
 *     waiting for a runner
 *     waiting for a job worker                  (a custom action)
 *     waiting for approval                      (an action; an execution says "waiting for approval: Release/Approve")
 *     waiting for execution 7 to leave stage Deploy
 *     waiting for execution 7 of pipeline 'shop' to finish with ecs/eu-west-1/prod/shop
 *     waiting for the deployment window
 *     the transition into stage Deploy is disabled: ann closed it: release freeze
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

/* Who waits in front of a stage, and for what (NULL: it is about to go in). */
struct wait_in_front {
    const struct execution_row *execution;
    const char *words;
};
/* All of a pipeline, by stage, and in front of one stage in the order in which they will go in: GetPipelineState's
 * inboundExecutions. */
bool wait_in_front(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct wait_in_front **out, size_t *count,
                   struct err *err);

#endif
