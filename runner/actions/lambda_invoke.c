/*
 * The rule LambdaInvoke: a function says whether all is well. What it does is its own business, so it is called once: a
 * mark is left before the call, and who finds the mark without an answer says that nobody knows, instead of calling
 * again.
 */
#include "runner/aws/lambda.h"

#include "common/str.h"
#include "runner/actions/actions.h"
#include "runner/actions/rule_verdict.h"
#include "runner/runner.h"

#define SHOWN_MAX 600

/* As the action Lambda would call it, but for artifacts: a rule's function is given their names. */
static const char *make_event(struct job *job, const char *function) {
    const struct wire_job *message = job->message;
    struct arena *arena = job->arena;
    struct json *event = json_object(arena);
    struct json *inner = json_set_object(arena, event, "CodePipeline.job");
    json_set_text(arena, inner, "id", message->action_execution_id);
    json_set_text(arena, inner, "accountId", message->account_id);
    struct json *data = json_set_object(arena, inner, "data");
    struct json *configuration =
        json_set_object(arena, json_set_object(arena, data, "actionConfiguration"), "configuration");
    json_set_text(arena, configuration, "FunctionName", function);
    json_set_text(arena, configuration, "UserParameters", job_setting(job, "UserParameters"));
    struct json *inputs = json_set_array(arena, data, "inputArtifacts");
    for (size_t i = 0; i < message->input_count; i++)
        json_set_text(arena, json_append_object(arena, inputs), "name", message->inputs[i].name);
    (void)json_set_array(arena, data, "outputArtifacts");
    return json_print(arena, event);
}

static bool mark(struct job *job, const char *function, struct err *err) {
    struct json *mark = json_object(job->arena);
    json_set_text(job->arena, mark, "invoked", function);
    return job_checkpoint(job, mark, err);
}

/* One line for log and summary. */
static const char *describe(struct job *job, const char *function, const struct lambda_answer *answer) {
    if (answer->failed)
        return arena_printf(job->arena, "function '%.200s' failed: %.*s", function, SHOWN_MAX, answer->error);
    return arena_printf(job->arena, "function '%.200s' returned %.*s", function, SHOWN_MAX,
                        *answer->payload ? answer->payload : "nothing");
}

static bool judge(struct job *job, enum rule_condition condition, const char *function,
                  const struct lambda_answer *answer, struct wire_result *result, struct err *err) {
    const char *sentence = describe(job, function, answer);
    bool wanted = (condition == RULE_ON_FAILURE) == answer->failed;
    job_log(job, "%s", sentence);
    if (!wanted && condition == RULE_ON_FAILURE)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s, so that the rule does not match", sentence);
    if (!wanted)
        return err_set_code(err, ERR_CONFLICT, "JobFailed", "%s", sentence);
    result->outcome = WIRE_SUCCEEDED;
    result->summary = sentence;
    return true;
}

/* Whoever calls a function and does not learn how it ended. */
static bool set_unknown(struct job *job, const char *function, const char *why, struct wire_result *result,
                        struct err *err) {
    if (job_stop_reason(job) != STOP_CANCELLED)
        return err_set_code(err, ERR_CONFLICT, "JobFailed",
                            "function '%.200s' was called, and nobody knows how it ended: %s; it is not called twice, "
                            "look what it did, then retry",
                            function, why);
    result->outcome = WIRE_STOPPED;
    result->summary =
        arena_printf(job->arena, "the rule was stopped; function '%.200s' was called and not waited for", function);
    return true;
}

bool action_lambda_invoke(struct job *job, struct wire_result *result, struct err *err) {
    const char *function = job_setting(job, "FunctionName");
    enum rule_condition condition;
    struct lambda_answer answer;
    struct err own = {0};
    bool unknown = false;
    if (!function || !*function)
        return err_set(err, ERR_INVALID, "the rule names no function; set FunctionName");
    if (!rule_condition_parse(job->message->condition, &condition, err))
        return false;
    if (json_get(job->message->checkpoint, "invoked"))
        return set_unknown(job, function, "the runner that called it was lost", result, err);
    if (job->message->cancelled)
        return err_set(err, ERR_CONFLICT, "stopped");
    if (!mark(job, function, err))
        return false;
    const struct lambda_call call = {.aws = job_aws(job),
                                     .region = job->message->region,
                                     .function = function,
                                     .payload = make_event(job, function),
                                     .interrupted = job_is_stopped,
                                     .context = job};
    job_log(job, "calling function '%.200s'", function);
    if (lambda_invoke(&call, job->arena, &answer, &unknown, &own))
        return judge(job, condition, function, &answer, result, err);
    if (unknown)
        return set_unknown(job, function, own.message, result, err);
    if (job_stop_reason(job) == STOP_CANCELLED) {
        result->outcome = WIRE_STOPPED;
        result->summary = arena_printf(job->arena, "the rule was stopped; function '%.200s' was not called", function);
        return true;
    }
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}
