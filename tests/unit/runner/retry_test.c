/*
 * Pauses, the bucket, and the rate after throttling, on a clock moved by hand.
 */
#include "runner/aws/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pauses_have_full_jitter(void **state) {
    (void)state;
    assert_int_equal(retry_pause_ms(1, 0, -1), 0);
    assert_int_equal(retry_pause_ms(1, UINT32_MAX, -1), 1000);
    assert_int_equal(retry_pause_ms(2, UINT32_MAX, -1), 2000);
    assert_in_range(retry_pause_ms(2, UINT32_MAX / 2, -1), 999, 1001);
    assert_int_equal(retry_pause_ms(40, UINT32_MAX, -1), RETRY_PAUSE_MAX_MS);
}

static void a_service_may_ask_for_longer(void **state) {
    (void)state;
    assert_int_equal(retry_pause_ms(1, 0, 1500), 1500);
    assert_int_equal(retry_pause_ms(1, UINT32_MAX, 500), 1000);
    assert_int_equal(retry_pause_ms(1, 0, 3600000), 6000); /* five seconds past the longest of our own */
}

static void an_outage_empties_the_bucket(void **state) {
    (void)state;
    struct retry retry;
    int calls = 0;
    retry_init(&retry, 3);
    while (retry_again(&retry, 1, RETRY_OTHER))
        calls++;
    assert_int_equal(calls, 100);
    retry_done(&retry, 2, RETRY_OTHER);
    assert_true(retry_again(&retry, 1, RETRY_OTHER));
    assert_false(retry_again(&retry, 1, RETRY_OTHER));
    retry_done(&retry, 2, RETRY_OTHER);
    assert_false(retry_again(&retry, 1, RETRY_TIMED_OUT)); /* costs twice as much */
}

static void three_tries(void **state) {
    (void)state;
    struct retry retry;
    retry_init(&retry, 3);
    assert_true(retry_again(&retry, 2, RETRY_THROTTLED));
    assert_false(retry_again(&retry, 3, RETRY_THROTTLED));
}

/* Calls `per_second` times a second for so long, all answered. */
static int64_t ask(struct retry *retry, int64_t now, int per_second, int seconds) {
    for (int i = 0; i < per_second * seconds; i++) {
        retry_learn(retry, "ecs", false, now);
        now += 1000 / per_second;
    }
    return now;
}

static void a_throttled_service_is_asked_less_and_then_more(void **state) {
    (void)state;
    struct retry retry;
    retry_init(&retry, 3);
    int64_t now = ask(&retry, 1000000, 10, 10);
    assert_int_equal(retry_turn_ms(&retry, "ecs", now), 0);
    retry_learn(&retry, "ecs", true, now);
    const double after_throttle = retry.rates[0].per_second;
    assert_true(after_throttle > 5.0 && after_throttle < 9.0); /* seven tenths of ten */
    assert_true(retry_turn_ms(&retry, "ecs", now) > 0);
    const int64_t first = retry_turn_ms(&retry, "ecs", now);
    assert_true(retry_turn_ms(&retry, "ecs", now) > first); /* each waits behind the one before */
    assert_int_equal(retry_turn_ms(&retry, "ecr", now), 0); /* another service's */
    now = ask(&retry, now + 2000, 7, 10);
    assert_true(retry.rates[0].per_second > after_throttle);
}

static void never_slower_than_a_call_in_two_seconds(void **state) {
    (void)state;
    struct retry retry;
    retry_init(&retry, 3);
    for (int i = 0; i < 50; i++)
        retry_learn(&retry, "ecs", true, 1000000 + i * 100);
    assert_true(retry.rates[0].per_second >= 0.5);
    assert_in_range(retry_turn_ms(&retry, "ecs", 1005000), 0, 2000);
}

static void a_minute_without_throttling_ends_it(void **state) {
    (void)state;
    struct retry retry;
    retry_init(&retry, 3);
    retry_learn(&retry, "ecs", true, 1000000);
    assert_true(retry_turn_ms(&retry, "ecs", 1000000) > 0);
    assert_int_equal(retry_turn_ms(&retry, "ecs", 1061000), 0);
    assert_int_equal(retry_turn_ms(&retry, "ecs", 1061000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_have_full_jitter),
        cmocka_unit_test(a_service_may_ask_for_longer),
        cmocka_unit_test(an_outage_empties_the_bucket),
        cmocka_unit_test(three_tries),
        cmocka_unit_test(a_throttled_service_is_asked_less_and_then_more),
        cmocka_unit_test(never_slower_than_a_call_in_two_seconds),
        cmocka_unit_test(a_minute_without_throttling_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
