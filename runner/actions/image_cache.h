/*
 * What image builds leave on the engine so that the next one is faster: the images themselves, under a name and a label
 * of ours, and BuildKit's own cache. Both are held below a size.
 */
#ifndef RUNNER_ACTIONS_IMAGE_CACHE_H
#define RUNNER_ACTIONS_IMAGE_CACHE_H

#include "runner/docker/engine.h"

/* Removes what was used longest ago until `ceiling_bytes` hold the rest; of the images only those with our label, and
 * none that got its name in the last hour; the one named `keep` stays too. Whatever cannot be removed (it is in use)
 * stays and is no error. */
bool image_cache_prune(struct docker *docker, int64_t ceiling_bytes, const char *keep, struct err *err);

#endif
