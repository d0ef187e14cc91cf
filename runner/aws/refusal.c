/*
 * Names of errors, as AWS's own clients sort them.
 */
#include "runner/aws/refusal.h"

#include "common/json.h"
#include "common/str.h"
#include "runner/aws/xml.h"

#include <string.h>

#define FORBIDDEN 403
#define NOT_FOUND 404
#define TOO_MANY_REQUESTS 429

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names; names++)
        if (str_equal(name, *names))
            return true;
    return false;
}

static const char *const throttles[] = {"Throttling",
                                        "ThrottlingException",
                                        "ThrottledException",
                                        "RequestThrottled",
                                        "RequestThrottledException",
                                        "TooManyRequestsException",
                                        "ProvisionedThroughputExceededException",
                                        "RequestLimitExceeded",
                                        "BandwidthLimitExceeded",
                                        "SlowDown",
                                        "PriorRequestNotComplete",
                                        "TransactionInProgressException",
                                        "EC2ThrottledException",
                                        NULL};
static const char *const passing[] = {"RequestTimeout",
                                      "RequestTimeoutException",
                                      "ServerException",
                                      "ServiceUnavailable",
                                      "ServiceUnavailableException",
                                      "InternalFailure",
                                      "InternalServerError",
                                      NULL};
static const char *const expired[] = {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", NULL};
static const char *const skewed[] = {"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch",
                                     NULL};
static const char *const missing_right[] = {"AccessDeniedException",
                                            "AccessDenied",
                                            "UnauthorizedOperation",
                                            "NotAuthorized",
                                            "AuthorizationError",
                                            "UnauthorizedException",
                                            "AllAccessDisabled",
                                            "Client.UnauthorizedOperation",
                                            NULL};
static const char *const bad_credentials[] = {"MissingAuthenticationTokenException",
                                              "MissingAuthenticationToken",
                                              "IncompleteSignatureException",
                                              "IncompleteSignature",
                                              "InvalidClientTokenId",
                                              "InvalidAccessKeyId",
                                              "InvalidToken",
                                              "AuthFailure",
                                              "OptInRequired",
                                              NULL};
/* Quotas: asking again changes nothing. */
static const char *const limits[] = {"LimitExceededException",        "LimitExceeded",
                                     "ServiceQuotaExceededException", "ResourceLimitExceeded",
                                     "QuotaExceededException",        NULL};

/* "prefix#Name:http://…" */
static const char *short_type(struct arena *arena, const char *type) {
    const char *hash = strchr(type, '#');
    type = hash ? hash + 1 : type;
    return arena_strndup(arena, type, strcspn(type, ":"));
}

static void read_json(struct arena *arena, const struct json *body, struct aws_refusal *out) {
    const char *type = json_get_text(body, "__type");
    const char *message = json_get_text(body, "message");
    if (!message)
        message = json_get_text(body, "Message");
    if (type)
        out->type = short_type(arena, type);
    if (message)
        out->message = message;
}

/* <ErrorResponse><Error><Code/><Message/></Error></ErrorResponse>; S3 leaves the outer one out. */
static void read_xml(const struct json *body, struct aws_refusal *out) {
    const struct json *error = json_get(body, "Error");
    if (!error)
        error = body;
    out->type = json_get_text_or(error, "Code", out->type);
    out->message = json_get_text_or(error, "Message", out->message);
    if (json_get_text(error, "Region"))
        out->region = json_get_text(error, "Region");
}

struct aws_refusal aws_refusal_read(struct arena *arena, const struct http_answer *answer) {
    struct aws_refusal out = {.type = "", .message = "no reason given", .status = answer->status};
    const char *header = http_answer_header(answer, "x-amzn-errortype");
    out.region = http_answer_header(answer, "x-amz-bucket-region");
    const struct json *body = NULL;
    if (header)
        out.type = short_type(arena, header);
    if (answer->body_size > 0 && answer->body[0] == '<') {
        if (xml_parse(arena, answer->body, answer->body_size, &body, NULL))
            read_xml(body, &out);
    } else if (json_parse(arena, answer->body, answer->body_size, &body, NULL)) {
        read_json(arena, body, &out);
    }
    return out;
}

/* ECS: two registrations of one family at the same moment. */
static bool is_concurrent_registration(const struct aws_refusal *refusal) {
    return strstr(refusal->message, "Too many concurrent attempts to create a new revision") != NULL;
}

bool aws_refusal_is_throttling(const struct aws_refusal *refusal) {
    return is_one_of(refusal->type, throttles) || refusal->status == TOO_MANY_REQUESTS;
}

bool aws_refusal_is_expired(const struct aws_refusal *refusal) {
    return is_one_of(refusal->type, expired);
}

bool aws_refusal_is_skewed(const struct aws_refusal *refusal) {
    return is_one_of(refusal->type, skewed);
}

bool aws_refusal_is_before_effect(const struct aws_refusal *refusal) {
    return aws_refusal_is_throttling(refusal) || is_concurrent_registration(refusal);
}

bool aws_refusal_is_missing_right(const struct aws_refusal *refusal) {
    return is_one_of(refusal->type, missing_right) || (!*refusal->type && refusal->status == FORBIDDEN);
}

enum err_kind aws_refusal_kind(const struct aws_refusal *refusal) {
    if (aws_refusal_is_throttling(refusal) || is_one_of(refusal->type, passing) || refusal->status >= 500)
        return ERR_UNAVAILABLE;
    if (is_one_of(refusal->type, missing_right) || is_one_of(refusal->type, bad_credentials) ||
        aws_refusal_is_expired(refusal) || aws_refusal_is_skewed(refusal))
        return ERR_DENIED;
    if (strstr(refusal->type, "NotFound") || str_starts_with(refusal->type, "NoSuch"))
        return ERR_NOT_FOUND;
    /* An answer to HEAD has no body to name the error. */
    if (!*refusal->type && (refusal->status == NOT_FOUND || refusal->status == FORBIDDEN))
        return refusal->status == NOT_FOUND ? ERR_NOT_FOUND : ERR_DENIED;
    if (is_concurrent_registration(refusal))
        return ERR_UNAVAILABLE;
    if (is_one_of(refusal->type, limits))
        return ERR_LIMIT;
    return ERR_INVALID;
}
