/*
 * Networks and volumes that belong to a runner, by the label that its containers carry (LABEL_RUNNER).
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
                   struct err *err);
bool volume_remove(struct docker *docker, struct arena *arena, const char *name, struct err *err);

/* What an earlier process of the runner left; its containers must be gone. *count: how many were removed. */
bool networks_remove_all(struct docker *docker, struct arena *arena, const char *runner_id, int *count,
                         struct err *err);
bool volumes_remove_all(struct docker *docker, struct arena *arena, const char *runner_id, int *count, struct err *err);

#endif
