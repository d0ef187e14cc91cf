/*
 * The canonical request of SigV4: the one text that signer and verifier must build alike.
 */
#ifndef COMMON_SIGV4_CANONICAL_H
#define COMMON_SIGV4_CANONICAL_H

#include "common/sigv4.h"

#define SIGV4_CONTENT_SHA256 "x-amz-content-sha256"

/* `signed_headers` as in the Authorization header; `payload` is the body's hash in hex or what stands for it. NULL
 * where the request lacks a header that is listed. */
const char *sigv4_canonical_request(struct arena *arena, const struct sigv4_request *request,
                                    const char *signed_headers, const char *payload, bool s3);

/* The value of the first header of that name, in any case; NULL where there is none. */
const char *sigv4_find_header(const struct http_header *headers, size_t count, const char *name);

#endif
