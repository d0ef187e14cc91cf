/*
 * Watching a rollout, and telling what is seen while it is still to be seen: stopped tasks vanish from ECS after an
 * hour.
 */
#include "runner/actions/ecs_deploy.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_MAX 4000
#define LOG_MESSAGE_MAX 500
#define EVENTS_MAX 100 /* what ECS keeps */

static bool mark_seen(struct deploy *deploy, const char *id) {
    for (size_t i = 0; i < deploy->seen_count; i++)
        if (str_equal(deploy->seen_events[i], id))
            return false;
    if (deploy->seen_count >= SEEN_MAX)
        return false;
    if (deploy->seen_count == deploy->seen_capacity)
        deploy->seen_events =
            arena_grow(deploy->arena, deploy->seen_events, sizeof *deploy->seen_events, &deploy->seen_capacity);
    deploy->seen_events[deploy->seen_count++] = arena_strdup(deploy->arena, id);
    return true;
}

void deploy_skip_events(struct deploy *deploy, const struct json *service) {
    json_each(event, json_get(service, "events")) {
        const char *id = json_get_text(event, "id");
        if (id)
            (void)mark_seen(deploy, id);
    }
}

/* ECS lists the newest first; a log wants them as they happened. */
void deploy_log_events(struct deploy *deploy, const struct json *service) {
    const char *fresh[EVENTS_MAX];
    size_t count = 0;
    json_each(event, json_get(service, "events")) {
        const char *id = json_get_text(event, "id");
        const char *message = json_get_text(event, "message");
        if (id && message && count < EVENTS_MAX && mark_seen(deploy, id))
            fresh[count++] = message;
    }
    while (count > 0)
        job_log(deploy->job, "%.*s", LOG_MESSAGE_MAX, fresh[--count]);
}

static const char *describe_containers(struct arena *arena, const struct json *task) {
    const char *text = "";
    json_each(container, json_get(task, "containers")) {
        const char *name = json_get_text_or(container, "name", "?");
        const char *reason = json_get_text(container, "reason");
        const struct json *code = json_get(container, "exitCode");
        if (code)
            text = arena_printf(arena, "%s; container '%s' ended with exit code %lld", text, name,
                                (long long)code->integer);
        else if (reason)
            text = arena_printf(arena, "%s; container '%s' did not start", text, name);
        if (reason)
            text = arena_printf(arena, "%s: %.300s", text, reason);
    }
    return text;
}

void deploy_log_stopped_tasks(struct deploy *deploy) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *tasks = NULL;
    struct err err = {0};
    if (!ecs_stopped_tasks(&deploy->ecs, &arena, &tasks, &err))
        return; /* only a help; the verdict does not hang on it */
    json_each(task, tasks) {
        const char *arn = json_get_text(task, "taskArn");
        bool ours = str_equal(json_get_text(task, "taskDefinitionArn"), deploy->registered);
        if (!arn || !ours || !mark_seen(deploy, arn))
            continue;
        const char *why =
            arena_printf(deploy->arena, "%.300s%s", json_get_text_or(task, "stoppedReason", "no reason given"),
                         describe_containers(&arena, task));
        job_log(deploy->job, "task %s stopped: %s", ecs_short_name(arn), why);
        /* A task that ECS itself scaled away says nothing about the image. */
        if (!str_equal(json_get_text(task, "stopCode"), "ServiceSchedulerInitiated") || !deploy->last_stop)
            deploy->last_stop = why;
    }
}

void deploy_tell(struct deploy *deploy, const char *sentence) {
    if (str_equal(deploy->told, sentence))
        return;
    deploy->told = arena_strdup(deploy->arena, sentence);
    job_log(deploy->job, "%s", sentence);
    const struct wire_progress progress = {.summary = sentence, .external_id = deploy->deployment, .percent = -1};
    reporter_progress(deploy->job->reporter, &progress);
}

/* Often at first, when there is something to see; then as AWS's own waiters do, with jitter. */
int64_t deploy_pause_ms(int looks) {
    int64_t pause = looks < 10 ? 1000 : looks < 40 ? 2000 : looks < 100 ? 5000 : 12000;
    uint32_t random;
    hash_random(&random, sizeof random);
    return pause + random % 300;
}

static bool refuse(struct deploy *deploy, const char *sentence, struct err *err) {
    deploy_log_stopped_tasks(deploy);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s%s%.500s", sentence,
                        deploy->last_stop ? "; a new task stopped: " : "", deploy->last_stop ? deploy->last_stop : "");
}

static bool is_over(struct deploy *deploy, const struct ecs_verdict *verdict, bool *good, struct err *err) {
    switch (verdict->state) {
    case ECS_GOES_ON:
        deploy_tell(deploy, verdict->sentence);
        return false;
    case ECS_DONE:
        deploy_tell(deploy, verdict->sentence);
        *good = true;
        return true;
    case ECS_FAILED:
    case ECS_SUPERSEDED:
        *good = refuse(deploy, verdict->sentence, err);
        return true;
    }
    return false;
}

/* One look, in an arena of its own: an answer of ECS is large, and a rollout may take hundreds of looks. *over: the
 * deployment has ended, *good says how. False where ECS could not be asked. */
static bool look(struct deploy *deploy, struct ecs_ours *ours, int64_t *failed_tasks, bool *over, bool *good,
                 struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *service;
    if (!ecs_describe_service(&deploy->ecs, &arena, &service, err))
        return false;
    struct ecs_verdict verdict = ecs_verdict(&arena, service, ours);
    ours->seen = ours->seen || verdict.found;
    deploy_log_events(deploy, service);
    if (verdict.failed_tasks > *failed_tasks)
        deploy_log_stopped_tasks(deploy);
    *failed_tasks = verdict.failed_tasks;
    *over = is_over(deploy, &verdict, good, err);
    return true;
}

bool deploy_time_is_up(const struct deploy *deploy) {
    return clock_wall_ms(&clock_system) - deploy->began_ms >= deploy->timeout_ms;
}

static bool time_is_up(struct deploy *deploy, struct err *err) {
    if (!deploy_time_is_up(deploy))
        return false;
    (void)refuse(deploy,
                 arena_printf(deploy->arena,
                              "the service did not become stable within %lld minutes; ECS goes on trying",
                              (long long)(deploy->timeout_ms / 60000)),
                 err);
    return true;
}

bool deploy_watch(struct deploy *deploy, struct err *err) {
    struct ecs_ours ours = {
        .deployment = deploy->deployment, .task_definition = deploy->registered, .previous = deploy->previous};
    int64_t failed_tasks = 0;
    for (int looks = 0;; looks++) {
        bool over = false;
        bool good = false;
        struct err passing = {0};
        if (!look(deploy, &ours, &failed_tasks, &over, &good, &passing)) {
            if (passing.kind != ERR_UNAVAILABLE)
                return err_set_code(err, passing.kind, passing.code, "%s", passing.message);
            job_log(deploy->job, "%s", passing.message);
        } else if (over) {
            if (!good)
                *err = passing;
            return good;
        }
        /* Looked at least this often before the deployment is taken for gone: answers may be older than the update. */
        if (looks == 10)
            ours.seen = true;
        /* The job's own time limit and DeploymentTimeout come to the same: ECS goes on, and we say so. */
        if (job_stop_reason(deploy->job) >= STOP_CANCELLED)
            return err_set(err, ERR_CONFLICT, "stopped");
        if (job_stop_reason(deploy->job) == STOP_TIMED_OUT)
            deploy->timeout_ms = 0;
        if (time_is_up(deploy, err))
            return false;
        (void)heartbeat_sleep(deploy->job->heartbeat, deploy_pause_ms(looks),
                              job_stop_reason(deploy->job) == STOP_TIMED_OUT ? STOP_CANCELLED : STOP_TIMED_OUT);
    }
}
