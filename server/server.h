/*
 * What every door works on: the open parts of a running server, put together once by main.c and never changed after.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "common/clock.h"

struct config;        /* server/config.h */
struct db;            /* server/store/db.h */
struct auth;          /* server/auth/auth.h */
struct logs;          /* server/logs/logs.h */
struct artifacts;     /* server/artifacts/artifacts.h */
struct hosting;       /* server/git/hosting.h */
struct http_listener; /* server/http/http.h */

struct server {
    const struct config *config;
    const struct clock *clock;
    struct db *db;
    struct auth *auth;
    struct logs *logs;
    struct artifacts *artifacts;
    struct hosting *hosting;
    struct http_listener *listener;
};

#endif
