/*
 * Networks and volumes that belong to a runner, or to a job of it, by the labels that its containers carry
 * (LABEL_RUNNER, LABEL_JOB).
 */
#ifndef RUNNER_DOCKER_NETWORKS_H
#define RUNNER_DOCKER_NETWORKS_H

#include "runner/docker/engine.h"

struct network_spec {
    const char *name;
    const char *bridge; /* the name of its interface on the engine's machine */
    const char *subnet; /* "198.18.0.0/29" */
    const char *runner_id;
};

/* Errors: ERR_CONFLICT: the subnet is taken; those of docker_send. */
bool network_create(struct docker *docker, struct arena *arena, const struct network_spec *spec, const char **id,
                    struct err *err);

/* Succeeds where it is gone already. */
bool network_remove(struct docker *docker, struct arena *arena, const char *id, struct err *err);

bool volume_create(struct docker *docker, struct arena *arena, const char *name, const char *runner_id,
                   const char *job_id, struct err *err);
bool volume_remove(struct docker *docker, struct arena *arena, const char *name, struct err *err);

/* What became of the leftovers. */
struct removals {
    int removed;
    int kept; /* somebody else uses them; a warning names each */
};

/* What an earlier process of the runner left; its containers must be gone. Adds to *counts. One that cannot be removed
 * stays and is no error: a new process uses others. */
bool networks_remove_all(struct docker *docker, struct arena *arena, const char *runner_id, struct removals *counts,
                         struct err *err);

/* The same; `label`: LABEL_RUNNER, or LABEL_JOB for what an earlier try of one job left. */
bool volumes_remove_all(struct docker *docker, struct arena *arena, const char *label, const char *value,
                        struct removals *counts, struct err *err);

#endif
