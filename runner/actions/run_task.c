/*
 * Invoke/RunTask: settings, marks, the steps, and how it ends.
 */
#include "runner/actions/run_task.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/settings.h"

#define TIMEOUT_MINUTES 60
#define TIMEOUT_MINUTES_MAX 43200

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

bool run_task_mark(struct run_task *task, struct err *err) {
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
    int64_t minutes;
    struct deploy_plan plan;
    *task = (struct run_task){.job = job, .arena = job->arena, .report = report};
    if (!deploy_plan_read(job, &plan, err) ||
        !settings_number(job, "Timeout", "minutes", TIMEOUT_MINUTES_MAX, TIMEOUT_MINUTES, &minutes, err))
        return false;
    task->timeout_ms = minutes * 60000;
    plan.timeout_ms = task->timeout_ms;
    task->container_name = settings_text(job, "ContainerName");
    task->wish = (struct run_task_wish){.cluster = plan.cluster,
                                        .cpu = settings_text(job, "Cpu"),
                                        .memory = settings_text(job, "Memory"),
                                        .token = job->message->action_execution_id};
    if (!run_task_command(job->arena, settings_text(job, "Command"), &task->wish.command, err) ||
        !run_task_environment(job->arena, settings_text(job, "Environment"), &task->wish.environment, err))
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

/* Without an input artifact nothing is new: the command runs with the revision that the service runs. */
static bool take_running(struct run_task *task, struct err *err) {
    const struct json *service;
    const struct json *described;
    if (!ecs_describe_service(&task->revision.ecs, task->arena, &service, err))
        return false;
    const char *running = json_get_text(service, "taskDefinition");
    if (!running)
        return err_set(err, ERR_INVALID, "service '%s' has no task definition", task->revision.ecs.service);
    if (!ecs_describe_task_definition(&task->revision.ecs, task->arena, running, &described, err) ||
        !run_task_container(task->arena, json_get(described, "taskDefinition"), task->container_name, &task->container,
                            err))
        return false;
    task->revision.previous = task->revision.registered = running;
    task->revision.adopted = true;
    task->followed = json_get_text(task->container, "name");
    (void)deployment_target(task->report, task->revision.target, NULL, ecs_short_name(running));
    return true;
}

bool run_task_prepare(struct run_task *task, struct err *err) {
    if (task->revision.registered)
        return true;
    if (task->job->message->input_count == 0)
        return take_running(task, err);
    task->revision.registers_only = true;
    if (!deploy_prepare(&task->revision, err) ||
        !run_task_container(task->arena, task->revision.definition, task->container_name, &task->container, err))
        return false;
    task->followed = json_get_text(task->container, "name");
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

static bool cancel(struct run_task *task, struct wire_result *result) {
    const char *reason = "stopped because the action was cancelled";
    const bool leave = task->revision.plan.leave_on_cancel;
    bool was_there = false;
    struct err own = {0};
    const bool good = leave ? run_task_find_lost(task, &own) : run_task_undo(task, reason, &was_there, &own);
    set_variables(task, result);
    if (!good) {
        if (leave)
            (void)err_wrap(&own, "cancelled; OnCancel is LEAVE, and whether a task was started is not known");
        deployment_note(task->report, "%s", own.message);
        return job_undo_failed(task->job, result, &own);
    }
    result->outcome = WIRE_STOPPED;
    if (leave && task->arn)
        result->summary =
            arena_printf(task->arena, "cancelled; task %s goes on (OnCancel: LEAVE)", ecs_short_name(task->arn));
    else if (was_there)
        result->summary = arena_printf(task->arena, "cancelled: task %s has stopped%s%s", ecs_short_name(task->arn),
                                       task->end.sentence ? "; " : "", task->end.sentence ? task->end.sentence : "");
    else
        result->summary = "cancelled before a task was started";
    deployment_note(task->report, "%s", result->summary);
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
        return cancel(&task, result);
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
