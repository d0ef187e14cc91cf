/*
 * One image build under way: what the files actions/image*.c share.
 */
#ifndef RUNNER_ACTIONS_IMAGE_H
#define RUNNER_ACTIONS_IMAGE_H

#include "common/image_settings.h"
#include "runner/aws/ecr.h"
#include "runner/docker/engine.h"
#include "runner/job.h"

struct sandbox;

struct image_job {
    struct job *job;
    struct arena *arena;
    struct docker *docker;
    struct image_settings settings;
    const char *repository; /* with the registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop" */
    struct ecr_token token;
    const char *context;    /* folder of this machine */
    const char *dockerfile; /* file of this machine, below the source */
    bool buildkit;
    struct sandbox *sandbox; /* the classic builder's RUN steps are in its network; or NULL */
    const char *network;     /* of RUN steps; NULL: the engine's default */
    const char *name;        /* on this engine */
    const char *image;       /* its id, "sha256:…"; NULL until it is built */
    const char *digest;      /* of the manifest that was pushed; NULL until then */
    size_t pushed;           /* how many of the tags */
};

/* ---- image_context.c: what `docker build` works on ---- */

/* The source in a folder; sets context and dockerfile. */
bool image_unpack(struct image_job *image, struct err *err);

/* Docker's configuration and the secrets beside it. */
bool image_configure(struct image_job *image, struct err *err);

/* ---- image_network.c: where RUN steps run ---- */

/* Sets network, and sandbox where there is to be one. */
bool image_network(struct image_job *image, struct err *err);

/* Removes what RUN steps still run in, where it can be seen; docker build has ended. For a stop: its proof. */
bool image_end_steps(struct docker *docker, struct arena *arena, const char *network, struct err *err);

/* ---- image_publish.c ---- */

/* Pushes all tags, sets image->digest. What stands in ECR is known to be image->image. */
bool image_publish(struct image_job *image, struct err *err);

/* Another holder of this job left the mark that it was about to push: sets image->digest where ECR has that image under
 * every tag. *done false: it has to be built and pushed (again). */
bool image_adopt(struct image_job *image, bool *done, struct err *err);

/* Uploads the output artifact, where the action has one: imageDetail.json, and imagedefinitions.json where the
 * container's name is known. */
bool image_write_output(struct image_job *image, struct err *err);

#endif
