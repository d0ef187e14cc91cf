/*
 * How long a service asks to be left alone, and whose refusal it is.
 */
#include "runner/aws/exchange.h"

#include "common/clock.h"
#include "runner/aws/identity.h"

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

static bool always(void *context) {
    (void)context;
    return true;
}

/* Interrupted before it is sent: nobody refuses. */
static void a_refusal_is_of_its_own_call(void **state) {
    struct arena arena = ARENA_INIT;
    struct aws_shared shared = {0};
    struct aws aws;
    struct aws_refusal refused = {.type = "InvalidParameterException", .message = "of the call before", .status = 400};
    const struct aws_request request = {.service = "ecs",
                                        .region = "eu-west-1",
                                        .operation = "ListServiceDeployments",
                                        .refused = &refused,
                                        .interrupted = always};
    struct exchange exchange = {.aws = &aws, .request = &request, .method = "POST", .path = "/"};
    struct http_answer reply;
    struct err err = {0};
    (void)state;
    retry_init(&shared.retry, 3);
    identity_init(&aws, &shared, NULL);
    retry_learn(&shared.retry, "ecs eu-west-1", true, clock_boot_ms(&clock_system)); /* so that it waits for its turn */
    while (retry_turn_ms(&shared.retry, "ecs eu-west-1", clock_boot_ms(&clock_system)) < 60000)
        continue;
    assert_false(exchange_carry_out(&exchange, &arena, &reply, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_int_equal(refused.status, 0);
    assert_string_equal(refused.type, "");
    identity_release(&aws);
    arena_release(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(anything_else_asks_for_nothing),
        cmocka_unit_test(a_refusal_is_of_its_own_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
