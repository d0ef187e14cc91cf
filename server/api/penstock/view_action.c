/*
 * What ran: actions, and rules of conditions, each with its log, build, runner.
 */
#include "server/api/penstock/view.h"

#include "server/api/codebuild/build_batch.h"
#include "server/engine/wait.h"
#include "server/logs/logs.h"
#include "server/store/job_rows.h"
#include "server/store/log_rows.h"

#include "common/str.h"

#include <string.h>

static bool show_log(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    bool found, closed;
    struct log_info info;
    if (!log_rows_get(view->tx, run->uuid, &found, &closed, err))
        return false;
    if (!found)
        return true;
    if (!logs_info(view->call->server->logs, run->uuid, &info, err))
        return false;
    struct json *log = json_set_object(view->arena, out, "log");
    json_set_text(view->arena, log, "logId", run->uuid);
    json_set_integer(view->arena, log, "lines", info.lines);
    json_set_integer(view->arena, log, "bytes", info.bytes);
    json_set_bool(view->arena, log, "closed", closed);
    return true;
}

static bool show_runner(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    bool found;
    struct job_row job;
    if (!job_rows_of_action(view->tx, view->arena, run->id, &found, &job, err))
        return false;
    if (found)
        json_set_text(view->arena, out, "runner", job.runner_name);
    return true;
}

static bool show_build(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    bool found;
    struct build_row build;
    struct json *shown;
    if (!builds_of_action(view->tx, view->arena, run->id, &found, &build, err))
        return false;
    if (!found)
        return true;
    if (!build_show(view->call, &build, &shown, err) || !build_show_reports(view->tx, view->call, &build, shown, err))
        return false;
    json_set(view->arena, out, "build", shown);
    return true;
}

/* Of an action that is a batch: its builds, and as many lines of its log as the store has. */
static bool show_batch(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    bool found;
    struct batch_row batch;
    struct json *shown;
    int64_t lines = 0;
    if (!batches_of_action(view->tx, view->arena, run->id, &found, &batch, err))
        return false;
    if (!found)
        return true;
    if (!build_batch_show(view->tx, view->call, &batch, &shown, err))
        return false;
    json_set(view->arena, out, "buildBatch", shown);
    for (const char *at = batch.log; (at = strchr(at, '\n')); at++)
        lines++;
    struct json *log = json_set_object(view->arena, out, "log");
    json_set_text(view->arena, log, "logId", run->uuid);
    json_set_integer(view->arena, log, "lines", lines);
    json_set_integer(view->arena, log, "bytes", (int64_t)strlen(batch.log));
    json_set_bool(view->arena, log, "closed", batch.status != BUILD_IN_PROGRESS);
    return true;
}

static bool show_variables(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    struct output_variable *variables;
    size_t count;
    if (!action_runs_variables(view->tx, view->arena, run->id, &variables, &count, err))
        return false;
    struct json *shown = count > 0 ? json_set_object(view->arena, out, "outputVariables") : NULL;
    for (size_t i = 0; i < count; i++)
        json_set_text(view->arena, shown, variables[i].name, variables[i].value);
    return true;
}

static void show_outcome(struct arena *arena, const struct action_run_row *run, struct json *out) {
    json_set_text(arena, out, "actionExecutionId", run->uuid);
    json_set_text(arena, out, "summary", run->summary);
    json_set_time(arena, out, "started", run->started_ms);
    json_set_time(arena, out, "updated", run->updated_ms);
    json_set_time(arena, out, "ended", run->ended_ms);
    json_set_text(arena, out, "externalExecutionId", run->external_id);
    json_set_text(arena, out, "externalExecutionUrl", run->external_url);
    json_set_text(arena, out, "errorCode", run->error_code);
    json_set_text(arena, out, "errorMessage", run->error_message);
    if (run->percent >= 0)
        json_set_integer(arena, out, "percentComplete", run->percent);
    json_set_text(arena, out, "updatedBy", run->updated_by);
}

bool view_run(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    const char *wait;
    json_set_text(view->arena, out, "status", action_status_name(run->status));
    if (!wait_of_action(view->tx, view->arena, run, &wait, err))
        return false;
    json_set_text(view->arena, out, "wait", wait);
    show_outcome(view->arena, run, out);
    bool told;
    return view_deployment(view, run, &told, out, err) && show_log(view, run, out, err) &&
           show_runner(view, run, out, err);
}

static void show_target(struct arena *arena, const struct action_run_row *run, struct json *out) {
    if (!run->target)
        return;
    struct json *target = json_set_object(arena, out, "target");
    json_set_text(arena, target, "name", run->target);
    json_set_bool(arena, target, "held", run->holds_target && run->status == ACTION_IN_PROGRESS);
}

static bool show_run(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    if (!view_run(view, run, out, err))
        return false;
    show_target(view->arena, run, out);
    if (run->status == ACTION_IN_PROGRESS && !view_approval(view, run, out, err))
        return false;
    return show_build(view, run, out, err) && show_batch(view, run, out, err) && show_variables(view, run, out, err);
}

static bool read_types(struct view *view, struct err *err) {
    struct custom_types *types = arena_new(view->arena, struct custom_types);
    if (!view->types && !worker_types_load(view->tx, view->arena, true, types, err))
        return false;
    view->types = view->types ? view->types : types;
    return true;
}

/* As it ran, with variables resolved; as it is written, where it did not run. */
static bool show_configuration(struct view *view, const struct pipeline_action *action,
                               const struct action_run_row *run, struct json *out, struct err *err) {
    if (!read_types(view, err))
        return false;
    struct json *shown = json_set_object(view->arena, out, "configuration");
    for (size_t i = 0; i < action->configuration_count; i++)
        json_set_text(view->arena, shown, action->configuration[i].key, action->configuration[i].value);
    if (run)
        json_each(setting, view_parse(view->arena, run->configuration)) {
            json_set_text(view->arena, shown, setting->name, setting->text);
        }
    for (const struct json *setting = shown->first; setting; setting = setting->next)
        if (worker_types_secret(view->types, action->type, setting->name))
            json_set_text(view->arena, shown, setting->name, "****");
    return true;
}

static void show_artifacts(struct arena *arena, const struct pipeline_artifact *artifacts, size_t count,
                           struct json *out) {
    for (size_t i = 0; i < count; i++)
        json_append_text(arena, out, artifacts[i].name);
}

bool view_action(struct view *view, const struct pipeline_action *action, const struct action_run_row *run,
                 struct json *out, struct err *err) {
    struct arena *arena = view->arena;
    json_set_text(arena, out, "name", action->name);
    json_set_text(arena, out, "category", action_category_name(action->type->category));
    json_set_text(arena, out, "provider", action->type->provider);
    json_set_integer(arena, out, "runOrder", action->run_order);
    if (!show_configuration(view, action, run, out, err))
        return false;
    show_artifacts(arena, action->inputs, action->input_count, json_set_array(arena, out, "inputArtifacts"));
    show_artifacts(arena, action->outputs, action->output_count, json_set_array(arena, out, "outputArtifacts"));
    return !run || show_run(view, run, out, err);
}
