/*
 * Calls to AWS services in the protocols that they speak (JSON, Query, REST): signed, sent, repeated where that is
 * safe, decoded. Endpoints: AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL, then AWS's own.
 *
 *     call.c      the protocols, and lists that come in pages
 *     exchange.c  one call, however often it is sent; retry.c says when and after how long
 *     identity.c  whose keys: credentials.c finds the runner's own, assume_role.c those of a role
 *     refusal.c   what a service says when it refuses, and right.c which right would mend it
 */
#ifndef RUNNER_AWS_CALL_H
#define RUNNER_AWS_CALL_H

#include "common/http_client.h"
#include "common/json.h"
#include "common/sigv4.h"

struct aws;         /* shared by all threads */
struct aws_refusal; /* runner/aws/refusal.h */

/* The runner's own identity: what the credential chain finds (docs/aws.md). */
struct aws *aws_new(void);

/* The same account's role, taken on with AssumeRole by `aws` when the first call needs it, and again before the session
 * ends. Kept: asking again for the same role and session name gives the same one. Lives as long as `aws`.
 * `session_name` shows in CloudTrail; what IAM does not allow in one is replaced. */
struct aws *aws_for_role(struct aws *aws, const char *role_arn, const char *session_name, const char *region);

/* AWS_REGION, AWS_DEFAULT_REGION, the profile's; NULL where nobody says one. */
const char *aws_region(struct arena *arena);

struct aws_credentials {
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* or NULL */
};

/* The keys that hold now, renewed before they end. Errors: ERR_DENIED with a word of what to set, those of AssumeRole.
 */
bool aws_credentials(struct aws *aws, struct arena *arena, struct aws_credentials *out, struct err *err);

/* "AWS_ENDPOINT_URL…=value" as this program has them, NULL at the end: for builds. */
const char *const *aws_endpoint_variables(struct arena *arena);

struct aws_request {
    const char *service;      /* for the endpoint's variable and the signature: "ecs" */
    const char *signing_name; /* for the signature where that is another, else NULL: "monitoring" for "cloudwatch" */
    const char *host_prefix;  /* "ecs", "api.ecr" */
    const char *region;
    const char *operation;
    const char *target;      /* JSON: "AmazonEC2ContainerServiceV20141113" */
    const struct json *body; /* JSON */
    const char *json;        /* JSON: the protocol's version; NULL: "1.1" */
    const char *version;     /* Query: "2010-08-01" */
    const struct aws_parameter *parameters;
    size_t parameter_count;
    const char *path;    /* REST: "/2015-03-31/functions/name/invocations", percent-encoded */
    const char *payload; /* REST: a text or bytes, or NULL */
    size_t payload_size; /* 0: a text */
    const char *method;  /* REST: NULL is "POST" */
    const char *query;   /* REST: "list-type=2&prefix=a%2Fb", percent-encoded, or NULL */
    const char *base;    /* REST: instead of the service's endpoint, "https://bucket.s3.eu-west-1.amazonaws.com"; then
                            nothing is said of the payload's type but by `headers` */
    const struct http_header *headers; /* REST: to be signed, too; those without a value are left out */
    size_t header_count;
    /* REST: takes a 2xx answer's body in pieces; `begin` is called before each attempt. Both with `context`. */
    bool (*begin)(void *context, struct err *err);
    bool (*write_body)(void *context, const void *bytes, size_t size);
    struct http_client *client;  /* or NULL: a connection for this request alone */
    struct aws_refusal *refused; /* or NULL: filled by each call; status 0 where nobody refused */
    /* The operation must not be done twice: repeated only where it did not arrive, or AWS refused it for its number.
     * Otherwise every operation that is sent this way may be: describing ones by nature, the others because they are
     * guarded by a checkpoint or harmless twice. */
    bool once;
    bool urgent;    /* an undo: does not wait for its turn where the service has throttled us lately */
    bool anonymous; /* not signed */
    int timeout_ms; /* of one attempt; 0: 30,000 */
    bool (*interrupted)(void *context); /* or NULL */
    void *context;
};

/* A value of the Query protocol: "AlarmNames.member.1". */
struct aws_parameter {
    const char *name;
    const char *value;
};

/* JSON. Errors: ERR_DENIED (credentials, permissions: the message ends with the right that would mend it),
 * ERR_NOT_FOUND, ERR_LIMIT (a quota), ERR_UNAVAILABLE (throttled, 5xx, no answer, after all repetitions), ERR_INVALID;
 * the message names AWS's exception. */
bool aws_call(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
              struct err *err);

/* Query. *answer: what is in the answer's "<Operation>Result", as runner/aws/xml.h reads it; NULL where it has none.
 * The same errors. */
bool aws_call_query(struct aws *aws, struct arena *arena, const struct aws_request *request, const struct json **answer,
                    struct err *err);

/* A list that comes in pages. */
struct aws_pages {
    const char *list;  /* the answer's member: "taskArns" */
    const char *token; /* of the answer: "nextToken" */
    const char *asked; /* what it is called in the request; NULL: the same */
    size_t most;       /* items; 0: 10,000. ERR_LIMIT beyond */
};

/* JSON and Query: asks until there is no further page; *items has them all. `request->body` (JSON) is not changed. The
 * same errors. */
bool aws_call_all(struct aws *aws, struct arena *arena, const struct aws_request *request,
                  const struct aws_pages *pages, const struct json **items, struct err *err);

/* REST: a 2xx answer as it came. The same errors; *unknown (or NULL) is set where the request may have arrived
 * and no answer came. */
bool aws_call_rest(struct aws *aws, struct arena *arena, const struct aws_request *request, struct http_answer *answer,
                   bool *unknown, struct err *err);

#endif
