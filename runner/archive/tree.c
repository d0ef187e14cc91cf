/*
 * Unpacking through libarchive, walking without following.
 */
#include "runner/archive/tree.h"

#include "common/str.h"
#include "runner/folder.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define DEPTH_MAX 256

static void free_reader(struct archive **archive) {
    (void)archive_read_free(*archive);
}

static void free_writer(struct archive **archive) {
    (void)archive_write_free(*archive);
}

struct unpacking {
    struct archive *from;
    struct archive *to;
    const char *folder;
    const struct tree_filter *filter;
    struct tree_room *room;
};

static bool refuse_size(const struct unpacking *unpacking, const char *name, struct err *err) {
    return err_set_code(
        err, ERR_LIMIT, "CLIENT_ERROR",
        "'%.300s' is one file too many: what is copied out of the container may hold %lld bytes in all; "
        "name fewer files, or exclude it",
        name, (long long)unpacking->room->most_bytes);
}

static bool copy_contents(struct unpacking *unpacking, const char *name, struct err *err) {
    const void *block;
    size_t size;
    la_int64_t offset;
    for (;;) {
        int result = archive_read_data_block(unpacking->from, &block, &size, &offset);
        if (result == ARCHIVE_EOF)
            return true;
        if (result < ARCHIVE_WARN)
            return err_set(err, ERR_UNAVAILABLE, "what came out of the container was cut off: %s",
                           archive_error_string(unpacking->from));
        unpacking->room->bytes -= (int64_t)size;
        if (unpacking->room->bytes < 0)
            return refuse_size(unpacking, name, err);
        if (archive_write_data_block(unpacking->to, block, size, offset) < ARCHIVE_WARN)
            return err_set(err, ERR_INTERNAL, "unable to write '%.300s' to this machine's disk: %s", name,
                           archive_error_string(unpacking->to));
    }
}

static bool is_taken(const struct unpacking *unpacking, unsigned kind, const char *name) {
    const struct tree_filter *filter = unpacking->filter;
    if (!filter->accepts || kind == AE_IFLNK)
        return true;
    return kind != AE_IFDIR && filter->accepts(filter->context, name);
}

/* Pipes, devices and sockets. */
static bool leave_out(const struct unpacking *unpacking, unsigned kind, const char *name) {
    if (kind == AE_IFREG || kind == AE_IFDIR || kind == AE_IFLNK)
        return false;
    if (unpacking->filter->left_out)
        unpacking->filter->left_out(unpacking->filter->context, name);
    return true;
}

/* Before anything is written: a sparse file of a terabyte says its size in its header. */
static bool charge(const struct unpacking *unpacking, const char *name, int64_t size, struct err *err) {
    if (--unpacking->room->entries < 0)
        return err_set_code(err, ERR_LIMIT, "CLIENT_ERROR",
                            "more than %d files would be copied out of the container; name fewer", ARCHIVE_ENTRIES_MAX);
    return size <= unpacking->room->bytes || refuse_size(unpacking, name, err);
}

/* Whether what a hard link names was refused; then somebody is told. */
static bool is_lacking(const struct unpacking *unpacking, const char *name, const char *linked_path) {
    struct stat status;
    if (!unpacking->filter->accepts || lstat(linked_path, &status) == 0)
        return false;
    unpacking->filter->lacks(unpacking->filter->context, name);
    return true;
}

static bool unpack_entry(struct unpacking *unpacking, struct archive_entry *entry, struct err *err) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    const char *link = archive_entry_hardlink(entry);
    unsigned kind = link ? AE_IFREG : archive_entry_filetype(entry);
    const char *name;
    const char *linked = NULL;
    if (!archive_name(&scratch, archive_entry_pathname(entry), &name, err) ||
        (link && !archive_name(&scratch, link, &linked, err)))
        return false;
    if (!*name || !is_taken(unpacking, kind, name) || leave_out(unpacking, kind, name))
        return true;
    if (linked) {
        linked = arena_printf(&scratch, "%s/%s", unpacking->folder, linked);
        if (is_lacking(unpacking, name, linked))
            return true;
        archive_entry_copy_hardlink(entry, linked);
    }
    if (!charge(unpacking, name, !link && kind == AE_IFREG ? archive_entry_size(entry) : 0, err))
        return false;
    archive_entry_copy_pathname(entry, arena_printf(&scratch, "%s/%s", unpacking->folder, name));
    archive_entry_set_perm(entry, (archive_entry_perm(entry) & 0777) | (kind == AE_IFDIR ? 0700 : 0600));
    if (archive_write_header(unpacking->to, entry) < ARCHIVE_WARN)
        return err_set(err, ERR_INVALID, "unable to unpack '%.300s': %s", name, archive_error_string(unpacking->to));
    return link || kind != AE_IFREG || copy_contents(unpacking, name, err);
}

bool tree_unpack(int tar, const char *folder, const struct tree_filter *filter, struct tree_room *room,
                 struct err *err) {
    struct archive *from CLEANUP(free_reader) = archive_read_new();
    struct archive *to CLEANUP(free_writer) = archive_write_disk_new();
    struct unpacking unpacking = {.from = from, .to = to, .folder = folder, .filter = filter, .room = room};
    struct archive_entry *entry;
    if (!folder_ensure(folder, err))
        return false;
    (void)archive_read_support_format_tar(from);
    (void)archive_write_disk_set_options(to, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_UNLINK |
                                                 ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT);
    if (archive_read_open_fd(from, tar, PIECE_BYTES) != ARCHIVE_OK)
        return err_set(err, ERR_UNAVAILABLE, "what came out of the container is no archive: %s",
                       archive_error_string(from));
    int result;
    bool first = true;
    while ((result = archive_read_next_header(from, &entry)) >= ARCHIVE_WARN && result != ARCHIVE_EOF) {
        if (first && filter->files_only && archive_entry_filetype(entry) == AE_IFDIR)
            return true;
        first = false;
        if (!unpack_entry(&unpacking, entry, err))
            return false;
    }
    return result == ARCHIVE_EOF || err_set(err, ERR_UNAVAILABLE, "what came out of the container is no archive: %s",
                                            archive_error_string(from));
}

bool tree_first_file(struct arena *arena, const void *tar, size_t tar_size, const char **bytes, size_t *size,
                     struct err *err) {
    struct archive *from CLEANUP(free_reader) = archive_read_new();
    struct archive_entry *entry;
    (void)archive_read_support_format_tar(from);
    if (archive_read_open_memory(from, tar, tar_size) != ARCHIVE_OK ||
        archive_read_next_header(from, &entry) < ARCHIVE_WARN || archive_entry_filetype(entry) != AE_IFREG)
        return err_set(err, ERR_NOT_FOUND, "no file there");
    int64_t length = archive_entry_size(entry);
    if (length < 0 || (size_t)length > tar_size)
        return err_set(err, ERR_INVALID, "a broken archive");
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (archive_read_data(from, text, (size_t)length) != length)
        return err_set(err, ERR_INVALID, "a broken archive");
    *bytes = text;
    *size = (size_t)length;
    return true;
}

struct listing {
    struct arena *arena;
    const char *root;
    struct tree_file *files;
    size_t count;
    size_t capacity;
};

static bool list_folder(struct listing *listing, const char *folder, int depth, struct err *err);

static bool list_one(struct listing *listing, const char *folder, const char *name, int depth, struct err *err) {
    const char *path = *folder ? arena_printf(listing->arena, "%s/%s", folder, name) : name;
    const char *full = arena_printf(listing->arena, "%s/%s", listing->root, path);
    struct stat status;
    if (lstat(full, &status) != 0)
        return err_set_errno(err, errno, "unable to look at '%s'", path);
    if (S_ISDIR(status.st_mode))
        return list_folder(listing, path, depth + 1, err);
    char target[PATH_MAX];
    ssize_t length = S_ISLNK(status.st_mode) ? readlink(full, target, sizeof target - 1) : -1;
    if (!S_ISREG(status.st_mode) && length <= 0)
        return true;
    if (listing->count == listing->capacity)
        listing->files = arena_grow(listing->arena, listing->files, sizeof *listing->files, &listing->capacity);
    listing->files[listing->count++] =
        (struct tree_file){.path = arena_strdup(listing->arena, path),
                           .target = length > 0 ? arena_strndup(listing->arena, target, (size_t)length) : NULL,
                           .mode = status.st_mode & 0777,
                           .size = status.st_size,
                           .modified = status.st_mtime};
    return true;
}

static bool list_folder(struct listing *listing, const char *folder, int depth, struct err *err) {
    if (depth > DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "the artifacts' folders are nested deeper than %d", DEPTH_MAX);
    struct dirent **entries = NULL;
    int count = scandir(arena_printf(listing->arena, "%s/%s", listing->root, folder), &entries, NULL, NULL);
    if (count < 0)
        return errno == ENOENT || errno == ENOTDIR || err_set_errno(err, errno, "unable to look into '%s'", folder);
    bool good = true;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (good && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            good = list_one(listing, folder, arena_strdup(listing->arena, name), depth, err);
        free(entries[i]);
    }
    free(entries);
    return good;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

bool tree_list(struct arena *arena, const char *root, const char *folder, const struct tree_file **out, size_t *count,
               struct err *err) {
    struct listing listing = {.arena = arena, .root = root};
    if (!list_folder(&listing, folder, 0, err))
        return false;
    if (listing.count > 0)
        qsort(listing.files, listing.count, sizeof *listing.files, by_path);
    *out = listing.files;
    *count = listing.count;
    return true;
}

/* Where a symlink at `path` leads, below the root; an absolute target begins at the root. */
static const char *follow(struct arena *arena, const char *root, const char *path, const char *target) {
    if (target[0] == '/')
        return arena_printf(arena, "%s%s", root, target);
    const char *slash = strrchr(path, '/');
    return arena_printf(arena, "%s/%.*s/%s", root, slash ? (int)(slash - path) : 0, path, target);
}

bool tree_open(const char *root, const struct tree_file *file, int *descriptor, struct tree_file *found,
               struct err *err) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    const char *path = arena_printf(&scratch, "%s/%s", root, file->path);
    if (file->target)
        path = follow(&scratch, root, file->path, file->target);
    char real[PATH_MAX];
    char real_root[PATH_MAX];
    size_t length;
    if (!realpath(path, real) || !realpath(root, real_root))
        return err_set(err, ERR_NOT_FOUND, "no file behind '%s'", file->path);
    length = strlen(real_root);
    if (strncmp(real, real_root, length) != 0 || real[length] != '/')
        return err_set(err, ERR_NOT_FOUND, "'%s' leads out of the artifact", file->path);
    int opened = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (opened < 0 || fstat(opened, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (opened >= 0)
            (void)close(opened);
        return err_set(err, ERR_NOT_FOUND, "no file behind '%s'", file->path);
    }
    *descriptor = opened;
    *found = (struct tree_file){
        .path = file->path, .mode = status.st_mode & 0777, .size = status.st_size, .modified = status.st_mtime};
    return true;
}
