/*
 * CreateJoinToken, ListRunners, RemoveRunner.
 */
#include "server/api/penstock/penstock.h"

#include "server/auth/auth.h"
#include "server/engine/engine.h"
#include "server/store/action_runs.h"
#include "server/store/builds.h"
#include "server/store/job_rows.h"
#include "server/store/runners.h"

const struct shape create_join_token_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape list_runners_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape remove_runner_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "runnerId", .required = true, .shape = &aws_uuid}, {0}},
};

bool create_join_token(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)tx;
    struct auth_token token;
    if (!auth_create_join_token(call->server, call->arena, call->user, &token, err))
        return false;
    json_set_text(call->arena, out, "token", token.token);
    json_set_time(call->arena, out, "expires", token.expires_ms);
    json_set_text(
        call->arena, out, "command",
        arena_printf(call->arena, "penstock-runner --join %s %s", call->server->config->base_url, token.token));
    return true;
}

static bool show_job(struct tx *tx, struct arena *arena, const struct job_row *job, struct json *out, struct err *err) {
    struct action_run_row run;
    struct build_row build;
    if (job->action_run_id) {
        if (!action_runs_get_by_id(tx, arena, job->action_run_id, &run, err))
            return false;
        json_set_text(arena, out, "pipelineName", run.pipeline);
        json_set_text(arena, out, "pipelineExecutionId", run.execution);
        json_set_text(arena, out, "stageName", run.stage);
        json_set_text(arena, out, "actionName", run.action);
    }
    if (job->build_id) {
        if (!builds_get_by_id(tx, arena, job->build_id, &build, err))
            return false;
        json_set_text(arena, out, "buildId", arena_printf(arena, "%s:%s", build.project, build.uuid));
    }
    return true;
}

static bool show_runner(struct tx *tx, const struct aws_call *call, const struct runner_row *row, struct json *out,
                        struct err *err) {
    struct arena *arena = call->arena;
    struct job_row *jobs;
    size_t count;
    if (!job_rows_of_runner(tx, arena, row->id, &jobs, &count, err))
        return false;
    bool online = clock_wall_ms(tx_clock(tx)) - row->seen_ms <= RUNNER_ONLINE_MS;
    json_set_text(arena, out, "runnerId", row->id);
    json_set_text(arena, out, "name", row->name);
    json_set_text(arena, out, "status", online ? "online" : "offline");
    json_set_time(arena, out, "lastSeen", row->seen_ms);
    json_set_time(arena, out, "created", row->created_ms);
    json_set_text(arena, out, "version", row->version);
    struct json *list = json_set_array(arena, out, "currentJobs");
    for (size_t i = 0; i < count; i++)
        if (!show_job(tx, arena, &jobs[i], json_append_object(arena, list), err))
            return false;
    return true;
}

bool list_runners(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct runner_row *rows;
    size_t count;
    if (!runners_list(tx, call->arena, &rows, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "runners");
    for (size_t i = 0; i < count; i++)
        if (!show_runner(tx, call, &rows[i], json_append_object(call->arena, list), err))
            return false;
    return true;
}

bool remove_runner(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    (void)out;
    return engine_remove_runner(tx, call->arena, aws_text(call, "runnerId"), err);
}
