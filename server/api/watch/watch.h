/* The doors of who looks on: logs, the event stream and badges. What they show stands in docs/doors.md. */
#ifndef SERVER_API_WATCH_WATCH_H
#define SERVER_API_WATCH_WATCH_H

#include "server/http/http.h"

/* GET /logs/LOGID: a long poll. */
void watch_log(struct request *request, struct reply *reply);
/* GET /logs/LOGID/raw */
void watch_log_raw(struct request *request, struct reply *reply);
/* GET /events: a stream. */
void watch_events(struct request *request, struct reply *reply);
/* GET /badges?uuid=U&branch=B: for anyone. */
void watch_badge(struct request *request, struct reply *reply);

#endif
