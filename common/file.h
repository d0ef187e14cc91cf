/* Files that are there whole or not at all, also after the power was gone. */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Puts the file in the place of the one at `path`, by way of "PATH.new": when this returns true it is on disk, and
 * whoever opened or reads it before has the one that was there. Errors: errno's kinds; then the old one is there. */
bool file_put(const char *path, const void *bytes, size_t size, mode_t mode, struct err *err);

/* The names in that folder are on disk when this returns true: what was made or renamed there stays. */
bool file_sync_folder(const char *path, struct err *err);

/* The whole file, terminated. Errors: ERR_LIMIT (more than `ceiling` bytes), errno's kinds. */
bool file_get(struct arena *arena, const char *path, size_t ceiling, const char **bytes, size_t *size, struct err *err);

#endif
