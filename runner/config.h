/*
 * What the runner was told: flags, environment, and the file that it wrote when it joined. Every setting is a flag and
 * an environment variable (`--state` is PENSTOCK_STATE); the flag wins. docs/running.md lists them.
 */
#ifndef RUNNER_CONFIG_H
#define RUNNER_CONFIG_H

#include "common/arena.h"
#include "common/err.h"

struct config {
    const char *join_url;   /* --join URL TOKEN, or PENSTOCK_JOIN_URL and PENSTOCK_JOIN_TOKEN; else NULL */
    const char *join_token; /* spent with the first use */
    const char *state;      /* folder: runner.json, mirrors, work */
    const char *name;       /* how people see this runner */
    const char *docker;     /* "unix:///var/run/docker.sock" or "tcp://HOST:PORT" */
    int jobs;               /* how many jobs at a time */
    bool once;              /* one job, then the end */
    int grace_seconds;      /* after SIGTERM: then jobs in hand are given back to the queue; 0: no limit */

    /* The Docker network of build containers: "bridge" by default. "host" lets a build reach what listens on this
     * machine's loopback (a sandbox's AWS endpoints), and everything else there, too. PENSTOCK_BUILD_NETWORK. */
    const char *build_network;

    /* The image that Commands actions and rules run in, which name none: AWS's standard image for Linux by default, as
     * CodeBuild names it (docker/images.h says where it is pulled from). PENSTOCK_COMMANDS_IMAGE. */
    const char *commands_image;

    /* Whether a build gets the runner's AWS credentials, as CodeBuild gives a build its service role: so that `aws` in
     * a buildspec works. PENSTOCK_BUILD_AWS_CREDENTIALS=runner (default) or none. AWS_ENDPOINT_URL* go with them.
     * Where there are credentials, the runner also signs in to ECR for pulling build images; a build with
     * privilegedMode finds that sign-in as a DOCKER_CONFIG of its own, so that `docker push` works without `aws`. */
    bool build_credentials;
};

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
