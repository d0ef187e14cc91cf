/*
 * Who wants a job undone: whoever stopped its execution.
 */
#include "server/jobs/stop_words.h"

#include "server/store/action_runs.h"
#include "server/store/executions.h"

bool stop_words_read(struct tx *tx, struct arena *arena, const struct job_row *job, struct stop_words *out,
                     struct err *err) {
    struct action_run_row action;
    struct execution_row execution;
    *out = (struct stop_words){0};
    if (job->cancel == JOB_CANCEL_NONE || !job->action_run_id)
        return true;
    if (!action_runs_get_by_id(tx, arena, job->action_run_id, &action, err) ||
        !executions_get_by_id(tx, arena, action.execution_id, &execution, err))
        return false;
    /* A rule that does not matter any more is undone while its execution goes on. */
    if (execution.stop_mode == STOP_ABANDON)
        *out = (struct stop_words){.by = execution.stopped_by, .reason = execution.stop_reason};
    return true;
}
