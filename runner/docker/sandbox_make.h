/*
 * One sandbox: made and removed. For sandbox.c.
 */
#ifndef RUNNER_DOCKER_SANDBOX_MAKE_H
#define RUNNER_DOCKER_SANDBOX_MAKE_H

#include "runner/docker/sandbox.h"

struct sandbox {
    struct arena arena; /* of what follows */
    struct sandboxes *owner;
    struct sandbox *next;
    const char *network_id; /* or NULL: not made yet */
    const char *holder_id;
    const char *network_mode; /* "container:ID" */
};

/* What making the next one starts from. */
struct sandbox_maker {
    struct sandboxes_settings settings;
    struct docker *docker;
    uint32_t next_subnet; /* its number within the settings' */
    bool walled;          /* this process has set the wall */
};

/* The sandbox is empty; on failure it holds what is to be removed. */
bool sandbox_make(struct sandbox_maker *maker, struct sandbox *sandbox, struct err *err);

bool sandbox_remove(struct sandbox_maker *maker, struct sandbox *sandbox, struct err *err);

#endif
