/*
 * Names of images: "registry/repository:tag" or "…@sha256:…". Pure.
 */
#ifndef RUNNER_DEPLOYFILES_IMAGE_NAME_H
#define RUNNER_DEPLOYFILES_IMAGE_NAME_H

#include "runner/deployfiles/findings.h"

#define IMAGE_NAME_MAX 255 /* ECS's limit */

/* The parts of a name, in the arena; tag and digest NULL where the name has none. */
struct image_name {
    const char *registry; /* "123456789012.dkr.ecr.eu-west-1.amazonaws.com", or NULL: Docker Hub */
    const char *repository;
    const char *tag;
    const char *digest; /* "sha256:…" */
    /* ECR: */
    const char *account; /* NULL: another registry */
    const char *region;
};

struct image_name image_name_read(struct arena *arena, const char *name);

/* "<IMAGE1_NAME>" */
bool image_name_is_placeholder(const char *name);

/* False, with a finding at `at`, where no registry takes such a name. */
bool image_name_check(struct findings *findings, const struct json *at, const char *name);

#endif
