/*
 * Which paths CloudFront is to ask for anew. Pure.
 */
#ifndef RUNNER_ACTIONS_INVALIDATION_PATHS_H
#define RUNNER_ACTIONS_INVALIDATION_PATHS_H

#include "common/arena.h"
#include "common/err.h"

#include <stddef.h>

#define INVALIDATION_PATHS_MAX 3000

/* A JSON list, or paths with spaces or commas between them; NULL or "": all, as one path. Errors: ERR_INVALID: one that
 * does not begin with '/', or has '*' elsewhere than at its end. */
bool invalidation_paths_read(struct arena *arena, const char *text, const char *const **out, size_t *count,
                             struct err *err);

#endif
