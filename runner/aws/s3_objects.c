/*
 * S3: objects as wholes: copied, deleted, small ones from and into memory.
 */
#include "common/str.h"
#include "runner/aws/s3_request.h"
#include "runner/aws/xml.h"

#include <string.h>

#define HEADERS_MAX 8

static size_t add(struct http_header *headers, size_t count, const char *name, const char *value) {
    if (value)
        headers[count++] = (struct http_header){.name = name, .value = value};
    return count;
}

static size_t rights_headers(const struct s3_object_settings *settings, struct http_header *headers, size_t count) {
    if (!settings)
        return count;
    count = add(headers, count, "x-amz-acl", settings->acl);
    count = add(headers, count, "x-amz-server-side-encryption", settings->kms_key ? "aws:kms" : NULL);
    return add(headers, count, "x-amz-server-side-encryption-aws-kms-key-id", settings->kms_key);
}

/* A copy that fails on the way does so with a status of 200. */
static bool check_copy(struct arena *arena, const struct http_answer *answer, struct err *err) {
    const struct json *root = NULL;
    if (!xml_parse(arena, answer->body, answer->body_size, &root, err))
        return err_wrap(err, "s3 CopyObject: the answer");
    return !json_get(root, "Code") ||
           err_set(err, ERR_UNAVAILABLE, "s3 CopyObject: %s: %s", json_get_text_or(root, "Code", ""),
                   json_get_text_or(root, "Message", ""));
}

bool s3_copy(struct s3 *s3, struct arena *arena, const char *bucket, const char *from, const char *to,
             const struct s3_object_settings *settings, struct err *err) {
    struct http_header headers[HEADERS_MAX];
    size_t count =
        add(headers, 0, "x-amz-copy-source", arena_printf(arena, "/%s/%s", bucket, http_encode(arena, from, true)));
    const struct s3_request request = {.operation = "CopyObject",
                                       .method = "PUT",
                                       .bucket = bucket,
                                       .key = to,
                                       .headers = headers,
                                       .header_count = rights_headers(settings, headers, count)};
    struct http_answer answer;
    return s3_send(s3, arena, &request, &answer, err) && check_copy(arena, &answer, err);
}

bool s3_delete(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, struct err *err) {
    const struct s3_request request = {.operation = "DeleteObject", .method = "DELETE", .bucket = bucket, .key = key};
    struct http_answer answer;
    return s3_send(s3, arena, &request, &answer, err);
}

bool s3_put(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *text,
            const struct s3_object_settings *settings, struct err *err) {
    struct http_header headers[HEADERS_MAX];
    size_t count = add(headers, 0, "Content-Type",
                       settings && settings->content_type ? settings->content_type : "application/octet-stream");
    const struct s3_request request = {.operation = "PutObject",
                                       .method = "PUT",
                                       .bucket = bucket,
                                       .key = key,
                                       .payload = text,
                                       .payload_size = strlen(text),
                                       .headers = headers,
                                       .header_count = rights_headers(settings, headers, count)};
    struct http_answer answer;
    return s3_send(s3, arena, &request, &answer, err);
}

bool s3_get(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char **text, size_t *size,
            struct err *err) {
    const struct s3_request request = {.operation = "GetObject", .method = "GET", .bucket = bucket, .key = key};
    struct http_answer answer;
    if (!s3_send(s3, arena, &request, &answer, err))
        return false;
    *text = answer.body;
    *size = answer.body_size;
    return true;
}
