/*
 * From what a buildspec says to absolute patterns.
 */
#include "runner/actions/artifact_paths.h"

#include <string.h>

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

bool artifact_paths_read(struct build *build, const char *base_directory, const struct buildspec_list *files,
                         struct artifact_paths *out, struct err *err) {
    struct arena *arena = build->arena;
    const char **texts = arena_array(arena, const char *, files->count + 1);
    const char **expanded = arena_array(arena, const char *, files->count + 1);
    const char *base;
    texts[0] = base_directory ? base_directory : ".";
    for (size_t i = 0; i < files->count; i++)
        texts[i + 1] = files->items[i];
    if (!build_expand(build, texts, files->count + 1, expanded, err))
        return false;
    if (!artifact_clean_path(arena, absolute(arena, build->source_folder, expanded[0]), &base))
        return err_set_code(err, ERR_INVALID, "CLIENT_ERROR", "base-directory '%s' climbs above the root", texts[0]);
    *out = (struct artifact_paths){.patterns = arena_array(arena, struct artifact_pattern, files->count + 1)};
    for (size_t i = 0; i < files->count; i++)
        if (!add_pattern(build, base, files->items[i], expanded[i + 1], out))
            build_say(build, "Skipping invalid file path %s", files->items[i]);
    return true;
}
