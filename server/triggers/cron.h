/*
 * The fields of a cron expression, as sets, and the next local time that is in all of them. No time zone is known here:
 * a local time is a number of seconds as if the clock on the wall showed UTC. Part of schedule.h, which is what others
 * use and where the rules stand.
 */
#ifndef SERVER_TRIGGERS_CRON_H
#define SERVER_TRIGGERS_CRON_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

#define CRON_YEAR_LEAST 1970
#define CRON_YEAR_MOST 2199
#define CRON_YEARS (CRON_YEAR_MOST - CRON_YEAR_LEAST + 1)
#define CRON_TEXT_BYTES_MOST 1024

#define CRON_NEVER INT64_MAX

/* Bit n of a set is the value n; Sunday is 1. */
struct cron {
    uint64_t seconds, minutes;
    uint32_t hours, months;
    /* Days of the month: any that one of these names, or one of the week's. */
    uint32_t days;
    uint32_t nearest_weekdays;     /* 15W */
    uint32_t before_last;          /* L, L-3: bit n is n days before the last one */
    uint32_t before_last_weekdays; /* LW, L-3W */
    uint32_t weekdays;
    uint32_t last_weekdays;   /* 6L */
    uint32_t nth_weekdays[6]; /* [3]: 6#3 */
    bool years[CRON_YEARS];
};

/* Five fields and the year, or with `seconds` six and perhaps the year. Errors: INVALID, one sentence. */
bool cron_parse(const char *text, bool seconds, struct cron *out, struct err *err);

/* The first local time at or after `local` that the expression names; CRON_NEVER where none is left until 2199. Goes by
 * fields: some thousand steps at most, whatever the expression says. */
int64_t cron_next(const struct cron *cron, int64_t local);

#endif
