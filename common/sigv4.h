/*
 * AWS Signature Version 4 in its header form, both ways: signing what the runner and the command line send, verifying
 * what clients send to the server. Pure: no clock, no network. Verification takes the set of signed headers as it
 * comes (clients differ) but insists on host and x-amz-date.
 *
 * AWS, "Signature Version 4 signing process": https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
#ifndef COMMON_SIGV4_H
#define COMMON_SIGV4_H

#include "common/arena.h"
#include "common/err.h"
#include "common/http_client.h"

#include <stdint.h>

#define SIGV4_SKEW_MS (5 * 60 * 1000)

struct sigv4_request {
    const char *method;
    const char *path;                  /* as sent, percent-encoded; "/" at least */
    const char *query;                 /* as sent, without '?'; "" or NULL for none */
    const struct http_header *headers; /* names in any case */
    size_t header_count;
    const void *body;
    size_t body_size;
};

struct sigv4_credentials {
    const char *access_key;
    const char *secret_key;
    const char *session_token; /* or NULL */
};

struct sigv4_scope {
    const char *region;
    const char *service; /* "codepipeline"; for "s3" the path is encoded once and not normalised */
};

/* Returns the request's headers plus Host (from `host`), X-Amz-Date, X-Amz-Security-Token where there is one, for s3
 * X-Amz-Content-Sha256, and Authorization; all in the arena. */
void sigv4_sign(struct arena *arena, const struct sigv4_request *request, const char *host,
                const struct sigv4_credentials *credentials, const struct sigv4_scope *scope, int64_t wall_ms,
                const struct http_header **out_headers, size_t *out_count);

/* What an Authorization header says. Texts live in the arena. */
struct sigv4_authorization {
    const char *access_key;
    const char *date; /* "20261123" */
    const char *region;
    const char *service;
    const char *signed_headers; /* "content-type;host;x-amz-date" */
    const char *signature;      /* 64 lower-case hex digits */
};

/* Reads an Authorization header. Errors: ERR_DENIED with code "MissingAuthenticationTokenException" (NULL header) or
 * "IncompleteSignatureException". */
bool sigv4_parse(struct arena *arena, const char *authorization, struct sigv4_authorization *out, struct err *err);

/* True where the request was signed with this secret, at most SIGV4_SKEW_MS away from wall_ms. The comparison takes the
 * same time wherever the signatures differ. Errors: ERR_DENIED with code "InvalidSignatureException". */
bool sigv4_verify(struct arena *arena, const struct sigv4_request *request,
                  const struct sigv4_authorization *authorization, const char *secret_key, int64_t wall_ms,
                  struct err *err);

/* The same for a request of S3's whose body has not arrived: the header x-amz-content-sha256 is taken at its word, and
 * whoever takes the body must hold it against that. Errors: also where the header is missing. */
bool sigv4_verify_head(struct arena *arena, const struct sigv4_request *request,
                       const struct sigv4_authorization *authorization, const char *secret_key, int64_t wall_ms,
                       struct err *err);

/* A body that comes in signed chunks (x-amz-content-sha256 STREAMING-AWS4-HMAC-SHA256-PAYLOAD): each signature is made
 * over the one before, the first over the head's. */
struct sigv4_chunks {
    uint8_t key[32];
    const char *moment;
    const char *scope;
    char previous[65];
};
/* After the head was verified. `moment` is x-amz-date. */
void sigv4_chunks_begin(struct arena *arena, const struct sigv4_authorization *authorization, const char *moment,
                        const char *secret_key, struct sigv4_chunks *out);
/* The next chunk; `sha256` is its hash in hex. False where the signature is wrong. */
bool sigv4_chunk_verify(struct sigv4_chunks *chunks, const char *sha256, const char *signature);

/* The password that `aws codecommit credential-helper` sends for git over HTTPS: "<YYYYMMDDTHHMMSS>Z<signature>".
 * Same errors as sigv4_verify. `host` without port, `path` as git asked for it. */
bool sigv4_verify_git(struct arena *arena, const char *password, const char *host, const char *path, const char *region,
                      const char *secret_key, int64_t wall_ms, struct err *err);

#endif
