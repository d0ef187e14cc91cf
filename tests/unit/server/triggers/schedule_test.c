/* Schedules: every sign of every field, years and leap days, both edges of daylight saving in zones that differ, rates,
 * windows, what is refused; and against a slow reading of the same rules, minute by minute. */
#include "server/triggers/schedule.h"

#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define NEVER "never"
#define MOST 8

static struct arena arena = ARENA_INIT;
static struct err err;

static int teardown(void **state) {
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct time_zone *zone_of(const char *name) {
    const struct time_zone *zone = NULL;
    if (!time_zone_find(&arena, name, &zone, &err))
        fail_msg("%s", err.message);
    return zone;
}

static int64_t ms(const char *text) {
    int64_t wall_ms = clock_parse_basic(text);
    if (wall_ms == -1)
        fail_msg("'%s' is no time", text);
    return wall_ms;
}

static struct schedule *parse(const char *text) {
    struct schedule *schedule = NULL;
    /* A window begins with its seconds, everything else with a name. */
    bool is_window = !(*text >= 'a' && *text <= 'z');
    if (!(is_window ? schedule_parse_window : schedule_parse)(&arena, text, &schedule, &err))
        fail_msg("%s", err.message);
    return schedule;
}

struct row {
    const char *expression, *zone, *after;
    const char *instants[MOST]; /* UTC, one after the other; up to a NULL */
};

static void assert_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct time_zone *zone = zone_of(rows[i].zone);
        const struct schedule *schedule = parse(rows[i].expression);
        int64_t now_ms = ms(rows[i].after);
        for (size_t j = 0; j < MOST && rows[i].instants[j]; j++) {
            char text[CLOCK_TEXT_SIZE] = NEVER;
            int64_t next_ms = schedule_next(schedule, zone, now_ms, 0);
            if (next_ms != -1)
                clock_format_basic(next_ms, text);
            if (strcmp(text, rows[i].instants[j]) != 0)
                fail_msg("%s in %s: instant %zu is %s, not %s", rows[i].expression, rows[i].zone, j + 1, text,
                         rows[i].instants[j]);
            assert_true(next_ms == -1 || (next_ms > now_ms && schedule_covers(schedule, zone, next_ms)));
            now_ms = next_ms;
        }
    }
}
#define ROWS(rows) assert_rows(rows, sizeof rows / sizeof rows[0])

/* clang-format off */
static void fields_test(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* AWS's examples */
        {"cron(0 10 * * ? *)", "UTC", "20261123T100000Z", {"20261124T100000Z", "20261125T100000Z"}},
        {"cron(15 12 * * ? *)", "UTC", "20261123T000000Z", {"20261123T121500Z"}},
        {"cron(0 18 ? * MON-FRI *)", "UTC", "20261127T180000Z", {"20261130T180000Z", "20261201T180000Z"}},
        {"cron(0 8 1 * ? *)", "UTC", "20261123T000000Z", {"20261201T080000Z", "20270101T080000Z"}},
        {"cron(0/15 * * * ? *)", "UTC", "20261123T233100Z", {"20261123T234500Z", "20261124T000000Z", "20261124T001500Z"}},
        {"cron(0/10 * ? * MON-FRI *)", "UTC", "20261127T235000Z", {"20261130T000000Z", "20261130T001000Z"}},
        {"cron(0/5 8-17 ? * MON-FRI *)", "UTC", "20261127T175500Z", {"20261130T080000Z", "20261130T080500Z"}},
        {"cron(0/30 20-2 ? * MON-FRI *)", "UTC", "20261123T233000Z", {"20261124T000000Z", "20261124T003000Z",
         "20261124T010000Z", "20261124T013000Z", "20261124T020000Z", "20261124T023000Z", "20261124T200000Z"}},
        /* strictly after; the seconds are 0 */
        {"cron(0 10 * * ? *)", "UTC", "20261123T095959Z", {"20261123T100000Z"}},
        {"cron(* * * * ? *)", "UTC", "20261123T100000Z", {"20261123T100100Z", "20261123T100200Z"}},
        {"cron(59 23 31 12 ? *)", "UTC", "20261231T235900Z", {"20271231T235900Z"}},
        /* lists, ranges, steps, names */
        {"cron(5,10,7 1 * * ? *)", "UTC", "20261123T000000Z", {"20261123T010500Z", "20261123T010700Z", "20261123T011000Z", "20261124T010500Z"}},
        {"cron(10-12 1 * * ? *)", "UTC", "20261123T000000Z", {"20261123T011000Z", "20261123T011100Z", "20261123T011200Z", "20261124T011000Z"}},
        {"cron(10-30/10 1 * * ? *)", "UTC", "20261123T000000Z", {"20261123T011000Z", "20261123T012000Z", "20261123T013000Z", "20261124T011000Z"}},
        {"cron(5/25 1 * * ? *)", "UTC", "20261123T000000Z", {"20261123T010500Z", "20261123T013000Z", "20261123T015500Z", "20261124T010500Z"}},
        {"cron(*/40 1 * * ? *)", "UTC", "20261123T000000Z", {"20261123T010000Z", "20261123T014000Z", "20261124T010000Z"}},
        {"cron(0 0 1 */5 ? *)", "UTC", "20261123T000000Z", {"20270101T000000Z", "20270601T000000Z", "20271101T000000Z"}},
        {"cron(0 0 1/10 * ? *)", "UTC", "20261123T000000Z", {"20261201T000000Z", "20261211T000000Z", "20261221T000000Z", "20261231T000000Z", "20270101T000000Z"}},
        {"cron(0 0 1 JAN,jul,Nov ? *)", "UTC", "20261123T000000Z", {"20270101T000000Z", "20270701T000000Z", "20271101T000000Z"}},
        {"cron(0 0 1 OCT-DEC ? *)", "UTC", "20261123T000000Z", {"20261201T000000Z", "20271001T000000Z"}},
        {"cron(0 0 1 NOV-FEB ? *)", "UTC", "20261123T000000Z", {"20261201T000000Z", "20270101T000000Z", "20270201T000000Z", "20271101T000000Z"}},
        {"cron(0 0 ? * 1 *)", "UTC", "20261123T000000Z", {"20261129T000000Z"}},
        {"cron(0 0 ? * 7 *)", "UTC", "20261123T000000Z", {"20261128T000000Z"}},
        {"cron(0 0 ? * FRI-MON *)", "UTC", "20261123T000000Z", {"20261127T000000Z", "20261128T000000Z", "20261129T000000Z", "20261130T000000Z", "20261204T000000Z"}},
        {"cron(0 0 ? * sun,3 *)", "UTC", "20261123T000000Z", {"20261124T000000Z", "20261129T000000Z", "20261201T000000Z"}},
        {"cron(  0\t0   *  * ?   *  )", "UTC", "20261123T000000Z", {"20261124T000000Z"}},
        /* months of all lengths */
        {"cron(0 0 31 * ? *)", "UTC", "20260102T000000Z", {"20260131T000000Z", "20260331T000000Z", "20260531T000000Z", "20260731T000000Z"}},
        {"cron(0 0 30 * ? *)", "UTC", "20260131T000000Z", {"20260330T000000Z"}},
    };
    ROWS(rows);
}

static void special_days_test(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"cron(0 0 L * ? *)", "UTC", "20260101T000000Z", {"20260131T000000Z", "20260228T000000Z", "20260331T000000Z", "20260430T000000Z"}},
        {"cron(0 0 L 2 ? *)", "UTC", "20260101T000000Z", {"20260228T000000Z", "20270228T000000Z", "20280229T000000Z"}},
        {"cron(0 0 L-3 * ? *)", "UTC", "20260101T000000Z", {"20260128T000000Z", "20260225T000000Z"}},
        {"cron(0 0 L-30 * ? *)", "UTC", "20260102T000000Z", {"20260301T000000Z", "20260501T000000Z"}},
        {"cron(0 0 1,L * ? *)", "UTC", "20260101T000000Z", {"20260131T000000Z", "20260201T000000Z", "20260228T000000Z"}},
        /* the nearest weekday: Saturday back, Sunday on, never into another month */
        {"cron(0 0 15W * ? *)", "UTC", "20260801T000000Z", {"20260814T000000Z", "20260915T000000Z"}}, /* 15 August is a Saturday */
        {"cron(0 0 15W 11 ? *)", "UTC", "20260101T000000Z", {"20261116T000000Z"}}, /* a Sunday */
        {"cron(0 0 1W * ? *)", "UTC", "20260701T000000Z", {"20260803T000000Z"}}, /* 1 August is a Saturday */
        {"cron(0 0 1W 2 ? *)", "UTC", "20260101T000000Z", {"20260202T000000Z"}}, /* a Sunday */
        {"cron(0 0 31W 5 ? *)", "UTC", "20260101T000000Z", {"20260529T000000Z"}}, /* 31 May is a Sunday, and the last */
        {"cron(0 0 31W * ? *)", "UTC", "20260201T000000Z", {"20260331T000000Z", "20260529T000000Z"}}, /* no 31 April */
        {"cron(0 0 LW * ? *)", "UTC", "20260501T000000Z", {"20260529T000000Z", "20260630T000000Z"}},
        {"cron(0 0 LW 10 ? *)", "UTC", "20260501T000000Z", {"20261030T000000Z"}}, /* 31 October is a Saturday */
        {"0 0 0 L-2W * ?", "UTC", "20260501T000000Z", {"20260529T000000Z"}},
        {"cron(0 0 1W,15W * ? *)", "UTC", "20260801T000000Z", {"20260803T000000Z", "20260814T000000Z"}},
        /* days of the week */
        {"cron(0 0 ? * L *)", "UTC", "20261123T000000Z", {"20261128T000000Z", "20261205T000000Z"}},
        {"cron(0 0 ? * 6L *)", "UTC", "20261101T000000Z", {"20261127T000000Z", "20261225T000000Z", "20270129T000000Z", "20270226T000000Z"}},
        {"cron(0 0 ? * FRIL *)", "UTC", "20261101T000000Z", {"20261127T000000Z"}},
        {"cron(0 0 ? * 1L,2L *)", "UTC", "20261101T000000Z", {"20261129T000000Z", "20261130T000000Z"}},
        {"cron(0 0 ? * 3#2 *)", "UTC", "20261101T000000Z", {"20261110T000000Z", "20261208T000000Z"}},
        {"cron(0 0 ? * TUE#1 *)", "UTC", "20261101T000000Z", {"20261103T000000Z", "20261201T000000Z"}},
        {"cron(0 0 ? * 2#5 *)", "UTC", "20261101T000000Z", {"20261130T000000Z", "20270329T000000Z"}}, /* not every month has one */
        {"0 0 0 ? * 2/2", "UTC", "20261122T000000Z", {"20261123T000000Z", "20261125T000000Z", "20261127T000000Z", "20261130T000000Z"}},
    };
    ROWS(rows);
}

static void years_test(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"cron(0 0 29 2 ? *)", "UTC", "20260101T000000Z", {"20280229T000000Z", "20320229T000000Z"}},
        {"cron(0 0 29 2 ? *)", "UTC", "20960301T000000Z", {"21040229T000000Z"}}, /* 2100 is none */
        {"cron(0 0 29 2 ? 2027)", "UTC", "20260101T000000Z", {NEVER}},
        {"cron(0 0 30 2 ? *)", "UTC", "20260101T000000Z", {NEVER}},
        {"cron(0 0 30 2 ? *)", "Europe/Berlin", "20260101T000000Z", {NEVER}},
        {"cron(0 0 31 4,6,9,11 ? *)", "Australia/Lord_Howe", "20260101T000000Z", {NEVER}},
        {"cron(0 0 1 1 ? 1970)", "UTC", "20260101T000000Z", {NEVER}},
        {"cron(0 0 1 1 ? 1970)", "Europe/Berlin", "20260101T000000Z", {NEVER}},
        {"cron(0 0 1 1 ? 2026,2030)", "UTC", "20260101T000000Z", {"20300101T000000Z", NEVER}},
        {"cron(0 0 1 1 ? 2027-2028)", "UTC", "20260101T000000Z", {"20270101T000000Z", "20280101T000000Z", NEVER}},
        {"cron(0 0 1 1 ? 2020/4)", "UTC", "20260101T000000Z", {"20280101T000000Z", "20320101T000000Z"}},
        {"cron(59 23 31 12 ? 2199)", "UTC", "20260101T000000Z", {"21991231T235900Z", NEVER}},
        {"cron(59 23 31 12 ? 2199)", "America/New_York", "20260101T000000Z", {"22000101T045900Z", NEVER}},
        {"cron(0 0 1 1 ? *)", "UTC", "21981231T000000Z", {"21990101T000000Z", NEVER}},
        {"cron(0 12 1 7 ? 2190)", "Europe/Berlin", "20260101T000000Z", {"21900701T100000Z", NEVER}},
        {"0 0 0 1 1 ? 2030", "UTC", "20260101T000000Z", {"20300101T000000Z", NEVER}},
        {"at(2026-12-01T09:00:00)", "UTC", "20260101T000000Z", {"20261201T090000Z", NEVER}},
        {"at(2026-12-01T09:00:30)", "Asia/Kolkata", "20260101T000000Z", {"20261201T033030Z", NEVER}},
        {"at(2026-12-01T09:00:00)", "UTC", "20261201T090000Z", {NEVER}},
    };
    ROWS(rows);
    /* Before 1970 there is nothing, and what looks like "never" is no instant. */
    assert_int_equal(schedule_next(parse("cron(* * * * ? *)"), NULL, INT64_MIN, 0), 0);
    assert_int_equal(schedule_next(parse("cron(* * * * ? *)"), NULL, INT64_MAX, 0), -1);
    assert_false(schedule_covers(parse("cron(* * * * ? *)"), NULL, -60000));
    assert_false(schedule_covers(parse("cron(* * * * ? *)"), NULL, INT64_MAX));
}

static void clocks_change_test(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* forward: 02:00 to 03:00 on 29 March 2026 is no time in Berlin */
        {"cron(30 2 * * ? *)", "Europe/Berlin", "20260327T020000Z", {"20260328T013000Z", "20260330T003000Z"}},
        {"cron(0 2 * * ? *)", "Europe/Berlin", "20260328T010000Z", {"20260330T000000Z"}},
        {"cron(0 3 * * ? *)", "Europe/Berlin", "20260328T020000Z", {"20260329T010000Z"}},
        {"cron(59 1 * * ? *)", "Europe/Berlin", "20260328T005900Z", {"20260329T005900Z", "20260329T235900Z"}},
        {"cron(0/30 * * * ? *)", "Europe/Berlin", "20260329T003000Z", {"20260329T010000Z", "20260329T013000Z"}},
        {"at(2026-03-29T02:30:00)", "Europe/Berlin", "20260101T000000Z", {NEVER}},
        /* back: 02:00 to 03:00 on 25 October 2026 comes twice */
        {"cron(30 2 * * ? *)", "Europe/Berlin", "20261024T003000Z", {"20261025T003000Z", "20261026T013000Z"}},
        {"cron(0 2 * * ? *)", "Europe/Berlin", "20261024T000000Z", {"20261025T000000Z", "20261026T010000Z"}},
        {"cron(0 3 * * ? *)", "Europe/Berlin", "20261024T010000Z", {"20261025T020000Z"}},
        {"cron(0/30 * * * ? *)", "Europe/Berlin", "20261024T233000Z", {"20261025T000000Z", "20261025T003000Z", "20261025T020000Z"}},
        /* asked in the hour that comes again */
        {"cron(30 2 * * ? *)", "Europe/Berlin", "20261025T010000Z", {"20261026T013000Z"}},
        {"cron(30 2 * * ? *)", "Europe/Berlin", "20261025T012959Z", {"20261026T013000Z"}},
        {"cron(* * * * ? *)", "Europe/Berlin", "20261025T013000Z", {"20261025T020000Z"}},
        {"at(2026-10-25T02:30:00)", "Europe/Berlin", "20260101T000000Z", {"20261025T003000Z", NEVER}},
        {"cron(30 2 25 10 ? 2026)", "Europe/Berlin", "20261025T003000Z", {NEVER}},
        {"cron(30 1 * * ? *)", "America/New_York", "20261031T053000Z", {"20261101T053000Z", "20261102T063000Z"}},
        {"cron(30 2 * * ? *)", "America/New_York", "20260307T073000Z", {"20260309T063000Z"}},
        /* half an hour */
        {"cron(15 2 * * ? *)", "Australia/Lord_Howe", "20261002T000000Z", {"20261002T154500Z", "20261004T151500Z"}},
        {"cron(30 2 * * ? *)", "Australia/Lord_Howe", "20261002T000000Z", {"20261002T160000Z", "20261003T153000Z", "20261004T153000Z"}},
        {"cron(45 1 * * ? *)", "Australia/Lord_Howe", "20260403T000000Z", {"20260403T144500Z", "20260404T144500Z", "20260405T151500Z"}},
        {"cron(30 1 * * ? *)", "Australia/Lord_Howe", "20260403T000000Z", {"20260403T143000Z", "20260404T143000Z", "20260405T150000Z"}},
        /* midnight itself is skipped, or comes twice */
        {"cron(0 0 * * ? *)", "America/Sao_Paulo", "20181102T120000Z", {"20181103T030000Z", "20181105T020000Z"}},
        {"cron(0 1 * * ? *)", "America/Sao_Paulo", "20181103T120000Z", {"20181104T030000Z"}},
        {"cron(30 23 * * ? *)", "America/Sao_Paulo", "20190216T000000Z", {"20190216T013000Z", "20190217T013000Z", "20190218T023000Z"}},
        {"cron(0 0 * * ? *)", "America/Sao_Paulo", "20190216T120000Z", {"20190217T030000Z"}},
        /* a day that never was: 30 December 2011 */
        {"cron(0 12 * * ? *)", "Pacific/Apia", "20111229T000000Z", {"20111229T220000Z", "20111230T220000Z"}},
        {"cron(0 12 30 12 ? 2011)", "Pacific/Apia", "20110101T000000Z", {NEVER}},
        /* by the rule behind the table */
        {"cron(30 2 * * ? *)", "Europe/Berlin", "21500327T120000Z", {"21500328T013000Z", "21500330T003000Z"}},
        /* the zone's own day */
        {"cron(0 22 L * ? *)", "America/Los_Angeles", "20260201T120000Z", {"20260301T060000Z"}},
        {"cron(0 5 1 * ? *)", "Asia/Tokyo", "20260201T000000Z", {"20260228T200000Z"}},
        {"cron(0 9 * * ? *)", "UTC+05:30", "20260201T000000Z", {"20260201T033000Z"}},
    };
    ROWS(rows);
}
/* clang-format on */

static void windows_test(void **state) {
    (void)state;
    /* clang-format off */
    static const struct row rows[] = {
        {"* * 9-17 ? * MON-FRI", "UTC", "20261127T175958Z", {"20261127T175959Z", "20261130T090000Z", "20261130T090001Z"}},
        {"0/20 0 9 ? * *", "UTC", "20261127T090000Z", {"20261127T090020Z", "20261127T090040Z", "20261128T090000Z"}},
        {"* 0 9 * * ? 2026", "UTC", "20261231T090058Z", {"20261231T090059Z", NEVER}},
        /* A window is open the second time too. */
        {"0 30 2 * * ?", "Europe/Berlin", "20261024T120000Z", {"20261025T003000Z", "20261025T013000Z", "20261026T013000Z"}},
        {"0 30 2 25 10 ? 2026", "Europe/Berlin", "20261025T003000Z", {"20261025T013000Z", NEVER}},
        {"* 59 2 * * ?", "Europe/Berlin", "20261025T005959Z", {"20261025T015900Z", "20261025T015901Z"}},
        {"0 30 2 * * ?", "Europe/Berlin", "20260328T120000Z", {"20260330T003000Z"}},
        {"0 45 1 * * ?", "Australia/Lord_Howe", "20260404T120000Z", {"20260404T144500Z", "20260404T151500Z", "20260405T151500Z"}},
    };
    /* clang-format on */
    ROWS(rows);
    const struct schedule *office = parse("* * 9-16 ? * MON-FRI");
    const struct time_zone *berlin = zone_of("Europe/Berlin");
    static const struct {
        const char *now;
        bool open;
    } cases[] = {
        {"20261123T075959Z", false}, {"20261123T080000Z", true},  {"20261123T155959Z", true},
        {"20261123T160000Z", false}, {"20261122T100000Z", false}, {"20260701T070000Z", true},
        {"20260701T065959Z", false}, {"20260701T145959Z", true},  {"20260701T150000Z", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(schedule_covers(office, berlin, ms(cases[i].now)), cases[i].open);
    assert_true(schedule_covers(office, berlin, ms("20261123T155959Z") + 999));
    assert_false(schedule_covers(office, berlin, ms("20261123T080000Z") - 1));
}

static void rates_test(void **state) {
    (void)state;
    int64_t anchor = ms("20260328T230500Z");
    const struct time_zone *berlin = zone_of("Europe/Berlin");
    static const struct {
        const char *expression;
        int64_t minutes;
    } cases[] = {{"rate(1 minute)", 1},   {"rate(5 minutes)", 5}, {"rate(1 hour)", 60},
                 {"rate(12 hours)", 720}, {"rate(1 day)", 1440},  {"rate(7 days)", 10080}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct schedule *schedule = parse(cases[i].expression);
        int64_t interval = cases[i].minutes * 60000;
        /* Not moved by the clocks that go forward two hours later, nor by when it is asked. */
        for (int64_t n = 0; n < 40; n++) {
            assert_int_equal(schedule_next(schedule, berlin, anchor + n * interval, anchor),
                             anchor + (n + 1) * interval);
            assert_int_equal(schedule_next(schedule, berlin, anchor + (n + 1) * interval - 1, anchor),
                             anchor + (n + 1) * interval);
        }
        assert_int_equal(schedule_next(schedule, NULL, anchor - 1, anchor), anchor);
        assert_int_equal(schedule_next(schedule, NULL, 0, anchor), anchor);
        assert_int_equal(schedule_next(schedule, NULL, INT64_MAX, anchor), -1);
        assert_false(schedule_covers(schedule, NULL, anchor));
    }
}

static void refused_test(void **state) {
    (void)state;
    static const struct {
        const char *text, *message; /* the message without the expression */
    } cases[] = {
        {"", "write cron(...), rate(...) or at(...)"},
        {"0 12 * * ? *", "write cron(...), rate(...) or at(...)"},
        {"cron(0 12 * * ? *", "write cron(...), rate(...) or at(...)"},
        {"Cron(0 12 * * ? *)", "write cron(...), rate(...) or at(...)"},
        {"cron()", "there are 0 fields; write minute, hour, day of the month, month, day of the week and year"},
        {"cron(0 12 * * ?)",
         "there are 5 fields; write minute, hour, day of the month, month, day of the week and year"},
        {"cron(0 0 12 * * ? *)",
         "there are 7 fields; write minute, hour, day of the month, month, day of the week and year"},
        {"cron(0 12 * * * *)", "exactly one of the day of the month ('*') and the day of the week ('*') must be '?'"},
        {"cron(0 12 1 * MON *)",
         "exactly one of the day of the month ('1') and the day of the week ('MON') must be '?'"},
        {"cron(0 12 ? * ? *)", "exactly one of the day of the month ('?') and the day of the week ('?') must be '?'"},
        {"cron(60 12 * * ? *)", "minute '60': write values from 0 to 59"},
        {"cron(-1 12 * * ? *)", "minute '-1': write values from 0 to 59"},
        {"cron(x 12 * * ? *)", "minute 'x': write values from 0 to 59"},
        {"cron(0 24 * * ? *)", "hour '24': write values from 0 to 23"},
        {"cron(0 0 0 * ? *)", "day of the month '0': write values from 1 to 31"},
        {"cron(0 0 32 * ? *)", "day of the month '32': write values from 1 to 31"},
        {"cron(0 0 1 13 ? *)", "month '13': write values from 1 to 12 or names such as JAN"},
        {"cron(0 0 1 MAY-FOO ? *)", "month 'MAY-FOO': write values from 1 to 12 or names such as JAN"},
        {"cron(0 0 ? * 0 *)", "day of the week '0': write values from 1 to 7 or names such as SUN"},
        {"cron(0 0 ? * 8 *)", "day of the week '8': write values from 1 to 7 or names such as SUN"},
        {"cron(0 0 1 1 ? 1969)", "year '1969': write values from 1970 to 2199"},
        {"cron(0 0 1 1 ? 2200)", "year '2200': write values from 1970 to 2199"},
        {"cron(0 0 1 1 ? 2030-2020)", "year '2030-2020': the range goes backwards"},
        {"cron(0/0 0 1 1 ? *)",
         "minute '0/0': the step behind '/' is not a number from 1 to the field's highest value"},
        {"cron(0/60 0 1 1 ? *)",
         "minute '0/60': the step behind '/' is not a number from 1 to the field's highest value"},
        {"cron(0/ 0 1 1 ? *)", "minute '0/': the step behind '/' is not a number from 1 to the field's highest value"},
        {"cron(/5 0 1 1 ? *)", "minute '/5': write values from 0 to 59"},
        {"cron(1, 0 1 1 ? *)", "minute '': there is nothing before or behind a ','"},
        {"cron(1,,2 0 1 1 ? *)", "minute '': there is nothing before or behind a ','"},
        {"cron(1x 0 1 1 ? *)", "minute '1x': there is something behind it that does not belong there"},
        {"cron(1-2-3 0 1 1 ? *)", "minute '1-2-3': there is something behind it that does not belong there"},
        {"cron(*5 0 1 1 ? *)", "minute '*5': there is something behind it that does not belong there"},
        {"cron(? 0 1 1 ? *)", "minute '?': '?' stands alone, for the day of the month or the day of the week"},
        {"cron(0 0 1,? 1 ? *)",
         "day of the month '?': '?' stands alone, for the day of the month or the day of the week"},
        {"cron(0 0 W * ? *)", "day of the month 'W': write values from 1 to 31"},
        {"cron(0 0 1-15W * ? *)", "day of the month '1-15W': W goes with one day, as in 15W"},
        {"cron(0 0 L-31 * ? *)", "day of the month 'L-31': write L-1 to L-30 for days before the last one"},
        {"cron(0 0 L-0 * ? *)", "day of the month 'L-0': write L-1 to L-30 for days before the last one"},
        {"cron(0 0 LX * ? *)", "day of the month 'LX': there is something behind it that does not belong there"},
        {"cron(L 0 * * ? *)", "minute 'L': write values from 0 to 59"},
        {"cron(0 0 ? * 6#0 *)",
         "day of the week '6#0': write 6L for the last Friday of the month, 6#1 to 6#5 for one of them"},
        {"cron(0 0 ? * 6#6 *)",
         "day of the week '6#6': write 6L for the last Friday of the month, 6#1 to 6#5 for one of them"},
        {"cron(0 0 ? * 2-6L *)",
         "day of the week '2-6L': write 6L for the last Friday of the month, 6#1 to 6#5 for one of them"},
        {"cron(0 0 ? * 3#1,6#3 *)",
         "day of the week '3#1': with '#' a field can only have one day; write a schedule for each"},
        {"cron(0 0 ? * 2/2 *)", "day of the week '2/2': days of the week have no '/' here; list them"},
        {"rate()", "write a number and minutes, hours or days, as in 'rate(5 minutes)'"},
        {"rate(minutes)", "write a number and minutes, hours or days, as in 'rate(5 minutes)'"},
        {"rate(5)", "write a number and minutes, hours or days, as in 'rate(5 minutes)'"},
        {"rate(-5 minutes)", "write a number and minutes, hours or days, as in 'rate(5 minutes)'"},
        {"rate(5 minutes x)", "write a number and minutes, hours or days, as in 'rate(5 minutes)'"},
        {"rate(0 minutes)", "the number must be from 1 to 1000000"},
        {"rate(1000001 days)", "the number must be from 1 to 1000000"},
        {"rate(1 minutes)", "write 'rate(1 minute)'"},
        {"rate(5 minute)", "write 'rate(5 minutes)'"},
        {"rate(2 weeks)", "'weeks' is no unit of time; write minutes, hours or days"},
        {"at(2026-12-01)", "write date and time as in 'at(2026-12-01T09:00:00)'"},
        {"at(2026-12-01 09:00:00)", "write date and time as in 'at(2026-12-01T09:00:00)'"},
        {"at(2026-12-01T09:00:00Z)", "write date and time as in 'at(2026-12-01T09:00:00)'"},
        {"at(2026-02-29T09:00:00)", "there is no such date or time between 1970 and 2199"},
        {"at(2026-13-01T09:00:00)", "there is no such date or time between 1970 and 2199"},
        {"at(2026-12-01T24:00:00)", "there is no such date or time between 1970 and 2199"},
        {"at(2200-12-01T09:00:00)", "there is no such date or time between 1970 and 2199"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schedule *schedule = NULL;
        if (schedule_parse(&arena, cases[i].text, &schedule, &err))
            fail_msg("'%s' was taken", cases[i].text);
        assert_null(schedule);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.message, arena_printf(&arena, "schedule '%s': %s", cases[i].text, cases[i].message));
    }
}

static void refused_windows_test(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"0 12 * * ?", "there are 5 fields; write second, minute, hour, day of the month, month, day of the week and "
                       "perhaps the year"},
        {"0 0 12 * * ? * *", "there are 8 fields; write second, minute, hour, day of the month, month, day of the week "
                             "and perhaps the year"},
        {"60 0 12 * * ?", "second '60': write values from 0 to 59"},
        {"0 0 12 * * *", "exactly one of the day of the month ('*') and the day of the week ('*') must be '?'"},
        {"cron(0 12 * * ? *)", "exactly one of the day of the month ('*') and the day of the week ('*)') must be '?'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schedule *schedule = NULL;
        assert_false(schedule_parse_window(&arena, cases[i].text, &schedule, &err));
        assert_null(schedule);
        assert_string_equal(err.message, arena_printf(&arena, "window '%s': %s", cases[i].text, cases[i].message));
    }
    char text[3000];
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct schedule *schedule;
    assert_false(schedule_parse_window(&arena, text, &schedule, &err));
    assert_false(schedule_parse(&arena, text, &schedule, &err));
}

/* The rules once more, slowly: every minute of four days around a change, whether the wall shows a time that the
 * expression names in UTC, and whether it showed it before. */

static size_t slow(const struct schedule *schedule, const struct time_zone *zone, int64_t begin, size_t minutes,
                   int64_t *out) {
    size_t count = 0;
    for (size_t i = 0; i < minutes; i++) {
        int64_t now = begin + (int64_t)i * 60, local = now + time_zone_span(zone, now).offset;
        bool seen = false;
        for (int64_t earlier = now - 60; earlier >= now - 2 * 3600 && !seen; earlier -= 60)
            seen = earlier + time_zone_span(zone, earlier).offset == local;
        if (!seen && schedule_covers(schedule, NULL, local * 1000))
            out[count++] = now;
    }
    return count;
}

static void assert_same_as_slow(const char *expression, const char *zone_name, const char *begin_text) {
    static int64_t expected[4 * 1440];
    const struct schedule *schedule = parse(expression);
    const struct time_zone *zone = zone_of(zone_name);
    int64_t begin = ms(begin_text) / 1000;
    size_t minutes = 4 * 1440, count = slow(schedule, zone, begin, minutes, expected), next = 0;
    /* From every minute, not only from instant to instant. */
    for (size_t i = 0; i < minutes && next < count; i++) {
        int64_t now = begin + (int64_t)i * 60 - 1;
        while (next < count && expected[next] <= now)
            next++;
        if (next < count && schedule_next(schedule, zone, now * 1000, 0) != expected[next] * 1000)
            fail_msg("%s in %s after %lld: %lld, not %lld", expression, zone_name, (long long)now,
                     (long long)(schedule_next(schedule, zone, now * 1000, 0) / 1000), (long long)expected[next]);
    }
}

static void slow_test(void **state) {
    (void)state;
    static const char *const expressions[] = {
        "cron(0/7 * * * ? *)", "cron(30 0-3 * * ? *)", "cron(0,59 1,2,23 * * ? *)",
        "cron(* 2 * * ? *)",   "cron(15 * ? * SUN *)",
    };
    static const struct {
        const char *zone, *begin;
    } changes[] = {
        {"Europe/Berlin", "20260327T000000Z"},       {"Europe/Berlin", "20261023T000000Z"},
        {"Australia/Lord_Howe", "20260403T000000Z"}, {"Australia/Lord_Howe", "20261002T000000Z"},
        {"America/Sao_Paulo", "20181102T000000Z"},   {"America/Sao_Paulo", "20190215T000000Z"},
        {"Pacific/Apia", "20111228T000000Z"},
    };
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        for (size_t j = 0; j < sizeof changes / sizeof changes[0]; j++)
            assert_same_as_slow(expressions[i], changes[j].zone, changes[j].begin);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_test),        cmocka_unit_test(special_days_test),    cmocka_unit_test(years_test),
        cmocka_unit_test(clocks_change_test), cmocka_unit_test(windows_test),         cmocka_unit_test(rates_test),
        cmocka_unit_test(refused_test),       cmocka_unit_test(refused_windows_test), cmocka_unit_test(slow_test),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
