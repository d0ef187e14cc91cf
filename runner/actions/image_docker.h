/*
 * The docker command line for one image build: which builder there is, and one run of `docker build` with its output in
 * the job's log as it comes.
 */
#ifndef RUNNER_ACTIONS_IMAGE_DOCKER_H
#define RUNNER_ACTIONS_IMAGE_DOCKER_H

#include "common/image_settings.h"
#include "runner/job.h"

#define IMAGE_LABEL "penstock.image"      /* on every image that a runner built, and on nothing else */
#define IMAGE_NAME "penstock.local/image" /* with the job as tag: what an image is called here */
#define IMAGE_LINE_SIZE 240

struct image_build {
    const struct image_settings *settings;
    const char *context;    /* folder of this machine */
    const char *dockerfile; /* file of this machine, below the source */
    const char *name;       /* "penstock.local/image:JOB": keeps it from being taken for nobody's */
    const char *network;    /* of RUN steps; NULL: the engine's default */
    bool buildkit;
};

/* Whether BuildKit can be used: the command line has it, and the setting does not forbid it. Errors: no docker command
 * line on this machine. */
bool image_builder_find(struct job *job, bool *buildkit, struct err *err);

/* *image: its id, "sha256:…". Errors: ERR_INVALID with code "JobFailed": the build failed; interrupted. When this
 * returns, nothing of the build runs on this machine, and the engine was told so. */
bool image_docker_build(struct job *job, const struct image_build *build, const char **image, struct err *err);

#endif
