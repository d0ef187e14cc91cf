/*
 * Custom actions: their job workers are the user's own programs and may be anywhere. All that is known of their work is
 * what they say at its end, so it is never undone, only given up.
 */
#include "common/str.h"
#include "server/engine/engine.h"
#include "server/engine/finish.h"
#include "server/engine/worker_types.h"
#include "server/engine/workers.h"
#include "server/jobs/worker_queue.h"
#include "server/store/artifact_rows.h"
#include "server/store/events.h"

#include <string.h>

static const struct engine_event look = {.kind = EVENT_LOOK};

static struct step step_of(struct tx *tx, struct arena *arena, const struct action_run_row *action) {
    return (struct step){.tx = tx, .arena = arena, .pipeline_id = action->pipeline_id, .pipeline = action->pipeline};
}

/* The type of a custom action; *found false where there is none of that name any more. */
static bool find_type(struct step *step, const struct action_run_row *run, bool *found, struct custom_type *out,
                      struct err *err) {
    struct custom_type_row row;
    *found = false;
    if (!custom_type_rows_get(step->tx, step->arena, run->category, run->provider, run->type_version, found, &row, err))
        return false;
    if (!*found || row.deleted_ms) {
        *found = false;
        return true;
    }
    return worker_type_read(step->arena, &row, out, err);
}

/* ---- start ---- */

static bool fail_to_start(struct step *step, const struct action_run_row *run, const char *message, struct err *err) {
    const struct action_end end = {
        .status = ACTION_FAILED, .error_code = "ConfigurationError", .error_message = message};
    return end_action(step, run, &end, err);
}

bool start_worker_job(struct step *step, const struct action_run_row *run, const struct json *configuration,
                      struct err *err) {
    struct custom_type type;
    struct err why = {.kind = ERR_NONE};
    bool found = false;
    if (!find_type(step, run, &found, &type, err))
        return false;
    if (!found)
        return fail_to_start(
            step, run,
            arena_printf(step->arena, "the action type Custom/%s/%s/%s was deleted; make a new version and name that",
                         run->category, run->provider, run->type_version),
            err);
    const struct custom_property *queryable = custom_type_queryable(&type);
    const char *value = queryable ? json_get_text(configuration, queryable->name) : NULL;
    if (worker_queue_add(step->tx, step->arena, run, value, &why))
        return true;
    if (why.kind == ERR_NOT_FOUND)
        return fail_to_start(step, run, why.message, err);
    return pass_on(err, &why);
}

/* ---- what the worker says ---- */

static const struct json *configuration_of(struct arena *arena, const struct action_run_row *action) {
    const struct json *configuration = NULL;
    return json_parse(arena, action->configuration, strlen(action->configuration), &configuration, NULL) ? configuration
                                                                                                         : NULL;
}

/* Where the work shows, by the type's template; NULL for none. */
static bool find_url(struct step *step, const struct action_run_row *action, const char *external_id, const char **out,
                     struct err *err) {
    struct custom_type type;
    bool found = false;
    *out = NULL;
    if (!find_type(step, action, &found, &type, err))
        return false;
    if (found)
        *out = worker_url(step->arena, type.execution_url, configuration_of(step->arena, action),
                          external_id ? external_id : action->external_id);
    return true;
}

static bool tell_progress(struct step *step, const struct action_run_row *action,
                          const struct engine_worker_result *result, struct err *err) {
    struct json *detail = json_object(step->arena);
    json_set_text(step->arena, detail, "summary", result->summary);
    if (result->percent >= 0)
        json_set_integer(step->arena, detail, "percentComplete", result->percent);
    const struct event_row event = {
        .type = "action",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = action_status_name(action->status),
        .detail = json_print(step->arena, detail),
    };
    return events_add(step->tx, &event, err);
}

static bool continue_action(struct step *step, const struct action_run_row *action, const struct worker_job_row *job,
                            const struct engine_worker_result *result, const char *url, struct err *err) {
    return worker_queue_continue(step->tx, job, result->continuation_token, err) &&
           action_runs_progress(step->tx, action->id, result->summary, result->external_id, url, result->percent,
                                err) &&
           tell_progress(step, action, result, err);
}

static bool describe_end(struct step *step, const struct action_run_row *action,
                         const struct engine_worker_result *result, struct action_end *end, struct err *err) {
    struct artifact_row *artifacts = NULL;
    size_t count = 0;
    if (result->failure_type) {
        end->status = ACTION_FAILED;
        end->error_code = result->failure_type;
        end->error_message = result->failure_message;
        return true;
    }
    const struct wire_result success = {
        .outcome = WIRE_SUCCEEDED,
        .revision_id = result->revision_id,
        .revision_summary = result->revision_summary,
        .revision_created_ms = result->revision_created_ms,
        .variables = result->variables,
        .variable_count = result->variable_count,
    };
    return artifact_rows_of_action(step->tx, step->arena, action->id, &artifacts, &count, err) &&
           finish_succeeded(step, action, artifacts, count, &success, end, err);
}

bool engine_finish_worker_job(struct tx *tx, struct arena *arena, const struct engine_worker_result *result,
                              struct err *err) {
    struct worker_job_row job;
    struct action_run_row action;
    const char *url = NULL;
    enum worker_job_state state = result->failure_type ? WORKER_JOB_FAILED : WORKER_JOB_SUCCEEDED;
    if (!finish_variables_fit(result->variables, result->variable_count))
        return err_set_code(err, ERR_LIMIT, "OutputVariablesSizeExceededException",
                            "the output variables have more than 122880 bytes");
    if (!worker_queue_finish(tx, arena, result->job_id, state, &job, err) ||
        !action_runs_get_by_id(tx, arena, job.action_run_id, &action, err))
        return false;
    struct step step = step_of(tx, arena, &action);
    if (!find_url(&step, &action, result->external_id, &url, err))
        return false;
    if (result->continuation_token)
        return continue_action(&step, &action, &job, result, url, err);
    struct action_end end = {.status = ACTION_SUCCEEDED,
                             .summary = result->summary,
                             .external_id = result->external_id,
                             .external_url = url};
    return action_runs_progress(tx, action.id, NULL, NULL, NULL, result->percent, err) &&
           describe_end(&step, &action, result, &end, err) && end_action(&step, &action, &end, err) &&
           engine_move(tx, arena, action.pipeline_id, &look, err);
}

/* ---- other ends ---- */

bool drop_worker_job(struct step *step, const struct action_run_row *run, bool only_unbegun, bool *found, bool *dropped,
                     struct err *err) {
    return worker_queue_drop(step->tx, step->arena, run->id, only_unbegun, found, dropped, err);
}

bool expire_worker_job(struct tx *tx, struct arena *arena, const char *job_id, struct err *err) {
    struct worker_job_row job;
    struct action_run_row action;
    bool timed_out = false;
    if (!worker_queue_expire(tx, arena, job_id, &timed_out, &job, err))
        return false;
    if (!timed_out)
        return true;
    if (!action_runs_get_by_id(tx, arena, job.action_run_id, &action, err))
        return false;
    struct step step = step_of(tx, arena, &action);
    const char *message = job.state == WORKER_JOB_IN_PROGRESS
                              ? "the job worker did not say how it ended within 24 hours"
                              : "no job worker took the job within 24 hours; is one running that polls for this type?";
    const struct action_end end = {.status = ACTION_FAILED, .error_code = "JobFailed", .error_message = message};
    return end_action(&step, &action, &end, err) && engine_move(tx, arena, action.pipeline_id, &look, err);
}
