/*
 * Time zones: what the clock on the wall shows at a place. The data is the system's (Debian's package tzdata,
 * /usr/share/zoneinfo), read anew each time a zone is asked for by name, so that an update of it needs no restart;
 * nothing is kept between calls and nothing is shared between threads. All times here are whole seconds since 1970,
 * UTC.
 *
 * GLib's GTimeZone was measured instead (Debian 12, 2.74): linking it alone costs an idle process 1.2 MB of resident
 * memory and the first zone 0.4 MB more, of the 12 that the server may have. This reader costs nothing but the few
 * kilobytes of a zone that is in use. The C library's tzset keeps one zone for the whole process and all its threads.
 */
#ifndef SERVER_TRIGGERS_TIME_ZONE_H
#define SERVER_TRIGGERS_TIME_ZONE_H

#include "common/arena.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct time_zone; /* NULL is UTC, everywhere */

/* The zone of that name, owned by the arena:
 *
 *   Region/City    "Europe/Berlin", "America/Argentina/Ushuaia"; any zone of the data, exact case
 *   UTC, GMT       alone, or with an offset: "UTC+05:30", "UTC-3", "GMT+1"; plus is east (ahead), up to 18 hours
 *   abbreviations  those that the data knows (CET, EET, EST, MST, HST, EST5EDT), and PST, CST, IST, JST, which mean
 *                  what they mean in AWS (its Java's ZoneId.SHORT_IDS): Los Angeles, Chicago, Kolkata, Tokyo. EST is
 *                  New York's winter time all year round, in both. Others are refused: what Java makes of them
 *                  surprises (BST is Dhaka's)
 *
 * NULL gives UTC. Errors: INVALID (no such zone, with what to write instead), UNAVAILABLE (there is no data at all). */
bool time_zone_find(struct arena *arena, const char *name, const struct time_zone **out, struct err *err);

/* A zone from the bytes of a TZif file (RFC 8536, version 2 or later; without leap seconds). Errors: INVALID. */
bool time_zone_read(struct arena *arena, const void *bytes, size_t size, const struct time_zone **out, struct err *err);

/* A time without a change: local time is UTC + offset from `begin` until before `end`. */
struct time_zone_span {
    int64_t begin, end;    /* INT64_MIN, INT64_MAX: without a beginning, without an end */
    int32_t offset;        /* seconds ahead of UTC */
    int32_t offset_before; /* of the span before; the same as `offset` where there is none */
};

/* The one that holds at a moment. What is further than 34,000 years from 1970 is taken to be as far as that. */
struct time_zone_span time_zone_span(const struct time_zone *zone, int64_t utc_seconds);

#endif
