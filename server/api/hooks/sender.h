/*
 * Who sent a webhook: whoever knows the hook's secret. Nothing of a body is looked at before its signature fits, and a
 * stranger learns nothing: a hook that does not exist, another's signature and none at all get the same answer.
 */
#ifndef SERVER_API_HOOKS_SENDER_H
#define SERVER_API_HOOKS_SENDER_H

#include "server/http/http.h"
#include "server/store/source_hooks.h"

#define SENDER_SECRET_LEAST 32 /* bytes; a shorter one signs nothing */

/* True where there is a header of that form: to look before a body is taken. The answer to none is the one to a wrong
 * one. Errors: ERR_DENIED (401). */
bool sender_claims(const struct request *request, const char *header, struct err *err);

/* Checks a header of the form "sha256=<64 lower-case hex digits>": the HMAC-SHA256 of the raw body under the secret of
 * the hook that the path's first `*` names. In the request's arena. Errors: ERR_DENIED (401). */
bool sender_check(const struct request *request, const char *provider, const char *header, struct source_hook_row *out,
                  struct err *err);

#endif
