/*
 * Volume, container, and a ping by our own program, which looks through the same volume as the build will.
 */
#include "runner/docker/own_engine.h"

#include "common/hash.h"
#include "runner/docker/containers.h"
#include "runner/docker/fence.h"
#include "runner/docker/networks.h"

#include <string.h>

#define NAME_LENGTH 12

/* Words of its own, so that docker:dind does not listen on TCP, too. */
#define DAEMON "dockerd", "--host=" OWN_ENGINE_HOST

/* Without the privilege the cgroups are there, but read-only, and dockerd makes its containers' below its own. */
#define PREPARE                                                                                                        \
    "for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do\n"                                                              \
    "  [ -L $folder ] || mount -o remount,bind,rw $folder 2>/dev/null\n"                                               \
    "done\n"                                                                                                           \
    "! command -v dockerd-entrypoint.sh >/dev/null || exec dockerd-entrypoint.sh \"$@\"\n"                             \
    "exec \"$@\"\n"

static bool start_kind(struct docker *docker, struct arena *arena, enum container_kind kind,
                       const struct own_engine_spec *spec, const char *const *binds, struct own_engine *out,
                       struct err *err) {
    static const char *const privileged[] = {DAEMON, NULL};
    static const char *const limited[] = {"/bin/sh", "-c", PREPARE, "sh", DAEMON, NULL};
    const struct container_spec container = {.kind = kind,
                                             .image = spec->image,
                                             .command = kind == CONTAINER_ENGINE ? privileged : limited,
                                             .runner_id = spec->runner_id,
                                             .job_id = spec->job_id,
                                             .network = spec->network,
                                             .nano_cpus = spec->nano_cpus,
                                             .memory_bytes = spec->memory_bytes,
                                             .pids = spec->pids,
                                             .binds = binds};
    return container_create(docker, arena, &container, &out->container_id, err) &&
           container_start(docker, arena, out->container_id, err);
}

/* A machine that is a container or a virtual machine itself may lack some of the capabilities that "privileged" is. */
static bool start_container(struct docker *docker, struct arena *arena, const struct own_engine_spec *spec,
                            const char *const *binds, struct own_engine *out, struct err *err) {
    struct err own = {0};
    if (start_kind(docker, arena, CONTAINER_ENGINE, spec, binds, out, &own))
        return true;
    if (!out->container_id || !strstr(own.message, "apply caps"))
        return err_set(err, own.kind, "%s", own.message);
    return container_remove(docker, arena, out->container_id, err) &&
           start_kind(docker, arena, CONTAINER_ENGINE_LIMITED, spec, binds, out, err);
}

static bool await_answer(struct docker *docker, struct arena *arena, const struct own_engine_spec *spec,
                         const char *const *binds, struct err *err) {
    static const char *const command[] = {FENCE_PROGRAM, "ping", OWN_ENGINE_FOLDER "/docker.sock", NULL};
    struct container_spec ping = {.kind = CONTAINER_FENCE,
                                  .command = command,
                                  .runner_id = spec->runner_id,
                                  .job_id = spec->job_id,
                                  .network = "none",
                                  .binds = binds};
    int exit_code = 0;
    if (!fence_run(docker, arena, &ping, &exit_code, err))
        return false;
    return exit_code == 0 || err_set(err, ERR_UNAVAILABLE,
                                     "the build's own Docker engine did not answer; image '%s' must run dockerd, as "
                                     "docker:dind does, and its machine must allow it (--engine-image)",
                                     spec->image);
}

bool own_engine_start(struct docker *docker, struct arena *arena, const struct own_engine_spec *spec,
                      struct own_engine *out, struct err *err) {
    char name[NAME_LENGTH + 1];
    hash_random_text(name, NAME_LENGTH);
    *out = (struct own_engine){0};
    const char *volume = arena_printf(arena, "penstock-engine-%s", name);
    const char *const binds[] = {arena_printf(arena, "%s:%s", volume, OWN_ENGINE_FOLDER), NULL};
    if (!volume_create(docker, arena, volume, spec->runner_id, spec->job_id, err))
        return false;
    out->volume = volume;
    return start_container(docker, arena, spec, binds, out, err) && await_answer(docker, arena, spec, binds, err);
}

bool own_engine_remove(struct docker *docker, struct arena *arena, const struct own_engine *own, struct err *err) {
    return (!own->container_id || container_remove(docker, arena, own->container_id, err)) &&
           (!own->volume || volume_remove(docker, arena, own->volume, err));
}
