/*
 * Containers: made from a struct of named fields, never from an argument string. Nothing of the host is mounted into
 * them, but the Docker socket where a build asked for privilegedMode.
 */
#ifndef RUNNER_DOCKER_CONTAINERS_H
#define RUNNER_DOCKER_CONTAINERS_H

#include "runner/docker/engine.h"

#define LABEL_RUNNER "penstock.runner" /* the id of the runner that made the container */
#define LABEL_JOB "penstock.job"

struct container_spec {
    const char *image;
    const char *const *command;     /* NULL at the end; the image's entrypoint is not used */
    const char *const *environment; /* "NAME=value", NULL at the end */
    const char *runner_id;
    const char *job_id;
    const char *network; /* "bridge" */
    int64_t nano_cpus;   /* 0: no limit */
    int64_t memory_bytes;
    int64_t pids;
    const char *docker_socket; /* the engine's socket on the host, to be /var/run/docker.sock inside; or NULL */
};

/* Errors: ERR_NOT_FOUND (no such image here), those of docker_send. */
bool container_create(struct docker *docker, struct arena *arena, const struct container_spec *spec, const char **id,
                      struct err *err);
bool container_start(struct docker *docker, struct arena *arena, const char *id, struct err *err);

/* Succeeds where it is dead or gone already. */
bool container_kill(struct docker *docker, struct arena *arena, const char *id, struct err *err);
bool container_remove(struct docker *docker, struct arena *arena, const char *id, struct err *err);

/* Whether its first process lives; a container that is gone does not. */
bool container_runs(struct docker *docker, struct arena *arena, const char *id, bool *out, struct err *err);

/* The ids of all containers with that label, running or not. */
bool containers_with_label(struct docker *docker, struct arena *arena, const char *label, const char *value,
                           const char *const **ids, size_t *count, struct err *err);

/* Unpacks a tar stream at "/". */
bool container_put(struct docker *docker, struct arena *arena, const char *id,
                   ptrdiff_t (*read_tar)(void *context, void *buffer, size_t room), void *context, struct err *err);

/* The file or folder at `path` as a tar stream. Errors: ERR_NOT_FOUND. */
bool container_get(struct docker *docker, struct arena *arena, const char *id, const char *path,
                   bool (*write_tar)(void *context, const void *bytes, size_t size), void *context, struct err *err);

/* A second process in the container, as `user`; *exec_id is for stream_exec(). */
bool container_exec(struct docker *docker, struct arena *arena, const char *id, const char *user,
                    const char *const *command, const char **exec_id, struct err *err);

#endif
