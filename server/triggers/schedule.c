/*
 * Cron expressions speak of local times, instants are UTC. The way between them goes span by span of one offset (see
 * time_zone.h): within a span both run evenly, so the next local time that the expression names is the next instant, if
 * the span lasts until then.
 */
#include "server/triggers/schedule.h"

#include "common/str.h"
#include "server/triggers/calendar.h"
#include "server/triggers/cron.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define RATE_MOST 1000000
#define INNER_BYTES_MOST CRON_TEXT_BYTES_MOST

/* Further than any zone is from UTC, twice. */
#define OFFSETS_SECONDS (2 * (int64_t)CALENDAR_DAY_SECONDS)

/* 2200-01-03: wherever one is, the last year of an expression is over. */
#define LAST_SECONDS INT64_C(7258291200)

struct schedule {
    enum { SCHEDULE_ONCE_EACH, SCHEDULE_WINDOW, SCHEDULE_RATE } kind; /* cron() and at() are the first */
    int64_t interval_ms;                                              /* of SCHEDULE_RATE */
    struct cron cron;                                                 /* of the others */
};

/* Reading */

static bool parse_rate(const char *text, struct schedule *out, struct err *err) {
    static const struct {
        const char *one, *many;
        int64_t ms;
    } units[] = {{"minute", "minutes", MINUTE_MS}, {"hour", "hours", HOUR_MS}, {"day", "days", DAY_MS}};
    char number[16], unit[16], more;
    long long count;
    if (sscanf(text, " %15[0-9] %15[a-z] %c", number, unit, &more) != 2)
        return err_set(err, ERR_INVALID, "write a number and minutes, hours or days, as in 'rate(5 minutes)'");
    if (!str_to_int64(number, 1, RATE_MOST, &count))
        return err_set(err, ERR_INVALID, "the number must be from 1 to %d", RATE_MOST);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (str_equal(unit, count == 1 ? units[i].one : units[i].many)) {
            out->kind = SCHEDULE_RATE;
            out->interval_ms = count * units[i].ms;
            return true;
        }
        if (str_equal(unit, count == 1 ? units[i].many : units[i].one))
            return err_set(err, ERR_INVALID, "write 'rate(%lld %s)'", count, count == 1 ? units[i].one : units[i].many);
    }
    return err_set(err, ERR_INVALID, "'%s' is no unit of time; write minutes, hours or days", unit);
}

/* The digits from `at` on, which were seen to be digits. */
static int digits(const char *text, size_t at, size_t count) {
    int number = 0;
    for (size_t i = at; i < at + count; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

static bool parse_at(const char *text, struct schedule *out, struct err *err) {
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    bool fits = strlen(text) == sizeof shape - 1;
    for (size_t i = 0; fits && i < sizeof shape - 1; i++)
        fits = shape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i];
    if (!fits)
        return err_set(err, ERR_INVALID, "write date and time as in 'at(2026-12-01T09:00:00)'");
    int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (year < CRON_YEAR_LEAST || year > CRON_YEAR_MOST || month < 1 || month > 12 || day < 1 ||
        day > calendar_month_days(year, month) || hour > 23 || minute > 59 || second > 59)
        return err_set(err, ERR_INVALID, "there is no such date or time between %d and %d", CRON_YEAR_LEAST,
                       CRON_YEAR_MOST);
    out->kind = SCHEDULE_ONCE_EACH;
    out->cron = (struct cron){.seconds = UINT64_C(1) << second,
                              .minutes = UINT64_C(1) << minute,
                              .hours = 1u << hour,
                              .days = 1u << day,
                              .months = 1u << month};
    out->cron.years[year - CRON_YEAR_LEAST] = true;
    return true;
}

static bool parse_cron(const char *text, struct schedule *out, struct err *err) {
    out->kind = SCHEDULE_ONCE_EACH;
    return cron_parse(text, false, &out->cron, err);
}

static bool parse_form(const char *text, struct schedule *out, struct err *err) {
    static const struct {
        const char *begin;
        bool (*parse)(const char *text, struct schedule *out, struct err *err);
    } forms[] = {{"cron(", parse_cron}, {"rate(", parse_rate}, {"at(", parse_at}};
    size_t length = strnlen(text, INNER_BYTES_MOST + 1);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && length <= INNER_BYTES_MOST; i++) {
        if (!str_starts_with(text, forms[i].begin) || text[length - 1] != ')')
            continue;
        char inner[INNER_BYTES_MOST + 1];
        size_t begin = strlen(forms[i].begin);
        memcpy(inner, text + begin, length - begin - 1);
        inner[length - begin - 1] = '\0';
        return forms[i].parse(inner, out, err);
    }
    return err_set(err, ERR_INVALID, "write cron(...), rate(...) or at(...)");
}

bool schedule_parse(struct arena *arena, const char *text, struct schedule **out, struct err *err) {
    struct schedule *schedule = arena_new(arena, struct schedule);
    if (!parse_form(text, schedule, err))
        return err_wrap(err, "schedule '%.200s'", text);
    *out = schedule;
    return true;
}

bool schedule_parse_window(struct arena *arena, const char *text, struct schedule **out, struct err *err) {
    struct schedule *schedule = arena_new(arena, struct schedule);
    schedule->kind = SCHEDULE_WINDOW;
    if (!cron_parse(text, true, &schedule->cron, err))
        return err_wrap(err, "window '%.200s'", text);
    *out = schedule;
    return true;
}

/* Instants */

static int64_t next_of_rate(int64_t interval_ms, int64_t after_ms, int64_t anchor_ms) {
    if (after_ms < anchor_ms)
        return anchor_ms;
    int64_t passed, next;
    if (__builtin_sub_overflow(after_ms, anchor_ms, &passed) ||
        __builtin_add_overflow(after_ms - passed % interval_ms, interval_ms, &next))
        return -1;
    return next;
}

/* Where the search begins within a span: what the wall showed already before the clocks went back is passed over, but
 * not for a window. */
static int64_t first_local(const struct time_zone_span *span, int64_t utc_seconds, bool is_window) {
    int64_t local = utc_seconds + span->offset;
    if (is_window || span->offset >= span->offset_before)
        return local;
    int64_t repeated_until = span->begin + span->offset_before;
    return local < repeated_until ? repeated_until : local;
}

/* In seconds, at or after `from`; CRON_NEVER. */
static int64_t next_instant(const struct schedule *schedule, const struct time_zone *zone, int64_t from) {
    while (from < LAST_SECONDS) {
        struct time_zone_span span = time_zone_span(zone, from);
        int64_t local = first_local(&span, from, schedule->kind == SCHEDULE_WINDOW);
        int64_t found = cron_next(&schedule->cron, local);
        if (found != CRON_NEVER && found - span.offset < span.end)
            return found - span.offset;
        if (span.end == INT64_MAX)
            return CRON_NEVER;
        /* Between `local` and `found` nothing matches; only clocks that go back behind `local` bring back more. */
        bool goes_on = span.end + time_zone_span(zone, span.end).offset >= local;
        if (goes_on && found == CRON_NEVER)
            return CRON_NEVER;
        from = goes_on && found - OFFSETS_SECONDS > span.end ? found - OFFSETS_SECONDS : span.end;
    }
    return CRON_NEVER;
}

int64_t schedule_next(const struct schedule *schedule, const struct time_zone *zone, int64_t after_ms,
                      int64_t anchor_ms) {
    if (schedule->kind == SCHEDULE_RATE)
        return next_of_rate(schedule->interval_ms, after_ms, anchor_ms);
    int64_t after = after_ms < 0 ? -1 : after_ms / 1000;
    int64_t next = next_instant(schedule, zone, after + 1);
    return next == CRON_NEVER ? -1 : next * 1000;
}

bool schedule_covers(const struct schedule *schedule, const struct time_zone *zone, int64_t now_ms) {
    if (schedule->kind == SCHEDULE_RATE || now_ms < 0)
        return false;
    int64_t now = now_ms / 1000, local = now + time_zone_span(zone, now).offset;
    return cron_next(&schedule->cron, local) == local;
}
