/*
 * A copy on this machine of a part of a container's file system: folders as in the container below one root. What a
 * build left is foreign, so unpacking follows no symlink, keeps no set-user-id, makes no device, and has limits; and
 * nothing outside the root is ever read for an artifact.
 */
#ifndef RUNNER_ARCHIVE_TREE_H
#define RUNNER_ARCHIVE_TREE_H

#include "common/arena.h"
#include "common/err.h"
#include "runner/archive/names.h"

#include <stddef.h>
#include <stdint.h>

/* What may still be unpacked, counted down. */
struct tree_room {
    int64_t bytes;
    int entries;
    int64_t most_bytes; /* at first: for the sentence that says there is no more */
};
#define TREE_ROOM_INIT                                                                                                 \
    { .bytes = ARCHIVE_BYTES_MAX, .entries = ARCHIVE_ENTRIES_MAX, .most_bytes = ARCHIVE_BYTES_MAX }

/* What is taken of a tar stream. Paths are those in the stream, as archive_name() gives them. */
struct tree_filter {
    bool files_only; /* nothing, where the first entry is a folder */
    /* NULL: everything. Else the files for which it returns true, with the folders above them; what it refuses takes no
     * room and is not written. Symlinks are taken in any case: what is taken may lie behind them. */
    bool (*accepts)(void *context, const char *path);
    /* A file that was accepted, but came as a hard link to one that was not: it is missing in the tree. */
    void (*lacks)(void *context, const char *path);
    /* What was accepted, but is neither file nor folder nor symlink: it is not made. Or NULL. */
    void (*left_out)(void *context, const char *path);
    void *context;
};

/* Unpacks the tar stream below `folder` (absolute, free of symlinks, made if missing). Errors: ERR_LIMIT: more than
 * there is room for; what an entry's header says of its size counts, so that nothing of it is written. */
bool tree_unpack(int tar, const char *folder, const struct tree_filter *filter, struct tree_room *room,
                 struct err *err);

/* The contents of the first file of a tar in memory. Errors: ERR_NOT_FOUND, ERR_INVALID. */
bool tree_first_file(struct arena *arena, const void *tar, size_t tar_size, const char **bytes, size_t *size,
                     struct err *err);

struct tree_file {
    const char *path;   /* below the root, without a slash in front */
    const char *target; /* a symlink's, else NULL */
    unsigned mode;
    int64_t size;
    int64_t modified; /* seconds */
};

/* All files and symlinks below root/folder, sorted by path; nothing where there is no such folder. */
bool tree_list(struct arena *arena, const char *root, const char *folder, const struct tree_file **out, size_t *count,
               struct err *err);

/* Opens a regular file of the tree; a symlink is followed as the container would, as long as it stays below the root.
 * Errors: ERR_NOT_FOUND: no file, or one outside. */
bool tree_open(const char *root, const struct tree_file *file, int *descriptor, struct tree_file *found,
               struct err *err);

#endif
