/*
 * Errors as AWS's services answer them: whatever the client did wrong is 400 with a name that its SDK knows, what is
 * ours is 500 or 503 (which SDKs repeat). The one place where codes become AWS's exceptions.
 */
#include "server/api/aws.h"

#include "common/log.h"
#include "common/str.h"

/* A name for an error that came without one. Services differ in what their models know. */
static const char *name_of(const struct aws_call *call, const struct err *err) {
    bool pipeline = str_equal(call->service->name, "codepipeline");
    switch (err->kind) {
    case ERR_INVALID:
        return call->service->validation;
    case ERR_DENIED:
        return "AccessDeniedException";
    case ERR_NOT_FOUND:
        return "ResourceNotFoundException";
    case ERR_CONFLICT:
        return "ConflictException";
    case ERR_LIMIT:
        return pipeline ? "LimitExceededException" : "AccountLimitExceededException";
    case ERR_UNAVAILABLE:
        return "ServiceUnavailableException";
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return "InternalFailure";
}

static int status_of(const struct err *err) {
    switch (err->kind) {
    case ERR_INVALID:
    case ERR_DENIED:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_LIMIT:
        return 400;
    case ERR_UNAVAILABLE:
        return 503;
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return 500;
}

void aws_reply_error(const struct aws_call *call, struct reply *reply, const struct err *err) {
    const struct request *request = call->request;
    int status = status_of(err);
    const char *name = status == 500 ? "InternalFailure" : err->code ? err->code : name_of(call, err);
    struct json *body = json_object(call->arena);
    json_set_text(call->arena, body, "__type", name);
    if (status == 500) {
        LOG_ERROR("call failed", "request_id", request->id, "target", request_header(request, "x-amz-target"), "err",
                  err->message);
        json_set_text(call->arena, body, "message",
                      arena_printf(call->arena,
                                   "something failed in the server; its log says what, under request_id %s",
                                   request->id));
    } else {
        json_set_text(call->arena, body, "message", err->message);
    }
    reply_text(request, reply, status, "application/x-amz-json-1.1", json_print(call->arena, body));
    reply_header(request, reply, "x-amzn-ErrorType", name);
}
