/*
 * ECR, and the public gallery's half of it: the token to sign in with, repositories, what a tag points to.
 */
#ifndef RUNNER_AWS_ECR_H
#define RUNNER_AWS_ECR_H

#include "runner/aws/call.h"

#include <stdint.h>

struct ecr_token {
    const char *token; /* base64 of "AWS:password": HTTP Basic as it stands */
    const char *password;
    const char *registry; /* "123456789012.dkr.ecr.eu-west-1.amazonaws.com", port and all */
    int64_t expires_ms;
};

bool ecr_token(struct aws *aws, struct arena *arena, const char *region, struct ecr_token *out, struct err *err);

/* For public.ecr.aws, whichever region we are in. */
bool ecr_public_token(struct aws *aws, struct arena *arena, struct ecr_token *out, struct err *err);

/* *uri: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop". Errors: ERR_NOT_FOUND with a sentence of what to do. */
bool ecr_repository(struct aws *aws, struct arena *arena, const char *region, bool is_public, const char *name,
                    const char **uri, struct err *err);

struct ecr_image {
    const char *digest; /* of the manifest */
    const char *config; /* digest of the configuration, which is what Docker calls an image's id; NULL in a list */
};

/* What `tag` points to in a private repository. Errors: ERR_NOT_FOUND: nothing. */
bool ecr_image(struct aws *aws, struct arena *arena, const char *region, const char *repository, const char *tag,
               struct ecr_image *out, struct err *err);

struct ecr_detail {
    const char *registry; /* the account's number */
    const char *repository;
    const char *digest;
    const char *uri;         /* with the digest */
    const struct json *tags; /* list of texts, or NULL */
    int64_t size_bytes;
    int64_t pushed_ms;
    const char *pushed_at; /* "Mon Jan 21 20:04:00 UTC 2019" */
};

/* By tag, or by digest where one is given. Errors: ERR_NOT_FOUND with a sentence of what to do. */
bool ecr_describe_image(struct aws *aws, struct arena *arena, const char *region, const char *repository,
                        const char *tag, const char *digest, struct ecr_detail *out, struct err *err);

#endif
