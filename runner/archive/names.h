/*
 * Names inside archives that others made: which may be used, and in what form.
 */
#ifndef RUNNER_ARCHIVE_NAMES_H
#define RUNNER_ARCHIVE_NAMES_H

#include "common/arena.h"
#include "common/err.h"

/* What an archive may hold at most: CodePipeline's limits and some. */
#define ARCHIVE_ENTRIES_MAX 200000
#define ARCHIVE_BYTES_MAX (INT64_C(8) * 1024 * 1024 * 1024)

/* The name without "./", doubled and trailing slashes; "" for the root itself. Errors: ERR_INVALID where it is absolute
 * or climbs out ("..", anywhere). */
bool archive_name(struct arena *arena, const char *name, const char **out, struct err *err);

/* Whether a link at `name` (one of archive_name()) with that target stays below the root, going by the names alone: a
 * link to another link is judged there. */
bool archive_link_stays(const char *name, const char *target);

#endif
