/*
 * A two-way connection to a process in a container: what Docker calls attach. Our bytes are its standard input, what
 * comes back is for docker/demux.h. libcurl cannot do this exchange (after the answer's header, both sides talk), so
 * the few lines of HTTP are written here.
 */
#ifndef RUNNER_DOCKER_STREAM_H
#define RUNNER_DOCKER_STREAM_H

#include "runner/docker/engine.h"

/* To the container's first process; before it is started, so that nothing is missed. *out is a socket, the caller
 * closes it: then the process's standard input ends. */
bool stream_container(const struct engine *engine, const char *container_id, int *out, struct err *err);

/* To a process made with container_exec(), which starts with this. */
bool stream_exec(const struct engine *engine, const char *exec_id, int *out, struct err *err);

#endif
