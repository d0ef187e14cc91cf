/*
 * Calls to AWS services that speak JSON: signed, sent, repeated where that is safe, decoded. Endpoints:
 * AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL, then AWS's own.
 */
#ifndef RUNNER_AWS_CALL_H
#define RUNNER_AWS_CALL_H

#include "common/json.h"
#include "common/sigv4.h"

struct aws; /* shared by all threads */

struct aws *aws_new(void);

struct aws_credentials {
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* or NULL */
};

/* The runner's own, in AWS's order: environment, shared credentials file, container, instance. Cached. Errors:
 * ERR_DENIED with a word of what to set. */
bool aws_credentials(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err);

/* "AWS_ENDPOINT_URL…=value" as this program has them, NULL at the end: for builds. */
const char *const *aws_endpoint_variables(struct arena *arena);

struct aws_request {
    const char *service;     /* for the signature and the endpoint's variable: "ecs" */
    const char *host_prefix; /* "ecs", "api.ecr" */
    const char *region;
    const char *target; /* "AmazonEC2ContainerServiceV20141113" */
    const char *operation;
    const struct json *body;
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* Every operation that is sent this way may be repeated: describing ones by nature, the others because they are guarded
 * by a checkpoint or harmless twice. Errors: ERR_DENIED (credentials, permissions), ERR_NOT_FOUND, ERR_UNAVAILABLE
 * (throttled, 5xx, no answer, after all repetitions), ERR_INVALID; the message names AWS's exception. */
bool aws_call(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
              struct err *err);

#endif
