/*
 * One image of a private repository, as imageDetail.json tells of it.
 */
#include "runner/aws/ecr.h"

#include "common/str.h"
#include "runner/aws/endpoint.h"

#include <time.h>

/* "Mon Jan 21 20:04:00 UTC 2019" */
static const char *java_date(struct arena *arena, int64_t milliseconds) {
    const time_t seconds = (time_t)(milliseconds / 1000);
    struct tm moment;
    char *text = arena_alloc(arena, 64);
    if (!gmtime_r(&seconds, &moment) || strftime(text, 64, "%a %b %d %H:%M:%S UTC %Y", &moment) == 0)
        return "";
    return text;
}

static bool find(struct aws *aws, struct arena *arena, const char *region, const char *repository, const char *tag,
                 const char *digest, const struct json **out, struct err *err) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "repositoryName", repository);
    struct json *id = json_append_object(arena, json_set_array(arena, body, "imageIds"));
    json_set_text(arena, id, "imageTag", tag);
    json_set_text(arena, id, "imageDigest", digest);
    const struct aws_request request = {.service = "ecr",
                                        .host_prefix = "api.ecr",
                                        .region = region,
                                        .target = "AmazonEC2ContainerRegistry_V20150921",
                                        .operation = "DescribeImages",
                                        .body = body};
    const struct json *answer = NULL;
    struct err own = {0};
    if (!aws_call(aws, arena, &request, &answer, &own)) {
        if (own.kind != ERR_NOT_FOUND)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        return err_set_code(err, ERR_NOT_FOUND, "ConfigurationError",
                            "there is no image '%.200s%s%.100s' in ECR of %s; push it, or correct RepositoryName and "
                            "ImageTag",
                            repository, digest ? "@" : ":", digest ? digest : tag, region);
    }
    const struct json *list = json_get(answer, "imageDetails");
    *out = list ? list->first : NULL;
    return json_get_text(*out, "imageDigest") ||
           err_set(err, ERR_INTERNAL, "ECR described an image of '%s' without its digest", repository);
}

/* AWS's own addresses say whose they are; behind an endpoint of the operator's only ECR knows. */
static bool find_address(struct aws *aws, struct arena *arena, const char *region, const char *repository,
                         const char *registry, const char **out, struct err *err) {
    if (aws_endpoint_given(arena, "ecr"))
        return ecr_repository(aws, arena, region, false, repository, out, err);
    *out = arena_printf(arena, "%s.dkr.ecr.%s.%s/%s", registry, region, aws_endpoint_suffix(region), repository);
    return true;
}

bool ecr_describe_image(struct aws *aws, struct arena *arena, const char *region, const char *repository,
                        const char *tag, const char *digest, struct ecr_detail *out, struct err *err) {
    const struct json *image = NULL;
    const char *address;
    if (!find(aws, arena, region, repository, tag, digest, &image, err) ||
        !find_address(aws, arena, region, repository, json_get_text_or(image, "registryId", ""), &address, err))
        return false;
    const struct json *pushed = json_get(image, "imagePushedAt");
    const int64_t pushed_ms = pushed ? (int64_t)(pushed->number * 1000) : 0;
    *out = (struct ecr_detail){.registry = json_get_text_or(image, "registryId", ""),
                               .repository = repository,
                               .digest = json_get_text(image, "imageDigest"),
                               .uri = arena_printf(arena, "%s@%s", address, json_get_text(image, "imageDigest")),
                               .tags = json_get(image, "imageTags"),
                               .size_bytes = json_get_integer(image, "imageSizeInBytes", 0),
                               .pushed_ms = pushed_ms,
                               .pushed_at = java_date(arena, pushed_ms)};
    return true;
}
