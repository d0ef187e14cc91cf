/*
 * ECR, 2015-09-21.
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

bool ecr_token(struct aws *aws, struct arena *arena, const char *region, struct ecr_token *out, struct err *err) {
    const struct aws_request request = {.service = "ecr",
                                        .host_prefix = "api.ecr",
                                        .region = region,
                                        .target = "AmazonEC2ContainerRegistry_V20150921",
                                        .operation = "GetAuthorizationToken"};
    const struct json *answer = NULL;
    if (!aws_call(aws, arena, &request, &answer, err))
        return false;
    const struct json *list = json_get(answer, "authorizationData");
    const struct json *data = list ? list->first : NULL;
    const char *token = json_get_text(data, "authorizationToken");
    const char *proxy = json_get_text(data, "proxyEndpoint");
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
