/*
 * Lambda, 2015-03-31.
 */
#include "runner/aws/lambda.h"

#include "common/str.h"

#define LONGEST_MS (16 * 60 * 1000) /* a function may run for 15 minutes */

/* What a runtime says of an uncaught error: {"errorMessage", "errorType", …}. */
static const char *describe(struct arena *arena, const char *kind, const struct http_answer *reply) {
    const struct json *body = NULL;
    (void)json_parse(arena, reply->body, reply->body_size, &body, NULL);
    const char *message = json_get_text(body, "errorMessage");
    const char *type = json_get_text(body, "errorType");
    if (message && type)
        return arena_printf(arena, "%.100s: %.600s", type, message);
    if (message || type)
        return arena_printf(arena, "%.600s", message ? message : type);
    return arena_printf(arena, "%s error", kind);
}

/* A function that catches its own failure may return the same object as one that does not. */
static bool is_error(struct arena *arena, const struct http_answer *reply) {
    const struct json *body = NULL;
    return json_parse(arena, reply->body, reply->body_size, &body, NULL) && json_get_text(body, "errorMessage");
}

static bool refuse(const struct lambda_call *call, const struct err *own, struct err *err) {
    if (own->kind == ERR_NOT_FOUND)
        return err_set_code(err, own->kind, "ConfigurationError",
                            "no function '%.200s' in region '%s'; create it, or correct FunctionName", call->function,
                            call->region);
    return err_set(err, own->kind, "%s", own->message);
}

bool lambda_invoke(const struct lambda_call *call, struct arena *arena, struct lambda_answer *out, bool *unknown,
                   struct err *err) {
    const struct aws_request request = {
        .service = "lambda",
        .host_prefix = "lambda",
        .region = call->region,
        .operation = "Invoke",
        .path = arena_printf(arena, "/2015-03-31/functions/%s/invocations", http_encode(arena, call->function, false)),
        .payload = call->payload,
        .once = true,
        .timeout_ms = LONGEST_MS,
        .interrupted = call->interrupted,
        .context = call->context,
    };
    struct http_answer reply;
    struct err own = {0};
    if (!aws_call_rest(call->aws, arena, &request, &reply, unknown, &own))
        return refuse(call, &own, err);
    const char *kind = http_answer_header(&reply, "x-amz-function-error");
    if (kind || is_error(arena, &reply))
        *out = (struct lambda_answer){.failed = true, .error = describe(arena, kind ? kind : "function", &reply)};
    else
        *out = (struct lambda_answer){.payload = reply.body};
    return true;
}
