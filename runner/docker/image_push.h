/*
 * Images that a job made: named, pushed, looked at, removed. By the Engine API, because its answer to a push tells the
 * digest of what was pushed, and no registry's password is to lie in a file.
 */
#ifndef RUNNER_DOCKER_IMAGE_PUSH_H
#define RUNNER_DOCKER_IMAGE_PUSH_H

#include "runner/docker/engine.h"

struct image_push {
    const char *repository; /* "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop" */
    const char *tag;
    const char *user; /* "AWS" */
    const char *password;
    void (*line)(void *context, const char *text); /* what the engine says, for the log */
    bool (*interrupted)(void *context);
    void *context;
};

/* *digest: "sha256:…" of the manifest that the registry has now. Errors: ERR_DENIED and others with the registry's
 * words, ERR_UNAVAILABLE. */
bool image_push(struct docker *docker, struct arena *arena, const struct image_push *push, const char **digest,
                struct err *err);

/* Gives image `id` one more name. Errors: ERR_NOT_FOUND: no such image. */
bool image_tag(struct docker *docker, struct arena *arena, const char *id, const char *repository, const char *tag,
               struct err *err);

/* Whether image `id` is what was pushed as repository@digest. */
bool image_has_digest(struct docker *docker, struct arena *arena, const char *id, const char *repository,
                      const char *digest, bool *out, struct err *err);

/* Takes a name away; with its last one the image goes, and its parents that nothing else needs. Succeeds where it is
 * gone already. */
bool image_remove(struct docker *docker, struct arena *arena, const char *name, struct err *err);

#endif
