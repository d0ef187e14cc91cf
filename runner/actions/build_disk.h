/*
 * How much a build's container writes, watched where the engine's storage cannot limit it: looked at every few seconds,
 * more rarely where looking takes long, since the engine walks through all files. A container that has written more
 * than its limit is killed, and so is one that has written much while the engine's disk is nearly full.
 */
#ifndef RUNNER_ACTIONS_BUILD_DISK_H
#define RUNNER_ACTIONS_BUILD_DISK_H

#include "runner/docker/engine.h"

struct disk_watch;

struct disk_limits {
    int64_t container_bytes;
    bool by_operator; /* --build-disk, not the computeType; for the sentence */
};

/* Starts a thread. The id is copied. */
struct disk_watch *disk_watch_new(const struct engine *engine, const char *container_id,
                                  const struct disk_limits *limits);

/* Why the container was killed, as a clause ("it has written …"), or NULL. */
const char *disk_watch_reason(struct disk_watch *watch, struct arena *arena);

void disk_watch_free(struct disk_watch *watch); /* accepts NULL */

#endif
