/*
 * Endpoints, and their parts.
 */
#include "runner/aws/endpoint.h"

#include "common/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

const char *const *aws_endpoint_variables(struct arena *arena) {
    const char **list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    for (char **entry = environ; *entry; entry++) {
        if (!str_starts_with(*entry, "AWS_ENDPOINT_URL") || !strchr(*entry, '='))
            continue;
        if (count + 1 >= capacity)
            list = arena_grow(arena, list, sizeof *list, &capacity);
        list[count++] = arena_strdup(arena, *entry);
    }
    if (!list)
        list = arena_array(arena, const char *, 1);
    list[count] = NULL;
    return list;
}

const char *aws_endpoint_given(struct arena *arena, const char *service) {
    char *name = arena_printf(arena, "AWS_ENDPOINT_URL_%s", service);
    for (char *letter = name; *letter; letter++)
        *letter = *letter == '-' ? '_' : (char)toupper((unsigned char)*letter);
    const char *url = getenv(name);
    if (!url || !*url)
        url = getenv("AWS_ENDPOINT_URL");
    if (!url || !*url)
        return NULL;
    char *own = arena_strdup(arena, url);
    while (str_ends_with(own, "/"))
        own[strlen(own) - 1] = '\0';
    return own;
}

const char *aws_endpoint_suffix(const char *region) {
    return str_starts_with(region, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

const char *aws_endpoint(struct arena *arena, const struct aws_request *request) {
    const char *given = aws_endpoint_given(arena, request->service);
    return given ? given
                 : arena_printf(arena, "https://%s.%s.%s", request->host_prefix, request->region,
                                aws_endpoint_suffix(request->region));
}

static const char *behind_scheme(const char *url) {
    const char *host = strstr(url, "://");
    return host ? host + 3 : url;
}

bool aws_endpoint_has_path(const char *url) {
    return strchr(behind_scheme(url), '/') != NULL;
}

const char *aws_endpoint_host(struct arena *arena, const char *url) {
    const char *host = behind_scheme(url);
    return arena_strndup(arena, host, strcspn(host, "/"));
}

const char *aws_endpoint_path(struct arena *arena, const char *url) {
    const char *path = strchr(behind_scheme(url), '/');
    return path ? arena_strdup(arena, path) : "/";
}
