/*
 * For http_client.c: what of a request can be judged before anything is sent.
 */
#ifndef COMMON_HTTP_TEXT_H
#define COMMON_HTTP_TEXT_H

#include "common/http_client.h"

/* Method, URL, headers and socket path as HTTP allows them. Errors: ERR_INVALID. */
bool http_check_request(const struct http_request *request, struct err *err);

/* Where to, for messages: without user, password, path and query, any of which may hold a secret. */
const char *http_destination(struct arena *arena, const struct http_request *request);

#endif
