/*
 * One call every five seconds on average, however long it takes, and two seconds between looks at the least.
 */
#include "runner/actions/poll_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR_MS 3600000

static void the_average_is_kept(void **state) {
    (void)state;
    struct poll_pace pace;
    int64_t now = 1000000;
    int64_t end = now + HOUR_MS;
    int calls = 0;
    poll_pace_begin(&pace, now);
    for (int looks = 0; now < end; looks++) {
        int made = looks % 2 == 0 ? 2 : 1;
        calls += made;
        int64_t wait = poll_pace_wait(&pace, now, made, looks % 2 == 0 ? 1 : 2, 0);
        assert_true(wait >= 2000);
        now += wait;
    }
    assert_in_range(calls, HOUR_MS / 5000 - 10, HOUR_MS / 5000 + 10);
}

static void the_first_looks_come_soon(void **state) {
    (void)state;
    struct poll_pace pace;
    poll_pace_begin(&pace, 0);
    assert_int_equal(poll_pace_wait(&pace, 0, 1, 1, 0), 2000);
    assert_int_equal(poll_pace_wait(&pace, 2000, 1, 1, 0), 2000);
}

static void a_quiet_time_is_waited_out_and_its_end_is_seen_soon(void **state) {
    (void)state;
    struct poll_pace pace;
    int64_t now = 0;
    const int64_t quiet_until = 600000;
    poll_pace_begin(&pace, now);
    int64_t wait = poll_pace_wait(&pace, now, 1, 1, quiet_until);
    assert_int_equal(wait, 30000);
    while (now + wait < quiet_until - 5000) {
        now += wait;
        wait = poll_pace_wait(&pace, now, 1, 1, quiet_until);
    }
    now += wait;
    assert_int_equal(now, quiet_until - 5000);
    for (int looks = 0; looks < 5; looks++) { /* what was saved is spent now */
        wait = poll_pace_wait(&pace, now, 1, 1, quiet_until);
        assert_int_equal(wait, 2000);
        now += wait;
    }
}

static void a_clock_that_goes_back_costs_nothing(void **state) {
    (void)state;
    struct poll_pace pace;
    poll_pace_begin(&pace, 100000);
    int64_t wait = poll_pace_wait(&pace, 50000, 1, 1, 0);
    assert_in_range(wait, 2000, 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_is_kept),
        cmocka_unit_test(the_first_looks_come_soon),
        cmocka_unit_test(a_quiet_time_is_waited_out_and_its_end_is_seen_soon),
        cmocka_unit_test(a_clock_that_goes_back_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
