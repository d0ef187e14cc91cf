/*
 * XML documents over one address for all regions.
 */
#include "runner/aws/cloudfront.h"

#include "common/str.h"
#include "runner/aws/endpoint.h"
#include "runner/aws/xml.h"

#include <string.h>

#define NAMESPACE "http://cloudfront.amazonaws.com/doc/2020-05-31/"
#define DOCUMENT_CEILING ((size_t)8 * 1024 * 1024)

static bool refuse(const struct cloudfront *cloudfront, const struct err *own, struct err *err) {
    if (strstr(own->message, "NoSuchDistribution"))
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "no distribution '%.100s'; create it, or correct DistributionId", cloudfront->distribution);
    if (strstr(own->message, "TooManyInvalidationsInProgress"))
        return err_set_code(err, ERR_UNAVAILABLE, own->code, "%s", own->message);
    return err_set_code(err, own->kind, own->code, "%s", own->message);
}

static bool send(const struct cloudfront *cloudfront, struct arena *arena, const char *operation, const char *method,
                 const char *path, const char *document, struct cloudfront_invalidation *out, struct err *err) {
    const struct http_header type = {.name = "Content-Type", .value = document ? "application/xml" : NULL};
    const char *given = aws_endpoint_given(arena, "cloudfront");
    const struct aws_request request = {.service = "cloudfront",
                                        .host_prefix = "cloudfront",
                                        .region = "us-east-1",
                                        .operation = operation,
                                        .method = method,
                                        .base = given ? given : "https://cloudfront.amazonaws.com",
                                        .path = path,
                                        .payload = document,
                                        .headers = &type,
                                        .header_count = 1,
                                        .interrupted = cloudfront->interrupted,
                                        .context = cloudfront->context};
    struct http_answer answer;
    const struct json *root = NULL;
    struct err own = {0};
    if (!aws_call_rest(cloudfront->aws, arena, &request, &answer, NULL, &own))
        return refuse(cloudfront, &own, err);
    static const char *const lists[] = {"Path", NULL};
    if (!xml_parse_lists(arena, answer.body, answer.body_size, lists, &root, err))
        return err_wrap(err, "cloudfront %s: the answer", operation);
    const char *id = json_get_text(root, "Id");
    if (!id || !*id)
        return err_set(err, ERR_INTERNAL, "CloudFront answered without the invalidation's id");
    *out =
        (struct cloudfront_invalidation){.id = id, .completed = str_equal(json_get_text(root, "Status"), "Completed")};
    return true;
}

static const char *path_of(const struct cloudfront *cloudfront, struct arena *arena, const char *id) {
    return arena_printf(arena, "/2020-05-31/distribution/%s/invalidation%s%s",
                        http_encode(arena, cloudfront->distribution, false), id ? "/" : "",
                        id ? http_encode(arena, id, false) : "");
}

static void append_escaped(struct str *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&')
            str_append(out, "&amp;");
        else if (*text == '<')
            str_append(out, "&lt;");
        else if (*text == '>')
            str_append(out, "&gt;");
        else
            str_append_char(out, *text);
    }
}

bool cloudfront_invalidate(const struct cloudfront *cloudfront, struct arena *arena, const char *reference,
                           const char *const *paths, size_t count, struct cloudfront_invalidation *out,
                           struct err *err) {
    struct str document CLEANUP(str_release) = STR_INIT(DOCUMENT_CEILING);
    str_printf(&document, "<InvalidationBatch xmlns=\"" NAMESPACE "\"><Paths><Quantity>%zu</Quantity><Items>", count);
    for (size_t i = 0; i < count; i++) {
        str_append(&document, "<Path>");
        append_escaped(&document, paths[i]);
        str_append(&document, "</Path>");
    }
    str_append(&document, "</Items></Paths><CallerReference>");
    append_escaped(&document, reference);
    str_append(&document, "</CallerReference></InvalidationBatch>");
    if (document.cut)
        return err_set(err, ERR_LIMIT, "the paths to invalidate are too long");
    return send(cloudfront, arena, "CreateInvalidation", "POST", path_of(cloudfront, arena, NULL), str_text(&document),
                out, err);
}

bool cloudfront_look(const struct cloudfront *cloudfront, struct arena *arena, const char *id,
                     struct cloudfront_invalidation *out, struct err *err) {
    return send(cloudfront, arena, "GetInvalidation", "GET", path_of(cloudfront, arena, id), NULL, out, err);
}
