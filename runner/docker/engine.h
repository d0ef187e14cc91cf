/*
 * A Docker engine by its Engine API (https://docs.docker.com/engine/api/v1.41/), over its unix socket or plain TCP.
 * API 1.41 (Docker 20.10) is spoken, or the oldest version that a newer engine still takes.
 */
#ifndef RUNNER_DOCKER_ENGINE_H
#define RUNNER_DOCKER_ENGINE_H

#include "common/http_client.h"
#include "common/json.h"

#include <stddef.h>

/* Where the engine is and what it has; never changes after engine_connect. */
struct engine {
    const char *url;         /* as given, for messages */
    const char *socket_path; /* unix socket, or NULL */
    const char *host;        /* TCP, or NULL */
    const char *port;
    const char *api; /* "v1.41" */
    int64_t cpus;
    int64_t memory_bytes;
    const char *root; /* where it keeps its data, on its own machine */
    bool disk_quotas; /* its storage may be able to limit what one container writes */
};

/* Reads the URL and asks the engine what it is. Errors say what to do: ERR_INVALID (URL), ERR_UNAVAILABLE, ERR_DENIED.
 */
bool engine_connect(struct arena *arena, const char *url, struct engine *out, struct err *err);

/* A new connection, for docker/stream.h. The caller closes it. */
bool engine_open_socket(const struct engine *engine, int *out, struct err *err);

/* A kept connection for requests; belongs to one thread. */
struct docker;
struct docker *docker_open(const struct engine *engine);
void docker_close(struct docker *docker);    /* accepts NULL */
void docker_cleanup(struct docker **docker); /* for CLEANUP() */

struct docker_call {
    const char *method;
    const char *path; /* "/containers/create?name=x" */
    const struct json *body;
    const char *registry_auth;                                         /* X-Registry-Auth, or NULL */
    ptrdiff_t (*read_body)(void *context, void *buffer, size_t room);  /* a tar stream, instead of body */
    bool (*write_body)(void *context, const void *bytes, size_t size); /* takes a 2xx answer instead of decoding it */
    bool (*interrupted)(void *context);
    void *context;
    int timeout_ms; /* as in http_client.h */
};

/* *answer (or NULL): the decoded body, NULL where there is none. 304 counts as success. Errors: ERR_NOT_FOUND (404),
 * ERR_CONFLICT (409), ERR_INVALID (other 4xx), ERR_INTERNAL (5xx, with the engine's words), ERR_UNAVAILABLE. */
bool docker_send(struct docker *docker, struct arena *arena, const struct docker_call *call, const struct json **answer,
                 struct err *err);

#endif
