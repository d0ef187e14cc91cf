/*
 * What a request's head must be before anybody looks at it. libmicrohttpd 0.9.75 takes nearly anything (both lengths,
 * two hosts, folded headers, NUL bytes); here all of that is refused, so that a proxy before us and we never disagree
 * about where a request ends or whom it is for. Pure.
 */
#ifndef SERVER_HTTP_GUARD_H
#define SERVER_HTTP_GUARD_H

#include "common/err.h"
#include "common/http_client.h"

#include <stddef.h>
#include <stdint.h>

struct guard_head {
    const char *method;
    const char *target;                /* the request line's middle, as sent */
    const char *version;               /* "HTTP/1.1" */
    const struct http_header *headers; /* names in lower case, in the order sent */
    size_t header_count;
};

struct guard_verdict {
    bool has_body;
    int64_t content_length; /* -1: chunked */
};

/* Errors: ERR_INVALID with a sentence. */
bool guard_check(const struct guard_head *head, struct guard_verdict *out, struct err *err);

#endif
