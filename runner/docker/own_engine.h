/*
 * A Docker engine of a build's own, for privilegedMode: a privileged container in the build's network, whose socket
 * only the build's container sees, by a volume that the two share. Its images and containers lie in an anonymous volume
 * that goes with it.
 */
#ifndef RUNNER_DOCKER_OWN_ENGINE_H
#define RUNNER_DOCKER_OWN_ENGINE_H

#include "runner/docker/engine.h"

#define OWN_ENGINE_FOLDER "/run/penstock-docker" /* where the shared volume is in both */
#define OWN_ENGINE_HOST "unix://" OWN_ENGINE_FOLDER "/docker.sock"

struct own_engine_spec {
    const char *image; /* must be on the engine */
    const char *runner_id;
    const char *job_id;
    const char *network;
    int64_t nano_cpus;
    int64_t memory_bytes;
    int64_t pids;
};

struct own_engine {
    const char *container_id; /* or NULL */
    const char *volume;       /* or NULL */
};

/* Returns when it answers. On failure *out holds what is to be removed. Errors: ERR_UNAVAILABLE: it does not answer;
 * those of docker_send. */
bool own_engine_start(struct docker *docker, struct arena *arena, const struct own_engine_spec *spec,
                      struct own_engine *out, struct err *err);

/* The build's container must be gone. */
bool own_engine_remove(struct docker *docker, struct arena *arena, const struct own_engine *own, struct err *err);

#endif
