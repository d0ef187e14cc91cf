/*
 * Caches on disk and in S3.
 */
#include "runner/actions/cache_store.h"

#include "common/hash.h"
#include "common/http_client.h"
#include "common/str.h"
#include "runner/archive/tree.h"
#include "runner/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOUND_MAX 10000
#define PART_MAX 220       /* a file name has 255 bytes: there is more before it and behind it */
#define PART_BEGINNING 150 /* the hash has 64 */

static void close_descriptor(const int *descriptor) {
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static const char *path_of(struct arena *arena, const struct cache_store *store, const char *name) {
    return arena_printf(arena, "%s/%s", store->folder, name);
}

static const char *key_of(struct arena *arena, const struct cache_store *store, const char *name) {
    return arena_printf(arena, "%s%s", store->prefix, name);
}

static bool copy_contents(int from, int to, struct err *err) {
    for (;;) {
        ssize_t copied = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
        if (copied == 0)
            return true;
        if (copied < 0 && errno != EINTR)
            return err_set_errno(err, errno, "unable to copy a cache");
    }
}

const char *cache_store_part(struct arena *arena, const char *text) {
    const char *encoded = http_encode(arena, text, false);
    char hex[SHA256_HEX_SIZE];
    if (strlen(encoded) <= PART_MAX)
        return encoded;
    hash_sha256_hex(text, strlen(text), hex);
    return arena_printf(arena, "%.*s~%s", PART_BEGINNING, encoded, hex);
}

/* A link, so that the folder may forget it meanwhile; a copy where the work folder is on another disk. */
static bool get_file(const struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     struct err *err) {
    const char *from = path_of(arena, store, name);
    (void)unlink(
        path); /* an earlier try may have left the very same file there: writing over it would empty the cache */
    (void)utimensat(AT_FDCWD, from, NULL, 0); /* used just now */
    if (link(from, path) == 0)
        return true;
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "no cache '%s'", name);
    int source CLEANUP(close_descriptor) = open(from, O_RDONLY | O_CLOEXEC);
    int target CLEANUP(close_descriptor) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (source < 0 || target < 0)
        return err_set_errno(err, errno, "unable to copy the cache '%s'", name);
    return copy_contents(source, target, err);
}

bool cache_store_get(struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     struct err *err) {
    if (store->folder)
        return get_file(store, arena, name, path, err);
    return s3_download_limited(&store->s3, arena, store->bucket, key_of(arena, store, name), NULL, ARCHIVE_BYTES_MAX,
                               path, err);
}

static bool find_file(const struct cache_store *store, struct arena *arena, const char *beginning, const char **name,
                      struct err *err) {
    const struct tree_file *files;
    size_t count;
    const struct tree_file *newest = NULL;
    const char *slash = strrchr(beginning, '/');
    const char *folder = slash ? arena_strndup(arena, beginning, (size_t)(slash - beginning)) : "";
    if (!tree_list(arena, store->folder, folder, &files, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_starts_with(files[i].path, beginning) && str_ends_with(files[i].path, ".zip") &&
            (!newest || files[i].modified >= newest->modified))
            newest = &files[i];
    if (!newest)
        return err_set(err, ERR_NOT_FOUND, "no cache begins with '%s'", beginning);
    *name = newest->path;
    return true;
}

bool cache_store_find(struct cache_store *store, struct arena *arena, const char *beginning, const char **name,
                      struct err *err) {
    if (store->folder)
        return find_file(store, arena, beginning, name, err);
    const struct s3_object *objects;
    size_t count;
    const struct s3_object *newest = NULL;
    if (!s3_list(&store->s3, arena, store->bucket, key_of(arena, store, beginning), FOUND_MAX, &objects, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (str_ends_with(objects[i].key, ".zip") && (!newest || strcmp(objects[i].modified, newest->modified) >= 0))
            newest = &objects[i];
    if (!newest)
        return err_set(err, ERR_NOT_FOUND, "no cache begins with '%s'", beginning);
    *name = newest->key + strlen(store->prefix);
    return true;
}

bool cache_store_has(struct cache_store *store, struct arena *arena, const char *name) {
    struct s3_object object;
    if (store->folder)
        return access(path_of(arena, store, name), F_OK) == 0;
    return s3_head(&store->s3, arena, store->bucket, key_of(arena, store, name), NULL, &object, NULL);
}

static int by_age(const void *a, const void *b) {
    const struct tree_file *one = a;
    const struct tree_file *other = b;
    return one->modified < other->modified ? -1 : one->modified > other->modified;
}

/* Takes away what was not used for longest, until there is room for `wanted` bytes; and what a crash left half written,
 * for it is written with the lock held. */
static bool make_room(const struct cache_store *store, struct arena *arena, int64_t wanted, struct err *err) {
    const struct tree_file *found;
    size_t count;
    int64_t total = wanted;
    if (!tree_list(arena, store->folder, "", &found, &count, err))
        return false;
    struct tree_file *files = arena_array(arena, struct tree_file, count + 1);
    if (count > 0)
        memcpy(files, found, count * sizeof *files);
    qsort(files, count, sizeof *files, by_age);
    for (size_t i = 0; i < count; i++) {
        if (str_ends_with(files[i].path, ".new"))
            (void)unlink(path_of(arena, store, files[i].path));
        else
            total += files[i].size;
    }
    for (size_t i = 0; i < count && total > store->most_bytes; i++) {
        if (!str_ends_with(files[i].path, ".zip"))
            continue;
        (void)unlink(path_of(arena, store, files[i].path));
        total -= files[i].size;
    }
    return true;
}

static bool put_file(const struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     struct err *err) {
    const char *to = path_of(arena, store, name);
    const char *slash = strrchr(to, '/');
    struct stat status;
    if (!folder_ensure(arena_strndup(arena, to, (size_t)(slash - to)), err))
        return false;
    int lock CLEANUP(close_descriptor) = open(path_of(arena, store, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0 || stat(path, &status) != 0)
        return err_set_errno(err, errno, "unable to keep a cache in '%s'", store->folder);
    if (status.st_size > store->most_bytes)
        return err_set(err, ERR_LIMIT, "it has %lld bytes, and the runner keeps %lld at most; see --build-cache",
                       (long long)status.st_size, (long long)store->most_bytes);
    if (!make_room(store, arena, status.st_size, err))
        return false;
    if (rename(path, to) == 0)
        return true;
    /* Another disk: beside its place first, so that nobody sees half of it. */
    const char *beside = arena_printf(arena, "%s.%d.new", to, (int)getpid());
    int source CLEANUP(close_descriptor) = open(path, O_RDONLY | O_CLOEXEC);
    int target CLEANUP(close_descriptor) = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (source < 0 || target < 0 || !copy_contents(source, target, err) || rename(beside, to) != 0) {
        (void)unlink(beside);
        return err_set_errno(err, errno, "unable to keep the cache '%s'", name);
    }
    return true;
}

bool cache_store_put(struct cache_store *store, struct arena *arena, const char *name, const char *path,
                     const char *build_arn, struct err *err) {
    const struct s3_object_settings settings = {.content_type = "application/zip", .build_arn = build_arn};
    if (store->folder)
        return put_file(store, arena, name, path, err);
    return s3_upload(&store->s3, arena, store->bucket, key_of(arena, store, name), path, &settings, err);
}
