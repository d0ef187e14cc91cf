/*
 * From what a buildspec says to absolute patterns.
 */
#include "runner/actions/artifact_paths.h"

#include "common/str.h"

#include <string.h>

#define PATH_CEILING 16384

static size_t name_length(const char *text) {
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

/* At a '$': the variable's name, or NULL where it is just a dollar sign. *end is behind the reference. */
static const char *reference(struct arena *arena, const char *dollar, const char **end) {
    bool braces = dollar[1] == '{';
    const char *name = dollar + (braces ? 2 : 1);
    size_t length = name_length(name);
    if (length == 0 || (name[0] >= '0' && name[0] <= '9') || (braces && name[length] != '}'))
        return NULL;
    *end = name + length + (braces ? 1 : 0);
    return arena_strndup(arena, name, length);
}

void artifact_variables(struct arena *arena, const char *text, const char ***names, size_t *count, size_t *capacity) {
    for (const char *dollar = text ? strchr(text, '$') : NULL; dollar; dollar = strchr(dollar + 1, '$')) {
        const char *end;
        const char *name = reference(arena, dollar, &end);
        if (!name)
            continue;
        if (*count == *capacity)
            *names = arena_grow(arena, *names, sizeof **names, capacity);
        (*names)[(*count)++] = name;
    }
}

const char *artifact_expand(struct arena *arena, const char *text, const char *const *names, const char *const *values,
                            size_t count) {
    struct str out CLEANUP(str_release) = STR_INIT(PATH_CEILING);
    while (*text) {
        const char *end = text + 1;
        const char *name = *text == '$' ? reference(arena, text, &end) : NULL;
        if (!name)
            str_append_char(&out, *text);
        for (size_t i = 0; name && i < count; i++) {
            if (strcmp(names[i], name) == 0) {
                str_append(&out, values[i] ? values[i] : "");
                break;
            }
        }
        text = end;
    }
    return arena_strdup(arena, str_text(&out));
}

bool artifact_clean_path(struct arena *arena, const char *path, const char **out) {
    char *clean = arena_alloc(arena, strlen(path) + 2);
    size_t length = 0;
    while (*path) {
        size_t size = strcspn(path, "/");
        if (size == 2 && memcmp(path, "..", 2) == 0) {
            if (length == 0)
                return false;
            while (length > 0 && clean[--length] != '/')
                continue;
        } else if (size > 0 && !(size == 1 && *path == '.')) {
            clean[length++] = '/';
            memcpy(clean + length, path, size);
            length += size;
        }
        path += size;
        path += strspn(path, "/");
    }
    if (length == 0)
        clean[length++] = '/';
    clean[length] = '\0';
    *out = clean;
    return true;
}

struct expansion {
    const char **names;
    const char **values;
    size_t count;
};

static bool read_values(struct build *build, const struct buildspec_artifacts *set, struct expansion *out,
                        struct err *err) {
    size_t capacity = 0;
    artifact_variables(build->arena, set->base_directory, &out->names, &out->count, &capacity);
    for (size_t i = 0; i < set->files.count; i++)
        artifact_variables(build->arena, set->files.items[i], &out->names, &out->count, &capacity);
    out->values = arena_array(build->arena, const char *, out->count + 1);
    return build_values(build, out->names, out->count, out->values, err);
}

static const char *absolute(struct arena *arena, const char *folder, const char *path) {
    return path[0] == '/' ? path : arena_printf(arena, "%s/%s", folder, path);
}

static size_t count_parts(const char *clean_path) {
    size_t parts = 0;
    for (const char *at = clean_path; *at; at++)
        if (at[0] == '/' && at[1])
            parts++;
    return parts;
}

static bool add_pattern(struct build *build, const char *base, const char *written, const char *expanded,
                        struct artifact_paths *paths) {
    const char *full;
    if (!artifact_clean_path(build->arena, absolute(build->arena, base, expanded), &full))
        return false;
    size_t base_length = strlen(base);
    bool below = strncmp(full, base, base_length) == 0 && full[base_length] == '/';
    paths->patterns[paths->count++] =
        (struct artifact_pattern){.written = written, .full = full, .base_parts = below ? count_parts(base) : 0};
    return true;
}

bool artifact_paths_read(struct build *build, const struct buildspec_artifacts *set, struct artifact_paths *out,
                         struct err *err) {
    struct arena *arena = build->arena;
    struct expansion expansion = {0};
    const char *base;
    if (!read_values(build, set, &expansion, err))
        return false;
    const char *written = set->base_directory ? set->base_directory : ".";
    const char *named = artifact_expand(arena, written, expansion.names, expansion.values, expansion.count);
    if (!artifact_clean_path(arena, absolute(arena, build->source_folder, named), &base))
        return err_set_code(err, ERR_INVALID, "CLIENT_ERROR", "base-directory '%s' climbs above the root", written);
    out->patterns = arena_array(arena, struct artifact_pattern, set->files.count + 1);
    for (size_t i = 0; i < set->files.count; i++) {
        const char *expanded =
            artifact_expand(arena, set->files.items[i], expansion.names, expansion.values, expansion.count);
        if (!add_pattern(build, base, set->files.items[i], expanded, out))
            build_say(build, "Skipping invalid file path %s", set->files.items[i]);
    }
    return true;
}
