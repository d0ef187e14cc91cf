/*
 * The rule at the end of a time-zone file: what holds after its last entry, for ever ("CET-1CEST,M3.5.0,M10.5.0/3").
 * POSIX's TZ format with RFC 8536's hours from -167 to 167. Part of time_zone.h, which is what others use.
 */
#ifndef SERVER_TRIGGERS_ZONE_RULE_H
#define SERVER_TRIGGERS_ZONE_RULE_H

#include "server/triggers/time_zone.h"

#include <stdbool.h>
#include <stdint.h>

/* A moment of every year, by the clock on the wall before it. */
struct zone_rule_moment {
    enum {
        MOMENT_JULIAN,
        MOMENT_ZERO_BASED,
        MOMENT_MONTH
    } form;          /* "J60" (never counts 29 February), "59", "M10.5.0" */
    int day;         /* of the year; with MOMENT_MONTH of the week, Sunday 0 */
    int week, month; /* week 5 is the last */
    int32_t seconds; /* after that day's midnight */
};

struct zone_rule {
    int32_t standard, summer; /* seconds ahead of UTC. Ireland's "summer" is winter: it may be the lower one */
    bool has_summer;
    struct zone_rule_moment begin, end; /* of summer */
};

/* Returns false where the text is not such a rule. */
bool zone_rule_parse(const char *text, struct zone_rule *out);

/* The span of the same offset around a moment. */
struct time_zone_span zone_rule_span(const struct zone_rule *rule, int64_t utc_seconds);

#endif
