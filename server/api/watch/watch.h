/* The doors of who looks on: logs and the event stream. What they show stands in docs/doors.md. */
#ifndef SERVER_API_WATCH_WATCH_H
#define SERVER_API_WATCH_WATCH_H

#include "server/http/http.h"

/* GET /logs/LOGID: a long poll. */
void watch_log(struct request *request, struct reply *reply);
/* GET /logs/LOGID/raw */
void watch_log_raw(struct request *request, struct reply *reply);
/* GET /events: a stream. */
void watch_events(struct request *request, struct reply *reply);

#endif
