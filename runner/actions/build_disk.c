/*
 * The watching thread.
 */
#include "runner/actions/build_disk.h"

#include "common/clock.h"
#include "common/log.h"
#include "runner/docker/containers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#define REST_MS 2000
#define REST_FACTOR 20 /* looking takes a twentieth of the time at most */
#define MIB (INT64_C(1024) * 1024)
#define GIB (1024.0 * 1024 * 1024)
#define ENGINE_RESERVE (512 * MIB) /* of its disk: less, and everything on the machine is about to fail */
#define MUCH (256 * MIB)
#define REASON_SIZE 200

struct disk_watch {
    const struct engine *engine;
    struct disk_limits limits;
    char *container_id;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ending;
    char reason[REASON_SIZE];
};

/* False when it is to end. */
static bool rest(struct disk_watch *watch, int64_t milliseconds) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->ending && pthread_cond_timedwait(&watch->changed, &watch->mutex, &until) == 0)
        ;
    bool goes_on = !watch->ending;
    pthread_mutex_unlock(&watch->mutex);
    return goes_on;
}

/* Of the engine's disk; enough where it is on another machine. */
static int64_t free_bytes(const struct engine *engine) {
    struct statvfs disk;
    if (!engine->socket_path || !engine->root || statvfs(engine->root, &disk) != 0)
        return INT64_MAX;
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
}

static bool is_too_much(struct disk_watch *watch, int64_t written) {
    int64_t limit = watch->limits.container_bytes;
    int64_t left = free_bytes(watch->engine);
    bool over = written > limit;
    if (!over && (written <= MUCH || left >= ENGINE_RESERVE))
        return false;
    pthread_mutex_lock(&watch->mutex);
    if (over)
        (void)snprintf(watch->reason, sizeof watch->reason, "it has written %.1f GiB, and %s lets it write %.1f GiB",
                       (double)written / GIB,
                       watch->limits.by_operator ? "the runner's --build-disk" : "its computeType",
                       (double)limit / GIB);
    else
        (void)snprintf(watch->reason, sizeof watch->reason,
                       "it has written %.1f GiB, and the engine's disk has only %.1f GiB left", (double)written / GIB,
                       (double)left / GIB);
    pthread_mutex_unlock(&watch->mutex);
    return true;
}

static void *run(void *context) {
    struct disk_watch *watch = context;
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(watch->engine);
    int64_t pause_ms = REST_MS;
    while (rest(watch, pause_ms)) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        int64_t written = 0;
        int64_t began_ms = clock_boot_ms(&clock_system);
        if (!container_written(docker, &arena, watch->container_id, &written, &err))
            continue; /* gone, or the engine is busy: whoever waits for the build sees that */
        if (is_too_much(watch, written)) {
            if (!container_kill(docker, &arena, watch->container_id, &err))
                LOG_WARNING("a build that fills the disk could not be killed", "error", err.message);
            break;
        }
        pause_ms = (clock_boot_ms(&clock_system) - began_ms) * REST_FACTOR;
        if (pause_ms < REST_MS)
            pause_ms = REST_MS;
    }
    return NULL;
}

struct disk_watch *disk_watch_new(const struct engine *engine, const char *container_id,
                                  const struct disk_limits *limits) {
    pthread_condattr_t attributes;
    struct disk_watch *watch = calloc(1, sizeof *watch);
    char *id = strdup(container_id);
    if (!watch || !id)
        abort();
    watch->engine = engine;
    watch->limits = *limits;
    watch->container_id = id;
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    watch->threaded = pthread_create(&watch->thread, NULL, run, watch) == 0;
    return watch;
}

const char *disk_watch_reason(struct disk_watch *watch, struct arena *arena) {
    pthread_mutex_lock(&watch->mutex);
    const char *reason = watch->reason[0] ? arena_strdup(arena, watch->reason) : NULL;
    pthread_mutex_unlock(&watch->mutex);
    return reason;
}

void disk_watch_free(struct disk_watch *watch) {
    if (!watch)
        return;
    pthread_mutex_lock(&watch->mutex);
    watch->ending = true;
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->mutex);
    if (watch->threaded)
        pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->mutex);
    free(watch->container_id);
    free(watch);
}
