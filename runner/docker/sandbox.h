/*
 * Sandboxes: for each build a network of its own, walled off (runner/fence/rules.h), with a container that holds it
 * open. The build's containers join it with "container:ID", which takes a third of the time that starting one in a
 * network of its own would: that work is done ahead, by one thread, which keeps a spare for every job slot while there
 * are builds, and removes what builds leave. No network serves two builds.
 */
#ifndef RUNNER_DOCKER_SANDBOX_H
#define RUNNER_DOCKER_SANDBOX_H

#include "runner/docker/engine.h"

struct sandboxes;
struct sandbox;

struct sandboxes_settings {
    const struct engine *engine;
    const char *runner_id;
    uint32_t first_address;   /* of the range of all networks, in the machine's order of bytes */
    int prefix;               /* its bits: 198.18.0.0/16 */
    const char *const *reach; /* what builds may reach all the same: docker/fence.h; or NULL */
    int spares;               /* how many are kept ahead; 0: each is made when it is asked for */
};

/* Starts the thread. Settings are copied, what they point to is not. */
struct sandboxes *sandboxes_new(const struct sandboxes_settings *settings);

/* Removes the spares, what is still to be removed, and the wall. All that were acquired must have been released.
 * Accepts NULL. */
void sandboxes_free(struct sandboxes *sandboxes);

/* A spare, or a new one. Errors: ERR_UNAVAILABLE with what the engine or its machine lacks; or interrupted. */
bool sandbox_acquire(struct sandboxes *sandboxes, bool (*interrupted)(void *context), void *context,
                     struct sandbox **out, struct err *err);

/* The NetworkMode for its containers; lives as long as the sandbox. */
const char *sandbox_network(const struct sandbox *sandbox);

/* It is removed a little later, by the thread; its containers must be gone. Accepts NULL. */
void sandbox_release(struct sandbox *sandbox);

#endif
