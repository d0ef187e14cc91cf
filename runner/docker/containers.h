/*
 * Containers: made from a struct of named fields, never from an argument string. Nothing of the host is mounted into
 * them, but the Docker socket where a build with privilegedMode is given it.
 */
#ifndef RUNNER_DOCKER_CONTAINERS_H
#define RUNNER_DOCKER_CONTAINERS_H

#include "runner/docker/engine.h"

#define LABEL_RUNNER "penstock.runner" /* the id of the runner that made the container */
#define LABEL_JOB "penstock.job"

enum container_kind {
    CONTAINER_BUILD,          /* a stranger's commands as root of the container, attached to */
    CONTAINER_FENCE,          /* our own program (runner/fence/): nothing but the one capability it may be given */
    CONTAINER_ENGINE,         /* a Docker engine of a build's own: privileged */
    CONTAINER_ENGINE_LIMITED, /* the same where the machine cannot give all capabilities: those that dockerd needs */
};

struct container_spec {
    enum container_kind kind;
    const char *image;
    const char *const *command;     /* NULL at the end; the image's entrypoint is not used, but an engine's */
    const char *const *environment; /* "NAME=value", NULL at the end; or NULL */
    const char *runner_id;
    const char *job_id;     /* or NULL */
    const char *network;    /* "bridge", "container:ID" */
    const char *capability; /* of CONTAINER_FENCE: "NET_ADMIN", or NULL */
    int64_t nano_cpus;      /* 0: no limit */
    int64_t memory_bytes;   /* swap counts in it */
    int64_t pids;
    int64_t disk_bytes;       /* for engines that can limit it; 0: no limit */
    const char *const *binds; /* "source:target", NULL at the end; or NULL */
};

/* Errors: ERR_NOT_FOUND (no such image here), those of docker_send. */
bool container_create(struct docker *docker, struct arena *arena, const struct container_spec *spec, const char **id,
                      struct err *err);
bool container_start(struct docker *docker, struct arena *arena, const char *id, struct err *err);

/* Succeeds where it is dead or gone already. */
bool container_kill(struct docker *docker, struct arena *arena, const char *id, struct err *err);
bool container_remove(struct docker *docker, struct arena *arena, const char *id, struct err *err);

struct container_state {
    bool exists;
    bool started; /* once, whatever became of it */
    bool running;
    bool out_of_memory;   /* its first process, or what killed it with it */
    int exit_code;        /* of the first process; 128 + signal */
    int64_t memory_bytes; /* its limit; 0: none */
};

/* A container that is gone is no error. */
bool container_inspect(struct docker *docker, struct arena *arena, const char *id, struct container_state *out,
                       struct err *err);

/* Whether its first process lives; a container that is gone does not. */
bool container_runs(struct docker *docker, struct arena *arena, const char *id, bool *out, struct err *err);

/* What lies in it that is not its image's; the engine walks through all files for that. */
bool container_written(struct docker *docker, struct arena *arena, const char *id, int64_t *bytes, struct err *err);

/* Until its first process ends. */
bool container_wait(struct docker *docker, struct arena *arena, const char *id, int *exit_code, struct err *err);

/* The ids of all containers with that label, running or not. */
bool containers_with_label(struct docker *docker, struct arena *arena, const char *label, const char *value,
                           const char *const **ids, size_t *count, struct err *err);

/* Whoever may give up a transfer: asked at each piece and about once a second. The engine holds the container's lock
 * while it packs and unpacks, and ends when the connection is closed: until then the container cannot be killed. */
struct container_stop {
    bool (*interrupted)(void *context);
    void *context;
};

/* Unpacks a tar stream at "/". Errors: ERR_UNAVAILABLE "interrupted". */
bool container_put(struct docker *docker, struct arena *arena, const char *id, const struct container_stop *stop,
                   ptrdiff_t (*read_tar)(void *context, void *buffer, size_t room), void *context, struct err *err);

/* The file or folder at `path` as a tar stream. Errors: ERR_NOT_FOUND, ERR_UNAVAILABLE "interrupted". */
bool container_get(struct docker *docker, struct arena *arena, const char *id, const struct container_stop *stop,
                   const char *path, bool (*write_tar)(void *context, const void *bytes, size_t size), void *context,
                   struct err *err);

/* A second process in the container, as `user`; *exec_id is for stream_exec(). */
bool container_exec(struct docker *docker, struct arena *arena, const char *id, const char *user,
                    const char *const *command, const char **exec_id, struct err *err);

#endif
