/*
 * What can hold a match is asked for: the folder that a pattern begins with, or the one file that it names. The tar
 * stream goes through a pipe into a thread that unpacks what is wanted of it, so that nothing lies on disk twice, what
 * nobody wants takes no room, and what is too large is refused at its header. What is wanted may lie behind a symlink,
 * or be a hard link to something that is not wanted: that is asked for by its name, afterwards.
 */
#include "runner/actions/container_files.h"

#include "common/str.h"
#include "runner/actions/artifact_paths.h"
#include "runner/archive/glob.h"
#include "runner/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOPS_MAX 8
#define LEFT_OUT_SAID 20 /* of many, the first */

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
    struct collecting *collecting;
    int from;
    const char *folder; /* of the container, "" for its root */
    const char *into;   /* the same in the tree */
    struct tree_filter filter;
    struct arena arena; /* the thread's: the build's is in use */
    const char **lacking;
    size_t lacking_count;
    size_t lacking_capacity;
    const char *left_out[LEFT_OUT_SAID];
    size_t left_out_count;
    bool succeeded;
    struct err err;
};

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

/* Of the container's file `full`, as a part of that text; NULL where no pattern takes it, or it is excluded. Marks the
 * patterns that do. */
static const char *stored_name(struct collecting *collecting, const char *full) {
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

/* ---- in the thread that unpacks ---- */

static bool is_wanted(void *context, const char *path) {
    struct unpacking *unpacking = context;
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    return stored_name(unpacking->collecting, arena_printf(&scratch, "%s/%s", unpacking->folder, path)) != NULL;
}

static void note_lacking(void *context, const char *path) {
    struct unpacking *unpacking = context;
    if (unpacking->lacking_count == unpacking->lacking_capacity)
        unpacking->lacking =
            arena_grow(&unpacking->arena, unpacking->lacking, sizeof *unpacking->lacking, &unpacking->lacking_capacity);
    unpacking->lacking[unpacking->lacking_count++] = arena_printf(&unpacking->arena, "%s/%s", unpacking->folder, path);
}

static void note_left_out(void *context, const char *path) {
    struct unpacking *unpacking = context;
    if (unpacking->left_out_count < LEFT_OUT_SAID)
        unpacking->left_out[unpacking->left_out_count] =
            arena_printf(&unpacking->arena, "%s/%s", unpacking->folder, path);
    unpacking->left_out_count++;
}

static void *unpack(void *context) {
    struct unpacking *unpacking = context;
    unpacking->succeeded = tree_unpack(unpacking->from, unpacking->into, &unpacking->filter,
                                       &unpacking->collecting->room, &unpacking->err);
    (void)close(unpacking->from);
    return NULL;
}

/* ---- out of the container ---- */

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

/* The engine has no answer of its own for a path that goes through a file. */
static bool is_missing(const struct err *err) {
    return err->kind == ERR_NOT_FOUND || err->kind == ERR_INVALID ||
           (err->kind == ERR_INTERNAL && str_ends_with(err->message, "not a directory"));
}

static void say_left_out(const struct unpacking *unpacking) {
    struct build *build = unpacking->collecting->build;
    const size_t count = unpacking->left_out_count;
    if (unpacking->collecting->query->silent)
        return;
    for (size_t i = 0; i < count && i < LEFT_OUT_SAID; i++)
        build_say(build, "Skipping %s: it is neither a file nor a folder nor a symbolic link", unpacking->left_out[i]);
    if (count > LEFT_OUT_SAID)
        build_say(build, "Skipping %zu more of that kind", count - LEFT_OUT_SAID);
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
    unpacking->filter.context = unpacking;
    struct filling filling = {.to = ends[1]};
    if (pthread_create(&thread, NULL, unpack, unpacking) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return err_set(err, ERR_INTERNAL, "unable to start a thread");
    }
    bool got = build_get(build, path, fill, &filling, &own);
    (void)close(ends[1]);
    pthread_join(thread, NULL);
    say_left_out(unpacking);
    if (!got && !filling.broken)
        return is_missing(&own) || err_set(err, own.kind, "%s", own.message);
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

/* How much of the container's path leads to the first symlink in it that is in the tree; 0 where none is. */
static size_t link_length(const char *tree, const char *path) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    struct stat status;
    for (size_t length = 1; path[0]; length++) {
        if (path[length] != '/' && path[length] != '\0')
            continue;
        if (lstat(arena_printf(&scratch, "%s%.*s", tree, (int)length, path), &status) == 0 && S_ISLNK(status.st_mode))
            return length;
        if (path[length] == '\0')
            break;
    }
    return 0;
}

static struct unpacking begin(struct collecting *collecting, const char *folder, bool everything) {
    return (struct unpacking){
        .collecting = collecting,
        .folder = folder,
        .into = arena_printf(collecting->build->arena, "%s%s", collecting->tree, folder),
        .filter = {.accepts = everything ? NULL : is_wanted, .lacks = note_lacking, .left_out = note_left_out},
        .arena = ARENA_INIT};
}

/* A folder of the tree may be a symlink that was copied before: it leads to somewhere on this machine. */
static bool fetch_file(struct collecting *collecting, const char *path, bool even_unwanted, struct err *err) {
    const char *folder = arena_strndup(collecting->build->arena, path, (size_t)(strrchr(path, '/') - path));
    if (link_length(collecting->tree, folder) > 0)
        return true;
    struct unpacking unpacking = begin(collecting, folder, even_unwanted);
    unpacking.filter.files_only = true;
    bool good = copy(collecting, path, &unpacking, err);
    arena_release(&unpacking.arena);
    return good;
}

static bool fetch_folder(struct collecting *collecting, const char *path, struct err *err) {
    struct arena *arena = collecting->build->arena;
    if (has_fetched(collecting, path) || link_length(collecting->tree, path) > 0)
        return true;
    struct unpacking unpacking = begin(collecting, path, false);
    bool good = copy(collecting, arena_printf(arena, "%s/.", path), &unpacking, err);
    for (size_t i = 0; i < unpacking.lacking_count && good; i++)
        good = fetch_file(collecting, unpacking.lacking[i], true, err);
    arena_release(&unpacking.arena);
    if (!good)
        return false;
    if (collecting->fetched_count == collecting->fetched_capacity)
        collecting->fetched =
            arena_grow(arena, collecting->fetched, sizeof *collecting->fetched, &collecting->fetched_capacity);
    collecting->fetched[collecting->fetched_count++] = path;
    return true;
}

/* Where the path leads by the symlinks that are in the tree; NULL where that is nowhere. */
static const char *resolve(const struct collecting *collecting, struct arena *arena, const char *path) {
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        size_t length = link_length(collecting->tree, path);
        if (length == 0)
            return path;
        char target[4096];
        const char *link = arena_strndup(arena, path, length);
        ssize_t size = readlink(arena_printf(arena, "%s%s", collecting->tree, link), target, sizeof target - 1);
        if (size <= 0)
            return NULL;
        target[size] = '\0';
        int above = target[0] == '/' ? 0 : (int)(strrchr(link, '/') - link);
        if (!artifact_clean_path(arena, arena_printf(arena, "%.*s/%s%s", above, link, target, path + length), &path))
            return NULL;
    }
    return NULL;
}

/* What a symlink leads to is fetched, too. */
static bool fetch_behind(struct collecting *collecting, const char *path, struct err *err) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    struct stat status;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        const char *next = resolve(collecting, &scratch, path);
        if (!next || str_equal(next, path) || str_equal(next, "/") ||
            lstat(arena_printf(&scratch, "%s%s", collecting->tree, next), &status) == 0 || errno == ENOTDIR)
            return true;
        if (!fetch_file(collecting, next, true, err))
            return false;
        path = next;
    }
    return true;
}

/* The folders that were fetched are whole for those who follow the symlinks that are wanted. */
static bool fetch_behind_wanted(struct collecting *collecting, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct tree_file *found;
    size_t count;
    if (!tree_list(&arena, collecting->tree, "", &found, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
        const char *path = arena_printf(&scratch, "/%s", found[i].path);
        if (!found[i].target || !stored_name(collecting, path))
            continue;
        const char *behind = resolve(collecting, &scratch, path);
        if (behind && has_fetched(collecting, behind) && !fetch_behind(collecting, path, err))
            return false;
    }
    return true;
}

static bool fetch_all(struct collecting *collecting, struct err *err) {
    for (size_t i = 0; i < collecting->paths.count; i++) {
        const char *pattern = collecting->paths.patterns[i].full;
        if (glob_is_pattern(pattern)) {
            size_t length = glob_fixed_length(pattern);
            if (!fetch_folder(collecting, arena_strndup(collecting->build->arena, pattern, length), err))
                return false;
        } else if ((!has_fetched(collecting, pattern) && !fetch_file(collecting, pattern, false, err)) ||
                   !fetch_behind(collecting, pattern, err)) {
            return false;
        }
    }
    return collecting->query->keep_symlinks || fetch_behind_wanted(collecting, err);
}

/* ---- out of the tree ---- */

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
        const char *name = stored_name(collecting, arena_printf(arena, "/%s", found[i].path));
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

static struct tree_room room_for(const struct build *build, const struct container_query *query) {
    struct tree_room room = build->room;
    if (query->most_bytes > 0 && query->most_bytes < room.bytes)
        room.bytes = room.most_bytes = query->most_bytes;
    return room;
}

bool container_files_collect(struct build *build, const struct container_query *query, struct container_files *out,
                             struct err *err) {
    const struct tree_room room = room_for(build, query);
    struct collecting collecting = {.build = build, .query = query, .room = room};
    collecting.tree = arena_printf(build->arena, "%s/%s", build->job->folder, query->tree);
    if (!artifact_paths_read(build, query->base_directory, query->files, &collecting.paths, err) ||
        !fetch_all(&collecting, err) || !pick(&collecting, out, err)) {
        folder_remove(collecting.tree);
        return false;
    }
    out->taken = (struct tree_room){.bytes = room.bytes - collecting.room.bytes,
                                    .entries = room.entries - collecting.room.entries};
    build->room.bytes -= out->taken.bytes;
    build->room.entries -= out->taken.entries;
    for (size_t i = 0; i < collecting.paths.count; i++)
        if (!collecting.paths.patterns[i].matched && !query->silent)
            build_say(build, "Skipping invalid file path %s", collecting.paths.patterns[i].written);
    return true;
}

void container_files_release(struct build *build, struct container_files *files) {
    if (!files->tree)
        return;
    folder_remove(files->tree);
    build->room.bytes += files->taken.bytes;
    build->room.entries += files->taken.entries;
    *files = (struct container_files){0};
}
