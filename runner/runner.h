/*
 * What every slot of a running runner works with: put together once by main.c.
 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include "runner/config.h"
#include "runner/heartbeat.h"

#include <stdbool.h>

struct aws;       /* runner/aws/call.h */
struct ecr;       /* runner/docker/sign_in.h */
struct engine;    /* runner/docker/engine.h */
struct rehearsal; /* runner/rehearsal.h */
struct sandboxes; /* runner/docker/sandbox.h */
struct slots;     /* runner/loop.c */

struct runner {
    const struct config *config;
    const struct account *account;
    const struct engine *engine; /* how to reach Docker and what it can do */
    const char *region;          /* the server's */
    struct aws *aws;
    struct ecr *ecr;
    struct sandboxes *sandboxes; /* NULL where builds share a Docker network */
    struct rehearsal *rehearsal; /* NULL: time is the machine's */
    struct slots *slots;
};

/* A job of this heartbeat is in hand: a second SIGTERM cancels it. */
void runner_hold(const struct runner *runner, struct heartbeat *heartbeat);
void runner_let_go(const struct runner *runner, struct heartbeat *heartbeat);

#endif
