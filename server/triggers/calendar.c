/*
 * Days and dates by the well-known arithmetic on years that begin in March, so that a leap day is a year's last.
 */
#include "server/triggers/calendar.h"

#define ERA_DAYS 146097 /* 400 years */
#define EPOCH 719468    /* days from 0000-03-01 to 1970-01-01 */

int64_t calendar_floor_divide(int64_t number, int64_t by) {
    return number / by - (number % by < 0);
}

int64_t calendar_day(int year, int month, int day) {
    int64_t march_year = month > 2 ? year : (int64_t)year - 1;
    int64_t era = calendar_floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH;
}

struct calendar_date calendar_date(int64_t day) {
    int64_t era = calendar_floor_divide(day + EPOCH, ERA_DAYS);
    int64_t day_of_era = day + EPOCH - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    return (struct calendar_date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
    };
}

int calendar_weekday(int64_t day) {
    int64_t weeks = calendar_floor_divide(day + 4, 7); /* 1970-01-01 was a Thursday */
    return (int)(day + 4 - weeks * 7);
}

bool calendar_is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int calendar_month_days(int year, int month) {
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && calendar_is_leap(year));
}
