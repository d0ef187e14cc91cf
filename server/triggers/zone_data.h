/*
 * The contents of a time-zone file: its changes so far, and the rule for what comes after them. Part of time_zone.h,
 * which is what others use.
 */
#ifndef SERVER_TRIGGERS_ZONE_DATA_H
#define SERVER_TRIGGERS_ZONE_DATA_H

#include "server/triggers/time_zone.h"
#include "server/triggers/zone_rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_data {
    const int64_t *changes; /* ascending, UTC */
    const int32_t *offsets; /* from each change on */
    size_t change_count;
    int32_t first_offset;  /* before the first change */
    struct zone_rule rule; /* from the last change on */
};

/* Copies what it needs into the arena. Errors: INVALID, one sentence. */
bool zone_data_parse(struct arena *arena, const void *bytes, size_t size, struct zone_data *out, struct err *err);

struct time_zone_span zone_data_span(const struct zone_data *data, int64_t utc_seconds);

#endif
