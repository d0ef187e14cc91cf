/*
 * An image in a private repository of ECR: whether it is there, and for which platforms it was built.
 */
#ifndef RUNNER_AWS_ECR_IMAGE_H
#define RUNNER_AWS_ECR_IMAGE_H

#include "runner/aws/call.h"

struct ecr_query {
    struct aws *aws;
    const char *region;
    const char *account; /* or NULL: our own */
    const char *repository;
    bool (*interrupted)(void *context);
    void *context;
};

struct ecr_manifest {
    const char *digest; /* "sha256:…" */
    /* Which platforms are in it, "linux/amd64"; none: its configuration must be read for that. */
    const char *const *platforms;
    size_t platform_count;
    const char *config; /* the configuration's digest, where there is one */
};

/* Tag or digest, of which one may be NULL; both NULL is the tag "latest". Errors: ERR_NOT_FOUND: no such repository
 * (code "RepositoryNotFoundException"), or no such image in it; those of aws_call. */
bool ecr_manifest(const struct ecr_query *query, struct arena *arena, const char *tag, const char *digest,
                  struct ecr_manifest *out, struct err *err);

/* *platform: what an image's configuration says that it was built for. Errors: those of aws_call, and of fetching it.
 */
bool ecr_platform(const struct ecr_query *query, struct arena *arena, const char *config, const char **platform,
                  struct err *err);

/* Whether the repository is filled by itself from another registry: then an image that is not there yet may come.
 * Errors: those of aws_call. */
bool ecr_fills_itself(const struct ecr_query *query, struct arena *arena, bool *fills, struct err *err);

/* *uri: the repository's address. Errors: ERR_NOT_FOUND; those of aws_call. */
bool ecr_address(const struct ecr_query *query, struct arena *arena, const char **uri, struct err *err);

#endif
