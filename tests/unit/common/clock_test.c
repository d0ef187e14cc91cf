/*
 * The text forms of a moment, and that the machine's clocks run.
 */
#include "common/clock.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define MOMENT_MS 1795412220123 /* 2026-11-23 05:37:00.123 UTC */

static void moments_are_written_in_utc(void **state) {
    (void)state;
    (void)setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    char text[CLOCK_TEXT_SIZE];
    clock_format_rfc3339(MOMENT_MS, text);
    assert_string_equal(text, "2026-11-23T05:37:00.123Z");
    clock_format_basic(MOMENT_MS, text);
    assert_string_equal(text, "20261123T053700Z");
    clock_format_rfc3339(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format_rfc3339(951782400000, text);
    assert_string_equal(text, "2000-02-29T00:00:00.000Z");
}

static void the_basic_form_is_read_back(void **state) {
    (void)state;
    assert_true(clock_parse_basic("20261123T053700Z") == MOMENT_MS - 123);
    assert_true(clock_parse_basic("19700101T000000Z") == 0);
}

static void anything_else_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "20261123T053700",
        "20261123T053700Zx",
        " 20261123T05370Z",
        "20261123 053700Z",
        "20261123T053700z",
        "20261323T053700Z",
        "20261100T053700Z",
        "20261123T243700Z",
        "20261123T056000Z",
        "2026-11-23T05:37",
        "20260231T000000Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clock_parse_basic(bad[i]) != -1)
            fail_msg("'%s' was read", bad[i]);
    assert_true(clock_parse_basic(NULL) == -1);
}

static int64_t fixed(void *context) {
    return *(int64_t *)context;
}

static void a_test_moves_the_clock(void **state) {
    (void)state;
    int64_t now = 5;
    struct clock clock = {.wall_ms = fixed, .boot_ms = fixed, .context = &now};
    assert_int_equal(clock_wall_ms(&clock), 5);
    now = 7;
    assert_int_equal(clock_boot_ms(&clock), 7);
}

static void the_machine_has_the_time(void **state) {
    (void)state;
    assert_true(clock_wall_ms(&clock_system) > 1700000000000);
    int64_t before = clock_boot_ms(&clock_system);
    assert_true(before > 0);
    assert_true(clock_boot_ms(&clock_system) >= before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written_in_utc), cmocka_unit_test(the_basic_form_is_read_back),
        cmocka_unit_test(anything_else_is_refused),   cmocka_unit_test(a_test_moves_the_clock),
        cmocka_unit_test(the_machine_has_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
