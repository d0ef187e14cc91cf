/*
 * Invoke/Lambda: a function does its part of the pipeline. It is called with CodePipeline's event and waited for, and
 * what it returns is its word: PutJobSuccessResult's members (continuationToken, outputVariables, executionDetails), or
 * PutJobFailureResult's failureDetails; anything else is a success, an uncaught error a failure. With a continuation
 * token it is called again later. AWS's own way, a call to CodePipeline's API from within the function, would go to
 * AWS, which knows nothing of this pipeline; docs/deploying.md says what to change.
 *
 * Each call is made once: a mark is left before it, and who finds the mark without an answer says that nobody knows.
 */
#include "runner/aws/lambda.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/deployment.h"
#include "runner/actions/lambda_event.h"
#include "runner/aws/s3.h"

#include <string.h>

#define SHOWN_MAX 600
#define AGAIN_MS 15000
#define VARIABLES_MAX 100
#define TOKEN_MAX 2048

struct run {
    struct job *job;
    struct arena *arena;
    struct deployment_report *report;
    const char *function;
    const char *bucket; /* or NULL */
    const char *token;  /* of the call before, or NULL */
    int64_t calls;
};

static bool mark(const struct run *run, bool calling, struct err *err) {
    struct json *mark = json_object(run->arena);
    json_set_text(run->arena, mark, "function", run->function);
    json_set_integer(run->arena, mark, "calls", run->calls);
    json_set_text(run->arena, mark, "continuationToken", run->token);
    json_set_bool(run->arena, mark, "calling", calling);
    return job_checkpoint(run->job, mark, err);
}

static struct s3 open_s3(const struct run *run) {
    return (struct s3){.aws = job_aws(run->job),
                       .region = run->job->message->region,
                       .interrupted = job_is_stopped,
                       .context = run->job};
}

static bool put_input(const struct run *run, struct s3 *s3, const char *name, struct err *err) {
    const char *zip;
    return job_input(run->job, name, &zip, err) &&
           s3_upload(s3, run->arena, run->bucket, lambda_event_key(run->job, name), zip, NULL, err);
}

/* A bucket that is not there is a name that somebody wrote down because CodePipeline asks for one. */
static bool put_inputs(struct run *run, struct err *err) {
    const struct wire_job *message = run->job->message;
    struct s3 s3 = open_s3(run);
    for (size_t i = 0; i < message->input_count && run->bucket; i++) {
        struct err own = {0};
        if (put_input(run, &s3, message->inputs[i].name, &own))
            continue;
        if (own.kind != ERR_NOT_FOUND || message->output_count)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        job_log(run->job, "the function gets the names of its input artifacts only: %s", own.message);
        run->bucket = NULL;
    }
    return true;
}

static bool take_outputs(const struct run *run, struct err *err) {
    const struct wire_job *message = run->job->message;
    struct s3 s3 = open_s3(run);
    for (size_t i = 0; i < message->output_count; i++) {
        const char *name = message->outputs[i];
        const char *path = arena_printf(run->arena, "%s/output-%zu.zip", run->job->folder, i);
        if (!s3_download(&s3, run->arena, run->bucket, lambda_event_key(run->job, name), NULL, path, err) ||
            !job_output(run->job, name, path, err))
            return err_wrap(err, "output artifact '%.100s' of function '%.140s'", name, run->function);
    }
    return true;
}

static void set_variables(const struct run *run, const struct json *given, struct wire_result *result) {
    struct wire_variable *variables = arena_array(run->arena, struct wire_variable, VARIABLES_MAX);
    size_t count = 0;
    for (const struct json *item = given ? given->first : NULL; item && count < VARIABLES_MAX; item = item->next)
        if (item->type == JSON_TEXT)
            variables[count++] = (struct wire_variable){.name = item->name, .value = item->text};
    result->variables = variables;
    result->variable_count = count;
}

static bool fail(const struct run *run, const struct json *failure, struct err *err) {
    static const char *const types[] = {"JobFailed",         "ConfigurationError",  "PermissionError",
                                        "RevisionOutOfSync", "RevisionUnavailable", "SystemUnavailable"};
    const char *code = "JobFailed";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_equal(types[i], json_get_text(failure, "type")))
            code = types[i];
    return err_set_code(err, ERR_CONFLICT, code, "function '%.140s' reports a failure: %.*s", run->function, SHOWN_MAX,
                        json_get_text_or(failure, "message", "without a message"));
}

static bool succeed(const struct run *run, const struct json *word, struct wire_result *result, struct err *err) {
    const struct json *details = json_get(word, "executionDetails");
    if (!take_outputs(run, err))
        return false;
    set_variables(run, json_get(word, "outputVariables"), result);
    result->outcome = WIRE_SUCCEEDED;
    result->external_id = json_get_text(details, "externalExecutionId");
    result->summary = json_get_text(details, "summary");
    if (!result->summary)
        result->summary = arena_printf(run->arena, "function '%.140s' succeeded", run->function);
    return true;
}

/* Whoever calls a function and does not learn how it ended. */
static bool set_unknown(const struct run *run, const char *why, struct wire_result *result, struct err *err) {
    if (job_stop_reason(run->job) != STOP_CANCELLED && !run->job->message->cancelled)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "function '%.140s' was called, and nobody knows how it ended: %s; it is not called twice, "
                            "look what it did, then retry",
                            run->function, why);
    result->outcome = WIRE_STOPPED;
    result->summary = arena_printf(run->arena,
                                   "stopped; function '%.140s' was called and not waited for, and what it "
                                   "did stays",
                                   run->function);
    return true;
}

/* *again: it wants to be called once more. */
static bool take_word(struct run *run, const struct lambda_answer *answer, bool *again, struct wire_result *result,
                      struct err *err) {
    const struct json *word = NULL;
    *again = false;
    (void)json_parse(run->arena, answer->payload, strlen(answer->payload), &word, NULL);
    const char *token = json_get_text(word, "continuationToken");
    job_log(run->job, "function '%.140s' returned %.*s", run->function, SHOWN_MAX,
            *answer->payload ? answer->payload : "nothing");
    if (json_get(word, "failureDetails"))
        return fail(run, json_get(word, "failureDetails"), err);
    if (!token || !*token)
        return succeed(run, word, result, err);
    if (strlen(token) > TOKEN_MAX)
        return err_set(err, ERR_INVALID, "the continuationToken of function '%.140s' has more than %d characters",
                       run->function, TOKEN_MAX);
    run->token = token;
    *again = true;
    deployment_send(run->report, json_get_text(json_get(word, "executionDetails"), "summary"));
    return mark(run, false, err);
}

/* It was refused, or the job was stopped before the call went out. */
static bool not_called(const struct run *run, const struct err *why, struct wire_result *result, struct err *err) {
    if (job_stop_reason(run->job) != STOP_CANCELLED)
        return err_set_code(err, why->kind, why->code, "%s", why->message);
    result->outcome = WIRE_STOPPED;
    result->summary = arena_printf(run->arena, "stopped; function '%.140s' was not called%s", run->function,
                                   run->calls > 1 ? " again" : "");
    return true;
}

static bool call(struct run *run, bool *again, struct wire_result *result, struct err *err) {
    const struct lambda_event event = {
        .function = run->function, .bucket = run->bucket, .continuation_token = run->token};
    const struct lambda_call call = {.aws = job_aws(run->job),
                                     .region = run->job->message->region,
                                     .function = run->function,
                                     .payload = lambda_event(run->job, &event),
                                     .interrupted = job_is_stopped,
                                     .context = run->job};
    struct lambda_answer answer;
    struct err own = {0};
    bool unknown = false;
    *again = false;
    run->calls++;
    if (!mark(run, true, err))
        return false;
    deployment_note(run->report, "calling function '%.140s'%s", run->function, run->token ? " again" : "");
    if (!lambda_invoke(&call, run->arena, &answer, &unknown, &own))
        return unknown ? set_unknown(run, own.message, result, err) : not_called(run, &own, result, err);
    if (answer.failed)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "function '%.140s' failed: %.*s", run->function, SHOWN_MAX,
                            answer.error);
    return take_word(run, &answer, again, result, err);
}

static bool stopped_between(const struct run *run, struct wire_result *result, struct err *err) {
    if (job_stop_reason(run->job) == STOP_TIMED_OUT)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "time was up before function '%.140s' was done",
                            run->function);
    result->outcome = WIRE_STOPPED;
    result->summary = arena_printf(run->arena, "stopped; function '%.140s' is not called again", run->function);
    return true;
}

static bool carry_out(struct run *run, struct wire_result *result, struct err *err) {
    const struct json *checkpoint = run->job->message->checkpoint;
    bool again = true;
    run->token = json_get_text(checkpoint, "continuationToken");
    run->calls = json_get_integer(checkpoint, "calls", 0);
    if (json_get_bool(checkpoint, "calling", false))
        return set_unknown(run, "the runner that called it was lost", result, err);
    if (run->job->message->cancelled)
        return run->calls ? stopped_between(run, result, err) : err_set(err, ERR_CONFLICT, "cancelled");
    if (run->calls == 0 && !put_inputs(run, err))
        return false;
    for (;;) {
        if (!call(run, &again, result, err))
            return false;
        if (!again)
            return true;
        if (!job_sleep(run->job, AGAIN_MS, STOP_TIMED_OUT))
            return stopped_between(run, result, err);
    }
}

bool action_lambda(struct job *job, struct wire_result *result, struct err *err) {
    static const struct wire_result nothing;
    struct run run = {.job = job,
                      .arena = job->arena,
                      .report = arena_new(job->arena, struct deployment_report),
                      .function = job_setting(job, "FunctionName"),
                      .bucket = job->message->artifact_bucket};
    *result = nothing;
    if (!run.function || !*run.function)
        return err_set(err, ERR_INVALID, "the action names no function; set FunctionName");
    if (job->message->output_count && !run.bucket)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "a function hands output artifacts over in S3, and the pipeline names no bucket; set "
                            "artifactStore to one that the runner and the function may use");
    deployment_begin(run.report, job, "LAMBDA");
    return carry_out(&run, result, err);
}
