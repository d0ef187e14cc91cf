/*
 * S3: addresses, redirects, and the operations that move no contents.
 */
#include "runner/aws/s3.h"

#include "common/str.h"
#include "runner/aws/endpoint.h"
#include "runner/aws/refusal.h"
#include "runner/aws/s3_request.h"
#include "runner/aws/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS (10 * 60 * 1000) /* of one part */
#define SMALL_MS (60 * 1000)
#define SMALL_BYTES ((size_t)64 * 1024)
#define PAGE_MAX 1000

bool s3_split(struct arena *arena, const char *location, const char **bucket, const char **key) {
    if (str_starts_with(location, "arn:")) {
        const char *found = strstr(location, ":s3:::");
        location = found ? found + strlen(":s3:::") : "";
    } else if (str_starts_with(location, "s3://")) {
        location += strlen("s3://");
    }
    size_t length = strcspn(location, "/");
    if (length < 3 || length > 63)
        return false;
    *bucket = arena_strndup(arena, location, length);
    *key = arena_strdup(arena, location[length] ? location + length + 1 : "");
    return true;
}

static const char *region_of(const struct s3 *s3, const char *bucket) {
    return *s3->bucket_region && str_equal(s3->bucket, bucket) ? s3->bucket_region : s3->region;
}

/* Names with dots do not fit the certificate of "*.s3.amazonaws.com". */
static void set_address(struct arena *arena, const struct s3 *s3, const struct s3_request *request,
                        struct aws_request *out) {
    const char *given = aws_endpoint_given(arena, "s3");
    const char *key = request->key ? http_encode(arena, request->key, true) : "";
    const char *suffix = aws_endpoint_suffix(s3->region);
    out->region = region_of(s3, request->bucket);
    if (!given && !strchr(request->bucket, '.')) {
        out->base = arena_printf(arena, "https://%s.s3.%s.%s", request->bucket, out->region, suffix);
        out->path = arena_printf(arena, "/%s", key);
        return;
    }
    out->base = given ? given : arena_printf(arena, "https://s3.%s.%s", out->region, suffix);
    out->path = request->key ? arena_printf(arena, "/%s/%s", request->bucket, key)
                             : arena_printf(arena, "/%s", request->bucket);
}

static bool send_to_region(struct s3 *s3, struct arena *arena, const struct s3_request *request,
                           struct http_answer *answer, struct aws_refusal *refused, struct err *err) {
    struct aws_request sent = {.service = "s3",
                               .host_prefix = "s3",
                               .operation = request->operation,
                               .method = request->method,
                               .query = request->query,
                               .payload = request->payload,
                               .payload_size = request->payload_size,
                               .headers = request->headers,
                               .header_count = request->header_count,
                               .begin = request->begin,
                               .write_body = request->write_body,
                               .client = s3->client,
                               .refused = refused,
                               .timeout_ms = request->payload_size > SMALL_BYTES || request->write_body ||
                                                     str_equal(request->method, "POST")
                                                 ? PATIENCE_MS
                                                 : SMALL_MS,
                               .interrupted = request->interrupted ? request->interrupted : s3->interrupted,
                               .context = request->context ? request->context : s3->context};
    set_address(arena, s3, request, &sent);
    return aws_call_rest(s3->aws, arena, &sent, answer, NULL, err);
}

bool s3_send(struct s3 *s3, struct arena *arena, const struct s3_request *request, struct http_answer *answer,
             struct err *err) {
    struct aws_refusal refused = {0};
    struct err own = {0};
    if (send_to_region(s3, arena, request, answer, &refused, &own))
        return true;
    if (refused.region && !str_equal(refused.region, region_of(s3, request->bucket)) &&
        strlen(refused.region) < sizeof s3->bucket_region && strlen(request->bucket) < sizeof s3->bucket) {
        (void)snprintf(s3->bucket, sizeof s3->bucket, "%s", request->bucket);
        (void)snprintf(s3->bucket_region, sizeof s3->bucket_region, "%s", refused.region);
        own = (struct err){0};
        if (send_to_region(s3, arena, request, answer, &refused, &own))
            return true;
    }
    return err_set_code(err, own.kind, own.code, "s3://%s%s%s: %s", request->bucket, request->key ? "/" : "",
                        request->key ? request->key : "", own.message);
}

static const char *unquoted_query(struct arena *arena, const char *name, const char *value) {
    return value ? arena_printf(arena, "%s=%s", name, http_encode(arena, value, false)) : NULL;
}

bool s3_head(struct s3 *s3, struct arena *arena, const char *bucket, const char *key, const char *version,
             struct s3_object *out, struct err *err) {
    const struct s3_request request = {.operation = "HeadObject",
                                       .method = "HEAD",
                                       .bucket = bucket,
                                       .key = key,
                                       .query = unquoted_query(arena, "versionId", version)};
    struct http_answer answer;
    if (!s3_send(s3, arena, &request, &answer, err))
        return false;
    const char *size = http_answer_header(&answer, "content-length");
    long long bytes = 0;
    if (!size || !str_to_int64(size, 0, INT64_MAX, &bytes))
        return err_set(err, ERR_UNAVAILABLE, "S3 did not say how large 's3://%s/%s' is", bucket, key);
    *out = (struct s3_object){.key = key,
                              .etag = http_answer_header(&answer, "etag"),
                              .version = http_answer_header(&answer, "x-amz-version-id"),
                              .size = bytes,
                              .fingerprint = http_answer_header(&answer, S3_FINGERPRINT),
                              .modified = http_answer_header(&answer, "last-modified")};
    return true;
}

struct listing {
    const char *bucket;
    const char *prefix;
    size_t most;
    struct s3_object *objects;
    size_t count;
    size_t capacity;
};

static void add_object(struct arena *arena, struct listing *listing, const struct json *item) {
    long long size = 0;
    (void)str_to_int64(json_get_text_or(item, "Size", "0"), 0, INT64_MAX, &size);
    if (listing->count == listing->capacity)
        listing->objects = arena_grow(arena, listing->objects, sizeof *listing->objects, &listing->capacity);
    listing->objects[listing->count++] = (struct s3_object){.key = json_get_text_or(item, "Key", ""),
                                                            .etag = json_get_text(item, "ETag"),
                                                            .size = size,
                                                            .modified = json_get_text_or(item, "LastModified", "")};
}

/* *token: where the next page begins, NULL after the last one. */
static bool list_page(struct s3 *s3, struct arena *arena, struct listing *listing, const char **token,
                      struct err *err) {
    static const char *const lists[] = {"Contents", "CommonPrefixes", NULL};
    size_t left = listing->most - listing->count;
    const char *query =
        arena_printf(arena, "%s%slist-type=2&max-keys=%zu&prefix=%s",
                     *token ? unquoted_query(arena, "continuation-token", *token) : "", *token ? "&" : "",
                     left < PAGE_MAX ? left : PAGE_MAX, http_encode(arena, listing->prefix, false));
    const struct s3_request request = {
        .operation = "ListObjectsV2", .method = "GET", .bucket = listing->bucket, .query = query};
    struct http_answer answer;
    const struct json *root = NULL;
    if (!s3_send(s3, arena, &request, &answer, err))
        return false;
    if (!xml_parse_lists(arena, answer.body, answer.body_size, lists, &root, err))
        return err_wrap(err, "s3://%s: the list", listing->bucket);
    json_each(item, json_get(root, "Contents")) if (listing->count < listing->most) add_object(arena, listing, item);
    const char *next = json_get_text(root, "NextContinuationToken");
    *token = str_equal(json_get_text(root, "IsTruncated"), "true") ? next : NULL;
    return true;
}

bool s3_list(struct s3 *s3, struct arena *arena, const char *bucket, const char *prefix, size_t most,
             const struct s3_object **out, size_t *count, struct err *err) {
    struct listing listing = {.bucket = bucket, .prefix = prefix, .most = most};
    const char *token = NULL;
    do {
        if (!list_page(s3, arena, &listing, &token, err))
            return false;
    } while (token && listing.count < most);
    *out = listing.objects;
    *count = listing.count;
    return true;
}
