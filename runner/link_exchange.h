/* What link.c and link_files.c share. */
#ifndef RUNNER_LINK_EXCHANGE_H
#define RUNNER_LINK_EXCHANGE_H

#include "common/http_client.h"
#include "runner/link.h"

struct link {
    const struct account *account;
    struct http_client *client;
    int64_t retry_after_ms; /* what the last answer said; 0: nothing */
};

const char *link_url(struct arena *arena, const struct link *link, const char *path);
struct http_header link_authorization(struct arena *arena, const struct link *link);

/* *err from an answer that is no success. Returns false. */
bool link_refuse(int status, const struct json *body, struct err *err);

/* True where the caller wants repetition and this error passes. */
bool link_may_repeat(const struct link_call *call, const struct err *err);

#endif
