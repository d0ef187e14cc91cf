/*
 * Following the task to its end, and stopping it.
 */
#include "common/str.h"
#include "runner/actions/run_task.h"
#include "runner/aws/ecs_tasks.h"

#define LOOK_MS 2000
#define LOG_LOOKS 6 /* after the end: CloudWatch is some seconds late */
#define LOG_PAUSE_MS 1500
#define UNKNOWN_MS 60000 /* so long a new task may be unknown to DescribeTasks */
#define LOOKS_FOR_LOST 5
#define UNDO_MINUTES 15 /* a container has two minutes to end, a machine may be slow to say so */

static bool pass_on(const struct err *own, struct err *err) {
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

static bool is_wanted(const struct run_task *task, struct err *err) {
    return job_stop_reason(task->job) < STOP_CANCELLED || err_set(err, ERR_CONFLICT, "stopped");
}

static void tell(struct run_task *task, const struct json *seen) {
    const char *status = json_get_text_or(seen, "lastStatus", "PROVISIONING");
    if (str_equal(status, task->told))
        return;
    task->told = arena_strdup(task->arena, status);
    deployment_note(task->report, "task %s is %s", ecs_short_name(task->arn), status);
    deployment_send(task->report, arena_printf(task->arena, "the task is %s", status));
}

/* *stopped: the task has; its tree lives in the arena. A task that was never seen may only be new. */
static bool look(struct run_task *task, struct arena *arena, const struct json **stopped, struct err *err) {
    const struct json *seen;
    struct err own = {0};
    *stopped = NULL;
    if (!ecs_describe_task(&task->revision.ecs, arena, task->arn, &seen, &own))
        return own.kind == ERR_UNAVAILABLE
                   ? pass_on(&own, err)
                   : err_set_code(err, own.kind, own.code, "%.700s; task %s may go on, and nobody follows it any more",
                                  own.message, ecs_short_name(task->arn));
    if (!seen && (task->told || job_now_ms(task->job) - task->sent_ms > UNKNOWN_MS))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "nobody knows how the task ended: ECS tells nothing of task %s any more; look at what it "
                            "does, then run again",
                            ecs_short_name(task->arn));
    if (!seen)
        return true;
    tell(task, seen);
    if (str_equal(json_get_text(seen, "lastStatus"), "STOPPED"))
        *stopped = seen;
    return true;
}

static void copy_rest_of_log(struct run_task *task) {
    for (int quiet = 0, looks = 0; task->has_log && !task->log_failed && quiet < 2 && looks < LOG_LOOKS; looks++) {
        quiet = run_task_log_copy(task) ? 0 : quiet + 1;
        if (quiet < 2)
            (void)job_sleep(task->job, LOG_PAUSE_MS, STOP_LOST);
    }
}

static bool has_ended(struct run_task *task, bool *ended, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *stopped;
    struct err own = {0};
    *ended = false;
    if (!look(task, &arena, &stopped, &own)) {
        if (own.kind != ERR_UNAVAILABLE)
            return pass_on(&own, err);
        job_log(task->job, "%s", own.message);
        return true;
    }
    if (!stopped)
        return true;
    *ended = true;
    copy_rest_of_log(task);
    task->end = run_task_end(task->arena, stopped, task->wish.container);
    deployment_evidence(task->report, "TASK", ecs_short_name(task->arn), task->end.sentence);
    return true;
}

bool run_task_follow(struct run_task *task, bool *timed_out, struct err *err) {
    static const struct ecs_ends unknown = {0};
    *timed_out = false;
    run_task_log_begin(task);
    for (;;) {
        bool ended;
        if (!has_ended(task, &ended, err))
            return false;
        if (ended)
            return true;
        if (!is_wanted(task, err))
            return false;
        *timed_out =
            job_stop_reason(task->job) == STOP_TIMED_OUT || job_now_ms(task->job) - task->sent_ms >= task->timeout_ms;
        if (*timed_out)
            return err_set_code(err, ERR_LIMIT, "JobFailed", "the task did not end within %lld minutes",
                                (long long)(task->timeout_ms / 60000));
        int64_t pause = ecs_budget_pause_ms(&task->revision.budget, job_now_ms(task->job),
                                            str_equal(task->told, "RUNNING") ? ECS_ENDS : ECS_STARTS, &unknown);
        (void)job_sleep(task->job, pause, STOP_TIMED_OUT);
        if (str_equal(task->told, "RUNNING") && deploy_may_call(&task->revision, 1)) {
            deploy_spend(&task->revision, 1);
            (void)run_task_log_copy(task);
        }
    }
}

/* ---- stopping ---- */

/* It is looked for some times: a new task is not listed at once. */
bool run_task_find_lost(struct run_task *task, struct err *err) {
    for (int looks = 0; !task->arn && task->sent_ms > 0 && looks < LOOKS_FOR_LOST; looks++) {
        const char *arn;
        if (looks > 0 && !job_sleep(task->job, LOOK_MS, STOP_LOST))
            return err_set(err, ERR_CONFLICT, "stopped");
        if (!ecs_find_task(&task->revision.ecs, task->arena, task->wish.token, &arn, err))
            return false;
        if (arn && !run_task_remember(task, arn, err))
            return false;
    }
    return true;
}

static bool stop_once(struct run_task *task, const char *reason, bool *stopped, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *seen;
    if (!ecs_describe_task(&task->revision.ecs, &arena, task->arn, &seen, err))
        return false;
    *stopped = seen ? str_equal(json_get_text(seen, "lastStatus"), "STOPPED") : task->told != NULL;
    if (seen)
        tell(task, seen);
    if (*stopped && seen)
        task->end = run_task_end(task->arena, seen, task->wish.container ? task->wish.container : task->followed);
    return *stopped || (seen && str_equal(json_get_text(seen, "desiredStatus"), "STOPPED")) ||
           ecs_stop_task(&task->revision.ecs, &arena, task->arn, reason, err);
}

/* It was tried for long enough. `own` is of the last try, which failed where its kind says so. */
static bool is_too_long(const struct run_task *task, int64_t since_ms, const struct err *own, struct err *err) {
    if (job_now_ms(task->job) - since_ms < UNDO_MINUTES * 60000)
        return false;
    if (own->kind != ERR_NONE)
        (void)err_set_code(err, own->kind, own->code, "the task could not be stopped within %d minutes: %s",
                           UNDO_MINUTES, own->message);
    else
        (void)err_set_code(err, ERR_CONFLICT, "JobFailed",
                           "task %s was asked to stop, and had not after %d minutes: it is %s; look at it",
                           ecs_short_name(task->arn), UNDO_MINUTES, task->told ? task->told : "not to be seen");
    return true;
}

bool run_task_undo(struct run_task *task, const char *reason, bool *was_there, struct err *err) {
    const int64_t since_ms = job_now_ms(task->job);
    bool stopped = false;
    task->revision.ecs.interrupted = job_is_lost;
    *was_there = false;
    while (!stopped) {
        struct err own = {0};
        bool good = run_task_find_lost(task, &own);
        *was_there = task->arn != NULL;
        if (good && !task->arn)
            return true;
        good = good && stop_once(task, reason, &stopped, &own);
        if (!good && own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "the task could not be stopped: %s", own.message);
        if (!good)
            job_log(task->job, "%s; trying again", own.message);
        if (!stopped && is_too_long(task, since_ms, &own, err))
            return false;
        if (!stopped && !job_sleep(task->job, LOOK_MS, STOP_LOST))
            return err_set(err, ERR_CONFLICT, "nobody waits any more for the task to stop: %s",
                           good ? "it was asked to" : own.message);
    }
    copy_rest_of_log(task);
    return true;
}
