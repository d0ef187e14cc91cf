/*
 * What a new server gives its first user: an access key for "admin" in DATA/admin.json (the file that `penstock` reads)
 * and a sign-in link; and what every start tells others: DATA/server.json.
 */
#ifndef SERVER_FIRST_RUN_H
#define SERVER_FIRST_RUN_H

#include "common/arena.h"
#include "common/err.h"

struct server;

/* Makes key and link where no key was ever used and admin.json is missing: *link is the URL to show, else NULL. Where
 * admin.json is there and the server's address has changed, writes the new one into it. */
bool first_run(struct server *server, struct arena *arena, const char **link, struct err *err);

/* DATA/server.json: {"url", "pid"}. */
bool first_run_announce(const struct server *server, struct err *err);

#endif
