/*
 * A delivery's body, wherever the listener put it: the exact bytes that were signed. Until it is known who signed them
 * they are only passed through, piece by piece: strangers may send a hundred large ones at once.
 */
#ifndef SERVER_API_HOOKS_PAYLOAD_H
#define SERVER_API_HOOKS_PAYLOAD_H

#include "common/hash.h"
#include "server/http/http.h"

/* The HMAC-SHA256 of the body under that secret. */
bool payload_sign(const struct request *request, const char *secret, uint8_t out[SHA256_BYTES], struct err *err);

struct payload {
    const char *bytes; /* not terminated */
    size_t size;
    void *mapping; /* of the request's file; NULL: the bytes lie in memory */
};

bool payload_open(const struct request *request, struct payload *out, struct err *err);
void payload_release(struct payload *payload); /* accepts a zeroed one */

/* The body as JSON: as it is, or from the form field `payload` where the Content-Type says that it is a form. In the
 * request's arena. Errors: ERR_INVALID, ERR_LIMIT. */
bool payload_json(const struct request *request, const struct payload *payload, const struct json **out,
                  struct err *err);

#endif
