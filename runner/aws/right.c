/*
 * Which right was missing. AWS mostly says so itself ("… is not authorized to perform: ecs:UpdateService on resource:
 * arn:…"); where it does not (S3's "Access Denied", an answer to HEAD, EC2's encoded messages) the operation tells: its
 * name is the right's, but for those of the table. AWS's Service Authorization Reference:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
#include "runner/aws/call.h"
#include "runner/aws/refusal.h"

#include "common/str.h"

#include <string.h>

#define PERFORM "authorized to perform: "
#define RESOURCE " on resource: "
#define ENCODED "Encoded authorization failure message: "

static const struct {
    const char *service;
    const char *prefix;
} prefixes[] = {
    {"elbv2", "elasticloadbalancing"},
    {"elastic-load-balancing-v2", "elasticloadbalancing"},
    {"secrets-manager", "secretsmanager"},
    {"stepfunctions", "states"},
    {"sfn", "states"},
    {"ecr-public", "ecr-public"},
};

static const struct {
    const char *service;
    const char *operation;
    const char *right;
} rights[] = {
    {"lambda", "Invoke", "lambda:InvokeFunction"},
    {"s3", "HeadObject", "s3:GetObject"},
    {"s3", "HeadBucket", "s3:ListBucket"},
    {"s3", "ListObjects", "s3:ListBucket"},
    {"s3", "ListObjectsV2", "s3:ListBucket"},
    {"s3", "ListObjectVersions", "s3:ListBucketVersions"},
    {"s3", "CopyObject", "s3:PutObject"},
    {"s3", "DeleteObjects", "s3:DeleteObject"},
    {"s3", "CreateMultipartUpload", "s3:PutObject"},
    {"s3", "UploadPart", "s3:PutObject"},
    {"s3", "CompleteMultipartUpload", "s3:PutObject"},
    {"s3", "ListParts", "s3:ListMultipartUploadParts"},
};

const char *aws_right_of(struct arena *arena, const char *service, const char *operation) {
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (str_equal(rights[i].service, service) && str_equal(rights[i].operation, operation))
            return rights[i].right;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (str_equal(prefixes[i].service, service))
            service = prefixes[i].prefix;
    return arena_printf(arena, "%s:%s", service, operation);
}

const char *aws_refusal_words(struct arena *arena, const struct aws_refusal *refusal) {
    const char *encoded = strstr(refusal->message, ENCODED);
    if (!encoded)
        return refusal->message;
    return arena_printf(arena, "%.*s(`aws sts decode-authorization-message` reads the rest)",
                        (int)(encoded - refusal->message), refusal->message);
}

/* Up to the next space, without quotes and the full stop. */
static const char *word(struct arena *arena, const char *text) {
    const char *quotes = "\"'";
    text += strspn(text, quotes);
    size_t length = strcspn(text, " \"'\n");
    while (length > 0 && strchr(".,", text[length - 1]))
        length--;
    return arena_strndup(arena, text, length);
}

/* Where a policy is missing nothing is to be said; where somebody denies, adding one does not help. */
static const char *where(const char *message) {
    static const struct {
        const char *said;
        const char *advice;
    } places[] = {
        {"service control policy", ", which the organization's service control policy refuses"},
        {"permissions boundary", ", which its permissions boundary refuses"},
        {"session policy", ", which its session policy refuses"},
        {"VPC endpoint policy", ", which the VPC endpoint's policy refuses"},
        {"explicit deny in a resource-based policy", ", which the resource's own policy denies"},
        {"explicit deny in an identity-based policy", ", which a policy of its own denies"},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strstr(message, places[i].said))
            return places[i].advice;
    return "";
}

/* S3: "arn:aws:s3:::bucket/key", from where the request went; NULL where it went elsewhere. */
static const char *object(struct arena *arena, const struct aws_request *request, const char *right) {
    if (!str_equal(request->service, "s3") || !request->base || !request->path)
        return NULL;
    const char *host = strstr(request->base, "://");
    const char *virtual = host ? strstr(host, ".s3.") : NULL;
    const char *bucket = virtual ? arena_strndup(arena, host + 3, (size_t)(virtual - host - 3)) : "";
    const char *path = request->path + (virtual ? 0 : strspn(request->path, "/"));
    const bool of_bucket = str_starts_with(right, "s3:List") && !str_ends_with(right, "Parts");
    const size_t length = of_bucket ? (virtual ? 0 : strcspn(path, "/")) : strlen(path);
    return arena_printf(arena, "arn:aws:s3:::%s%.*s", bucket, (int)length, path);
}

const char *aws_refusal_right(struct arena *arena, const struct aws_request *request,
                              const struct aws_refusal *refusal) {
    if (!aws_refusal_is_missing_right(refusal))
        return NULL;
    const char *perform = strstr(refusal->message, PERFORM);
    const char *on = strstr(refusal->message, RESOURCE);
    const char *right =
        perform ? word(arena, perform + strlen(PERFORM)) : aws_right_of(arena, request->service, request->operation);
    const char *resource = on ? word(arena, on + strlen(RESOURCE)) : object(arena, request, right);
    return arena_printf(arena, "%s%s%s%s", right, resource ? " on " : "", resource ? resource : "",
                        where(refusal->message));
}
