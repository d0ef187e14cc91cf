/*
 * Our own program (runner/fence/) on the engine: its image, and the wall that it sets around builds. The runner needs
 * no rights of its own for that: whoever may use the engine may have a container in the machine's network.
 */
#ifndef RUNNER_DOCKER_FENCE_H
#define RUNNER_DOCKER_FENCE_H

#include "runner/docker/engine.h"

#define FENCE_PROGRAM "/fence"
#define FENCE_REACH_MAX 32
#define FENCE_PREFIX_SIZE 11 /* "psb012345-" */

/* What the names of all bridges of that runner's builds begin with. */
void fence_prefix(const char *runner_id, char out[FENCE_PREFIX_SIZE]);

/* *image: its name on the engine; made from this program's own bytes where it is not there. */
bool fence_image(struct docker *docker, struct arena *arena, const char **image, struct err *err);

struct container_spec;

/* Runs the program to its end in a container that is removed again: spec->command, kind CONTAINER_FENCE; its image is
 * filled in. Exit codes are the program's errnos. */
bool fence_run(struct docker *docker, struct arena *arena, struct container_spec *spec, int *exit_code,
               struct err *err);

/* Sets the wall around that runner's bridges, those that come later too, or takes it away. `reach`: what builds may
 * reach all the same, "ADDRESS:PORT", NULL at the end. Errors: what the machine lacks. */
bool fence_wall(struct docker *docker, struct arena *arena, const char *runner_id, const char *const *reach,
                struct err *err);
bool fence_open(struct docker *docker, struct arena *arena, const char *runner_id, struct err *err);

#endif
