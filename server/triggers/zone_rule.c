/*
 * Reading the rule, and finding the span: the six changes of the year before, of the year and of the year after are put
 * in order, and the moment lies between two of them.
 */
#include "server/triggers/zone_rule.h"

#include "server/triggers/calendar.h"

#include <stddef.h>
#include <string.h>

/* Reading. Each step moves *at; false where something else stands there. */

static bool read_number(const char **at, int least, int most, int *out) {
    int number = 0, digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
        if (digits >= 3)
            return false;
        number = number * 10 + (**at - '0');
    }
    *out = number;
    return digits > 0 && number >= least && number <= most;
}

static bool read_sign(const char **at, char sign) {
    if (**at != sign)
        return false;
    (*at)++;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool read_seconds(const char **at, int most_hours, int32_t *out) {
    bool negative = read_sign(at, '-');
    if (!negative)
        (void)read_sign(at, '+');
    int hours, minutes = 0, seconds = 0;
    if (!read_number(at, 0, most_hours, &hours))
        return false;
    if (read_sign(at, ':') && !read_number(at, 0, 59, &minutes))
        return false;
    if (read_sign(at, ':') && !read_number(at, 0, 59, &seconds))
        return false;
    *out = (hours * 60 + minutes) * 60 + seconds;
    *out = negative ? -*out : *out;
    return true;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET" or "<+0330>"; what it says is nobody's business here. */
static bool read_name(const char **at) {
    if (read_sign(at, '<')) {
        const char *end = strchr(*at, '>');
        if (!end)
            return false;
        *at = end + 1;
        return true;
    }
    const char *begin = *at;
    while (is_letter(**at))
        (*at)++;
    return *at - begin >= 3;
}

static bool read_day(const char **at, struct zone_rule_moment *moment) {
    if (read_sign(at, 'J')) {
        moment->form = MOMENT_JULIAN;
        return read_number(at, 1, 365, &moment->day);
    }
    if (read_sign(at, 'M')) {
        moment->form = MOMENT_MONTH;
        return read_number(at, 1, 12, &moment->month) && read_sign(at, '.') && read_number(at, 1, 5, &moment->week) &&
               read_sign(at, '.') && read_number(at, 0, 6, &moment->day);
    }
    moment->form = MOMENT_ZERO_BASED;
    return read_number(at, 0, 365, &moment->day);
}

static bool read_moment(const char **at, struct zone_rule_moment *moment) {
    moment->seconds = 2 * 3600;
    return read_sign(at, ',') && read_day(at, moment) &&
           (!read_sign(at, '/') || read_seconds(at, 167, &moment->seconds));
}

bool zone_rule_parse(const char *text, struct zone_rule *out) {
    struct zone_rule rule = {0};
    const char *at = text;
    if (!read_name(&at) || !read_seconds(&at, 24, &rule.standard))
        return false;
    rule.standard = -rule.standard; /* POSIX counts westwards */
    if (*at) {
        rule.has_summer = true;
        if (!read_name(&at))
            return false;
        rule.summer = rule.standard + 3600;
        if (*at != ',') {
            if (!read_seconds(&at, 24, &rule.summer))
                return false;
            rule.summer = -rule.summer;
        }
        if (!read_moment(&at, &rule.begin) || !read_moment(&at, &rule.end) || *at)
            return false;
    }
    *out = rule;
    return true;
}

/* Applying */

static int64_t day_in(const struct zone_rule_moment *moment, int year) {
    if (moment->form == MOMENT_JULIAN)
        return calendar_day(year, 1, 1) + moment->day - 1 + (moment->day >= 60 && calendar_is_leap(year));
    if (moment->form == MOMENT_ZERO_BASED)
        return calendar_day(year, 1, 1) + moment->day;
    int64_t first = calendar_day(year, moment->month, 1);
    int64_t day = first + (moment->day - calendar_weekday(first) + 7) % 7 + (moment->week - 1) * 7;
    return day < first + calendar_month_days(year, moment->month) ? day : day - 7;
}

struct change {
    int64_t at; /* UTC */
    int32_t offset;
};

static void insert(struct change *changes, size_t count, struct change change) {
    size_t i = count;
    for (; i > 0 && changes[i - 1].at > change.at; i--)
        changes[i] = changes[i - 1];
    changes[i] = change;
}

struct time_zone_span zone_rule_span(const struct zone_rule *rule, int64_t utc_seconds) {
    struct time_zone_span span = {INT64_MIN, INT64_MAX, rule->standard, rule->standard};
    if (!rule->has_summer)
        return span;
    struct change changes[6];
    int year = calendar_date(calendar_floor_divide(utc_seconds, CALENDAR_DAY_SECONDS)).year;
    for (int i = 0; i < 3; i++) {
        int64_t begin = day_in(&rule->begin, year - 1 + i) * CALENDAR_DAY_SECONDS + rule->begin.seconds;
        int64_t end = day_in(&rule->end, year - 1 + i) * CALENDAR_DAY_SECONDS + rule->end.seconds;
        /* Summer all year is written with an end that is the next beginning: the beginning comes later and holds. */
        insert(changes, (size_t)i * 2, (struct change){end - rule->summer, rule->standard});
        insert(changes, (size_t)i * 2 + 1, (struct change){begin - rule->standard, rule->summer});
    }
    for (size_t i = 0; i < 6; i++) {
        if (changes[i].at > utc_seconds) {
            span.end = changes[i].at;
            break;
        }
        if (changes[i].at > span.begin) /* of several at once the first one knows what was before */
            span.offset_before = span.offset;
        span.begin = changes[i].at;
        span.offset = changes[i].offset;
    }
    return span;
}
