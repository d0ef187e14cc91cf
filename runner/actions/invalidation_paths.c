/*
 * Paths.
 */
#include "runner/actions/invalidation_paths.h"

#include "common/json.h"

#include <string.h>

#define BETWEEN " ,\t\r\n"

static bool check(const char *path, struct err *err) {
    const char *star = strchr(path, '*');
    if (path[0] != '/')
        return err_set(err, ERR_INVALID, "Paths: '%.200s' must begin with '/'", path);
    return !star || !star[1] || err_set(err, ERR_INVALID, "Paths: '%.200s' may have '*' at its end only", path);
}

static bool add(struct arena *arena, const char ***list, size_t *count, size_t *capacity, const char *path,
                struct err *err) {
    if (*count == INVALIDATION_PATHS_MAX)
        return err_set(err, ERR_LIMIT, "Paths has more than %d paths; use one such as '/*'", INVALIDATION_PATHS_MAX);
    if (!check(path, err))
        return false;
    if (*count == *capacity)
        *list = arena_grow(arena, *list, sizeof **list, capacity);
    (*list)[(*count)++] = path;
    return true;
}

bool invalidation_paths_read(struct arena *arena, const char *text, const char *const **out, size_t *count,
                             struct err *err) {
    const char **list = NULL;
    size_t number = 0, capacity = 0;
    const struct json *given = NULL;
    text = text ? text + strspn(text, BETWEEN) : "";
    if (!*text)
        text = "/*";
    if (*text == '[') {
        struct err own = {0};
        if (!json_parse(arena, text, strlen(text), &given, &own))
            return err_set(err, ERR_INVALID, "Paths begins as a JSON list and is none: %s", own.message);
        json_each(item,
                  given) if (!add(arena, &list, &number, &capacity, item->text ? item->text : "", err)) return false;
    }
    while (!given && *text) {
        size_t length = strcspn(text, BETWEEN);
        if (!add(arena, &list, &number, &capacity, arena_strndup(arena, text, length), err))
            return false;
        text += length + strspn(text + length, BETWEEN);
    }
    if (number == 0)
        return err_set(err, ERR_INVALID, "Paths has no path in it");
    *out = list;
    *count = number;
    return true;
}
