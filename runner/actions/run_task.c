/*
 * Invoke/RunTask: settings, marks, the steps, and how it ends.
 */
#include "runner/actions/run_task.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/aws/ecs_tasks.h"

#include <stdio.h>

#define TIMEOUT_MINUTES 60
#define TIMEOUT_MINUTES_MAX 43200
#define LOOK_MS 2000
#define RETRY_MS 2000
#define LOG_LOOKS 6 /* after the end: CloudWatch is some seconds late */
#define LOG_PAUSE_MS 1500
#define UNKNOWN_MS 60000          /* so long a new task may be unknown to DescribeTasks */
#define FORGOTTEN_MS (50 * 60000) /* ECS tells of stopped tasks for an hour */
#define LOOKS_FOR_LOST 5

static const char *setting(const struct job *job, const char *name) {
    const char *value = job_setting(job, name);
    return value && *value ? value : NULL;
}

/* ---- marks ---- */

static bool save(struct deploy *revision, const struct json *mark, struct err *err) {
    struct run_task *task = revision->owner;
    struct json *whole = json_object(task->arena);
    json_set(task->arena, whole, "revision", json_copy(task->arena, mark));
    if (task->sent_ms > 0)
        json_set_integer(task->arena, whole, "sentMs", task->sent_ms);
    json_set_text(task->arena, whole, "task", task->arn);
    json_set_text(task->arena, whole, "container", task->followed);
    return job_checkpoint(task->job, whole, err);
}

static bool mark(struct run_task *task, struct err *err) {
    return deploy_mark(&task->revision, err);
}

/* The document is a deployment's to one service, and this one deploys nothing there. */
static void name_target(struct run_task *task) {
    struct json *target = deployment_target(task->report, task->revision.target, NULL, NULL);
    task->revision.target =
        arena_printf(task->arena, "task/%s/%s/%s", task->revision.ecs.region, task->revision.ecs.cluster,
                     task->job->message->action ? task->job->message->action : task->revision.ecs.service);
    json_set_text(deployment_memory(task->report), target, "name", task->revision.target);
}

bool run_task_init(struct run_task *task, struct job *job, struct deployment_report *report, struct err *err) {
    const struct json *earlier = job->message->checkpoint;
    const char *minutes = setting(job, "Timeout");
    long long number = TIMEOUT_MINUTES;
    struct deploy_plan plan;
    *task = (struct run_task){.job = job, .arena = job->arena, .report = report};
    if (!deploy_plan_read(job, &plan, err))
        return false;
    if (minutes && !str_to_int64(minutes, 1, TIMEOUT_MINUTES_MAX, &number))
        return err_set(err, ERR_INVALID, "Timeout must be minutes from 1 to %d, not '%.50s'", TIMEOUT_MINUTES_MAX,
                       minutes);
    task->timeout_ms = number * 60000;
    plan.timeout_ms = task->timeout_ms;
    task->container_name = setting(job, "ContainerName");
    task->wish = (struct run_task_wish){.cluster = plan.cluster,
                                        .cpu = setting(job, "Cpu"),
                                        .memory = setting(job, "Memory"),
                                        .token = job->message->action_execution_id};
    if (!run_task_command(job->arena, setting(job, "Command"), &task->wish.command, err) ||
        !run_task_environment(job->arena, setting(job, "Environment"), &task->wish.environment, err))
        return false;
    deploy_init(&task->revision, job, report, &plan, json_get(earlier, "revision"));
    task->revision.save = save;
    task->revision.owner = task;
    name_target(task);
    task->sent_ms = json_get_integer(earlier, "sentMs", 0);
    task->arn = json_get_text(earlier, "task");
    task->followed = json_get_text(earlier, "container");
    report->external_id = task->arn;
    return true;
}

bool run_task_prepare(struct run_task *task, struct err *err) {
    if (task->revision.registered)
        return true;
    if (!deploy_prepare(&task->revision, err) ||
        !run_task_container(task->arena, task->revision.definition, task->container_name, &task->container, err))
        return false;
    task->followed = json_get_text(task->container, "name");
    return true;
}

/* ---- starting ---- */

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

static bool remember(struct run_task *task, const char *arn, struct err *err) {
    task->arn = arena_strdup(task->arena, arn);
    task->report->external_id = task->arn;
    deployment_note(task->report, "task %s", ecs_short_name(task->arn));
    return mark(task, err);
}

/* A runner before us may have started it. Where that was long ago ECS may have forgotten the task, and nobody knows. */
static bool adopt(struct run_task *task, struct err *err) {
    const char *arn;
    if (!ecs_find_task(&task->revision.ecs, task->arena, task->wish.token, &arn, err))
        return false;
    if (arn) {
        job_log(task->job, "the task was started by an earlier attempt");
        return remember(task, arn, err);
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
           remember(task, json_get_text(started, "taskArn"), err);
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
        if (!mark(task, err))
            return false;
    }
    while (is_wanted(task, err)) {
        struct err own = {0};
        if (start_once(task, body, maybe_done, &own))
            return true;
        if (own.kind != ERR_UNAVAILABLE || !job_sleep(task->job, RETRY_MS, STOP_TIMED_OUT))
            return pass_on(&own, err);
        job_log(task->job, "%s; trying again", own.message);
        maybe_done = true;
    }
    return false;
}

bool run_task_apply(struct run_task *task, struct err *err) {
    if (!is_wanted(task, err) || !deploy_register(&task->revision, err) || !read_definition(task, err))
        return false;
    task->wish.container = task->followed = json_get_text(task->container, "name");
    return task->arn || start(task, err);
}

/* ---- following ---- */

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
    *stopped = NULL;
    if (!ecs_describe_task(&task->revision.ecs, arena, task->arn, &seen, err))
        return false;
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
                                            str_equal(task->told, "RUNNING") ? ECS_ENDS : ECS_STARTS, 0);
        (void)job_sleep(task->job, pause, STOP_TIMED_OUT);
        if (deploy_may_call(&task->revision, 1) && str_equal(task->told, "RUNNING")) {
            deploy_spend(&task->revision, 1);
            (void)run_task_log_copy(task);
        }
    }
}

/* ---- stopping ---- */

/* The answer to RunTask may have been lost, or its runner died: the task is looked for some times. */
static bool find_lost(struct run_task *task, struct err *err) {
    for (int looks = 0; !task->arn && task->sent_ms > 0 && looks < LOOKS_FOR_LOST; looks++) {
        const char *arn;
        if (looks > 0 && !job_sleep(task->job, LOOK_MS, STOP_LOST))
            return err_set(err, ERR_CONFLICT, "stopped");
        if (!ecs_find_task(&task->revision.ecs, task->arena, task->wish.token, &arn, err))
            return false;
        if (arn && !remember(task, arn, err))
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

bool run_task_undo(struct run_task *task, const char *reason, bool *was_there, struct err *err) {
    bool stopped = false;
    task->revision.ecs.interrupted = job_is_lost;
    *was_there = false;
    while (!stopped) {
        struct err own = {0};
        bool good = find_lost(task, &own);
        *was_there = task->arn != NULL;
        if (good && !task->arn)
            return true;
        good = good && stop_once(task, reason, &stopped, &own);
        if (!good && own.kind != ERR_UNAVAILABLE)
            return err_set_code(err, own.kind, own.code, "the task could not be stopped: %s", own.message);
        if (!good)
            job_log(task->job, "%s; trying again", own.message);
        if (!stopped && !job_sleep(task->job, LOOK_MS, STOP_LOST))
            return err_set(err, ERR_CONFLICT, "the task was asked to stop, and nobody waits for it");
    }
    copy_rest_of_log(task);
    return true;
}

/* ---- the action ---- */

static void set_variables(struct run_task *task, struct wire_result *result) {
    struct wire_variable *list = arena_array(task->arena, struct wire_variable, 3);
    size_t count = 0;
    result->external_id = task->arn;
    if (task->arn)
        list[count++] = (struct wire_variable){.name = "TaskArn", .value = task->arn};
    if (task->end.has_code)
        list[count++] = (struct wire_variable){.name = "ExitCode",
                                               .value = arena_printf(task->arena, "%lld", (long long)task->end.code)};
    if (task->revision.registered)
        list[count++] = (struct wire_variable){.name = "TaskDefinition", .value = task->revision.registered};
    result->variables = list;
    result->variable_count = count;
}

static bool cancel(struct run_task *task, struct wire_result *result, struct err *err) {
    const char *reason = "stopped because the action was cancelled";
    bool was_there = false;
    if (!task->revision.plan.leave_on_cancel && !run_task_undo(task, reason, &was_there, err))
        return false;
    result->outcome = WIRE_STOPPED;
    if (task->revision.plan.leave_on_cancel && task->arn)
        result->summary =
            arena_printf(task->arena, "cancelled; task %s goes on (OnCancel: LEAVE)", ecs_short_name(task->arn));
    else if (was_there)
        result->summary = arena_printf(task->arena, "cancelled: task %s has stopped%s%s", ecs_short_name(task->arn),
                                       task->end.sentence ? "; " : "", task->end.sentence ? task->end.sentence : "");
    else
        result->summary = "cancelled before a task was started";
    deployment_note(task->report, "%s", result->summary);
    set_variables(task, result);
    return true;
}

static bool give_up(struct run_task *task, struct err *err) {
    bool was_there;
    struct err own = {0};
    if (run_task_undo(task, "stopped because its time is over", &was_there, &own))
        return err_set_code(err, ERR_LIMIT, "JobFailed", "the task did not end within %lld minutes, and was stopped",
                            (long long)(task->timeout_ms / 60000));
    return err_wrap(err, "%s", own.message);
}

bool action_run_task(struct job *job, struct wire_result *result, struct err *err) {
    struct deployment_report *report = arena_new(job->arena, struct deployment_report);
    struct run_task task;
    bool timed_out = false;
    deployment_begin(report, job, "RUN_TASK");
    if (!run_task_init(&task, job, report, err))
        return false;
    bool done = !job->message->cancelled && run_task_prepare(&task, err) && run_task_apply(&task, err) &&
                run_task_follow(&task, &timed_out, err);
    set_variables(&task, result);
    if (!done && job_stop_reason(job) == STOP_CANCELLED)
        return cancel(&task, result, err);
    if (timed_out)
        return give_up(&task, err);
    if (!done)
        return false;
    if (!task.end.good)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", task.end.sentence);
    result->outcome = WIRE_SUCCEEDED;
    result->summary = arena_printf(job->arena, "%s (%s)", task.end.sentence, ecs_short_name(task.revision.registered));
    return true;
}
