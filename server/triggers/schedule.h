/*
 * Schedules: when something is started by the clock, and when a deployment window is open. Pure: the time is given, the
 * zone is given.
 *
 * Schedules are written as for EventBridge:
 *   cron(minute hour day-of-month month day-of-week year)   six fields, "cron(0 12 ? * MON-FRI *)"
 *   rate(N minute|minutes|hour|hours|day|days)              N from 1; 1 takes the singular. A day is 24 hours
 *   at(yyyy-mm-ddThh:mm:ss)                                 once, in the zone's time
 * Windows (the rule DeploymentWindow's Cron) as for Quartz:
 *   second minute hour day-of-month month day-of-week [year]
 *
 *   second, minute  0-59             , - * /
 *   hour            0-23             , - * /
 *   day of month    1-31             , - * / ? L W   L is the last, L-3 three days before it, 15W the weekday (Monday
 *                                                    to Friday) nearest to the 15th in its month; LW and L-3W are both
 *   month           1-12, JAN-DEC    , - * /
 *   day of week     1-7, SUN-SAT     , - * ? L #     1 is SUN; L alone is SAT, 6L the last Friday of the month, 6#3
 *                                                    the third one (alone in its field); / in windows only
 *   year            1970-2199        , - * /
 *
 * Exactly one of the two days is '?'. Names may be lower case. 5/15 is 5, 20, 35 and so on up to the field's highest
 * value; a star with /15 begins at the field's lowest. What AWS's pages do not say was chosen so: ranges may go round
 * (22-2, FRI-MON; Quartz's rule; not years); L and W may stand in lists with other days, each for itself; a month
 * without the day that W or L-30 names is left out; a window's second may be anything (AWS's page shows a star only).
 *
 * Where clocks change (EventBridge Scheduler's rules): a local time that does not exist, since clocks go forward over
 * it, is left out; one that comes twice, since they go back, counts the first time only. A rate knows no zone and no
 * change. A window is open whenever the clock on the wall says so, the second time too.
 */
#ifndef SERVER_TRIGGERS_SCHEDULE_H
#define SERVER_TRIGGERS_SCHEDULE_H

#include "common/arena.h"
#include "common/err.h"
#include "server/triggers/time_zone.h"

#include <stdbool.h>
#include <stdint.h>

struct schedule;

/* The schedule is the arena's. Errors: INVALID, one sentence that names the expression and the mistake. A schedule that
 * can be read but never comes (30 February, at() in the past or in a gap) is not an error here: schedule_next tells. */
bool schedule_parse(struct arena *arena, const char *text, struct schedule **out, struct err *err);
bool schedule_parse_window(struct arena *arena, const char *text, struct schedule **out, struct err *err);

/* The first instant after (never at) after_ms, in milliseconds since 1970; -1: never again. Of a window, the first
 * second at which it is open. Rates are counted from anchor_ms, which is itself an instant; the others do not look at
 * it. Takes microseconds. */
int64_t schedule_next(const struct schedule *schedule, const struct time_zone *zone, int64_t after_ms,
                      int64_t anchor_ms);

/* Whether the second of now_ms is one that the expression names; of a rate, false. */
bool schedule_covers(const struct schedule *schedule, const struct time_zone *zone, int64_t now_ms);

#endif
