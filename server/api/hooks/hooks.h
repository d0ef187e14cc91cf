/*
 * Webhooks: repositories elsewhere tell of pushes and pull requests, and the pipelines whose source that is start. One
 * door per provider; what they share is who sent it (sender.h) and what a push is (change.h).
 */
#ifndef SERVER_API_HOOKS_HOOKS_H
#define SERVER_API_HOOKS_HOOKS_H

#include "server/http/http.h"

#define HOOKS_BODY_MAX (25 * 1024 * 1024) /* GitHub: larger payloads are not sent */

/* POST /hooks/github/HOOKID. The signature is over the body, so the head alone proves nothing: the check of the head
 * refuses who does not even claim to have signed, before a byte is taken. A file body of HOOKS_BODY_MAX, so that large
 * ones from strangers do not lie in memory. */
bool hooks_github_head(struct request *request, struct err *err);
void hooks_github(struct request *request, struct reply *reply);

/* An event of a pull request: which files it changes only git can tell, and that takes seconds. */
bool hooks_github_is_slow(const struct request *request);

#endif
