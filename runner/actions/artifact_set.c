/*
 * Which files a set takes, and packing them.
 */
#include "runner/actions/artifact_set.h"

#include "common/str.h"
#include "runner/actions/artifact_paths.h"
#include "runner/archive/glob.h"
#include "runner/archive/tree.h"
#include "runner/archive/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOPS_MAX 8

struct packing {
    struct build *build;
    const struct buildspec_artifacts *set;
    struct artifact_paths paths;
    const char *tree;     /* folder on this machine that stands for the container's root */
    const char **fetched; /* container paths that are in the tree */
    size_t fetched_count;
    size_t fetched_capacity;
    struct zip_writer *zip;
    const char **names; /* what is in the zip: sorted insertion is not worth it, discard-paths sets are small */
    size_t name_count;
    size_t name_capacity;
};

static bool write_file(void *context, const void *bytes, size_t size) {
    return fwrite(bytes, 1, size, context) == size;
}

static bool has_fetched(const struct packing *packing, const char *path) {
    for (size_t i = 0; i < packing->fetched_count; i++) {
        size_t length = strlen(packing->fetched[i]);
        if (strncmp(packing->fetched[i], path, length) == 0 && (path[length] == '\0' || path[length] == '/'))
            return true;
    }
    return false;
}

/* Copies the container's `path` into the tree: a folder with all below it, or one file. Missing is no error. */
static bool fetch(struct packing *packing, const char *path, bool folder, struct err *err) {
    struct build *build = packing->build;
    struct arena *arena = build->arena;
    const char *tar_path = arena_printf(arena, "%s/fetched.tar", build->job->folder);
    if (has_fetched(packing, path))
        return true;
    FILE *file = fopen(tar_path, "we");
    if (!file)
        return err_set_errno(err, errno, "unable to write '%s'", tar_path);
    struct err own = {0};
    bool got = container_get(build->docker, arena, build_container_id(build),
                             folder ? arena_printf(arena, "%s/.", path) : path, write_file, file, &own);
    if (fclose(file) != 0 && got)
        got = err_set_errno(&own, errno, "unable to write '%s'", tar_path);
    if (!got)
        return own.kind == ERR_NOT_FOUND || own.kind == ERR_INVALID || err_set(err, own.kind, "%s", own.message);
    if (packing->fetched_count == packing->fetched_capacity)
        packing->fetched = arena_grow(arena, packing->fetched, sizeof *packing->fetched, &packing->fetched_capacity);
    if (folder)
        packing->fetched[packing->fetched_count++] = path;
    const char *slash = strrchr(path, '/');
    const char *into = folder ? arena_printf(arena, "%s%s", packing->tree, path)
                              : arena_printf(arena, "%s%.*s", packing->tree, (int)(slash - path), path);
    bool good = tree_unpack(tar_path, into, !folder, err);
    (void)unlink(tar_path);
    return good;
}

/* A file named outright may be a symlink: what it leads to is fetched, too. */
static bool fetch_behind(struct packing *packing, const char *path, struct err *err) {
    struct arena *arena = packing->build->arena;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        char target[4096];
        ssize_t length = readlink(arena_printf(arena, "%s%s", packing->tree, path), target, sizeof target - 1);
        if (length <= 0)
            return true;
        target[length] = '\0';
        const char *slash = strrchr(path, '/');
        const char *next =
            target[0] == '/' ? target : arena_printf(arena, "%.*s/%s", (int)(slash - path), path, target);
        if (!artifact_clean_path(arena, next, &path))
            return true;
        if (!fetch(packing, path, false, err))
            return false;
    }
    return true;
}

static bool fetch_all(struct packing *packing, struct err *err) {
    for (size_t i = 0; i < packing->paths.count; i++) {
        const char *pattern = packing->paths.patterns[i].full;
        if (glob_is_pattern(pattern)) {
            size_t length = glob_fixed_length(pattern);
            const char *folder = arena_strndup(packing->build->arena, pattern, length);
            if (!fetch(packing, folder, true, err))
                return false;
        } else if (!fetch(packing, pattern, false, err) || !fetch_behind(packing, pattern, err)) {
            return false;
        }
    }
    return true;
}

static bool is_excluded(const struct packing *packing, const char *name) {
    for (size_t i = 0; i < packing->set->exclude_paths.count; i++) {
        const char *pattern = packing->set->exclude_paths.items[i];
        if (glob_match(str_starts_with(pattern, "./") ? pattern + 2 : pattern, name))
            return true;
    }
    return false;
}

static bool is_new(struct packing *packing, const char *name) {
    for (size_t i = 0; i < packing->name_count; i++)
        if (strcmp(packing->names[i], name) == 0)
            return false;
    if (packing->name_count == packing->name_capacity)
        packing->names =
            arena_grow(packing->build->arena, packing->names, sizeof *packing->names, &packing->name_capacity);
    packing->names[packing->name_count++] = name;
    return true;
}

static bool pack_file(struct packing *packing, const struct tree_file *file, const char *name, struct err *err) {
    struct zip_entry entry = {.name = name, .mode = file->mode, .modified = file->modified, .descriptor = -1};
    struct tree_file found;
    struct err own = {0};
    if (file->target && packing->set->keep_symlinks) {
        entry.target = file->target;
        return zip_writer_add(packing->zip, &entry, err);
    }
    if (!tree_open(packing->tree, file, &entry.descriptor, &found, &own)) {
        build_say(packing->build, "Skipping %s: %s", name, own.message);
        return true;
    }
    entry.mode = found.mode;
    entry.modified = found.modified;
    entry.size = found.size;
    bool good = zip_writer_add(packing->zip, &entry, err);
    (void)close(entry.descriptor);
    return good;
}

static const char *skip_parts(const char *path, size_t parts) {
    for (; parts > 0; parts--) {
        path += strcspn(path, "/");
        path += *path == '/';
    }
    return path;
}

/* The name that the file has in the zip; NULL where no pattern takes it. Marks the patterns that do. */
static const char *stored_name(struct packing *packing, const struct tree_file *file) {
    const char *full = arena_printf(packing->build->arena, "/%s", file->path);
    const char *name = NULL;
    for (size_t i = 0; i < packing->paths.count; i++) {
        struct artifact_pattern *pattern = &packing->paths.patterns[i];
        if (!glob_match(pattern->full, full))
            continue;
        pattern->matched = true;
        if (!name)
            name = skip_parts(full + 1, pattern->base_parts);
    }
    if (!name || is_excluded(packing, name))
        return NULL;
    const char *slash = strrchr(name, '/');
    return packing->set->discard_paths && slash ? slash + 1 : name;
}

static bool pack_all(struct packing *packing, struct err *err) {
    const struct tree_file *files;
    size_t count;
    if (!tree_list(packing->build->arena, packing->tree, "", &files, &count, err))
        return false;
    /* From the end, so that of several files with one name (discard-paths) the last one wins. */
    for (size_t i = count; i-- > 0;) {
        const char *name = stored_name(packing, &files[i]);
        if (name && (!packing->set->discard_paths || is_new(packing, name)) &&
            !pack_file(packing, &files[i], name, err))
            return false;
        if (name && !packing->set->discard_paths)
            packing->name_count++;
    }
    return true;
}

static bool pack(struct packing *packing, const char *zip_path, struct err *err) {
    if (!zip_writer_open(zip_path, &packing->zip, err))
        return false;
    if (!pack_all(packing, err)) {
        zip_writer_abandon(packing->zip);
        return false;
    }
    return zip_writer_close(packing->zip, err);
}

bool artifact_set_pack(struct build *build, const struct buildspec_artifacts *set, const char *zip_path,
                       struct err *err) {
    struct packing packing = {.build = build, .set = set};
    packing.tree = arena_printf(build->arena, "%s/tree-%s", build->job->folder, set->identifier ? set->identifier : "");
    build_say(build, "Expanding base directory path: %s", set->base_directory ? set->base_directory : ".");
    if (!artifact_paths_read(build, set, &packing.paths, err) || !fetch_all(&packing, err) ||
        !pack(&packing, zip_path, err))
        return false;
    for (size_t i = 0; i < packing.paths.count; i++)
        if (!packing.paths.patterns[i].matched)
            build_say(build, "Skipping invalid file path %s", packing.paths.patterns[i].written);
    if (packing.name_count == 0)
        return err_set_code(err, ERR_NOT_FOUND, "CLIENT_ERROR", "no matching artifact paths found");
    build_say(build, "Found %zu file(s)", packing.name_count);
    return true;
}
