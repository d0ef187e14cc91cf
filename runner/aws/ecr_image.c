/*
 * Manifests come by BatchGetImage, configurations from where GetDownloadUrlForLayer says.
 */
#include "runner/aws/ecr_image.h"

#include "common/str.h"

#include <string.h>

#define CONFIG_CEILING (1024 * 1024)
#define PLATFORMS_MAX 32

static bool call(const struct ecr_query *query, struct arena *arena, const char *operation, const struct json *body,
                 const struct json **answer, struct err *err) {
    const struct aws_request request = {.service = "ecr",
                                        .host_prefix = "api.ecr",
                                        .region = query->region,
                                        .target = "AmazonEC2ContainerRegistry_V20150921",
                                        .operation = operation,
                                        .body = body,
                                        .interrupted = query->interrupted,
                                        .context = query->context};
    struct err own = {0};
    if (aws_call(query->aws, arena, &request, answer, &own))
        return true;
    if (strstr(own.message, "RepositoryNotFoundException"))
        return err_set_code(err, ERR_NOT_FOUND, "RepositoryNotFoundException", "there is no repository '%.200s' in ECR",
                            query->repository);
    if (err)
        *err = own;
    return false;
}

/* {registryId?, repositoryName} */
static struct json *question(const struct ecr_query *query, struct arena *arena) {
    struct json *body = json_object(arena);
    json_set_text(arena, body, "registryId", query->account);
    json_set_text(arena, body, "repositoryName", query->repository);
    return body;
}

/* What a list of manifests is for; those that are no images ("unknown/unknown": attestations) are left out. */
static void read_platforms(struct arena *arena, const struct json *manifest, struct ecr_manifest *out) {
    const char **platforms = arena_array(arena, const char *, PLATFORMS_MAX);
    size_t count = 0;
    json_each(entry, json_get(manifest, "manifests")) {
        const struct json *platform = json_get(entry, "platform");
        const char *os = json_get_text(platform, "os"), *architecture = json_get_text(platform, "architecture");
        if (os && architecture && !str_equal(os, "unknown") && count < PLATFORMS_MAX)
            platforms[count++] = arena_printf(arena, "%s/%s", os, architecture);
    }
    out->platforms = platforms;
    out->platform_count = count;
}

bool ecr_manifest(const struct ecr_query *query, struct arena *arena, const char *tag, const char *digest,
                  struct ecr_manifest *out, struct err *err) {
    static const char *const types[] = {"application/vnd.docker.distribution.manifest.v2+json",
                                        "application/vnd.docker.distribution.manifest.list.v2+json",
                                        "application/vnd.oci.image.manifest.v1+json",
                                        "application/vnd.oci.image.index.v1+json"};
    struct json *body = question(query, arena);
    struct json *id = json_append_object(arena, json_set_array(arena, body, "imageIds"));
    json_set_text(arena, id, "imageDigest", digest);
    json_set_text(arena, id, "imageTag", digest ? NULL : tag ? tag : "latest");
    struct json *accepted = json_set_array(arena, body, "acceptedMediaTypes");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        json_append_text(arena, accepted, types[i]);
    const struct json *answer = NULL, *manifest = NULL;
    if (!call(query, arena, "BatchGetImage", body, &answer, err))
        return false;
    const struct json *image = json_first(json_get(answer, "images"));
    const char *text = json_get_text(image, "imageManifest");
    const char *found = json_get_text(json_get(image, "imageId"), "imageDigest");
    if (!text || !found)
        return err_set(err, ERR_NOT_FOUND, "there is no image '%s%s%s' in ECR", query->repository, digest ? "@" : ":",
                       digest ? digest
                       : tag  ? tag
                              : "latest");
    if (!json_parse(arena, text, strlen(text), &manifest, err))
        return err_wrap(err, "the manifest of '%s'", query->repository);
    *out = (struct ecr_manifest){.digest = found, .config = json_get_text(json_get(manifest, "config"), "digest")};
    read_platforms(arena, manifest, out);
    return true;
}

static bool fetch(const struct ecr_query *query, struct arena *arena, const char *url, const struct json **out,
                  struct err *err) {
    struct http_client *client CLEANUP(http_client_cleanup) = http_client_new();
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .answer_ceiling = CONFIG_CEILING,
                                         .interrupted = query->interrupted,
                                         .context = query->context,
                                         .use_proxy = true};
    struct http_answer answer;
    if (!http_send(client, arena, &request, &answer, err))
        return false;
    if (answer.status != 200)
        return err_set(err, ERR_UNAVAILABLE, "status %d for the image's configuration", answer.status);
    return json_parse(arena, answer.body, answer.body_size, out, err);
}

bool ecr_platform(const struct ecr_query *query, struct arena *arena, const char *config, const char **platform,
                  struct err *err) {
    struct json *body = question(query, arena);
    json_set_text(arena, body, "layerDigest", config);
    const struct json *answer = NULL, *configuration = NULL;
    if (!call(query, arena, "GetDownloadUrlForLayer", body, &answer, err))
        return false;
    const char *url = json_get_text(answer, "downloadUrl");
    if (!url)
        return err_set(err, ERR_INTERNAL, "ECR answered without an address");
    if (!fetch(query, arena, url, &configuration, err))
        return false;
    const char *architecture = json_get_text(configuration, "architecture");
    if (!architecture)
        return err_set(err, ERR_INVALID, "the image's configuration names no architecture");
    *platform = arena_printf(arena, "%s/%s", json_get_text_or(configuration, "os", "linux"), architecture);
    return true;
}

bool ecr_fills_itself(const struct ecr_query *query, struct arena *arena, bool *fills, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_set_text(arena, body, "registryId", query->account);
    if (!call(query, arena, "DescribePullThroughCacheRules", body, &answer, err))
        return false;
    *fills = false;
    json_each(rule, json_get(answer, "pullThroughCacheRules")) {
        const char *prefix = json_get_text_or(rule, "ecrRepositoryPrefix", "");
        const size_t length = strlen(prefix);
        *fills = *fills || str_equal(prefix, "ROOT") ||
                 (str_starts_with(query->repository, prefix) && query->repository[length] == '/');
    }
    return true;
}

bool ecr_address(const struct ecr_query *query, struct arena *arena, const char **uri, struct err *err) {
    struct json *body = json_object(arena);
    const struct json *answer = NULL;
    json_append_text(arena, json_set_array(arena, body, "repositoryNames"), query->repository);
    if (!call(query, arena, "DescribeRepositories", body, &answer, err))
        return false;
    *uri = json_get_text(json_first(json_get(answer, "repositories")), "repositoryUri");
    return *uri || err_set(err, ERR_INTERNAL, "ECR described a repository without its address");
}
