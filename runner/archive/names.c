/*
 * Names in archives.
 */
#include "runner/archive/names.h"

#include <string.h>

bool archive_name(struct arena *arena, const char *name, const char **out, struct err *err) {
    if (!name)
        return err_set(err, ERR_INVALID, "the archive holds an entry without a readable name");
    if (name[0] == '/')
        return err_set(err, ERR_INVALID, "the archive holds the absolute name '%.200s'", name);
    char *result = arena_alloc(arena, strlen(name) + 1);
    size_t length = 0;
    for (const char *part = name; *part;) {
        size_t size = strcspn(part, "/");
        if (size == 2 && memcmp(part, "..", 2) == 0)
            return err_set(err, ERR_INVALID, "the archive's entry '%.200s' climbs out of it", name);
        if (size > 0 && !(size == 1 && part[0] == '.')) {
            if (length > 0)
                result[length++] = '/';
            memcpy(result + length, part, size);
            length += size;
        }
        part += size;
        part += strspn(part, "/");
    }
    result[length] = '\0';
    *out = result;
    return true;
}

bool archive_link_stays(const char *name, const char *target) {
    int depth = 0;
    for (const char *at = name; (at = strchr(at, '/')) != NULL; at++)
        depth++;
    if (target[0] == '/')
        return false;
    while (*target) {
        size_t length = strcspn(target, "/");
        if (length == 2 && target[0] == '.' && target[1] == '.')
            depth--;
        else if (length > 0 && !(length == 1 && target[0] == '.'))
            depth++;
        if (depth < 0)
            return false;
        target += length + (target[length] == '/');
    }
    return true;
}
