/*
 * The Gregorian calendar, before and after its invention: days are counted from 1970-01-01, which is 0. Pure numbers;
 * what a clock shows at a place is time_zone.h's.
 */
#ifndef SERVER_TRIGGERS_CALENDAR_H
#define SERVER_TRIGGERS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_DAY_SECONDS 86400

struct calendar_date {
    int year, month, day; /* months and days from 1 */
};

int64_t calendar_day(int year, int month, int day);

/* The other way round; the day must lie within a million years of 1970. */
struct calendar_date calendar_date(int64_t day);

/* 0 is Sunday. */
int calendar_weekday(int64_t day);

/* 28 to 31 */
int calendar_month_days(int year, int month);

bool calendar_is_leap(int year);

/* Rounds down, also below 0, where C rounds towards it. */
int64_t calendar_floor_divide(int64_t number, int64_t by);

#endif
