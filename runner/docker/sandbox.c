/*
 * The spares and the thread that makes and removes sandboxes. Everything below `mutex` is guarded by it; the maker is
 * the thread's alone.
 */
#include "runner/docker/sandbox.h"

#include "common/clock.h"
#include "common/log.h"
#include "runner/docker/containers.h"
#include "runner/docker/fence.h"
#include "runner/docker/sandbox_make.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define REST_MS (30 * 1000) /* between looks at the clock, where nothing happens */
#define ASK_MS 500          /* between looks at whether a build is still wanted */
#define REFILL_AFTER_MS 250 /* a build that has just begun has the engine to itself */
#define IDLE_MS (15 * 60 * 1000)
#define RETRY_MS (30 * 1000)
#define SPARES_MAX 4

struct sandboxes {
    struct sandbox_maker maker;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct sandbox *ready;
    struct sandbox *leaving;
    int ready_count;
    int waiting; /* who asks for one now */
    bool ending;
    int failures;
    struct err err; /* of the latest failure */
    int64_t used_ms;
    int64_t retry_ms; /* not before, for spares */
};

static void push(struct sandbox **list, struct sandbox *sandbox) {
    sandbox->next = *list;
    *list = sandbox;
}

static struct sandbox *pop(struct sandbox **list) {
    struct sandbox *sandbox = *list;
    if (sandbox)
        *list = sandbox->next;
    return sandbox;
}

static struct sandbox *take_ready(struct sandboxes *sandboxes) {
    struct sandbox *sandbox = pop(&sandboxes->ready);
    if (sandbox)
        sandboxes->ready_count--;
    return sandbox;
}

/* Waits for a change. */
static void rest(struct sandboxes *sandboxes, int64_t at_most_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += at_most_ms % 1000 * 1000000L;
    until.tv_sec += at_most_ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&sandboxes->changed, &sandboxes->mutex, &until);
}

static struct sandbox *sandbox_new(struct sandboxes *owner) {
    struct sandbox *sandbox = calloc(1, sizeof *sandbox);
    if (!sandbox)
        abort();
    sandbox->owner = owner;
    return sandbox;
}

static void sandbox_free(struct sandbox *sandbox) {
    struct arena arena = sandbox->arena;
    arena_release(&arena);
    free(sandbox);
}

/* In the thread, with the mutex given back meanwhile. */
static void make_one(struct sandboxes *sandboxes) {
    struct sandbox *sandbox = sandbox_new(sandboxes);
    struct err err = {0};
    pthread_mutex_unlock(&sandboxes->mutex);
    bool good = sandbox_make(&sandboxes->maker, sandbox, &err);
    if (!good)
        LOG_WARNING("a build's network could not be made", "error", err.message);
    pthread_mutex_lock(&sandboxes->mutex);
    if (good) {
        push(&sandboxes->ready, sandbox);
        sandboxes->ready_count++;
    } else {
        push(&sandboxes->leaving, sandbox);
        sandboxes->err = err;
        sandboxes->failures++;
        sandboxes->retry_ms = clock_boot_ms(&clock_system) + RETRY_MS;
    }
    pthread_cond_broadcast(&sandboxes->changed);
}

static void remove_one(struct sandboxes *sandboxes) {
    struct sandbox *sandbox = pop(&sandboxes->leaving);
    struct err err = {0};
    pthread_mutex_unlock(&sandboxes->mutex);
    if (!sandbox_remove(&sandboxes->maker, sandbox, &err))
        LOG_WARNING("a build's network stays behind until the next start", "error", err.message);
    sandbox_free(sandbox);
    pthread_mutex_lock(&sandboxes->mutex);
}

/* How many more there should be, now. */
static int count_wanted(const struct sandboxes *sandboxes, int64_t now_ms) {
    bool refill = now_ms - sandboxes->used_ms >= REFILL_AFTER_MS && now_ms - sandboxes->used_ms < IDLE_MS &&
                  now_ms >= sandboxes->retry_ms && !sandboxes->ending;
    return sandboxes->waiting + (refill ? sandboxes->maker.settings.spares : 0) - sandboxes->ready_count;
}

static void dismiss_spares(struct sandboxes *sandboxes) {
    struct sandbox *sandbox;
    while ((sandbox = take_ready(sandboxes)) != NULL)
        push(&sandboxes->leaving, sandbox);
}

static void *run(void *context) {
    struct sandboxes *sandboxes = context;
    pthread_mutex_lock(&sandboxes->mutex);
    for (;;) {
        int64_t now_ms = clock_boot_ms(&clock_system);
        bool quiet = now_ms - sandboxes->used_ms >= REFILL_AFTER_MS || sandboxes->ending;
        if (sandboxes->waiting == 0 && (sandboxes->ending || now_ms - sandboxes->used_ms >= IDLE_MS))
            dismiss_spares(sandboxes);
        if (count_wanted(sandboxes, now_ms) > 0)
            make_one(sandboxes);
        else if (sandboxes->leaving && quiet)
            remove_one(sandboxes);
        else if (sandboxes->ending)
            break;
        else
            rest(sandboxes, quiet ? REST_MS : REFILL_AFTER_MS);
    }
    pthread_mutex_unlock(&sandboxes->mutex);
    return NULL;
}

struct sandboxes *sandboxes_new(const struct sandboxes_settings *settings) {
    pthread_condattr_t attributes;
    struct sandboxes *sandboxes = calloc(1, sizeof *sandboxes);
    if (!sandboxes)
        abort();
    sandboxes->maker.settings = *settings;
    if (settings->spares > SPARES_MAX)
        sandboxes->maker.settings.spares = SPARES_MAX;
    sandboxes->maker.docker = docker_open(settings->engine);
    sandboxes->used_ms = clock_boot_ms(&clock_system);
    pthread_mutex_init(&sandboxes->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sandboxes->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    sandboxes->threaded = pthread_create(&sandboxes->thread, NULL, run, sandboxes) == 0;
    return sandboxes;
}

void sandboxes_free(struct sandboxes *sandboxes) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    if (!sandboxes)
        return;
    pthread_mutex_lock(&sandboxes->mutex);
    sandboxes->ending = true;
    pthread_cond_broadcast(&sandboxes->changed);
    pthread_mutex_unlock(&sandboxes->mutex);
    if (sandboxes->threaded)
        pthread_join(sandboxes->thread, NULL);
    const struct sandbox_maker *maker = &sandboxes->maker;
    if (maker->walled && !fence_open(maker->docker, &arena, maker->settings.runner_id, &err))
        LOG_WARNING("the rules around builds stay", "error", err.message);
    docker_close(sandboxes->maker.docker);
    pthread_cond_destroy(&sandboxes->changed);
    pthread_mutex_destroy(&sandboxes->mutex);
    free(sandboxes);
}

/* The first that is made after now, or a spare. */
static bool await_one(struct sandboxes *sandboxes, bool (*interrupted)(void *context), void *context,
                      struct sandbox **out, struct err *err) {
    pthread_mutex_lock(&sandboxes->mutex);
    int failures = sandboxes->failures;
    sandboxes->used_ms = clock_boot_ms(&clock_system);
    sandboxes->waiting++;
    pthread_cond_broadcast(&sandboxes->changed);
    while (!sandboxes->ready && sandboxes->failures == failures && sandboxes->threaded && !interrupted(context))
        rest(sandboxes, ASK_MS);
    sandboxes->waiting--;
    *out = take_ready(sandboxes);
    if (!*out && sandboxes->failures != failures)
        *err = sandboxes->err;
    else if (!*out)
        (void)err_set(err, ERR_UNAVAILABLE, "stopped before the build had a network");
    pthread_mutex_unlock(&sandboxes->mutex);
    return *out != NULL;
}

bool sandbox_acquire(struct sandboxes *sandboxes, bool (*interrupted)(void *context), void *context,
                     struct sandbox **out, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct docker *docker CLEANUP(docker_cleanup) = docker_open(sandboxes->maker.settings.engine);
    for (;;) {
        struct sandbox *sandbox;
        bool runs = false;
        if (!await_one(sandboxes, interrupted, context, &sandbox, err))
            return false;
        /* A spare's holder has ended where the engine was started again, or where the wall fell. */
        bool good = container_runs(docker, &arena, sandbox->holder_id, &runs, err);
        if (good && runs) {
            *out = sandbox;
            return true;
        }
        sandbox_release(sandbox);
        if (!good)
            return false;
    }
}

const char *sandbox_network(const struct sandbox *sandbox) {
    return sandbox->network_mode;
}

void sandbox_release(struct sandbox *sandbox) {
    if (!sandbox)
        return;
    struct sandboxes *owner = sandbox->owner;
    pthread_mutex_lock(&owner->mutex);
    push(&owner->leaving, sandbox);
    pthread_cond_broadcast(&owner->changed);
    pthread_mutex_unlock(&owner->mutex);
}
