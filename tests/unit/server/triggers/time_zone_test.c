/* Time zones: against the C library's own reading of the same data, at known changes, by every form of name, and with
 * data that is broken. */
#include "server/triggers/time_zone.h"

#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define DAY 86400

static struct arena arena = ARENA_INIT;
static struct err err;

static int teardown(void **state) {
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct time_zone *find(const char *name) {
    const struct time_zone *zone = NULL;
    if (!time_zone_find(&arena, name, &zone, &err))
        fail_msg("%s: %s", name, err.message);
    return zone;
}

static int64_t at(const char *text) {
    int64_t wall_ms = clock_parse_basic(text);
    assert_true(wall_ms != -1);
    return wall_ms / 1000;
}

static void assert_change(const char *name, const char *moment, int minutes_before, int minutes_after) {
    const struct time_zone *zone = find(name);
    struct time_zone_span before = time_zone_span(zone, at(moment) - 1), after = time_zone_span(zone, at(moment));
    assert_int_equal(before.offset, minutes_before * 60);
    assert_int_equal(after.offset, minutes_after * 60);
    assert_int_equal(before.end, at(moment));
    assert_int_equal(after.begin, at(moment));
    assert_int_equal(after.offset_before, minutes_before * 60);
}

static void changes_test(void **state) {
    (void)state;
    assert_change("Europe/Berlin", "20260329T010000Z", 60, 120);
    assert_change("Europe/Berlin", "20261025T010000Z", 120, 60);
    assert_change("Europe/Berlin", "21990331T010000Z", 60, 120); /* by the rule behind the table */
    assert_change("America/New_York", "20260308T070000Z", -300, -240);
    assert_change("America/New_York", "20261101T060000Z", -240, -300);
    assert_change("Australia/Lord_Howe", "20260404T150000Z", 660, 630); /* half an hour */
    assert_change("Australia/Lord_Howe", "20261003T153000Z", 630, 660);
    assert_change("America/Sao_Paulo", "20181104T030000Z", -180, -120); /* at midnight */
    assert_change("America/Sao_Paulo", "20190217T020000Z", -120, -180); /* the last one */
    assert_change("Europe/Dublin", "20260329T010000Z", 0, 60);          /* its summer is the standard time */
    assert_change("Pacific/Apia", "20111230T100000Z", -600, 840);       /* a day was left out */
    assert_change("Asia/Gaza", "20901027T230000Z", 180, 120);           /* the rule says hour 50 */
    assert_int_equal(time_zone_span(find("America/Sao_Paulo"), at("21990101T000000Z")).end, INT64_MAX);
}

/* Every place with rules of its own, and such whose rules are odd. */
static const char *const zones[] = {
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Los_Angeles",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "CET",
    "EST",
    "EST5EDT",
    "Etc/GMT+5",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Moscow",
    "HST",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Kiritimati",
    "Pacific/Norfolk",
};

static void assert_same_as_library(const struct time_zone *zone, const char *name, int64_t utc) {
    struct tm tm;
    time_t seconds = (time_t)utc;
    assert_non_null(localtime_r(&seconds, &tm));
    struct time_zone_span span = time_zone_span(zone, utc);
    if (span.offset != tm.tm_gmtoff || span.begin > utc || span.end <= utc)
        fail_msg("%s at %lld: %d, the C library says %ld", name, (long long)utc, span.offset, tm.tm_gmtoff);
}

/* From 1890 to 2200, every 9 days and at both sides of every change. */
static void library_test(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        const struct time_zone *zone = find(zones[i]);
        assert_int_equal(setenv("TZ", arena_printf(&arena, ":%s", zones[i]), 1), 0);
        tzset();
        for (int64_t utc = -29220 * (int64_t)DAY; utc < 84006 * (int64_t)DAY; utc += 9 * DAY + 4321) {
            assert_same_as_library(zone, zones[i], utc);
            struct time_zone_span span = time_zone_span(zone, utc);
            if (span.end < 84006 * (int64_t)DAY) {
                assert_same_as_library(zone, zones[i], span.end - 1);
                assert_same_as_library(zone, zones[i], span.end);
                struct time_zone_span next = time_zone_span(zone, span.end);
                assert_int_equal(next.begin, span.end);
                assert_int_equal(next.offset_before, span.offset);
            }
        }
    }
}

static void offsets_test(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int minutes;
    } cases[] = {
        {NULL, 0},          {"UTC", 0},          {"GMT", 0},
        {"UTC+05:30", 330}, {"UTC-03:00", -180}, {"UTC+5", 300},
        {"UTC-9:30", -570}, {"UTC+00:00", 0},    {"GMT+1", 60},
        {"GMT-11", -660},   {"GMT+0", 0},        {"UTC+18:00", 1080},
        {"UTC-18", -1080},  {"Etc/GMT+5", -300}, /* POSIX's sign, as its name has it */
        {"EST", -300},      {"MST", -420},       {"HST", -600},
        {"JST", 540},       {"IST", 330},        {"Asia/Kathmandu", 345},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t offset = time_zone_span(find(cases[i].name), at("20260701T000000Z")).offset;
        if (offset != cases[i].minutes * 60)
            fail_msg("%s: %d", cases[i].name, offset);
    }
    struct time_zone_span span = time_zone_span(find("UTC+05:30"), 0);
    assert_true(span.begin == INT64_MIN && span.end == INT64_MAX && span.offset_before == span.offset);
    assert_change("PST", "20260308T100000Z", -480, -420);
    assert_change("CST", "20260308T080000Z", -360, -300);
    assert_change("CET", "20260329T010000Z", 60, 120);
}

static void refused_test(void **state) {
    (void)state;
    static const char *const names[] = {
        "",
        " ",
        "Europe/Berlin ",
        "europe/berlin",
        "Europe",
        "Europe/",
        "/Europe/Berlin",
        "../passwd",
        "Europe/..",
        "Europe/../UTC",
        ".",
        "/etc/passwd",
        "Europe//Berlin",
        "localtime",
        "posixrules",
        "right/UTC",
        "posix/Europe/Berlin",
        "zone.tab",
        "tzdata.zi",
        "leapseconds",
        "iso3166.tab",
        "BST",
        "XYZ",
        "UTC+",
        "UTC+19",
        "UTC+18:01",
        "UTC+5:3",
        "UTC+05:60",
        "UTC+05:30x",
        "UTC+005",
        "UTC5",
        "GMT+-1",
        "UTC+05:30:00",
        "utc",
        "Nowhere/City",
        "Europe/Berlin\n",
        "\xc3\xa4",
        "A/Name/Of/More/Than/SixtyFour/Bytes/Which/No/Zone/In/The/World/Has/Or/Wants",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct time_zone *zone = NULL;
        if (time_zone_find(&arena, names[i], &zone, &err))
            fail_msg("'%s' was taken", names[i]);
        assert_null(zone);
        assert_int_equal(err.kind, ERR_INVALID);
    }
    (void)time_zone_find(&arena, "Mars/Base", &(const struct time_zone *){NULL}, &err);
    assert_string_equal(err.message,
                        "there is no time zone 'Mars/Base'; write Region/City as in 'Europe/Berlin', or an "
                        "offset as in 'UTC+05:30'");
}

/* Files made by hand: version, changes with their offsets in seconds, the rule. */

struct made {
    unsigned char bytes[512];
    size_t size;
};

static void put(struct made *made, uint64_t number, int bytes) {
    while (bytes-- > 0)
        made->bytes[made->size++] = (unsigned char)(number >> 8 * bytes);
}

static void put_header(struct made *made, char version, uint32_t leaps, uint32_t changes, uint32_t types) {
    memcpy(made->bytes + made->size, "TZif", 4);
    made->size += 4;
    put(made, (uint64_t)version, 1);
    put(made, 0, 8), put(made, 0, 7);
    put(made, 0, 4), put(made, 0, 4), put(made, leaps, 4), put(made, changes, 4), put(made, types, 4), put(made, 4, 4);
}

/* Three types: an hour ahead, two hours, five. */
static struct made make(char version, const int64_t *changes, const char *types, uint32_t count, const char *rule) {
    struct made made = {.size = 0};
    put_header(&made, version, 0, 0, 0);
    put(&made, 0, 4);
    put_header(&made, version, 0, count, 3);
    for (uint32_t i = 0; i < count; i++)
        put(&made, (uint64_t)changes[i], 8);
    for (uint32_t i = 0; i < count; i++)
        put(&made, (uint64_t)types[i], 1);
    for (int i = 0; i < 3; i++)
        put(&made, (uint64_t)(i == 0 ? 3600 : i == 1 ? 7200 : 18000), 4), put(&made, 0, 2);
    put(&made, 0, 4);
    size_t length = strlen(rule);
    memcpy(made.bytes + made.size, rule, length);
    made.size += length;
    return made;
}

static const struct time_zone *read_made(const char *rule) {
    struct made made = make('2', (const int64_t[]){1000, 2000}, "\1\2", 2, rule);
    const struct time_zone *zone = NULL;
    if (!time_zone_read(&arena, made.bytes, made.size, &zone, &err))
        fail_msg("%s: %s", rule, err.message);
    return zone;
}

static void made_test(void **state) {
    (void)state;
    const struct time_zone *zone = read_made("\n\n");
    assert_int_equal(time_zone_span(zone, 999).offset, 3600);
    assert_int_equal(time_zone_span(zone, 999).begin, INT64_MIN);
    assert_int_equal(time_zone_span(zone, 1000).offset, 7200);
    assert_int_equal(time_zone_span(zone, 1999).end, 2000);
    assert_int_equal(time_zone_span(zone, INT64_MAX).offset, 18000);
    assert_int_equal(time_zone_span(zone, INT64_MAX).end, INT64_MAX);
    /* The rule takes over where the table ends. */
    zone = read_made("\nABC-5DEF,M3.5.0,M10.5.0/3\n");
    assert_int_equal(time_zone_span(zone, 3000).begin, 2000);
    assert_int_equal(time_zone_span(zone, 3000).offset_before, 7200);
    assert_int_equal(time_zone_span(zone, at("20260701T000000Z")).offset, 6 * 3600);
}

static void assert_summer(const char *rule, const char *begin, const char *end) {
    const struct time_zone *zone = read_made(arena_printf(&arena, "\n%s\n", rule));
    struct time_zone_span span = time_zone_span(zone, at(begin));
    assert_int_equal(span.begin, at(begin));
    assert_int_equal(span.end, at(end));
    assert_true(span.offset != span.offset_before);
}

static void rules_test(void **state) {
    (void)state;
    assert_summer("AAA0BBB,J60/0,J365/0", "20240301T000000Z", "20241230T230000Z"); /* J60 is 1 March, always */
    assert_summer("AAA0BBB,J60/0,J365/0", "20250301T000000Z", "20251230T230000Z");
    assert_summer("AAA0BBB,59/0,364/0", "20240229T000000Z", "20241229T230000Z"); /* 59 is 29 February in leap years */
    assert_summer("AAA0BBB,59/0,364/0", "20250301T000000Z", "20251230T230000Z");
    assert_summer("AAA0BBB-1:30,M3.1.1,M10.2.3/4:30", "20260302T020000Z", "20261014T030000Z");
    assert_summer("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "20260329T010000Z", "20261025T010000Z");
    assert_summer("AAA-1BBB,M10.1.0,M4.1.0/3", "20261004T010000Z", "20270404T010000Z"); /* in the south */
    assert_summer("AAA0BBB,M1.2.1/-48,M12.5.0/167", "20260110T000000Z", "20270102T220000Z");
    /* Summer all year: the changes coincide and cancel each other out. */
    const struct time_zone *zone = read_made("\nXXX3EDT4,0/0,J365/23\n");
    for (int64_t day = at("20240101T000000Z"); day < at("20280101T000000Z"); day += DAY / 2)
        assert_int_equal(time_zone_span(zone, day).offset, -4 * 3600);
}

static void broken_test(void **state) {
    (void)state;
    static const char *const rules[] = {
        "",
        "\n",
        "x",
        "\nABC",
        "ABC-1\n",
        "\nAB-1\n",
        "\nABC\n",
        "\nABC-25\n",
        "\nABC-1DEF\n",
        "\nABC-1DEF,M3.5.0\n",
        "\nABC-1DEF,M13.5.0,M10.5.0\n",
        "\nABC-1DEF,M3.6.0,M10.5.0\n",
        "\nABC-1DEF,M3.5.7,M10.5.0\n",
        "\nABC-1DEF,M3.5.0,M10.5.0/168\n",
        "\nABC-1DEF,J0,J5\n",
        "\nABC-1DEF,366,5\n",
        "\nABC-1DEF,M3.5.0,M10.5.0x\n",
        "\n<ABC-1\n",
        "\nABC-1:60\n",
        "\nABC-0001\n",
        "\nABC-1DEF,,\n",
    };
    const struct time_zone *zone = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct made made = make('2', (const int64_t[]){1000, 2000}, "\1\2", 2, rules[i]);
        if (time_zone_read(&arena, made.bytes, made.size, &zone, &err))
            fail_msg("rule '%s' was taken", rules[i]);
    }
    struct made made = make('2', (const int64_t[]){2000, 2000}, "\1\2", 2, "\nABC-1\n");
    assert_false(time_zone_read(&arena, made.bytes, made.size, &zone, &err));
    made = make('2', (const int64_t[]){1000, 2000}, "\1\3", 2, "\nABC-1\n");
    assert_false(time_zone_read(&arena, made.bytes, made.size, &zone, &err));
    made = make('\0', (const int64_t[]){1000, 2000}, "\1\2", 2, "\nABC-1\n");
    assert_false(time_zone_read(&arena, made.bytes, made.size, &zone, &err));
    /* Cut off anywhere; on the heap, so that a byte read too many is seen. */
    made = make('2', (const int64_t[]){1000, 2000}, "\1\2", 2, "\nABC-1\n");
    for (size_t size = 0; size < made.size; size++) {
        void *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, made.bytes, size);
        assert_false(time_zone_read(&arena, cut, size, &zone, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        free(cut);
    }
    assert_null(zone);
    assert_true(time_zone_read(&arena, made.bytes, made.size, &zone, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_test), cmocka_unit_test(library_test), cmocka_unit_test(offsets_test),
        cmocka_unit_test(refused_test), cmocka_unit_test(made_test),    cmocka_unit_test(rules_test),
        cmocka_unit_test(broken_test),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
