/*
 * Build images: whether one is here, and pulling it.
 */
#ifndef RUNNER_DOCKER_IMAGES_H
#define RUNNER_DOCKER_IMAGES_H

#include "runner/docker/engine.h"

/* Errors: those of docker_send but ERR_NOT_FOUND, which is *present = false. */
bool image_present(struct docker *docker, struct arena *arena, const char *image, bool *present, struct err *err);

struct image_pull {
    const char *image;                             /* "debian:12", "repo@sha256:…" */
    const char *registry_auth;                     /* from docker/sign_in.h, or NULL */
    void (*line)(void *context, const char *text); /* what the engine says, for the log */
    bool (*interrupted)(void *context);
    void *context;
};

/* Errors, each a sentence of its own: ERR_NOT_FOUND (no such image), ERR_DENIED (the registry asks for a login),
 * ERR_LIMIT (no room on the engine's disk), ERR_UNAVAILABLE (the registry cannot be reached, or something else). */
bool image_pull(struct docker *docker, struct arena *arena, const struct image_pull *pull, struct err *err);

/* "registry.example.com:5000" of "registry.example.com:5000/team/app:1"; "docker.io" where the name has none. */
const char *image_registry(struct arena *arena, const char *image);

/* CodeBuild's own images have short names ("aws/codebuild/standard:7.0") that no registry knows. The operator's map
 * says what stands for them: "NAME=IMAGE,…", where a NAME may end in "*"; the first that fits counts. NULL where none
 * does. */
const char *image_of_map(struct arena *arena, const char *map, const char *image);

/* Errors: ERR_INVALID: an entry that is not NAME=IMAGE. */
bool image_map_check(const char *map, struct err *err);

/* A name that only CodeBuild itself knows. */
bool image_is_codebuilds(const char *image);

#endif
