/*
 * Signing in to ECR with the runner's AWS credentials: a token is asked for once and used until shortly before it ends.
 * Where there are no credentials there is no sign-in, and that is no error.
 */
#ifndef RUNNER_DOCKER_SIGN_IN_H
#define RUNNER_DOCKER_SIGN_IN_H

#include "common/arena.h"
#include "common/err.h"

struct runner;

struct sign_in_secrets {
    const char *password;
    const char *encoded; /* base64 of "AWS:password" */
};

struct ecr *sign_in_new(void);

/* *registry_auth: the X-Registry-Auth header where the image lies in our ECR registry, else NULL. Errors: ECR's. */
bool sign_in_for_image(const struct runner *runner, struct arena *arena, const char *image, const char **registry_auth,
                       struct err *err);

/* The same header of any registry's user. */
const char *sign_in_header(struct arena *arena, const char *registry, const char *user, const char *password);

/* *config: a Docker config.json with that sign-in, NULL without credentials; *secrets: what must not show in a log, the
 * password as it is and as config.json has it. */
bool sign_in_config(const struct runner *runner, struct arena *arena, const char **config,
                    struct sign_in_secrets *secrets, struct err *err);

#endif
