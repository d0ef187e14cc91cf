/*
 * The build's container, in a thread of its own until it runs: looking for the image, pulling it, making, attaching,
 * starting take as long as the source does, and both must be there before the first command.
 */
#include "runner/actions/build.h"

#include "common/log.h"
#include "common/str.h"
#include "runner/actions/build_disk.h"
#include "runner/actions/build_limits.h"
#include "runner/docker/own_engine.h"
#include "runner/docker/sandbox.h"
#include "runner/docker/stream.h"
#include "runner/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DOCKER_SOCKET "/var/run/docker.sock"

struct build_container {
    struct arena arena;
    const struct engine *engine;
    struct build *build; /* only until it is ready */
    struct container_spec spec;
    struct sandbox *sandbox; /* or NULL */
    struct own_engine own_engine;
    const char *binds[2];
    int64_t disk_bytes;
    struct disk_watch *disk; /* or NULL */
    pthread_t thread;
    bool threaded;
    pthread_mutex_t mutex; /* guards id and shell against the heartbeat's thread */
    char *id;              /* or NULL */
    struct shell *shell;
    bool succeeded;
    struct err err;
};

static bool is_stopped(void *context) {
    return job_is_stopped(((struct build *)context)->job);
}

static bool join_network(struct build_container *container, struct err *err) {
    struct sandboxes *sandboxes = container->build->job->runner->sandboxes;
    if (!sandboxes)
        return true;
    if (!sandbox_acquire(sandboxes, is_stopped, container->build, &container->sandbox, err))
        return false;
    container->spec.network = sandbox_network(container->sandbox);
    return true;
}

static bool has_own_engine(const struct build *build) {
    return build->privileged && build->job->runner->config->privileged_builds == PRIVILEGED_ENGINE;
}

/* privilegedMode with an engine of the build's own: it answers before the build's container is made. */
static bool start_own_engine(struct build_container *container, struct docker *docker, struct err *err) {
    struct build *build = container->build;
    const struct config *config = build->job->runner->config;
    const struct own_engine_spec spec = {
        .image = config->engine_image,
        .runner_id = container->spec.runner_id,
        .job_id = container->spec.job_id,
        .network = container->spec.network,
        .nano_cpus = container->spec.nano_cpus,
        .memory_bytes = container->spec.memory_bytes,
        .pids = container->spec.pids,
    };
    if (!has_own_engine(build))
        return true;
    if (!build_get_image(build, docker, &container->arena, spec.image, err) ||
        !own_engine_start(docker, &container->arena, &spec, &container->own_engine, err))
        return err_wrap(err, "privilegedMode");
    container->binds[0] = arena_printf(&container->arena, "%s:" OWN_ENGINE_FOLDER, container->own_engine.volume);
    container->spec.binds = container->binds;
    return true;
}

/* First without looking: the image is nearly always here, and a question costs time. */
static bool make_container(struct build_container *container, struct docker *docker, struct arena *arena,
                           const char **id, struct err *err) {
    struct err own = {0};
    if (container_create(docker, arena, &container->spec, id, &own))
        return true;
    if (own.kind != ERR_NOT_FOUND && container->spec.disk_bytes > 0) { /* its storage cannot limit it after all */
        container->spec.disk_bytes = 0;
        return make_container(container, docker, arena, id, err);
    }
    if (own.kind != ERR_NOT_FOUND)
        return err_set(err, own.kind, "%s", own.message);
    return build_get_image(container->build, docker, arena, container->spec.image, err) &&
           container_create(docker, arena, &container->spec, id, err);
}

static void watch_disk(struct build_container *container) {
    const struct disk_limits limits = {.container_bytes = container->disk_bytes,
                                       .by_operator = container->build->job->runner->config->build_disk_gib > 0};
    container->disk = disk_watch_new(container->engine, container->id, &limits);
}

static bool open_shell(struct build_container *container, struct docker *docker, struct arena *arena, struct err *err) {
    int socket_fd;
    if (!stream_container(container->engine, container->id, &socket_fd, err))
        return false;
    pthread_mutex_lock(&container->mutex);
    container->shell = shell_new(socket_fd, build_output, container->build);
    pthread_mutex_unlock(&container->mutex);
    if (!container_start(docker, arena, container->id, err))
        return false;
    if (!job_is_stopped(container->build->job))
        return true;
    /* stop() may have come before the start, when there was nothing to kill. */
    (void)container_kill(docker, arena, container->id, NULL);
    return err_set(err, ERR_UNAVAILABLE, "stopped while the container was starting");
}

static bool provision(struct build_container *container, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(container->engine);
    const char *id = NULL;
    if (!join_network(container, err) || !start_own_engine(container, docker, err) ||
        !make_container(container, docker, &arena, &id, err))
        return false;
    pthread_mutex_lock(&container->mutex);
    container->id = strdup(id);
    pthread_mutex_unlock(&container->mutex);
    if (!container->id)
        abort();
    if (job_is_stopped(container->build->job))
        return err_set(err, ERR_UNAVAILABLE, "stopped before the container was started");
    if (!open_shell(container, docker, &arena, err))
        return false;
    watch_disk(container);
    return true;
}

static void *run(void *context) {
    struct build_container *container = context;
    container->succeeded = provision(container, &container->err);
    return NULL;
}

/* In the heartbeat's thread: the job must end now. */
static void stop(void *context) {
    struct build_container *container = context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    pthread_mutex_lock(&container->mutex);
    const char *id = arena_strdup(&arena, container->id);
    pthread_mutex_unlock(&container->mutex);
    if (!id)
        return;
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(container->engine);
    struct err err = {0};
    if (container_kill(docker, &arena, id, &err))
        return;
    LOG_WARNING("the build's container could not be killed", "container", id, "error", err.message);
    pthread_mutex_lock(&container->mutex);
    if (container->shell)
        shell_cut(container->shell);
    pthread_mutex_unlock(&container->mutex);
}

static void set_limits(struct build_container *container, const struct json *environment, int disk_gib) {
    const struct engine *engine = container->engine;
    const struct machine machine = {.cpus = engine->cpus, .memory_bytes = engine->memory_bytes};
    const struct build_limits limits = build_limits(environment, &machine, disk_gib);
    if (limits.unknown_type)
        build_say(container->build, "Unknown computeType %.60s: the build has the limits of BUILD_GENERAL1_SMALL",
                  json_get_text(environment, "computeType"));
    container->spec.nano_cpus = limits.nano_cpus;
    container->spec.memory_bytes = limits.memory_bytes;
    container->spec.pids = limits.pids;
    container->disk_bytes = limits.disk_bytes;
    if (engine->disk_quotas)
        container->spec.disk_bytes = limits.disk_bytes;
}

/* Whoever holds it is root on the engine's machine: the operator's choice. */
static void bind_socket(struct build_container *container) {
    const char *path = container->engine->socket_path ? container->engine->socket_path : DOCKER_SOCKET;
    container->binds[0] = arena_printf(&container->arena, "%s:" DOCKER_SOCKET, path);
    container->spec.binds = container->binds;
}

static bool check_privileged(const struct build *build, struct err *err) {
    if (!build->privileged || build->job->runner->config->privileged_builds != PRIVILEGED_REFUSED)
        return true;
    return err_set(err, ERR_DENIED,
                   "this runner refuses builds with privilegedMode; its operator allows them with --privileged-builds "
                   "socket or engine (PENSTOCK_PRIVILEGED_BUILDS)");
}

bool build_container_start(struct build *build, struct err *err) {
    const struct runner *runner = build->job->runner;
    const struct json *environment = json_get(build->job->message->build, "environment");
    const char *image = json_get_text(environment, "image");
    if (!image || !*image)
        return err_set(err, ERR_INVALID, "the build's project names no image");
    if (!check_privileged(build, err))
        return false;
    struct build_container *container = calloc(1, sizeof *container);
    if (!container)
        abort();
    if (has_own_engine(build))
        environment_set(&build->environment, "DOCKER_HOST", OWN_ENGINE_HOST);
    pthread_mutex_init(&container->mutex, NULL);
    container->engine = runner->engine;
    container->build = build;
    container->spec = (struct container_spec){
        .kind = CONTAINER_BUILD,
        .image = arena_strdup(&container->arena, build_image_name(build, image)),
        .command = shell_command,
        .environment = environment_list(&build->environment),
        .runner_id = runner->account->runner_id,
        .job_id = build->job->message->id,
        .network = runner->config->build_network,
    };
    set_limits(container, environment, runner->config->build_disk_gib);
    if (build->privileged && runner->config->privileged_builds == PRIVILEGED_SOCKET)
        bind_socket(container);
    build->container = container;
    build->job->after = build_container_free;
    build->job->after_context = container;
    heartbeat_on_stop(build->job->heartbeat, stop, container);
    container->threaded = pthread_create(&container->thread, NULL, run, container) == 0;
    return container->threaded || err_set(err, ERR_INTERNAL, "unable to start a thread");
}

bool build_container_ready(struct build *build, struct err *err) {
    struct build_container *container = build->container;
    if (container->threaded)
        pthread_join(container->thread, NULL);
    container->threaded = false;
    build->shell = container->shell;
    if (container->succeeded)
        return true;
    *err = container->err;
    return false;
}

const char *build_container_excess(const struct build *build) {
    return build->container->disk ? disk_watch_reason(build->container->disk, build->arena) : NULL;
}

const char *build_container_id(const struct build *build) {
    return build->container->id;
}

bool build_put(struct build *build, struct tar_feed *feed, struct err *err) {
    const struct container_stop stop = {.interrupted = job_is_stopped, .context = build->job};
    return container_put(build->docker, build->arena, build->container->id, &stop, tar_feed_read, feed, err);
}

bool build_get(struct build *build, const char *path, bool (*write_tar)(void *context, const void *bytes, size_t size),
               void *context, struct err *err) {
    const struct container_stop stop = {.interrupted = job_is_stopped, .context = build->job};
    return container_get(build->docker, build->arena, build->container->id, &stop, path, write_tar, context, err);
}

static bool see_dead(struct build *build, const char *id, struct err *err) {
    bool runs = false;
    if (!id)
        return true;
    if (!container_kill(build->docker, build->arena, id, err) ||
        !container_runs(build->docker, build->arena, id, &runs, err))
        return false;
    return !runs || err_set(err, ERR_UNAVAILABLE, "the build's container still runs after it was killed");
}

bool build_container_kill(struct build *build, struct err *err) {
    struct build_container *container = build->container;
    return !container || (see_dead(build, container->id, err) && /* what its engine runs dies with that container */
                          see_dead(build, container->own_engine.container_id, err));
}

void build_container_free(void *context) {
    struct build_container *container = context;
    struct err err = {0};
    if (container->threaded)
        pthread_join(container->thread, NULL);
    disk_watch_free(container->disk);
    shell_free(container->shell);
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(container->engine);
    if ((container->id && !container_remove(docker, &container->arena, container->id, &err)) ||
        !own_engine_remove(docker, &container->arena, &container->own_engine, &err))
        LOG_WARNING("a build's container stays behind until the next start", "error", err.message);
    sandbox_release(container->sandbox);
    pthread_mutex_destroy(&container->mutex);
    arena_release(&container->arena);
    free(container->id);
    free(container);
}
