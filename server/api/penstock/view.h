/*
 * What the dashboard looks at, made of the store's rows: PipelineSummary, ExecutionSummary, StageDetail, Approval as
 * docs/doors.md describes them.
 */
#ifndef SERVER_API_PENSTOCK_VIEW_H
#define SERVER_API_PENSTOCK_VIEW_H

#include "server/api/aws.h"
#include "server/engine/worker_types.h"
#include "server/store/action_runs.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"
#include "server/store/releases.h"
#include "server/store/stage_runs.h"

/* One answer being made. Zero but for the first three. */
struct view {
    struct tx *tx;
    const struct aws_call *call;
    struct arena *arena;
    /* The definition read last: mostly the next one too. */
    int64_t pipeline_id;
    int64_t version;
    const struct pipeline *pipeline;
    const struct custom_types *types; /* all there ever were: they say which settings are secret; NULL: not yet read */
    /* Asked of git after the read: an execution and its pipeline show the same approval. */
    struct commits_wanted *wanted;
};

/* The definition of that version. */
bool view_definition(struct view *view, int64_t pipeline_id, int64_t version, const struct pipeline **out,
                     struct err *err);

/* PipelineSummary */
bool view_pipeline(struct view *view, const struct pipeline_row *row, struct json *out, struct err *err);

/* {pipelineExecutionId, number, executionType} */
void view_execution_name(struct arena *arena, const struct execution_row *execution, struct json *out);

/* ExecutionSummary */
bool view_execution(struct view *view, const struct execution_row *execution, struct json *out, struct err *err);

/* The list of StageDetail of an execution. */
bool view_stages(struct view *view, const struct execution_row *execution, struct json *out, struct err *err);

/* ActionDetail; `run` is NULL where the action was not reached. */
bool view_action(struct view *view, const struct pipeline_action *action, const struct action_run_row *run,
                 struct json *out, struct err *err);

/* What an action or a rule has in common once it ran: status, wait, outcome, log, runner. */
bool view_run(struct view *view, const struct action_run_row *run, struct json *out, struct err *err);

/* What the run's runner told of its deploy, as members "deployment", "deploymentUpdated" and "pauses"; *told false for
 * nothing. */
bool view_deployment(struct view *view, const struct action_run_row *run, bool *told, struct json *out,
                     struct err *err);

/* The first deploy under way that has a cause, as member "stuck" of `out`. */
bool view_stuck(struct view *view, const struct execution_row *execution, struct json *out, struct err *err);

/* The members of a Release that are its target's; and those that are its execution's: since, execution, rollbackOf,
 * startedBy, approvedBy, revisions. */
void view_target(struct arena *arena, const struct release_row *release, struct json *out);
bool view_release(struct view *view, const struct execution_row *execution, const struct release_row *release,
                  struct json *out, struct err *err);

/* The list of an execution's source revisions, as member "revisions". */
bool view_revisions(struct view *view, const struct execution_row *execution, struct json *out, struct err *err);

/* Who was in the stage last, with its status there, as that member of `out`; and "rollbackTarget". */
bool view_stage_holder(struct view *view, const struct pipeline_row *row, const char *stage, const char *member,
                       struct json *out, struct err *err);

/* The list of Condition of a stage, as member "conditions" of `out`, where it declares any; `run` is NULL where it was
 * not reached. */
bool view_conditions(struct view *view, const struct pipeline_stage *stage, const struct stage_run_row *run,
                     struct json *out, struct err *err);

/* Whether that execution's work is what is in the stage: it was the last there, or a rollback to it was and succeeded.
 */
bool view_is_there(struct view *view, const struct execution_row *execution, const char *stage, bool *out,
                   struct err *err);

/* Whether RetryStageExecution would be done. */
bool view_can_retry(struct view *view, const struct execution_row *execution, const struct stage_run_row *run,
                    enum retry_mode mode, bool *out, struct err *err);

/* Approval, as member "approval" of `out`, of a manual approval that waits or a deploy in a pause, with what is about
 * to be released: the commits since what last succeeded in that stage. */
bool view_approval(struct view *view, const struct action_run_row *run, struct json *out, struct err *err);

/* The first approval of the execution that somebody is to answer, as member "approval" of `out`; nothing for none. */
bool view_pending_approval(struct view *view, const struct execution_row *execution, struct json *out, struct err *err);

/* A JSON text of the store's, or NULL. */
const struct json *view_parse(struct arena *arena, const char *text);

/* The value of that configuration key, or NULL. */
const char *view_setting(const struct pipeline_action *action, const char *key);

#endif
