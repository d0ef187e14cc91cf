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

/* Errors: ERR_NOT_FOUND and ERR_DENIED with the registry's words. */
bool image_pull(struct docker *docker, struct arena *arena, const struct image_pull *pull, struct err *err);

/* "registry.example.com:5000" of "registry.example.com:5000/team/app:1"; "docker.io" where the name has none. */
const char *image_registry(struct arena *arena, const char *image);

/* Where an image is pulled from: CodeBuild's own ones have a short name ("aws/codebuild/standard:7.0") that no registry
 * knows, and AWS publishes them at public.ecr.aws/codebuild. Every other name stays as it is. */
const char *image_source(struct arena *arena, const char *image);

#endif
