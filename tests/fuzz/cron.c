/*
 * Schedules, windows and time zones. The input is lines: an expression, a number of milliseconds, the name of a zone;
 * and then the bytes of a zone file, if there are any. Whatever they say, the next instant lies ahead, is covered, and
 * is the same when it is asked for later; a span of a zone holds the moment that it was asked for.
 */
#include "server/triggers/schedule.h"

#include "common/str.h"
#include "tests/fuzz/target.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static void check_instants(const struct schedule *schedule, const struct time_zone *zone, int64_t now_ms,
                           bool is_rate) {
    int64_t next = schedule_next(schedule, zone, now_ms, 0), later = now_ms;
    if (next == -1) {
        TARGET_CHECK(schedule_next(schedule, zone, now_ms + DAY_MS, 0) == -1);
        return;
    }
    TARGET_CHECK(next > now_ms);
    TARGET_CHECK(schedule_next(schedule, zone, next - 1, 0) == next);
    later += (next - now_ms) / 2;
    TARGET_CHECK(later == next || schedule_next(schedule, zone, later, 0) == next);
    TARGET_CHECK(is_rate || schedule_covers(schedule, zone, next));
    int64_t second = schedule_next(schedule, zone, next, 0);
    TARGET_CHECK(second == -1 || second > next);
}

static void check_spans(const struct time_zone *zone, int64_t utc_seconds) {
    for (int i = 0; i < 8 && utc_seconds < INT64_C(1) << 40; i++) {
        struct time_zone_span span = time_zone_span(zone, utc_seconds);
        TARGET_CHECK(span.begin <= utc_seconds && utc_seconds < span.end);
        if (span.end == INT64_MAX)
            return;
        utc_seconds = span.end;
    }
}

static void check_zone(const char *text, const struct time_zone *zone, int64_t now_ms) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct schedule *schedule = NULL;
    struct err err = {0};
    check_spans(zone, now_ms / 1000);
    if (schedule_parse(&arena, text, &schedule, &err))
        check_instants(schedule, zone, now_ms, str_starts_with(text, "rate("));
    else
        TARGET_CHECK(!schedule && err.kind == ERR_INVALID && err.message[0]);
    schedule = NULL;
    if (schedule_parse_window(&arena, text, &schedule, &err))
        check_instants(schedule, zone, now_ms, false);
    else
        TARGET_CHECK(!schedule && err.kind == ERR_INVALID && err.message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *lines[3], *rest = arena_strndup(&arena, (const char *)bytes, size), *begin = rest;
    for (int i = 0; i < 3; i++) {
        if (!(lines[i] = strsep(&rest, "\n")))
            return 0;
    }
    long long now_ms;
    if (!str_to_int64(lines[1], 0, INT64_C(10000000000000), &now_ms))
        return 0;
    const struct time_zone *zone = NULL;
    struct err err = {0};
    if (time_zone_find(&arena, lines[2], &zone, &err))
        check_zone(lines[0], zone, now_ms);
    else
        TARGET_CHECK(!zone && err.message[0]);
    size_t used = rest ? (size_t)(rest - begin) : size;
    if (time_zone_read(&arena, bytes + used, size - used, &zone, &err))
        check_zone(lines[0], zone, now_ms);
    return 0;
}
