/*
 * Zip files: written as CodePipeline's artifacts are (no folder around the contents, exec bits and symlinks kept), and
 * one file read out of them. One of three files that know libarchive.
 */
#ifndef RUNNER_ARCHIVE_ZIP_H
#define RUNNER_ARCHIVE_ZIP_H

#include "common/arena.h"
#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

struct zip_writer;

struct zip_entry {
    const char *name;   /* ends in "/" for a folder, which has neither target nor contents */
    unsigned mode;      /* permission bits */
    int64_t modified;   /* seconds since 1970 */
    const char *target; /* a symlink's; else NULL */
    const void *bytes;  /* contents, or */
    int descriptor;     /* a file to read them from, where bytes is NULL and there is no target */
    int64_t size;
};

/* A new file at `path`. Errors: ERR_INTERNAL (disk). */
bool zip_writer_open(const char *path, struct zip_writer **out, struct err *err);

/* Before the first entry: contents are stored as they are, for a zip that does not leave this machine. */
void zip_writer_store(struct zip_writer *writer);

/* Asked before each entry and at each piece of a file: true gives up (ERR_UNAVAILABLE "interrupted"). */
void zip_writer_watch(struct zip_writer *writer, bool (*interrupted)(void *context), void *context);

bool zip_writer_add(struct zip_writer *writer, const struct zip_entry *entry, struct err *err);

/* Finishes the file. Frees the writer in any case. */
bool zip_writer_close(struct zip_writer *writer, struct err *err);

/* Frees without finishing: the file is worthless. Accepts NULL. */
void zip_writer_abandon(struct zip_writer *writer);

/* Reads the list of what a zip holds, without unpacking it. Errors: ERR_INVALID (no zip, a name that climbs out),
 * ERR_LIMIT (names.h's limits, by the sizes that it states: one that states less than it holds is broken). */
bool zip_check(const char *path, struct err *err);

/* The contents of one file, terminated. Errors: ERR_NOT_FOUND, ERR_LIMIT (more than `ceiling`), ERR_INVALID (no zip).
 */
bool zip_read(struct arena *arena, const char *path, const char *name, size_t ceiling, const char **bytes, size_t *size,
              struct err *err);

/* The names of all files and links, in the zip's order. Errors: ERR_INVALID (no zip). */
bool zip_list(struct arena *arena, const char *path, const char *const **names, size_t *count, struct err *err);

#endif
