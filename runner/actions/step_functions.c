/*
 * StepFunctions: an execution of a state machine is started, followed to its end, and stopped where the pipeline is.
 * Its name is the action execution's id, so that it is started once however often this is tried: Step Functions keeps
 * names for 90 days. An express machine tells nobody how its executions go: starting one is all there is.
 */
#include "runner/aws/step_functions.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/deployment.h"
#include "runner/actions/output_file.h"
#include "runner/archive/zip.h"
#include "runner/job.h"

#include <string.h>

#define NAME_MAX_LENGTH 80
#define INPUT_MAX ((size_t)256 * 1024) /* Step Functions' own */
#define SHOWN_MAX 600
#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 5000
#define UNDO_MS (15 * 60000) /* so long a stop may take, or Step Functions may be busy */

struct run {
    struct job *job;
    struct arena *arena;
    struct deployment_report *report;
    struct step_functions states;
    const char *machine;
    const char *name;
    const char *input;
    const char *execution; /* its ARN */
    bool begun;            /* StartExecution was sent, or was about to be */
};

static bool read_input(struct run *run, struct err *err) {
    const char *type = job_setting(run->job, "InputType");
    const char *given = job_setting(run->job, "Input");
    const char *zip;
    const struct json *parsed;
    size_t size;
    run->input = given && *given ? given : "{}";
    if (str_equal(type, "FilePath")) {
        if (!given || !*given)
            return err_set(err, ERR_INVALID, "InputType is FilePath and Input names no file of the input artifact");
        if (!job_input(run->job, NULL, &zip, err) ||
            !zip_read(run->arena, zip, given, INPUT_MAX, &run->input, &size, err))
            return err_wrap(err, "Input");
    } else if (type && *type && !str_equal(type, "Literal")) {
        return err_set(err, ERR_INVALID, "InputType must be Literal or FilePath, not '%.50s'", type);
    }
    return json_parse(run->arena, run->input, strlen(run->input), &parsed, err) ||
           err_wrap(err, "%s", str_equal(type, "FilePath") ? given : "Input");
}

static bool init(struct run *run, struct job *job, struct deployment_report *report, struct err *err) {
    const char *prefix = job_setting(job, "ExecutionNamePrefix");
    const char *id = job->message->action_execution_id;
    *run =
        (struct run){.job = job, .arena = job->arena, .report = report, .machine = job_setting(job, "StateMachineArn")};
    const char *region = run->machine ? step_functions_region(job->arena, run->machine) : NULL;
    if (!region)
        return err_set(err, ERR_INVALID,
                       "StateMachineArn must be the ARN of a state machine such as "
                       "arn:aws:states:eu-west-1:123456789012:stateMachine:release, not '%.200s'",
                       run->machine ? run->machine : "");
    run->name = prefix && *prefix ? arena_printf(job->arena, "%s-%s", prefix, id) : id;
    if (strlen(run->name) > NAME_MAX_LENGTH)
        return err_set(err, ERR_INVALID, "ExecutionNamePrefix may have %d characters at most",
                       NAME_MAX_LENGTH - (int)strlen(id) - 1);
    run->states =
        (struct step_functions){.aws = job_aws(job), .region = region, .interrupted = job_is_lost, .context = job};
    run->execution = step_functions_execution_arn(job->arena, run->machine, run->name);
    return true;
}

static bool mark(struct run *run, struct err *err) {
    struct json *mark = json_object(run->arena);
    json_set_text(run->arena, mark, "execution", run->execution);
    run->begun = true;
    return job_checkpoint(run->job, mark, err);
}

static bool start(struct run *run, struct err *err) {
    const char *arn;
    bool existed;
    if (!read_input(run, err) || !mark(run, err))
        return false;
    if (!step_functions_start(&run->states, run->arena, run->machine, run->name, run->input, &arn, &existed, err))
        return false;
    if (arn)
        run->execution = arn;
    deployment_note(run->report, "%s execution %s", existed ? "found" : "started", run->execution);
    return true;
}

static bool is_cancelled(const struct run *run) {
    return job_stop_reason(run->job) == STOP_CANCELLED || run->job->message->cancelled;
}

static bool pass_on(const struct err *own, struct err *err) {
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

/* Asks until there is an answer: Step Functions may be busy. False where the job must end first (`wake_at`), it is
 * past `until_ms` (0: never), or it is refused. */
static bool describe(struct run *run, enum stop_reason wake_at, int64_t until_ms, struct state_execution *out,
                     struct err *err) {
    for (;;) {
        struct err own = {0};
        if (step_functions_describe(&run->states, run->arena, run->execution, out, &own))
            return true;
        const bool late = until_ms > 0 && job_now_ms(run->job) >= until_ms;
        if (own.kind != ERR_UNAVAILABLE || late || !job_sleep(run->job, LONGEST_PAUSE_MS, wake_at))
            return pass_on(&own, err);
        job_log(run->job, "%s; asking again", own.message);
    }
}

/* Of an earlier holder's mark: it may or may not have come to start it. *found false: nothing was begun. */
static bool find(struct run *run, bool *found, struct err *err) {
    struct state_execution execution;
    struct err own = {0};
    if (run->states.express)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "an express execution was to be started when the runner was lost, and nobody can tell "
                            "whether it was; it is not started twice, look, then retry");
    *found = describe(run, STOP_TIMED_OUT, 0, &execution, &own);
    return *found || own.kind == ERR_NOT_FOUND || pass_on(&own, err);
}

/* Until it has ended; false where it cannot be asked, or the job must end first. */
static bool follow(struct run *run, enum stop_reason wake_at, int64_t until_ms, struct state_execution *out,
                   struct err *err) {
    int64_t pause_ms = FIRST_PAUSE_MS;
    for (;;) {
        if (!describe(run, wake_at, until_ms, out, err))
            return err_wrap(err, "execution %s may go on, and is not followed any more", run->name);
        if (!str_equal(out->status, "RUNNING") && !str_equal(out->status, "PENDING_REDRIVE"))
            return true;
        deployment_send(run->report, arena_printf(run->arena, "execution %s is %s", run->name, out->status));
        if ((until_ms > 0 && job_now_ms(run->job) >= until_ms) || !job_sleep(run->job, pause_ms, wake_at))
            return err_set(err, ERR_CONFLICT, "execution %s is still %s, and is not waited for any more", run->name,
                           out->status);
        pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
    }
}

static void set_variables(const struct run *run, struct wire_result *result) {
    struct wire_variable *variables = arena_array(run->arena, struct wire_variable, 2);
    variables[0] = (struct wire_variable){.name = "StateMachineArn", .value = run->machine};
    variables[1] = (struct wire_variable){.name = "ExecutionArn", .value = run->execution};
    result->variables = variables;
    result->variable_count = 2;
    result->external_id = run->execution;
}

static bool succeed(struct run *run, const char *output, struct wire_result *result, struct err *err) {
    const struct wire_job *message = run->job->message;
    for (size_t i = 0; i < message->output_count && output; i++)
        if (!output_file(run->job, message->outputs[i], "output.json", output, err))
            return false;
    result->outcome = WIRE_SUCCEEDED;
    result->summary = run->states.express ? "the express execution was started; nobody tells how it ends"
                                          : arena_printf(run->arena, "execution %s succeeded", run->name);
    return true;
}

static bool judge(struct run *run, const struct state_execution *execution, struct wire_result *result,
                  struct err *err) {
    if (str_equal(execution->status, "SUCCEEDED"))
        return succeed(run, execution->output, result, err);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "execution %s ended as %s%s%.100s%s%.*s", run->name,
                        execution->status, execution->error ? ": " : "", execution->error ? execution->error : "",
                        execution->cause ? ": " : "", SHOWN_MAX, execution->cause ? execution->cause : "");
}

static bool stopped(struct run *run, const char *summary, struct wire_result *result) {
    result->outcome = WIRE_STOPPED;
    result->summary = summary;
    deployment_note(run->report, "%s", summary);
    return true;
}

/* *there false: there is no such execution, so that none was started. */
static bool send_stop(struct run *run, int64_t until_ms, bool *there, struct err *err) {
    const char *cause = is_cancelled(run) ? "stopped in Penstock" : "time is up";
    for (;;) {
        struct err own = {0};
        *there = step_functions_stop(&run->states, run->arena, run->execution, cause, &own);
        if (*there || own.kind == ERR_NOT_FOUND)
            return true;
        if (own.kind != ERR_UNAVAILABLE || job_now_ms(run->job) >= until_ms ||
            !job_sleep(run->job, LONGEST_PAUSE_MS, STOP_LOST))
            return pass_on(&own, err);
        job_log(run->job, "%s; trying again", own.message);
    }
}

/* The pipeline wants it stopped, or its time is up: the execution goes first, whether it can be looked at or not. */
static bool stop(struct run *run, struct wire_result *result, struct err *err) {
    const int64_t until_ms = job_now_ms(run->job) + UNDO_MS;
    struct state_execution execution;
    struct err own = {0};
    bool there = false;
    if (job_is_lost(run->job))
        return err_set(err, ERR_UNAVAILABLE, "the job is somebody else's now");
    if (run->states.express && !is_cancelled(run))
        return false; /* *err says why */
    if (run->states.express)
        return stopped(run, "cancelled; an express execution cannot be stopped, so that it may go on", result);
    deployment_note(run->report, "stopping execution %s", run->name);
    bool good = send_stop(run, until_ms, &there, &own) ||
                err_wrap(&own, "execution %s was to be stopped, and may go on", run->name);
    good = good && (!there || follow(run, STOP_LOST, until_ms, &execution, &own) ||
                    err_wrap(&own, "execution %s was told to stop", run->name));
    if (!good)
        return is_cancelled(run) ? job_undo_failed(run->job, result, &own) : pass_on(&own, err);
    const char *how = there
                          ? arena_printf(run->arena, "execution %s was stopped: it is %s", run->name, execution.status)
                          : arena_printf(run->arena, "execution %s was not started", run->name);
    if (!is_cancelled(run))
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "time was up; %s", how);
    return stopped(run, how, result);
}

/* What an earlier holder began, or a new one. */
static bool begin(struct run *run, struct err *err) {
    bool found = false;
    if (json_get(run->job->message->checkpoint, "execution") && !find(run, &found, err))
        return false;
    return found || start(run, err);
}

static bool carry_out(struct run *run, struct wire_result *result, struct err *err) {
    struct state_execution execution;
    run->begun = json_get(run->job->message->checkpoint, "execution") != NULL;
    bool good = step_functions_is_express(&run->states, run->arena, run->machine, &run->states.express, err) &&
                !run->job->message->cancelled && begin(run, err);
    if (good || run->begun) {
        set_variables(run, result);
        run->report->external_id = run->execution;
    }
    if (good && run->states.express)
        return succeed(run, NULL, result, err);
    if (good && follow(run, STOP_TIMED_OUT, 0, &execution, err))
        return judge(run, &execution, result, err);
    if (!run->begun && is_cancelled(run))
        return stopped(run, "cancelled before the execution was started", result);
    const bool over = is_cancelled(run) || job_stop_reason(run->job) == STOP_TIMED_OUT;
    return run->begun && over && stop(run, result, err);
}

bool action_step_functions(struct job *job, struct wire_result *result, struct err *err) {
    static const struct wire_result nothing;
    struct deployment_report *report = arena_alloc(job->arena, sizeof *report);
    struct run run;
    *result = nothing;
    deployment_begin(report, job, "STEP_FUNCTIONS");
    return init(&run, job, report, err) && carry_out(&run, result, err);
}
