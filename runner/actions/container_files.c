/*
 * What can hold a match is copied: the folder that a pattern begins with, or the one file that it names. The tar stream
 * goes through a pipe into a thread that unpacks it, so that nothing lies on disk twice and what is too large is
 * refused at its header.
 */
#include "runner/actions/container_files.h"

#include "common/str.h"
#include "runner/actions/artifact_paths.h"
#include "runner/archive/glob.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOPS_MAX 8

struct collecting {
    struct build *build;
    const struct container_query *query;
    struct artifact_paths paths;
    const char *tree;
    struct tree_room room;
    const char **fetched; /* folders of the container that are in the tree */
    size_t fetched_count;
    size_t fetched_capacity;
};

/* The thread that unpacks one stream. */
struct unpacking {
    int from;
    const char *into;
    bool files_only;
    struct tree_room *room;
    bool succeeded;
    struct err err;
};

/* What fills the pipe. */
struct filling {
    int to;
    bool broken; /* whoever unpacks has seen enough */
};

static bool fill(void *context, const void *bytes, size_t size) {
    struct filling *filling = context;
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(filling->to, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            filling->broken = true;
            return false;
        }
        at += written;
        size -= (size_t)written;
    }
    return true;
}

static void *unpack(void *context) {
    struct unpacking *unpacking = context;
    unpacking->succeeded =
        tree_unpack(unpacking->from, unpacking->into, unpacking->files_only, unpacking->room, &unpacking->err);
    (void)close(unpacking->from);
    return NULL;
}

/* Missing in the container is no error. */
static bool copy(struct collecting *collecting, const char *path, struct unpacking *unpacking, struct err *err) {
    struct build *build = collecting->build;
    int ends[2];
    pthread_t thread;
    struct err own = {0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set_errno(err, errno, "unable to make a pipe");
    unpacking->from = ends[0];
    struct filling filling = {.to = ends[1]};
    if (pthread_create(&thread, NULL, unpack, unpacking) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return err_set(err, ERR_INTERNAL, "unable to start a thread");
    }
    bool got = container_get(build->docker, build->arena, build_container_id(build), path, fill, &filling, &own);
    (void)close(ends[1]);
    pthread_join(thread, NULL);
    if (!got && !filling.broken)
        return own.kind == ERR_NOT_FOUND || own.kind == ERR_INVALID || err_set(err, own.kind, "%s", own.message);
    if (!unpacking->succeeded && err)
        *err = unpacking->err;
    return unpacking->succeeded;
}

static bool has_fetched(const struct collecting *collecting, const char *path) {
    for (size_t i = 0; i < collecting->fetched_count; i++) {
        size_t length = strlen(collecting->fetched[i]);
        if (strncmp(collecting->fetched[i], path, length) == 0 && (path[length] == '\0' || path[length] == '/'))
            return true;
    }
    return false;
}

/* A folder of the tree may be a symlink that was copied before: it leads to somewhere on this machine. */
static bool leads_through_link(const char *tree, const char *path) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    struct stat status;
    for (size_t length = 1; path[0]; length++) {
        if (path[length] != '/' && path[length] != '\0')
            continue;
        if (lstat(arena_printf(&scratch, "%s%.*s", tree, (int)length, path), &status) == 0 && S_ISLNK(status.st_mode))
            return true;
        if (path[length] == '\0')
            break;
    }
    return false;
}

/* Copies the container's `path` into the tree: a folder with all below it, or one file. */
static bool fetch(struct collecting *collecting, const char *path, bool folder, struct err *err) {
    struct arena *arena = collecting->build->arena;
    const char *into = folder ? path : arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path));
    if (has_fetched(collecting, path) || leads_through_link(collecting->tree, into))
        return true;
    struct unpacking unpacking = {
        .into = arena_printf(arena, "%s%s", collecting->tree, into), .files_only = !folder, .room = &collecting->room};
    if (!copy(collecting, folder ? arena_printf(arena, "%s/.", path) : path, &unpacking, err))
        return false;
    if (!folder)
        return true;
    if (collecting->fetched_count == collecting->fetched_capacity)
        collecting->fetched =
            arena_grow(arena, collecting->fetched, sizeof *collecting->fetched, &collecting->fetched_capacity);
    collecting->fetched[collecting->fetched_count++] = path;
    return true;
}

/* A file named outright may be a symlink: what it leads to is fetched, too. */
static bool fetch_behind(struct collecting *collecting, const char *path, struct err *err) {
    struct arena *arena = collecting->build->arena;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        char target[4096];
        ssize_t length = readlink(arena_printf(arena, "%s%s", collecting->tree, path), target, sizeof target - 1);
        if (length <= 0)
            return true;
        target[length] = '\0';
        const char *slash = strrchr(path, '/');
        const char *next =
            target[0] == '/' ? target : arena_printf(arena, "%.*s/%s", (int)(slash - path), path, target);
        if (!artifact_clean_path(arena, next, &path))
            return true;
        if (!fetch(collecting, path, false, err))
            return false;
    }
    return true;
}

static bool fetch_all(struct collecting *collecting, struct err *err) {
    for (size_t i = 0; i < collecting->paths.count; i++) {
        const char *pattern = collecting->paths.patterns[i].full;
        if (glob_is_pattern(pattern)) {
            size_t length = glob_fixed_length(pattern);
            const char *folder = arena_strndup(collecting->build->arena, pattern, length);
            if (!fetch(collecting, folder, true, err))
                return false;
        } else if (!fetch(collecting, pattern, false, err) || !fetch_behind(collecting, pattern, err)) {
            return false;
        }
    }
    return true;
}

static bool is_excluded(const struct container_query *query, const char *name) {
    for (size_t i = 0; query->exclude_paths && i < query->exclude_paths->count; i++) {
        const char *pattern = query->exclude_paths->items[i];
        if (glob_match(str_starts_with(pattern, "./") ? pattern + 2 : pattern, name))
            return true;
    }
    return false;
}

static const char *skip_parts(const char *path, size_t parts) {
    for (; parts > 0; parts--) {
        path += strcspn(path, "/");
        path += *path == '/';
    }
    return path;
}

/* NULL where no pattern takes it. Marks the patterns that do. */
static const char *stored_name(struct collecting *collecting, const struct tree_file *file) {
    const char *full = arena_printf(collecting->build->arena, "/%s", file->path);
    const char *name = NULL;
    for (size_t i = 0; i < collecting->paths.count; i++) {
        struct artifact_pattern *pattern = &collecting->paths.patterns[i];
        if (!glob_match(pattern->full, full))
            continue;
        pattern->matched = true;
        if (!name)
            name = skip_parts(full + 1, pattern->base_parts);
    }
    if (!name || is_excluded(collecting->query, name))
        return NULL;
    const char *slash = strrchr(name, '/');
    return collecting->query->discard_paths && slash ? slash + 1 : name;
}

/* By name; of one name, the last path first. */
static int by_name(const void *a, const void *b) {
    const struct container_file *one = a;
    const struct container_file *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(other->found->path, one->found->path);
}

static bool pick(struct collecting *collecting, struct container_files *out, struct err *err) {
    struct arena *arena = collecting->build->arena;
    const struct tree_file *found;
    size_t count;
    size_t kept = 0;
    if (!tree_list(arena, collecting->tree, "", &found, &count, err))
        return false;
    struct container_file *files = arena_array(arena, struct container_file, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = stored_name(collecting, &found[i]);
        if (name)
            files[kept++] = (struct container_file){.name = name, .found = &found[i]};
    }
    qsort(files, kept, sizeof *files, by_name);
    *out = (struct container_files){.tree = collecting->tree, .files = files};
    for (size_t i = 0; i < kept; i++)
        if (out->count == 0 || strcmp(files[out->count - 1].name, files[i].name) != 0)
            files[out->count++] = files[i];
    return true;
}

bool container_files_collect(struct build *build, const struct container_query *query, struct container_files *out,
                             struct err *err) {
    struct collecting collecting = {.build = build, .query = query, .room = TREE_ROOM_INIT};
    collecting.tree = arena_printf(build->arena, "%s/%s", build->job->folder, query->tree);
    if (!artifact_paths_read(build, query->base_directory, query->files, &collecting.paths, err) ||
        !fetch_all(&collecting, err) || !pick(&collecting, out, err))
        return false;
    for (size_t i = 0; i < collecting.paths.count; i++)
        if (!collecting.paths.patterns[i].matched && !query->silent)
            build_say(build, "Skipping invalid file path %s", collecting.paths.patterns[i].written);
    return true;
}
