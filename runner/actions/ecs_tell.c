/*
 * Telling what is seen while it is still to be seen: stopped tasks vanish from ECS after an hour.
 */
#include "runner/actions/ecs_deploy.h"

#include "common/str.h"
#include "runner/actions/probe.h"

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
    if (!str_equal(deploy->report->summary, sentence))
        deployment_note(deploy->report, "%s", sentence);
    deploy->report->external_id = deploy->deployment;
    probe_tell(deploy->probe, deploy->report);
    deployment_send(deploy->report, sentence);
}
