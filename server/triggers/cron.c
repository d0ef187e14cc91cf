/*
 * From year to month to day to time: what a field does not name is passed over as a whole.
 */
#include "server/triggers/cron.h"

#include "server/triggers/calendar.h"

#define HOUR_SECONDS 3600
#define SATURDAY 7
#define SUNDAY 1

/* The lowest value in the set from `from` on, -1 where there is none. */
static int lowest(uint64_t set, int from) {
    if (from > 63)
        return -1;
    set &= UINT64_MAX << from;
    return set ? __builtin_ctzll(set) : -1;
}

struct month {
    int length;
    int first_weekday; /* of the 1st */
};

static int weekday_of(const struct month *month, int day) {
    return (month->first_weekday - 1 + day - 1) % 7 + 1;
}

/* The weekday (Monday to Friday) nearest to that day, and in the same month. */
static uint32_t nearest_weekday(const struct month *month, int day) {
    int weekday = weekday_of(month, day);
    if (weekday == SATURDAY)
        day += day == 1 ? 2 : -1;
    else if (weekday == SUNDAY)
        day += day == month->length ? -2 : 1;
    return 1u << day;
}

static uint32_t days_of_week(const struct cron *cron, const struct month *month) {
    uint32_t days = 0;
    for (int day = 1; day <= month->length; day++) {
        int weekday = weekday_of(month, day), nth = (day + 6) / 7;
        uint32_t set = cron->weekdays | cron->nth_weekdays[nth];
        if (day + 7 > month->length)
            set |= cron->last_weekdays;
        days |= (set >> weekday & 1u) << day;
    }
    return days;
}

/* The days of a month that the expression names, as a set. */
static uint32_t days_in(const struct cron *cron, int year, int number) {
    int64_t first = calendar_day(year, number, 1);
    const struct month month = {calendar_month_days(year, number), calendar_weekday(first) + 1};
    uint32_t days = days_of_week(cron, &month);
    for (int day = 1; day <= month.length; day++) {
        uint32_t before_last = 1u << (month.length - day);
        days |= cron->days & 1u << day;
        if (cron->before_last & before_last)
            days |= 1u << day;
        if ((cron->nearest_weekdays & 1u << day) || (cron->before_last_weekdays & before_last))
            days |= nearest_weekday(&month, day);
    }
    return days;
}

/* The first second of a day from `from` on, -1 where none is left. */
static int time_from(const struct cron *cron, int from) {
    int hour = from / HOUR_SECONDS, minute = from / 60 % 60, second = from % 60;
    if (cron->hours >> hour & 1u) {
        int late = cron->minutes >> minute & 1u ? lowest(cron->seconds, second) : -1;
        if (late >= 0)
            return hour * HOUR_SECONDS + minute * 60 + late;
        int later = lowest(cron->minutes, minute + 1);
        if (later >= 0)
            return hour * HOUR_SECONDS + later * 60 + lowest(cron->seconds, 0);
    }
    hour = lowest(cron->hours, hour + 1);
    return hour < 0 ? -1 : hour * HOUR_SECONDS + lowest(cron->minutes, 0) * 60 + lowest(cron->seconds, 0);
}

/* The first time from second `from` of that day on, within its month. */
static int64_t in_month(const struct cron *cron, struct calendar_date date, int from) {
    uint32_t days = days_in(cron, date.year, date.month);
    for (int day = lowest(days, date.day); day >= 0; day = lowest(days, day + 1)) {
        int time = time_from(cron, day == date.day ? from : 0);
        if (time >= 0)
            return calendar_day(date.year, date.month, day) * CALENDAR_DAY_SECONDS + time;
    }
    return CRON_NEVER;
}

static struct calendar_date next_month(struct calendar_date date) {
    bool wraps = date.month == 12;
    return (struct calendar_date){.year = date.year + wraps, .month = wraps ? 1 : date.month + 1, .day = 1};
}

int64_t cron_next(const struct cron *cron, int64_t local) {
    if (local < 0)
        local = 0;
    int64_t day = local / CALENDAR_DAY_SECONDS;
    if (day > calendar_day(CRON_YEAR_MOST, 12, 31))
        return CRON_NEVER;
    int from = (int)(local % CALENDAR_DAY_SECONDS);
    for (struct calendar_date date = calendar_date(day); date.year <= CRON_YEAR_MOST; date = next_month(date)) {
        if (!cron->years[date.year - CRON_YEAR_LEAST]) {
            date.month = 12;
        } else if (cron->months >> date.month & 1u) {
            int64_t found = in_month(cron, date, from);
            if (found != CRON_NEVER)
                return found;
        }
        from = 0;
    }
    return CRON_NEVER;
}
