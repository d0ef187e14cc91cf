/*
 * Replies, and the one place where kinds of errors become HTTP statuses.
 */
#include "common/log.h"
#include "common/str.h"
#include "server/http/exchange.h"

#include <assert.h>
#include <string.h>

void reply_header(const struct request *request, struct reply *reply, const char *name, const char *value) {
    assert(reply->header_count < sizeof reply->headers / sizeof reply->headers[0]);
    reply->headers[reply->header_count++] =
        (struct http_header){arena_strdup(request->arena, name), arena_strdup(request->arena, value)};
}

void reply_text(const struct request *request, struct reply *reply, int status, const char *content_type,
                const char *text) {
    reply->status = status;
    reply->content_type = content_type;
    reply->body_size = strlen(text);
    reply->body = arena_strndup(request->arena, text, reply->body_size);
}

void reply_json(const struct request *request, struct reply *reply, int status, const struct json *body) {
    reply->status = status;
    reply->content_type = "application/json";
    reply->body = json_print(request->arena, body);
    reply->body_size = strlen(reply->body);
}

void reply_wait(struct reply *reply, const char *topic, int64_t until_boot_ms) {
    reply->wait_topic = topic;
    reply->wait_until_boot_ms = until_boot_ms;
}

int reply_status_of(const struct err *err) {
    switch (err->kind) {
    case ERR_INVALID:
        return 400;
    case ERR_DENIED:
        if (str_equal(err->code, HTTP_CODE_BASIC) || str_equal(err->code, "MissingAuthenticationTokenException"))
            return 401;
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_LIMIT:
        return 429;
    case ERR_UNAVAILABLE:
        return 503;
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return 500;
}

static const char *code_of(const struct err *err) {
    if (err->code)
        return err->code;
    switch (err->kind) {
    case ERR_INVALID:
        return "ValidationException";
    case ERR_DENIED:
        return "AccessDeniedException";
    case ERR_NOT_FOUND:
        return "ResourceNotFoundException";
    case ERR_CONFLICT:
        return "ConflictException";
    case ERR_LIMIT:
        return "LimitExceededException";
    case ERR_UNAVAILABLE:
        return "ServiceUnavailableException";
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    }
    return "InternalFailure";
}

/* What went wrong inside is for whoever reads the server's log, under the id that the client can name. */
static const char *message_of(const struct request *request, const struct err *err, int status) {
    if (status != 500)
        return err->message;
    LOG_ERROR("request failed", "request_id", request->id, "path", request->path, "err", err->message);
    return arena_printf(request->arena, "something failed in the server; its log says what, under request_id %s",
                        request->id);
}

void reply_error(const struct request *request, struct reply *reply, const struct err *err) {
    int status = reply_status_of(err);
    struct json *body = json_object(request->arena);
    json_set_text(request->arena, body, "__type", code_of(err));
    json_set_text(request->arena, body, "message", message_of(request, err, status));
    reply_json(request, reply, status, body);
    reply_header(request, reply, "x-amzn-ErrorType", code_of(err));
    if (str_equal(err->code, HTTP_CODE_BASIC))
        reply_header(request, reply, "WWW-Authenticate", "Basic realm=\"Penstock\", charset=\"UTF-8\"");
}
