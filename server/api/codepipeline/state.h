/* Parts of GetPipelineState that have files of their own. */
#ifndef SERVER_API_CODEPIPELINE_STATE_H
#define SERVER_API_CODEPIPELINE_STATE_H

#include "server/api/codepipeline/codepipeline.h"
#include "server/store/stage_runs.h"

/* beforeEntryConditionState, onSuccessConditionState, onFailureConditionState: those that the stage declares, with what
 * was answered in `run`, the stage's newest (NULL: nobody was in it yet). */
bool state_show_conditions(struct tx *tx, struct arena *arena, const struct pipeline_stage *stage,
                           const struct stage_run_row *run, struct json *out, struct err *err);

#endif
