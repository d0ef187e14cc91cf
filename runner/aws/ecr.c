/*
 * ECR, 2015-09-21, and ECR Public, 2020-10-30, which lives in us-east-1 only.
 */
#include "runner/aws/ecr.h"

#include "common/hash.h"
#include "common/str.h"

#include <string.h>

static const char *password_of(struct arena *arena, const char *token) {
    size_t size = 0;
    char *text = arena_alloc(arena, strlen(token) + 1);
    if (!hash_from_base64(token, (uint8_t *)text, &size))
        return NULL;
    text[size] = '\0';
    return str_starts_with(text, "AWS:") ? text + 4 : NULL;
}

#define PUBLIC_REGION "us-east-1"
#define PUBLIC_REGISTRY "public.ecr.aws"

static struct aws_request request_of(bool is_public, const char *region, const char *operation,
                                     const struct json *body) {
    return (struct aws_request){
        .service = is_public ? "ecr-public" : "ecr",
        .host_prefix = is_public ? "api.ecr-public" : "api.ecr",
        .region = is_public ? PUBLIC_REGION : region,
        .target = is_public ? "SpencerFrontendService" : "AmazonEC2ContainerRegistry_V20150921",
        .operation = operation,
        .body = body,
    };
}

/* Private ECR answers with a list of one, the public one with the object. */
static bool get_token(struct aws *aws, struct arena *arena, const char *region, bool is_public, struct ecr_token *out,
                      struct err *err) {
    const struct aws_request request = request_of(is_public, region, "GetAuthorizationToken", NULL);
    const struct json *answer = NULL;
    if (!aws_call(aws, arena, &request, &answer, err))
        return false;
    const struct json *data = json_get(answer, "authorizationData");
    if (data && data->type == JSON_ARRAY)
        data = data->first;
    const char *token = json_get_text(data, "authorizationToken");
    const char *proxy = is_public ? PUBLIC_REGISTRY : json_get_text(data, "proxyEndpoint");
    const char *password = token ? password_of(arena, token) : NULL;
    if (!password || !proxy)
        return err_set(err, ERR_INTERNAL, "ECR answered without a usable token");
    const char *host = strstr(proxy, "://");
    const struct json *expires = json_get(data, "expiresAt");
    *out = (struct ecr_token){.token = token,
                              .password = password,
                              .registry = host ? host + 3 : proxy,
                              .expires_ms = expires ? (int64_t)(expires->number * 1000) : 0};
    return true;
}

bool ecr_token(struct aws *aws, struct arena *arena, const char *region, struct ecr_token *out, struct err *err) {
    return get_token(aws, arena, region, false, out, err);
}

bool ecr_public_token(struct aws *aws, struct arena *arena, struct ecr_token *out, struct err *err) {
    return get_token(aws, arena, PUBLIC_REGION, true, out, err);
}

bool ecr_repository(struct aws *aws, struct arena *arena, const char *region, bool is_public, const char *name,
                    const char **uri, struct err *err) {
    struct json *body = json_object(arena);
    json_append_text(arena, json_set_array(arena, body, "repositoryNames"), name);
    const struct aws_request request = request_of(is_public, region, "DescribeRepositories", body);
    const struct json *answer = NULL;
    struct err own = {0};
    if (!aws_call(aws, arena, &request, &answer, &own)) {
        if (own.kind != ERR_NOT_FOUND)
            return err_set_code(err, own.kind, own.code, "%s", own.message);
        return err_set(err, ERR_NOT_FOUND,
                       "there is no repository '%s' in %s of %s; make it in ECR first, or correct ECRRepositoryName "
                       "(RepositoryNotFoundException)",
                       name, is_public ? "the public gallery" : "ECR", is_public ? "this account" : region);
    }
    const struct json *list = json_get(answer, "repositories");
    *uri = json_get_text(list ? list->first : NULL, "repositoryUri");
    return *uri || err_set(err, ERR_INTERNAL, "ECR described repository '%s' without its address", name);
}

bool ecr_image(struct aws *aws, struct arena *arena, const char *region, const char *repository, const char *tag,
               struct ecr_image *out, struct err *err) {
    static const char *const types[] = {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    };
    struct json *body = json_object(arena);
    json_set_text(arena, body, "repositoryName", repository);
    json_set_text(arena, json_append_object(arena, json_set_array(arena, body, "imageIds")), "imageTag", tag);
    struct json *accepted = json_set_array(arena, body, "acceptedMediaTypes");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        json_append_text(arena, accepted, types[i]);
    const struct aws_request request = request_of(false, region, "BatchGetImage", body);
    const struct json *answer = NULL;
    const struct json *manifest = NULL;
    if (!aws_call(aws, arena, &request, &answer, err))
        return false;
    const struct json *list = json_get(answer, "images");
    const struct json *image = list ? list->first : NULL;
    const char *digest = json_get_text(json_get(image, "imageId"), "imageDigest");
    const char *text = json_get_text(image, "imageManifest");
    if (!digest || !text)
        return err_set(err, ERR_NOT_FOUND, "no image '%s:%s' in ECR", repository, tag);
    if (!json_parse(arena, text, strlen(text), &manifest, err))
        return err_wrap(err, "the manifest of '%s:%s'", repository, tag);
    *out = (struct ecr_image){.digest = digest, .config = json_get_text(json_get(manifest, "config"), "digest")};
    return true;
}
