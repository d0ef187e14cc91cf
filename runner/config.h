/*
 * What the runner was told: flags, environment, and the file that it wrote when it joined. Every setting is a flag and
 * an environment variable (`--state` is PENSTOCK_STATE); the flag wins. docs/running.md lists them.
 */
#ifndef RUNNER_CONFIG_H
#define RUNNER_CONFIG_H

#include "common/arena.h"
#include "common/err.h"

#include <stdint.h>

/* What a build with privilegedMode gets. */
enum privileged_builds {
    PRIVILEGED_REFUSED, /* a refusal in one sentence: the default, since the others are root on this machine */
    PRIVILEGED_SOCKET,  /* the socket of the engine that runs all builds */
    PRIVILEGED_ENGINE,  /* an engine of its own, in a privileged container beside it */
};

/* IPv4, in the machine's order of bytes. */
struct subnets {
    uint32_t first;
    int prefix; /* 198.18.0.0/16: 16 */
};

struct config {
    const char *join_url;   /* --join URL TOKEN, or PENSTOCK_JOIN_URL and PENSTOCK_JOIN_TOKEN; else NULL */
    const char *join_token; /* spent with the first use */
    const char *state;      /* folder: runner.json, mirrors, work */
    const char *name;       /* how people see this runner */
    const char *docker;     /* "unix:///var/run/docker.sock" or "tcp://HOST:PORT" */
    int jobs;               /* how many jobs at a time */
    bool once;              /* one job, then the end */
    int grace_seconds;      /* after SIGTERM: then jobs in hand are given back to the queue; 0: no limit */

    /* "isolated" (default): each build has a network of its own, walled off from this machine, other builds and the
     * metadata address (docker/sandbox.h). Else a Docker network that builds share: "host" lets a build reach what
     * listens on this machine's loopback (a sandbox's AWS endpoints), and everything else there, too.
     * PENSTOCK_BUILD_NETWORK. */
    const char *build_network;

    /* Where isolated networks take their addresses from, eight for each: "198.18.0.0/16" by default, the range for
     * measuring devices that no network uses. PENSTOCK_BUILD_SUBNETS. */
    struct subnets build_subnets;

    /* What builds in isolated networks may reach of this machine, or of the metadata address, all the same: TCP,
     * "ADDRESS:PORT", NULL at the end. PENSTOCK_BUILD_REACH. */
    const char *const *build_reach;

    enum privileged_builds privileged_builds; /* PENSTOCK_PRIVILEGED_BUILDS */
    const char *engine_image;                 /* of PRIVILEGED_ENGINE; PENSTOCK_ENGINE_IMAGE */
    int build_disk_gib;                       /* 0: as the build's computeType has it; PENSTOCK_BUILD_DISK */

    /* What stands for CodeBuild's own images, which no registry knows by these names, as docker/images.h reads it; or
     * NULL. PENSTOCK_CODEBUILD_IMAGES. */
    const char *codebuild_images;

    /* The image that Commands actions and rules run in, which name none: AWS's standard image for Linux by default, as
     * CodeBuild names it. PENSTOCK_COMMANDS_IMAGE. */
    const char *commands_image;

    /* Whether a build gets the runner's AWS credentials, as CodeBuild gives a build its service role: so that `aws` in
     * a buildspec works. PENSTOCK_BUILD_AWS_CREDENTIALS=runner (default) or none. AWS_ENDPOINT_URL* go with them.
     * Where there are credentials, the runner also signs in to ECR for pulling build images; a build with
     * privilegedMode finds that sign-in as a DOCKER_CONFIG of its own, so that `docker push` works without `aws`; not
     * with none. */
    bool build_credentials;

    /* ECRBuildAndPublish. PENSTOCK_IMAGE_BUILDER=auto (default) or classic: Docker's older builder, whose RUN steps can
     * be walled off as builds are. PENSTOCK_IMAGE_CACHE: what the engine keeps of image builds at most, 20 GiB by
     * default; 0: nothing is pruned. */
    bool classic_images;
    int image_cache_gib;

    /* How many GiB of LOCAL_CUSTOM_CACHE lie in the state folder at most, all projects together; the least recently
     * used go first. 0: none are kept. PENSTOCK_BUILD_CACHE, 10. */
    int build_cache_gib;

    /* Whose clock deployments wait by (runner/rehearsal.h), for rehearsals with the sandbox; NULL: the machine's.
     * PENSTOCK_REHEARSAL_CLOCK. */
    const char *rehearsal_clock;
};

/* Whether each build has a network of its own. */
bool config_isolates(const struct config *config);

/* Reads flags and environment. `*help` is set where the person asked for the usage (printed by the caller). Errors:
 * ERR_INVALID. */
bool config_read(struct arena *arena, int argc, char **argv, struct config *out, bool *help, struct err *err);

extern const char config_usage[];

/* Who this runner is to its server: STATE/runner.json, mode 0600. */
struct account {
    const char *url; /* the server's, without a slash at the end */
    const char *runner_id;
    const char *token;
};

/* Errors: ERR_NOT_FOUND (never joined), ERR_INVALID (the file is broken), those of reading. */
bool account_load(struct arena *arena, const char *state, struct account *out, struct err *err);

/* Writes it so that a crash leaves the old file or the new one. */
bool account_save(struct arena *arena, const char *state, const struct account *account, struct err *err);

#endif
