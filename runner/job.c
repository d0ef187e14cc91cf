/*
 * Acknowledge, act, report.
 */
#include "runner/job.h"

#include "common/clock.h"
#include "common/log.h"
#include "runner/actions/actions.h"
#include "runner/actions/deployment.h"
#include "runner/aws/call.h"
#include "runner/folder.h"
#include "runner/link.h"
#include "runner/local.h"
#include "runner/rehearsal.h"
#include "runner/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REHEARSAL_MOMENT_MS 1
#define REHEARSAL_RETRY_MS 1000

static const char *door(const struct job *job, const char *name) {
    return arena_printf(job->arena, "/runner/jobs/%s/%s", job->message->id, name);
}

static struct json *body_with_token(const struct job *job) {
    struct json *body = json_object(job->arena);
    json_set_integer(job->arena, body, "token", job->message->token);
    return body;
}

bool job_is_stopped(void *job) {
    return job_stop_reason(job) != STOP_NONE;
}

bool job_is_lost(void *job) {
    return job_stop_reason(job) == STOP_LOST;
}

enum stop_reason job_stop_reason(const struct job *job) {
    return heartbeat_reason(job->heartbeat);
}

/* The session's name tells in CloudTrail which action it was; there are no more sessions than actions. */
struct aws *job_aws(const struct job *job) {
    const struct wire_job *message = job->message;
    if (!message->role_arn)
        return job->runner->aws;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT; /* several threads of one job may ask */
    const char *session = arena_printf(&arena, "penstock-%.30s-%.24s", message->pipeline ? message->pipeline : "",
                                       message->action ? message->action : "");
    return aws_for_role(job->runner->aws, message->role_arn, session, message->region);
}

const char *job_setting(const struct job *job, const char *name) {
    return json_get_text(job->message->configuration, name);
}

int64_t job_now_ms(const struct job *job) {
    return job->runner->rehearsal ? rehearsal_now_ms(job->runner->rehearsal) : clock_wall_ms(&clock_system);
}

/* A moment of real time remains, so that a cancel that is on its way arrives before an hour has gone by. */
bool job_sleep(struct job *job, int64_t milliseconds, enum stop_reason wake_at) {
    struct rehearsal *rehearsal = job->runner->rehearsal;
    if (!rehearsal)
        return heartbeat_sleep(job->heartbeat, milliseconds, wake_at);
    return heartbeat_sleep(job->heartbeat, REHEARSAL_MOMENT_MS, wake_at) &&
           (rehearsal_advance(rehearsal, milliseconds) ||
            heartbeat_sleep(job->heartbeat, REHEARSAL_RETRY_MS, wake_at)) &&
           heartbeat_sleep(job->heartbeat, 0, wake_at);
}

void job_log(struct job *job, const char *format, ...) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    va_list arguments;
    va_start(arguments, format);
    const char *line = arena_vprintf(&arena, format, arguments);
    va_end(arguments);
    reporter_line(job->reporter, line);
}

/* A call about the job, repeated until the server answers; a refusal for good means that the job is lost. `answer` may
 * be NULL. */
static bool call_server(struct job *job, const char *name, const struct json *body, const struct json **answer,
                        struct err *err) {
    const struct link_call call = {
        .method = "POST", .path = door(job, name), .body = body, .repeat = job_is_lost, .context = job};
    struct err own = {0};
    if (link_send(job->link, job->arena, &call, NULL, answer, &own))
        return true;
    if (own.kind == ERR_CONFLICT || own.kind == ERR_DENIED || own.kind == ERR_NOT_FOUND)
        heartbeat_raise(job->heartbeat, STOP_LOST);
    return err_set(err, own.kind, "%s", own.message);
}

bool job_checkpoint(struct job *job, const struct json *checkpoint, struct err *err) {
    job->marked = true;
    if (job->local)
        return true;
    struct json *body = body_with_token(job);
    json_set(job->arena, body, "checkpoint", json_copy(job->arena, checkpoint));
    return call_server(job, "checkpoint", body, NULL, err);
}

bool job_input(struct job *job, const char *name, const char **out, struct err *err) {
    const struct wire_job *message = job->message;
    for (size_t i = 0; i < message->input_count; i++) {
        const struct wire_artifact *input = &message->inputs[i];
        if (name && strcmp(input->name, name) != 0)
            continue;
        const char *path = arena_printf(job->arena, "%s/input-%zu.zip", job->folder, i);
        if (job->local && !local_pack(job->local, input->name, path, err))
            return err_wrap(err, "input '%s'", input->name);
        *out = path;
        if (job->local)
            return true;
        const struct link_call rules = {.repeat = job_is_stopped, .interrupted = job_is_stopped, .context = job};
        const char *from =
            arena_printf(job->arena, "%s?token=%lld", door(job, arena_printf(job->arena, "artifacts/%s", input->name)),
                         (long long)message->token);
        if (!link_download(job->link, job->arena, from, input->sha256, path, &rules, err))
            return err_wrap(err, "input artifact '%s'", input->name);
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "the action has no input artifact '%s'", name ? name : "");
}

bool job_output(struct job *job, const char *name, const char *zip_path, struct err *err) {
    if (job->local)
        return local_take(job->local, name, zip_path, err) || err_wrap(err, "output artifact '%s'", name);
    const struct link_call rules = {.repeat = job_is_stopped, .interrupted = job_is_stopped, .context = job};
    const char *to =
        arena_printf(job->arena, "%s?token=%lld", door(job, arena_printf(job->arena, "artifacts/%s", name)),
                     (long long)job->message->token);
    if (!link_upload(job->link, job->arena, to, zip_path, &rules, err))
        return err_wrap(err, "output artifact '%s'", name);
    return true;
}

bool job_report(struct job *job, const struct json *report, const struct json **answer, struct err *err) {
    if (job->local) {
        local_report(job->local, report, answer);
        return true;
    }
    return call_server(job, arena_printf(job->arena, "report?token=%lld", (long long)job->message->token), report,
                       answer, err);
}

const char *job_failure_type(const struct err *err) {
    if (err->code)
        return err->code;
    switch (err->kind) {
    case ERR_INVALID:
    case ERR_NOT_FOUND:
        return "ConfigurationError";
    case ERR_DENIED:
        return "PermissionError";
    case ERR_UNAVAILABLE:
        return "SystemUnavailable";
    case ERR_NONE:
    case ERR_CONFLICT:
    case ERR_LIMIT:
    case ERR_INTERNAL:
        break;
    }
    return "JobFailed";
}

bool job_undo_failed(struct job *job, struct wire_result *result, const struct err *why) {
    const char *message = arena_strdup(job->arena, why->message);
    const bool abandoned = heartbeat_abandoned(job->heartbeat);
    result->outcome = abandoned ? WIRE_STOPPED : WIRE_FAILED;
    result->summary = abandoned ? message : NULL;
    result->error_code = abandoned ? NULL : job_failure_type(why);
    result->error_message = abandoned ? NULL : message;
    return true;
}

/* Only where no mark was made, by this holder or one before, is it sure that nothing was begun. */
static void set_cancelled(struct job *job, struct wire_result *result, const struct err *err) {
    struct err own = *err;
    if (!job->marked && !job->message->checkpoint) {
        result->outcome = WIRE_STOPPED;
        result->summary = "cancelled before anything was begun that had to be undone";
        return;
    }
    (void)err_wrap(&own, "cancelled, and what was begun may stay or go on");
    (void)job_undo_failed(job, result, &own);
}

static void act(struct job *job, struct wire_result *result) {
    const struct action *action = actions_find(job->message->provider, job->message->category);
    struct err err = {0};
    bool acted;
    if (!action)
        acted =
            err_set(&err, ERR_INVALID, "this runner knows no action provider '%s'; update it", job->message->provider);
    else
        acted = action->run(job, result, &err);
    if (acted)
        return;
    *result = (struct wire_result){.outcome = WIRE_FAILED, .external_id = result->external_id, .build = result->build};
    if (job_stop_reason(job) == STOP_CANCELLED) {
        set_cancelled(job, result, &err);
        return;
    }
    result->error_code = job_failure_type(&err);
    result->error_message = arena_strdup(job->arena, err.message);
}

/* A log without the reason is of no use to who reads it, and an action may fail before it says anything. */
static void log_failure(struct job *job, const struct wire_result *result) {
    const char *reason = result->outcome == WIRE_FAILED ? result->error_message : NULL;
    if (reason && !reporter_ends_with(job->reporter, reason))
        job_log(job, "%s", reason);
}

/* True when the server has the result. */
static bool report(struct job *job, struct wire_result *result) {
    result->token = job->message->token;
    if (job_is_lost(job))
        return false;
    struct err err = {0};
    if (call_server(job, "result", wire_result_encode(job->arena, result), NULL, &err))
        return true;
    LOG_WARNING("the result was not taken", "job", job->message->id, "error", err.message);
    return false;
}

static void set_deadline(struct job *job) {
    if (job->message->timeout_seconds > 0)
        heartbeat_set_deadline(job->heartbeat,
                               clock_boot_ms(&clock_system) + (int64_t)job->message->timeout_seconds * 1000);
}

static void work(struct job *job, struct wire_result *result) {
    struct err err = {0};
    if (!folder_make(job->arena, job->runner->config->state, job->message->id, &job->folder, &err)) {
        *result = (struct wire_result){.outcome = WIRE_FAILED,
                                       .error_code = "SystemUnavailable",
                                       .error_message = arena_strdup(job->arena, err.message)};
    } else {
        act(job, result);
    }
    if (!job->local) /* who runs it there is told by the last line */
        log_failure(job, result);
    reporter_finish(job->reporter);
    result->deployment = deployment_document(job->deployment);
}

static void work_for_server(struct job *job) {
    struct wire_result result = {0};
    work(job, &result);
    /* Not job_is_lost(): with the result the job ends for the server, and the next heartbeat says that it is gone. */
    const bool taken = report(job, &result);
    LOG_INFO("job ended", "job", job->message->id, "provider", job->message->provider, "outcome",
             !taken                             ? "lost"
             : result.outcome == WIRE_SUCCEEDED ? "succeeded"
             : result.outcome == WIRE_FAILED    ? "failed"
                                                : "stopped",
             "error", result.error_message);
}

/* What need not hold up the result. */
static void tidy(const struct job *job) {
    if (job->after)
        job->after(job->after_context);
    deployment_release(job->deployment);
    if (job->folder)
        folder_remove(job->folder);
}

void job_run(const struct runner *runner, struct link *link, struct arena *arena, const struct wire_job *message) {
    struct job job = {.arena = arena, .message = message, .runner = runner, .link = link};
    job.heartbeat = heartbeat_start(runner->account, message);
    runner_hold(runner, job.heartbeat);
    const struct json *answer = NULL;
    struct err err = {0};
    if (call_server(&job, "acknowledge", body_with_token(&job), &answer, &err)) {
        LOG_INFO("job begins", "job", message->id, "provider", message->provider, "pipeline", message->pipeline,
                 "action", message->action);
        job.reporter = reporter_start(runner->account, job.heartbeat, message->id, message->token,
                                      json_get_integer(answer, "logSize", 0));
        set_deadline(&job);
        work_for_server(&job);
    } else {
        LOG_WARNING("job was not ours any more", "job", message->id, "error", err.message);
    }
    runner_let_go(runner, job.heartbeat);
    heartbeat_end(job.heartbeat);
    tidy(&job);
}

void job_run_local(const struct runner *runner, struct local *local, int log, struct heartbeat *heartbeat,
                   struct arena *arena, const struct wire_job *message, struct wire_result *result) {
    struct job job = {.arena = arena, .message = message, .runner = runner, .local = local, .heartbeat = heartbeat};
    job.reporter = reporter_start_local(log, heartbeat);
    set_deadline(&job);
    work(&job, result);
    tidy(&job);
}
