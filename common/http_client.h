/*
 * HTTP requests out of this program, over TCP or a unix socket. The only room that knows libcurl. No redirects, no
 * proxy from the environment unless `use_proxy`, http and https only, answers capped in the write callback.
 */
#ifndef COMMON_HTTP_CLIENT_H
#define COMMON_HTTP_CLIENT_H

#include "common/arena.h"
#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

struct http_client; /* keeps connections open between requests; belongs to one thread at a time */

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;      /* "GET" */
    const char *url;         /* for a unix socket "http://docker/…" */
    const char *unix_socket; /* path, or NULL for TCP */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* or NULL */
    size_t body_size;
    /* Instead of body: bytes are asked for until it returns 0; -1 gives up. body_size is the total, or 0 for chunked.
     */
    ptrdiff_t (*read_body)(void *context, void *buffer, size_t room);
    /* Instead of collecting the answer's body: takes each piece of a 2xx answer; false gives up. An answer of another
     * status is collected as usual, so that its error can be read. */
    bool (*write_body)(void *context, const void *bytes, size_t size);
    /* Asked about once a second and at each piece: true gives the request up (ERR_UNAVAILABLE "interrupted"). */
    bool (*interrupted)(void *context);
    bool until_woken; /* ... but only at each piece and after http_client_wake: nobody wakes up for a long poll */
    void *context;
    size_t answer_ceiling;  /* most bytes of a collected body; 0 means 16 MiB */
    int connect_timeout_ms; /* 0 means 5,000 */
    int timeout_ms;         /* the whole exchange; 0 means 60,000; -1 none (streams) */
    bool use_proxy;         /* honour http_proxy and friends */
};

struct http_answer {
    int status;
    const struct http_header *headers; /* names in lower case */
    size_t header_count;
    const char *body; /* terminated; "" where there is none or it was streamed */
    size_t body_size;
};

/* Once at start and end of the program, before threads. From then on the program ignores SIGPIPE: TLS needs that. */
bool http_client_global_init(struct err *err);
void http_client_global_release(void);

struct http_client *http_client_new(void);
void http_client_free(struct http_client *client);     /* accepts NULL */
void http_client_cleanup(struct http_client **client); /* for CLEANUP() */

/* Has a request that is under way, or the next one, ask `interrupted` now. From any thread. */
void http_client_wake(struct http_client *client);

/* Sends and waits for the whole answer. A POST or PATCH is never sent twice by itself; others may be, where a kept
 * connection turns out dead. Any status is a success here: look at answer->status. The answer lives in the
 * arena. Errors: ERR_UNAVAILABLE (no connection, timeout, cut off: may be repeated if the request may be),
 * ERR_LIMIT (answer too large), ERR_INVALID (bad URL). */
bool http_send(struct http_client *client, struct arena *arena, const struct http_request *request,
               struct http_answer *out, struct err *err);

/* After a request that failed: false where it surely did not arrive, because no connection came about. */
bool http_client_reached(const struct http_client *client);

/* The value of the answer's first header of that lower-case name, or NULL. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and '/' where keep_slash). */
char *http_encode(struct arena *arena, const char *text, bool keep_slash);

#endif
