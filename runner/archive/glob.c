/*
 * Patterns. Foreign text: the work is bounded by the product of the two lengths for a part, and `**` backtracks only to
 * the latest one, which is enough because each `**` takes as few parts as it can.
 */
#include "runner/archive/glob.h"

#include <stdint.h>
#include <string.h>

static size_t part_length(const char *path) {
    return strcspn(path, "/");
}

/* One part against one part, by the usual two-pointer walk. */
static bool match_part(const char *pattern, size_t pattern_length, const char *part, size_t length) {
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t star_t = 0;
    while (t < length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            star_t = t;
        } else if (p < pattern_length && (pattern[p] == '?' || pattern[p] == part[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++star_t;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}

static const char *next_part(const char *path) {
    path += part_length(path);
    return *path == '/' ? path + 1 : path;
}

static bool is_any_parts(const char *pattern) {
    return part_length(pattern) == 2 && pattern[0] == '*' && pattern[1] == '*';
}

bool glob_match(const char *pattern, const char *path) {
    const char *retry_pattern = NULL; /* behind the latest `**` */
    const char *retry_path = NULL;    /* where it may take one part more */
    for (;;) {
        if (*pattern && is_any_parts(pattern)) {
            retry_pattern = next_part(pattern);
            retry_path = path;
            pattern = retry_pattern;
            if (!*pattern)
                return *path != '\0'; /* `dir/` followed by `**` takes everything below */
            continue;
        }
        if (*pattern && *path && match_part(pattern, part_length(pattern), path, part_length(path))) {
            pattern = next_part(pattern);
            path = next_part(path);
            continue;
        }
        if (!*pattern && !*path)
            return true;
        if (!retry_pattern || !*retry_path)
            return false;
        retry_path = next_part(retry_path);
        pattern = retry_pattern;
        path = retry_path;
    }
}

bool glob_is_pattern(const char *pattern) {
    return strpbrk(pattern, "*?") != NULL;
}

size_t glob_fixed_length(const char *pattern) {
    const char *special = strpbrk(pattern, "*?");
    if (!special)
        return strlen(pattern);
    size_t length = (size_t)(special - pattern);
    while (length > 0 && pattern[length - 1] != '/')
        length--;
    return length > 0 ? length - 1 : 0;
}
