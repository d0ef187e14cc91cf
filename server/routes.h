/* The list of doors: docs/doors.md as a table. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/http/http.h"

extern const struct http_route routes[];
extern const size_t route_count;

#endif
