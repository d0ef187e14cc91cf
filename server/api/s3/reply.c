/*
 * Answers and errors as S3 writes them.
 */
#include "server/api/s3/object.h"

#include "common/log.h"
#include "common/str.h"

#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

struct known_error {
    const char *ours;
    const char *s3;
    int status;
};

/* From our codes to S3's; what stands here under its own name is raised in this room. */
static const struct known_error known_errors[] = {
    {"AccessDenied", "AccessDenied", 403},
    {"BadDigest", "BadDigest", 400},
    {"ExpiredToken", "ExpiredToken", 400},
    {"HashMismatchException", "XAmzContentSHA256Mismatch", 400},
    {"IncompleteBody", "IncompleteBody", 400},
    {"IncompleteSignatureException", "AuthorizationHeaderMalformed", 400},
    {"InvalidAccessKeyId", "InvalidAccessKeyId", 403},
    {"InvalidArgument", "InvalidArgument", 400},
    {"InvalidChunkSizeError", "InvalidChunkSizeError", 400},
    {"InvalidDigest", "InvalidDigest", 400},
    {"InvalidPart", "InvalidPart", 400},
    {"InvalidPartOrder", "InvalidPartOrder", 400},
    {"InvalidRange", "InvalidRange", 416},
    {"InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"MalformedXML", "MalformedXML", 400},
    {"MissingAuthenticationTokenException", "AccessDenied", 403},
    {"NoSuchUpload", "NoSuchUpload", 404},
    {"NotImplemented", "NotImplemented", 501},
    {"RequestEntityTooLargeException", "EntityTooLarge", 400},
};

static const struct known_error *find_error(const char *code) {
    for (size_t i = 0; code && i < sizeof known_errors / sizeof *known_errors; i++)
        if (str_equal(known_errors[i].ours, code))
            return &known_errors[i];
    return NULL;
}

const char *s3_escape(struct arena *arena, const char *text) {
    struct str out CLEANUP(str_release) = STR_INIT(strlen(text) * 6 + 1);
    for (; *text; text++) {
        if (*text == '<')
            str_append(&out, "&lt;");
        else if (*text == '>')
            str_append(&out, "&gt;");
        else if (*text == '&')
            str_append(&out, "&amp;");
        else if (*text == '"')
            str_append(&out, "&quot;");
        else
            str_append_char(&out, *text);
    }
    return arena_strdup(arena, str_text(&out));
}

void s3_reply_xml(const struct request *request, struct reply *reply, int status, const char *xml) {
    reply_text(request, reply, status, "application/xml", arena_printf(request->arena, XML_HEAD "%s", xml));
    reply_header(request, reply, "x-amz-request-id", request->id);
}

/* SDKs repeat these two. */
static const char *name_of(int status) {
    if (status == 503)
        return "SlowDown";
    if (status >= 500)
        return "InternalError";
    return status == 403 || status == 401 ? "AccessDenied" : "InvalidRequest";
}

void s3_refuse(const struct request *request, struct reply *reply, int status, const struct err *err) {
    const struct known_error *known = find_error(err->code);
    const char *message = err->message;
    if (known)
        status = known->status;
    if (!known && status == 500) {
        LOG_ERROR("request failed", "request_id", request->id, "path", request->path, "err", err->message);
        message = "something failed in the server; its log says what, under the request id";
    }
    s3_reply_xml(request, reply, status,
                 arena_printf(request->arena,
                              "<Error><Code>%s</Code><Message>%s</Message><Resource>%s</Resource>"
                              "<RequestId>%s</RequestId></Error>",
                              known ? known->s3 : name_of(status), s3_escape(request->arena, message),
                              s3_escape(request->arena, request->path), request->id));
}

void s3_fail(const struct request *request, struct reply *reply, const struct err *err) {
    static const int statuses[] = {
        [ERR_NONE] = 500,     [ERR_INVALID] = 400, [ERR_DENIED] = 403,      [ERR_NOT_FOUND] = 404,
        [ERR_CONFLICT] = 409, [ERR_LIMIT] = 503,   [ERR_UNAVAILABLE] = 503, [ERR_INTERNAL] = 500,
    };
    s3_refuse(request, reply, statuses[err->kind], err);
}
