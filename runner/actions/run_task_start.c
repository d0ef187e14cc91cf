/*
 * Starting the task, once and only once: whoever is not sure whether it was started looks first.
 */
#include "common/str.h"
#include "runner/actions/run_task.h"
#include "runner/aws/ecs_tasks.h"

#define RETRY_MS 2000
#define FORGOTTEN_MS (50 * 60000) /* ECS tells of stopped tasks for an hour */

static bool pass_on(const struct err *own, struct err *err) {
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

static bool is_wanted(const struct run_task *task, struct err *err) {
    return job_stop_reason(task->job) < STOP_CANCELLED || err_set(err, ERR_CONFLICT, "stopped");
}

/* Who took over after a crash has the revision, and not its definition. */
static bool read_definition(struct run_task *task, struct err *err) {
    const struct json *described;
    if (task->container)
        return true;
    return ecs_describe_task_definition(&task->revision.ecs, task->arena, task->revision.registered, &described, err) &&
           run_task_container(task->arena, json_get(described, "taskDefinition"), task->container_name,
                              &task->container, err);
}

bool run_task_remember(struct run_task *task, const char *arn, struct err *err) {
    task->arn = arena_strdup(task->arena, arn);
    task->report->external_id = task->arn;
    deployment_note(task->report, "task %s", ecs_short_name(task->arn));
    return run_task_mark(task, err);
}

/* A runner before us may have started it. Where that was long ago ECS may have forgotten the task, and nobody knows. */
static bool adopt(struct run_task *task, struct err *err) {
    const char *arn;
    if (!ecs_find_task(&task->revision.ecs, task->arena, task->wish.token, &arn, err))
        return false;
    if (arn) {
        job_log(task->job, "the task was started by an earlier attempt");
        return run_task_remember(task, arn, err);
    }
    return job_now_ms(task->job) - task->sent_ms < FORGOTTEN_MS ||
           err_set_code(err, ERR_CONFLICT, "JobFailed",
                        "nobody knows whether the task ran: it was to be started more than %d minutes ago, and ECS "
                        "tells nothing of it any more; look at what it does, then run again",
                        FORGOTTEN_MS / 60000);
}

static bool start_once(struct run_task *task, const struct json *body, bool maybe_done, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *started;
    if (maybe_done && !adopt(task, err))
        return false;
    if (task->arn)
        return true;
    return ecs_run_task(&task->revision.ecs, &arena, body, &started, err) &&
           run_task_remember(task, json_get_text(started, "taskArn"), err);
}

/* A CONFLICT says so itself, a LIMIT is ECS's word that it was not. */
static bool not_known(const struct err *own, struct err *err) {
    if (own->kind == ERR_CONFLICT || own->kind == ERR_LIMIT)
        return pass_on(own, err);
    return err_set_code(err, own->kind, own->code,
                        "%.700s; whether the task was started is not known: look before it runs again", own->message);
}

static bool start(struct run_task *task, struct err *err) {
    const struct json *service;
    const struct json *body;
    bool maybe_done = task->sent_ms > 0;
    task->wish.revision = task->revision.registered;
    task->wish.container = json_get_text(task->container, "name");
    if (!ecs_describe_service(&task->revision.ecs, task->arena, &service, err) ||
        !run_task_body(task->arena, &task->wish, service, &body, err))
        return false;
    if (!maybe_done) {
        task->sent_ms = job_now_ms(task->job);
        if (!run_task_mark(task, err))
            return false;
    }
    while (is_wanted(task, err)) {
        struct err own = {0};
        if (start_once(task, body, maybe_done, &own))
            return true;
        maybe_done = maybe_done || own.kind == ERR_UNAVAILABLE;
        if (own.kind != ERR_UNAVAILABLE || !job_sleep(task->job, RETRY_MS, STOP_TIMED_OUT))
            return maybe_done ? not_known(&own, err) : pass_on(&own, err);
        job_log(task->job, "%s; trying again", own.message);
    }
    return false;
}

bool run_task_apply(struct run_task *task, struct err *err) {
    if (!is_wanted(task, err) || !deploy_register(&task->revision, err) || !read_definition(task, err))
        return false;
    task->wish.container = task->followed = json_get_text(task->container, "name");
    return task->arn || start(task, err);
}
