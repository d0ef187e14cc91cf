/* Doors for whoever supervises the server: they need no credentials and tell no secrets. */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "server/http/http.h"

/* GET /healthz: the process answers. */
void health_live(struct request *request, struct reply *reply);
/* GET /readyz: the database answers too. */
void health_ready(struct request *request, struct reply *reply);
/* GET /version */
void health_version(struct request *request, struct reply *reply);

#endif
