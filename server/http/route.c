/*
 * From method and path to a row of the route table. The path is taken as it was sent; only what a `*` matched is
 * percent-decoded. What no row names does not exist.
 */
#include "server/http/exchange.h"

#include <stdlib.h>
#include <string.h>

#define CAPTURES_MAX 8

/* The guard has checked that every escape is whole and none is NUL or a slash. */
static char *decode(struct arena *arena, const char *text, size_t length) {
    char *out = arena_strndup(arena, text, length);
    char *end = out;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && length - i > 2) {
            char digits[3] = {text[i + 1], text[i + 2], '\0'};
            *end++ = (char)strtol(digits, NULL, 16);
            i += 2;
        } else {
            *end++ = text[i];
        }
    }
    *end = '\0';
    return out;
}

/* One segment of the pattern against one of the path; both stand behind their slash. */
static bool match_segment(const char *pattern, size_t pattern_length, const char *path, size_t path_length) {
    if (pattern_length == 1 && pattern[0] == '*')
        return path_length > 0;
    return pattern_length == path_length && memcmp(pattern, path, path_length) == 0;
}

struct captured {
    const char *text;
    size_t length;
};

static bool match(const char *pattern, const char *path, struct captured *captured, size_t *count) {
    *count = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++;
        path++;
        if (strcmp(pattern, "**") == 0) {
            captured[(*count)++] = (struct captured){path, strlen(path)};
            return true;
        }
        size_t pattern_length = strcspn(pattern, "/"), path_length = strcspn(path, "/");
        if (!match_segment(pattern, pattern_length, path, path_length))
            return false;
        if (pattern_length == 1 && pattern[0] == '*' && *count < CAPTURES_MAX)
            captured[(*count)++] = (struct captured){path, path_length};
        pattern += pattern_length;
        path += path_length;
    }
    return *pattern == '\0' && *path == '\0';
}

static bool method_fits(const char *route, const char *method) {
    return str_equal(route, method) || (str_equal(method, "HEAD") && str_equal(route, "GET"));
}

static void keep_captures(struct request *request, const struct captured *captured, size_t count) {
    const char **texts = arena_array(request->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = decode(request->arena, captured[i].text, captured[i].length);
    request->captures = texts;
    request->capture_count = count;
}

const struct http_route *route_find(const struct http_route *routes, size_t count, struct request *request,
                                    int *out_status, const char **out_allow) {
    struct captured captured[CAPTURES_MAX];
    size_t captured_count;
    const char *allow = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!match(routes[i].path, request->path, captured, &captured_count) ||
            (routes[i].wants && !routes[i].wants(request)))
            continue;
        if (method_fits(routes[i].method, request->method)) {
            keep_captures(request, captured, captured_count);
            return &routes[i];
        }
        allow = allow ? arena_printf(request->arena, "%s, %s", allow, routes[i].method) : routes[i].method;
    }
    *out_status = allow ? 405 : 404;
    *out_allow = allow;
    return NULL;
}
