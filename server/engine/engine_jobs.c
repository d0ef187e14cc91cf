/*
 * What runners tell, and what becomes of the actions whose jobs ended.
 */
#include "common/str.h"
#include "server/engine/engine.h"
#include "server/engine/finish.h"
#include "server/engine/release.h"
#include "server/jobs/deployment.h"
#include "server/store/revisions.h"

#include <string.h>

#define VARIABLES_MAX 122880 /* AWS: bytes of one action's output variables, names and values */

static const struct engine_event look = {.kind = EVENT_LOOK};

static struct step step_of(struct tx *tx, struct arena *arena, const struct action_run_row *action) {
    return (struct step){.tx = tx, .arena = arena, .pipeline_id = action->pipeline_id, .pipeline = action->pipeline};
}

/* ---- success ---- */

/* NULL: every artifact that the action declares is there. */
static bool find_missing_artifact(struct step *step, const struct action_run_row *action,
                                  const struct artifact_row *artifacts, size_t count, const char **missing,
                                  struct err *err) {
    const struct json *names = NULL;
    *missing = NULL;
    if (!json_parse(step->arena, action->outputs, strlen(action->outputs), &names, err))
        return false;
    json_each(name, names) {
        bool there = false;
        for (size_t i = 0; i < count; i++)
            there = there || str_equal(artifacts[i].name, name->text);
        if (!there)
            *missing = name->text;
    }
    return true;
}

bool finish_variables_fit(const struct wire_variable *variables, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(variables[i].name) + strlen(variables[i].value);
    return bytes <= VARIABLES_MAX;
}

static bool keep_results(struct step *step, const struct action_run_row *action, const struct wire_result *result,
                         struct err *err) {
    for (size_t i = 0; i < result->variable_count; i++) {
        if (!action_runs_set_variable(step->tx, action->id, result->variables[i].name, result->variables[i].value, err))
            return false;
    }
    if (!str_equal(action->category, "Source") || !result->revision_id)
        return true;
    const struct revision_row revision = {
        .execution_id = action->execution_id,
        .action = action->action,
        .revision_id = result->revision_id,
        .summary = result->revision_summary,
        .created_ms = result->revision_created_ms,
    };
    return revisions_settle(step->tx, &revision, err);
}

bool finish_succeeded(struct step *step, const struct action_run_row *action, const struct artifact_row *artifacts,
                      size_t count, const struct wire_result *result, struct action_end *end, struct err *err) {
    const char *missing = NULL;
    if (!find_missing_artifact(step, action, artifacts, count, &missing, err))
        return false;
    if (missing || !finish_variables_fit(result->variables, result->variable_count)) {
        end->status = ACTION_FAILED;
        end->error_code = missing ? "JobFailed" : "OutputVariablesSizeExceeded";
        end->error_message = missing ? arena_printf(step->arena, "the output artifact '%s' was not uploaded", missing)
                                     : "the output variables have more than 122880 bytes";
        return true;
    }
    return keep_results(step, action, result, err);
}

static bool succeed(struct step *step, const struct action_run_row *action, const char *job_id,
                    const struct wire_result *result, struct action_end *end, struct err *err) {
    struct artifact_row *artifacts = NULL;
    size_t count = 0;
    return artifact_rows_of_job(step->tx, step->arena, job_id, &artifacts, &count, err) &&
           finish_succeeded(step, action, artifacts, count, result, end, err);
}

/* ---- ends ---- */

static bool is_being_stopped(struct step *step, int64_t execution_id, bool *out, struct err *err) {
    struct execution_row execution;
    if (!executions_get_by_id(step->tx, step->arena, execution_id, &execution, err))
        return false;
    *out = execution.stop_mode != STOP_NONE;
    return true;
}

/* A stopped job's action is Abandoned where its execution is being stopped. Else somebody stopped the build, or the
 * runner: then it did not do what it was there for. */
static bool describe_stop(struct step *step, const struct action_run_row *action, enum job_cancel cancel,
                          struct action_end *end, struct err *err) {
    bool stopping = false;
    if (!is_being_stopped(step, action->execution_id, &stopping, err))
        return false;
    end->status = stopping ? ACTION_ABANDONED : ACTION_FAILED;
    if (!stopping) {
        end->error_code = "JobFailed";
        end->error_message = cancel == JOB_CANCEL_NONE ? "the runner was stopped while it worked on this"
                                                       : "Build terminated with state: STOPPED";
    }
    return true;
}

static bool describe_end(struct step *step, const struct action_run_row *action, const struct job_row *job,
                         const struct wire_result *result, struct action_end *end, struct err *err) {
    *end = (struct action_end){
        .status = ACTION_SUCCEEDED,
        .summary = result->summary,
        /* AWS shows a CodeBuild action's build id, whatever the runner calls it. */
        .external_id = job->build_id ? NULL : result->external_id,
        .external_url = result->external_url,
    };
    switch (result->outcome) {
    case WIRE_SUCCEEDED:
        return succeed(step, action, job->id, result, end, err);
    case WIRE_STOPPED:
        return describe_stop(step, action, job->cancel, end, err);
    case WIRE_FAILED:
        break;
    }
    end->status = ACTION_FAILED;
    end->error_code = result->error_code ? result->error_code : "JobFailed";
    end->error_message = result->error_message;
    return true;
}

static bool finish_action(struct tx *tx, struct arena *arena, const struct job_row *job,
                          const struct wire_result *result, struct err *err) {
    struct action_run_row action;
    struct action_end end;
    if (!action_runs_get_by_id(tx, arena, job->action_run_id, &action, err))
        return false;
    if (result->deployment && !deployment_told(tx, arena, &action, result->deployment, false, err))
        return false;
    if (action.status != ACTION_IN_PROGRESS) /* given up by a person meanwhile */
        return true;
    struct step step = step_of(tx, arena, &action);
    return describe_end(&step, &action, job, result, &end, err) && end_action(&step, &action, &end, err) &&
           (end.status != ACTION_SUCCEEDED || release_note(&step, &action, err)) &&
           engine_move(tx, arena, action.pipeline_id, &look, err);
}

/* ---- builds that are done again ---- */

/* Whether the action still wants its build: it is in progress, and nobody stops its execution. */
static bool wants_retry(struct tx *tx, struct arena *arena, const struct job_row *job, bool *out, struct err *err) {
    struct action_run_row action;
    struct execution_row execution;
    *out = true;
    if (!job->action_run_id)
        return true;
    if (!action_runs_get_by_id(tx, arena, job->action_run_id, &action, err) ||
        !executions_get_by_id(tx, arena, action.execution_id, &execution, err))
        return false;
    *out = action.status == ACTION_IN_PROGRESS && execution.stop_mode == STOP_NONE;
    return true;
}

/* *again: another build was queued in its stead, and the action goes on with that one. */
static bool retry_build(struct tx *tx, struct arena *arena, const struct job_row *job, const struct json *told,
                        bool *again, struct err *err) {
    struct build_row successor;
    *again = false;
    if (!wants_retry(tx, arena, job, again, err))
        return false;
    if (!*again)
        return true;
    if (!build_retry(tx, arena, job, told, again, &successor, err))
        return false;
    if (!*again || !job->action_run_id || job->batch_id)
        return true;
    const char *summary =
        arena_printf(arena, "the build failed; retry %d of %d", successor.retry_number, successor.retry_limit);
    const char *external_id = arena_printf(arena, "%s:%s", successor.project, successor.uuid);
    return action_runs_progress(tx, job->action_run_id, summary, external_id, NULL, -1, err);
}

/* A batch's action ends with the batch: where that has ended, as it did. */
static bool finish_batch_action(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err) {
    struct batch_end end;
    bool ended = false;
    if (!batch_get_end(tx, arena, batch_id, &ended, &end, err))
        return false;
    if (!ended || !end.row.action_run_id)
        return true;
    const struct job_row job = {
        .id = end.job_id ? end.job_id : "",
        .action_run_id = end.row.action_run_id,
        .build_id = -1, /* the action shows the batch's id, and keeps it */
        .cancel = end.row.stop == BATCH_STOP_ASKED ? JOB_CANCEL_UNDO : JOB_CANCEL_NONE,
    };
    const struct wire_result result = {
        .outcome = end.row.status == BUILD_SUCCEEDED ? WIRE_SUCCEEDED
                   : end.row.status == BUILD_STOPPED ? WIRE_STOPPED
                                                     : WIRE_FAILED,
        .summary = end.summary,
        .error_code = "JobFailed",
        .error_message = end.row.status == BUILD_TIMED_OUT
                             ? arena_printf(arena, "the batch has timed out: %s", end.summary)
                             : arena_printf(arena, "the batch failed: %s", end.summary),
    };
    return finish_action(tx, arena, &job, &result, err);
}

static bool finish_build(struct tx *tx, struct arena *arena, const struct job_row *job,
                         const struct build_ending *ending, bool *again, struct err *err) {
    *again = false;
    return !job->build_id ||
           (build_finish(tx, arena, job, ending, err) && retry_build(tx, arena, job, ending->told, again, err));
}

/* The job's action ends with it, or with the batch that its build belongs to; not where another build was queued in its
 * stead. */
static bool finish_job(struct tx *tx, struct arena *arena, const struct job_row *job, const struct build_ending *ending,
                       const struct wire_result *result, struct err *err) {
    bool again = false;
    if (!finish_build(tx, arena, job, ending, &again, err))
        return false;
    if (job->batch_id)
        return batch_build_ended(tx, arena, job, ending, err) && finish_batch_action(tx, arena, job->batch_id, err);
    return again || !job->action_run_id || finish_action(tx, arena, job, result, err);
}

bool engine_finish_job(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                       const struct wire_result *result, struct err *err) {
    struct job_row job;
    bool again = false;
    if (!queue_finish(tx, arena, fence, result, &again, &job, err))
        return false;
    if (again)
        return true;
    const struct build_ending ending = {
        .status = build_status_of(result), .message = result->error_message, .told = result->build};
    return finish_job(tx, arena, &job, &ending, result, err);
}

/* That its runners were lost is the service's fault, not the build's. */
static struct build_ending describe_ending(const struct queue_ending *ending) {
    struct build_ending build = {.status = BUILD_STOPPED, .message = ending->error_message};
    if (ending->outcome == JOB_FAILED) {
        build.status = ending->timed_out ? BUILD_TIMED_OUT : BUILD_FAULT;
        build.code = ending->timed_out ? "BUILD_TIMED_OUT" : "INTERNAL_SERVICE_ERROR";
    }
    return build;
}

static bool finish_ending(struct tx *tx, struct arena *arena, const struct queue_ending *ending, struct err *err) {
    struct job_row job;
    const struct build_ending build = describe_ending(ending);
    if (!job_rows_get(tx, arena, ending->job_id, &job, err))
        return false;
    const struct wire_result result = {
        .outcome = ending->outcome == JOB_STOPPED ? WIRE_STOPPED : WIRE_FAILED,
        .error_code = ending->timed_out ? "JobFailed" : "SystemUnavailable",
        .error_message = ending->error_message,
    };
    return finish_job(tx, arena, &job, &build, &result, err);
}

bool finish_endings(struct tx *tx, struct arena *arena, const struct queue_ending *endings, size_t count,
                    struct err *err) {
    for (size_t i = 0; i < count; i++) {
        if (!finish_ending(tx, arena, &endings[i], err))
            return false;
    }
    return true;
}

/* ---- builds ---- */

bool engine_stop_build(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct build_row *out,
                       struct err *err) {
    struct job_row job;
    bool found = false, ended = false;
    if (!builds_get(tx, arena, project, uuid, out, err) || !job_rows_of_build(tx, arena, out->id, &found, &job, err))
        return false;
    if (!found || out->status != BUILD_IN_PROGRESS)
        return true;
    if (!queue_cancel(tx, job.id, JOB_CANCEL_UNDO, &ended, err))
        return false;
    const struct queue_ending ending = {.job_id = job.id, .outcome = JOB_STOPPED};
    if (ended && !finish_ending(tx, arena, &ending, err))
        return false;
    return builds_get_by_id(tx, arena, out->id, out, err);
}

/* ---- batches ---- */

bool engine_stop_batch(struct tx *tx, struct arena *arena, const char *project, const char *uuid, struct batch_row *out,
                       struct err *err) {
    return batches_get(tx, arena, project, uuid, out, err) && batch_stop(tx, arena, out->id, BATCH_STOP_ASKED, err) &&
           finish_batch_action(tx, arena, out->id, err) && batches_get_by_id(tx, arena, out->id, out, err);
}

bool expire_batch(struct tx *tx, struct arena *arena, int64_t batch_id, struct err *err) {
    return batch_stop(tx, arena, batch_id, BATCH_STOP_TIMEOUT, err) && finish_batch_action(tx, arena, batch_id, err);
}

/* ---- runners ---- */

bool engine_runner_hello(struct tx *tx, struct arena *arena, const char *runner_id, const char *instance_id,
                         const char *version, struct err *err) {
    struct queue_ending *endings = NULL;
    size_t count = 0;
    return queue_hello(tx, arena, runner_id, instance_id, version, &endings, &count, err) &&
           finish_endings(tx, arena, endings, count, err);
}

bool engine_remove_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct err *err) {
    struct queue_ending *endings = NULL;
    size_t count = 0;
    return queue_remove_runner(tx, arena, runner_id, &endings, &count, err) &&
           finish_endings(tx, arena, endings, count, err);
}
