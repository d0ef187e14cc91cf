/* An event as docs/doors.md shows it: in ListEvents and in the event stream. */
#ifndef SERVER_API_PENSTOCK_EVENT_H
#define SERVER_API_PENSTOCK_EVENT_H

#include "common/json.h"
#include "server/store/events.h"

struct json *event_show(struct arena *arena, const struct event_row *event);

#endif
