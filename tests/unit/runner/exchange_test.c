/*
 * How long a service asks to be left alone.
 */
#include "runner/aws/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Mon, 23 Nov 2026 05:37:00 GMT */
#define NOW INT64_C(1795412220000)

static int64_t asked(const char *name, const char *value) {
    const struct http_header header = {.name = name, .value = value};
    const struct http_answer answer = {.status = 503, .headers = &header, .header_count = 1};
    return exchange_retry_after_ms(&answer, NOW);
}

static void each_form_is_read(void **state) {
    (void)state;
    assert_int_equal(asked("x-amz-retry-after", "1500"), 1500);
    assert_int_equal(asked("retry-after", "3"), 3000);
    assert_int_equal(asked("retry-after", "Mon, 23 Nov 2026 05:37:09 GMT"), 9000);
    assert_int_equal(asked("retry-after", "Mon, 23 Nov 2026 05:36:00 GMT"), 0);
}

static void anything_else_asks_for_nothing(void **state) {
    (void)state;
    assert_int_equal(asked("retry-after", "soon"), -1);
    assert_int_equal(asked("retry-after", "-3"), -1);
    assert_int_equal(asked("x-amz-retry-after", "99999999999999999999"), -1);
    assert_int_equal(asked("date", "3"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(anything_else_asks_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
