/*
 * Deploy/CloudFormation: a template of an artifact becomes a stack, an update, a change set; or a stack goes.
 */
#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/cloudformation_run.h"
#include "runner/actions/cloudformation_status.h"
#include "runner/actions/cloudformation_template.h"
#include "runner/archive/zip.h"

#include <string.h>
#include <time.h>

#define LOOK_AGAIN_MS 5000
#define VARIABLES_MAX 200 /* a template has so many outputs at most */

static const char *const modes[] = {"CREATE_UPDATE", "REPLACE_ON_FAILURE", "DELETE_ONLY", "CHANGE_SET_REPLACE",
                                    "CHANGE_SET_EXECUTE"};

static bool is_mode(const struct stack_run *run, const char *mode) {
    return str_equal(run->mode, mode);
}

bool stack_run_mark(struct stack_run *run, struct err *err) {
    struct json *mark = json_object(run->arena);
    json_set_integer(run->arena, mark, "beganMs", run->began_ms);
    json_set_text(run->arena, mark, "operation", run->operation);
    json_set_text(run->arena, mark, "stackId", run->id);
    run->report.external_id = run->id;
    return job_checkpoint(run->job, mark, err);
}

const char *stack_run_token(const struct stack_run *run, const char *step) {
    const struct wire_job *message = run->job->message;
    return arena_printf(run->arena, "penstock-%.64s-%s",
                        message->action_execution_id ? message->action_execution_id : message->id, step);
}

const char *stack_run_subject(const struct stack_run *run) {
    return run->id ? run->id : run->name;
}

static bool init(struct stack_run *run, struct job *job, struct err *err) {
    const struct json *mark = job->message->checkpoint;
    const char *change_set = job_setting(job, "ChangeSetName");
    *run = (struct stack_run){.job = job, .arena = job->arena};
    deployment_begin(&run->report, job, "CLOUDFORMATION");
    run->client = (struct cloudformation){
        .aws = job_aws(job), .region = job->message->region, .interrupted = job_is_lost, .context = job};
    run->mode = job_setting(job, "ActionMode");
    run->name = job_setting(job, "StackName");
    run->role_arn = job_setting(job, "RoleArn");
    run->began_ms = json_get_integer(mark, "beganMs", job_now_ms(job));
    run->operation = json_get_text(mark, "operation");
    run->id = json_get_text(mark, "stackId");
    poll_pace_begin(&run->pace, job_now_ms(job));
    bool known = false;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        known = known || is_mode(run, modes[i]);
    if (!known || !run->name || !*run->name)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "ActionMode must be CREATE_UPDATE, REPLACE_ON_FAILURE, DELETE_ONLY, CHANGE_SET_REPLACE or "
                            "CHANGE_SET_EXECUTE, and StackName a name");
    if (str_starts_with(run->mode, "CHANGE_SET") && (!change_set || !*change_set))
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "ActionMode %s needs a ChangeSetName", run->mode);
    (void)deployment_target(
        &run->report, arena_printf(run->arena, "cloudformation/%s/%s", run->client.region, run->name), NULL, NULL);
    return true;
}

static bool is_wanted(const struct stack_run *run, struct err *err) {
    return job_stop_reason(run->job) == STOP_NONE || err_set(err, ERR_CONFLICT, "stopped");
}

/* What is sent: each is one call, safe to be sent twice. */
typedef bool (*send_function)(struct stack_run *run, const char *token, const void *what, struct err *err);

/* Whatever is refused may be so because an earlier call with our token was carried out. */
static bool send_once(struct stack_run *run, const char *operation, send_function send, const void *what,
                      struct err *err) {
    const char *token = stack_run_token(run, operation);
    bool sent = false;
    if (str_equal(run->operation, operation) && !stack_run_was_sent(run, token, &sent, NULL, err))
        return false;
    if (sent)
        return true;
    if (!is_wanted(run, err))
        return false;
    run->operation = operation;
    run->accepted = false;
    if (!stack_run_mark(run, err))
        return false;
    for (;;) {
        struct err own = {0};
        if ((run->accepted = send(run, token, what, &own)))
            return stack_run_mark(run, err);
        if (!stack_run_was_sent(run, token, &sent, NULL, err))
            return false;
        if (sent)
            return stack_run_mark(run, err);
        if (own.kind != ERR_UNAVAILABLE || !is_wanted(run, NULL))
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "%s; trying again", own.message);
        (void)job_sleep(run->job, LOOK_AGAIN_MS, STOP_TIMED_OUT);
    }
}

static bool send_delete(struct stack_run *run, const char *token, const void *what, struct err *err) {
    (void)what;
    return cloudformation_delete(&run->client, run->arena, stack_run_subject(run), token, run->role_arn, err);
}

static bool send_execute(struct stack_run *run, const char *token, const void *what, struct err *err) {
    (void)what;
    return cloudformation_execute(&run->client, run->arena, run->name, job_setting(run->job, "ChangeSetName"), token,
                                  err);
}

static bool send_template(struct stack_run *run, const char *token, const void *what, struct err *err) {
    const struct stack_template *template = what;
    const struct cloudformation_order order = {.operation = run->operation,
                                               .stack = run->name,
                                               .token = token,
                                               .template_body = template->body,
                                               .template_url = template->url,
                                               .parameters = template->parameters,
                                               .tags = template->tags,
                                               .stack_policy = template->policy,
                                               .capabilities = job_setting(run->job, "Capabilities"),
                                               .role_arn = run->role_arn};
    const char *id = NULL;
    if (!cloudformation_send(&run->client, run->arena, &order, &id, err))
        return false;
    if (id)
        run->id = id;
    return true;
}

/* ---- ends ---- */

static bool fail(struct stack_run *run, const struct json *stack, struct err *err) {
    const char *reason = json_get_text(stack, "StackStatusReason");
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "stack '%s' is %s%s%.600s", run->name,
                        json_get_text_or(stack, "StackStatus", "gone"),
                        run->cause          ? ": "
                        : reason && *reason ? ": "
                                            : "",
                        run->cause ? run->cause
                        : reason   ? reason
                                   : "");
}

/* The stack's outputs, as variables and, where it is wanted, as a file. */
static bool write_outputs(struct stack_run *run, const struct json *outputs, struct err *err) {
    const struct wire_job *message = run->job->message;
    const char *file = job_setting(run->job, "OutputFileName");
    const char *path = arena_printf(run->arena, "%s/outputs.zip", run->job->folder);
    struct zip_writer *zip;
    if (message->output_count == 0)
        return true;
    if (!file || !*file)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "the output artifact '%s' needs OutputFileName, the name of the file in it",
                            message->outputs[0]);
    const char *text = json_print_pretty(run->arena, outputs);
    const struct zip_entry entry = {
        .name = file, .mode = 0644, .modified = time(NULL), .bytes = text, .size = (int64_t)strlen(text)};
    if (!zip_writer_open(path, &zip, err))
        return false;
    if (!zip_writer_add(zip, &entry, err)) {
        zip_writer_abandon(zip);
        return false;
    }
    return zip_writer_close(zip, err) && job_output(run->job, message->outputs[0], path, err);
}

static bool succeed(struct stack_run *run, const struct json *stack, const char *sentence, struct wire_result *result,
                    struct err *err) {
    struct json *outputs = json_object(run->arena);
    struct wire_variable *variables = arena_array(run->arena, struct wire_variable, VARIABLES_MAX);
    size_t count = 0;
    json_each(output, json_get(stack, "Outputs")) {
        const char *key = json_get_text(output, "OutputKey");
        const char *value = json_get_text_or(output, "OutputValue", "");
        if (!key || count == VARIABLES_MAX)
            continue;
        json_set_text(run->arena, outputs, key, value);
        variables[count++] = (struct wire_variable){.name = key, .value = value};
    }
    if (!write_outputs(run, outputs, err))
        return false;
    *result = (struct wire_result){.outcome = WIRE_SUCCEEDED,
                                   .summary = sentence,
                                   .external_id = run->id,
                                   .variables = variables,
                                   .variable_count = count};
    deployment_note(&run->report, "%s", sentence);
    deployment_send(&run->report, sentence);
    return true;
}

/* Follows what was sent, and judges it. */
static bool follow(struct stack_run *run, struct wire_result *result, struct err *err) {
    const struct json *stack = NULL;
    bool deletes = str_equal(run->operation, "DeleteStack");
    if (!stack_run_watch(run, stack_run_token(run, run->operation), STOP_TIMED_OUT, &stack, err))
        return false;
    const char *status = json_get_text_or(stack, "StackStatus", deletes ? "DELETE_COMPLETE" : "gone");
    bool good = deletes ? str_equal(status, "DELETE_COMPLETE") : stack_is_good(status);
    if (!good || (!deletes && str_equal(status, "DELETE_COMPLETE")))
        return fail(run, stack, err);
    return succeed(run, stack, arena_printf(run->arena, "stack '%s' is %s", run->name, status), result, err);
}

static bool unchanged(struct stack_run *run, const struct json *stack, struct wire_result *result, struct err *err) {
    return succeed(run, stack, arena_printf(run->arena, "stack '%s' is as the template says already", run->name),
                   result, err);
}

/* ---- the modes ---- */

/* A broken stack is deleted; *stack is NULL then. */
static bool replace(struct stack_run *run, const struct json **stack, struct err *err) {
    run->id = json_get_text(*stack, "StackId");
    deployment_note(&run->report, "stack '%s' is %s: deleting it, to make it anew", run->name,
                    json_get_text(*stack, "StackStatus"));
    if (!send_once(run, "DeleteStack", send_delete, NULL, err) ||
        !stack_run_watch(run, stack_run_token(run, "DeleteStack"), STOP_TIMED_OUT, stack, err))
        return false;
    if (*stack && !str_equal(json_get_text(*stack, "StackStatus"), "DELETE_COMPLETE"))
        return fail(run, *stack, err);
    *stack = NULL;
    run->id = run->operation = run->cause = NULL;
    return true;
}

static bool check_state(const struct stack_run *run, const struct json *stack, struct err *err) {
    const char *status = json_get_text(stack, "StackStatus");
    if (!stack || stack_is_unborn(status))
        return true;
    if (!stack_is_at_rest(status))
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "stack '%s' is %s: somebody else changes it; wait for the end, then run again", run->name,
                            status);
    return !stack_is_broken(status) ||
           err_set_code(err, ERR_CONFLICT, "JobFailed",
                        "stack '%s' is %s and cannot be updated; delete it, or use ActionMode REPLACE_ON_FAILURE",
                        run->name, status);
}

/* CREATE_UPDATE and REPLACE_ON_FAILURE. */
static bool create_or_update(struct stack_run *run, struct wire_result *result, struct err *err) {
    bool again = run->operation && !str_equal(run->operation, "DeleteStack");
    const char *operation = run->operation;
    const struct json *stack = NULL;
    struct stack_template template;
    struct err own = {0};
    if (!stack_template_read(run->job, &template, err) || !stack_run_look(run, STOP_TIMED_OUT, run->arena, &stack, err))
        return false;
    if (!again) {
        const char *status = json_get_text(stack, "StackStatus");
        bool leaving = str_equal(run->operation, "DeleteStack") && str_equal(status, "DELETE_IN_PROGRESS");
        if (str_equal(status, "DELETE_COMPLETE"))
            stack = NULL;
        if (stack && is_mode(run, "REPLACE_ON_FAILURE") && (stack_is_broken(status) || leaving) &&
            !replace(run, &stack, err))
            return false;
        if (!check_state(run, stack, err))
            return false;
        bool is_new = !stack || stack_is_unborn(json_get_text(stack, "StackStatus"));
        operation = is_new ? "CreateStack" : "UpdateStack";
        run->id = is_new ? NULL : json_get_text(stack, "StackId");
        run->operation = NULL;
    }
    job_log(run->job, "%s '%s'", operation, run->name);
    if (send_once(run, operation, send_template, &template, &own))
        return follow(run, result, err);
    if (cloudformation_is_unchanged(own.message))
        return unchanged(run, stack, result, err);
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

static bool delete_only(struct stack_run *run, struct wire_result *result, struct err *err) {
    const struct json *stack = NULL;
    if (!stack_run_look(run, STOP_TIMED_OUT, run->arena, &stack, err))
        return false;
    if (!stack || str_equal(json_get_text(stack, "StackStatus"), "DELETE_COMPLETE"))
        return succeed(run, NULL, arena_printf(run->arena, "there is no stack '%s'", run->name), result, err);
    run->id = json_get_text(stack, "StackId");
    return send_once(run, "DeleteStack", send_delete, NULL, err) && follow(run, result, err);
}

/* *change_set: at its end, CREATE_COMPLETE or FAILED; NULL: there is none. */
static bool wait_for_change_set(struct stack_run *run, const char *name, const struct json **change_set,
                                struct err *err) {
    while (is_wanted(run, err)) {
        struct err own = {0};
        if (cloudformation_change_set(&run->client, run->arena, run->name, name, change_set, &own)) {
            const char *status = json_get_text_or(*change_set, "Status", "");
            if (!*change_set || !(str_ends_with(status, "_PENDING") || str_ends_with(status, "_IN_PROGRESS")))
                return true;
        } else if (own.kind != ERR_UNAVAILABLE) {
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        }
        (void)job_sleep(run->job, poll_pace_wait(&run->pace, job_now_ms(run->job), 1, 1, 0), STOP_TIMED_OUT);
    }
    return false;
}

static bool make_change_set(struct stack_run *run, const char *name, bool is_new, struct err *err) {
    struct stack_template template;
    const char *id = NULL;
    if (!stack_template_read(run->job, &template, err) ||
        !cloudformation_delete_change_set(&run->client, run->arena, run->name, name, err))
        return false;
    run->operation = "CreateChangeSet";
    if (!is_wanted(run, err) || !stack_run_mark(run, err))
        return false;
    const struct cloudformation_order order = {.operation = run->operation,
                                               .stack = run->name,
                                               .token = stack_run_token(run, run->operation),
                                               .template_body = template.body,
                                               .template_url = template.url,
                                               .parameters = template.parameters,
                                               .tags = template.tags,
                                               .capabilities = job_setting(run->job, "Capabilities"),
                                               .role_arn = run->role_arn,
                                               .change_set = name,
                                               .change_set_type = is_new ? "CREATE" : "UPDATE"};
    return cloudformation_send(&run->client, run->arena, &order, &id, err);
}

static bool replace_change_set(struct stack_run *run, struct wire_result *result, struct err *err) {
    const char *name = job_setting(run->job, "ChangeSetName");
    const struct json *stack = NULL;
    const struct json *change_set = NULL;
    if (!stack_run_look(run, STOP_TIMED_OUT, run->arena, &stack, err) || !check_state(run, stack, err))
        return false;
    const char *status = json_get_text(stack, "StackStatus");
    bool is_new = !stack || stack_is_unborn(status) || str_equal(status, "DELETE_COMPLETE");
    /* Made again after a crash: a change set of that name is replaced, and changes nothing by itself. */
    if (!make_change_set(run, name, is_new, err) || !wait_for_change_set(run, name, &change_set, err))
        return false;
    const char *reason = json_get_text_or(change_set, "StatusReason", "");
    if (str_equal(json_get_text(change_set, "Status"), "CREATE_COMPLETE"))
        return succeed(run, NULL, arena_printf(run->arena, "change set '%s' of stack '%s' is ready", name, run->name),
                       result, err);
    if (change_set && cloudformation_is_unchanged(reason))
        return succeed(run, NULL,
                       arena_printf(run->arena, "change set '%s' of stack '%s' is empty: there is nothing to change",
                                    name, run->name),
                       result, err);
    return err_set_code(err, ERR_CONFLICT, "JobFailed", "change set '%s' is %s: %.600s", name,
                        json_get_text_or(change_set, "Status", "gone"), reason);
}

static bool execute_change_set(struct stack_run *run, struct wire_result *result, struct err *err) {
    const char *name = job_setting(run->job, "ChangeSetName");
    const struct json *change_set = NULL;
    const struct json *stack = NULL;
    if (!run->operation && !wait_for_change_set(run, name, &change_set, err))
        return false;
    if (!run->operation && !change_set)
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "stack '%s' has no change set '%s'; make it with "
                            "ActionMode CHANGE_SET_REPLACE",
                            run->name, name);
    if (!run->operation && cloudformation_is_unchanged(json_get_text(change_set, "StatusReason")))
        return stack_run_look(run, STOP_TIMED_OUT, run->arena, &stack, err) && unchanged(run, stack, result, err);
    if (change_set)
        run->id = json_get_text(change_set, "StackId");
    return send_once(run, "ExecuteChangeSet", send_execute, NULL, err) && follow(run, result, err);
}

static bool roll_out(struct stack_run *run, struct wire_result *result, struct err *err) {
    if (is_mode(run, "DELETE_ONLY"))
        return delete_only(run, result, err);
    if (is_mode(run, "CHANGE_SET_REPLACE"))
        return replace_change_set(run, result, err);
    if (is_mode(run, "CHANGE_SET_EXECUTE"))
        return execute_change_set(run, result, err);
    return create_or_update(run, result, err);
}

bool action_cloudformation(struct job *job, struct wire_result *result, struct err *err) {
    struct stack_run *run = arena_new(job->arena, struct stack_run);
    if (!init(run, job, err))
        return false;
    if (!job->message->cancelled && roll_out(run, result, err))
        return true;
    result->external_id = run->id;
    if (job_stop_reason(job) == STOP_CANCELLED)
        return stack_run_undo(run, result, err);
    if (job_stop_reason(job) == STOP_TIMED_OUT && run->operation)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "stack '%s' did not come to rest in time; CloudFormation goes on", run->name);
    return false;
}
