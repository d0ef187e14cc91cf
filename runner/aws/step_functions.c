/*
 * Step Functions, 2016-11-23.
 */
#include "runner/aws/step_functions.h"

#include "common/str.h"
#include "runner/aws/refusal.h"

#include <string.h>

static bool call(const struct step_functions *states, struct arena *arena, const char *operation,
                 const struct json *body, const struct json **answer, struct aws_refusal *refused, struct err *err) {
    const struct aws_request request = {.service = "states",
                                        .host_prefix = "states",
                                        .region = states->region,
                                        .target = "AWSStepFunctions",
                                        .json = "1.0",
                                        .operation = operation,
                                        .body = body,
                                        .refused = refused,
                                        .once = states->express && str_equal(operation, "StartExecution"),
                                        .urgent = str_equal(operation, "StopExecution"),
                                        .interrupted = states->interrupted,
                                        .context = states->context};
    struct err own = {0};
    if (aws_call(states->aws, arena, &request, answer, &own))
        return true;
    if (str_ends_with(refused->type, "DoesNotExist"))
        own.kind = ERR_NOT_FOUND;
    return err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool step_functions_is_express(const struct step_functions *states, struct arena *arena, const char *machine,
                               bool *express, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct aws_refusal refused = {.type = ""};
    struct err own = {0};
    json_set_text(arena, body, "stateMachineArn", machine);
    if (call(states, arena, "DescribeStateMachine", body, &answer, &refused, &own)) {
        *express = str_equal(json_get_text(answer, "type"), "EXPRESS");
        return true;
    }
    if (own.kind != ERR_NOT_FOUND)
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                        "no state machine '%.300s'; create it, or correct StateMachineArn", machine);
}

bool step_functions_start(const struct step_functions *states, struct arena *arena, const char *machine,
                          const char *name, const char *input, const char **arn, bool *existed, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct aws_refusal refused = {.type = ""};
    struct err own = {0};
    json_set_text(arena, body, "stateMachineArn", machine);
    json_set_text(arena, body, "name", name);
    json_set_text(arena, body, "input", input);
    *arn = NULL;
    *existed = false;
    if (call(states, arena, "StartExecution", body, &answer, &refused, &own)) {
        *arn = json_get_text(answer, "executionArn");
        return *arn || err_set(err, ERR_INTERNAL, "Step Functions answered without the execution's ARN");
    }
    *existed = str_equal(refused.type, "ExecutionAlreadyExists");
    return *existed || err_set_code(err, own.kind, own.code, "%s", own.message);
}

bool step_functions_describe(const struct step_functions *states, struct arena *arena, const char *execution,
                             struct state_execution *out, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct aws_refusal refused = {.type = ""};
    json_set_text(arena, body, "executionArn", execution);
    if (!call(states, arena, "DescribeExecution", body, &answer, &refused, err))
        return false;
    *out = (struct state_execution){.status = json_get_text(answer, "status"),
                                    .output = json_get_text(answer, "output"),
                                    .error = json_get_text(answer, "error"),
                                    .cause = json_get_text(answer, "cause")};
    return out->status || err_set(err, ERR_INTERNAL, "Step Functions answered without the execution's status");
}

bool step_functions_stop(const struct step_functions *states, struct arena *arena, const char *execution,
                         const char *cause, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    struct aws_refusal refused = {.type = ""};
    json_set_text(arena, body, "executionArn", execution);
    json_set_text(arena, body, "cause", cause);
    return call(states, arena, "StopExecution", body, &answer, &refused, err);
}

/* arn:aws:states:eu-west-1:123456789012:stateMachine:release */
static const char *part(struct arena *arena, const char *arn, int number) {
    for (; number > 0; number--) {
        arn = strchr(arn, ':');
        if (!arn)
            return NULL;
        arn++;
    }
    return arena_strndup(arena, arn, strcspn(arn, ":"));
}

static bool is_machine(struct arena *arena, const char *arn) {
    const char *name = part(arena, arn, 6);
    return str_starts_with(arn, "arn:") && str_equal(part(arena, arn, 2), "states") &&
           str_equal(part(arena, arn, 5), "stateMachine") && name && *name;
}

const char *step_functions_execution_arn(struct arena *arena, const char *machine, const char *name) {
    if (!is_machine(arena, machine))
        return NULL;
    return arena_printf(arena, "arn:%s:states:%s:%s:execution:%s:%s", part(arena, machine, 1), part(arena, machine, 3),
                        part(arena, machine, 4), part(arena, machine, 6), name);
}

const char *step_functions_region(struct arena *arena, const char *machine) {
    return is_machine(arena, machine) ? part(arena, machine, 3) : NULL;
}
