/*
 * SuccessRule: its text, its share of tasks, and how long it has to hold.
 */
#include "runner/actions/ecs_success.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void texts_that_are_taken(void **state) {
    (void)state;
    struct ecs_success_rule rule;
    assert_true(ecs_success_read("healthy 2 of 3 for 30 seconds", &rule, NULL));
    assert_int_equal(rule.wanted, 2);
    assert_int_equal(rule.of, 3);
    assert_int_equal(rule.hold_ms, 30000);
    assert_true(ecs_success_read(NULL, &rule, NULL));
    assert_int_equal(rule.wanted, 0);
    assert_true(ecs_success_read("healthy 1 of 1 for 0 seconds", &rule, NULL));
}

static void texts_that_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"healthy",
                                        "healthy 2 of 3",
                                        "healthy 3 of 2 for 30 seconds",
                                        "healthy 0 of 2 for 30 seconds",
                                        "healthy 1 of 2 for 30",
                                        "healthy 1 of 2 for 30 seconds more",
                                        "healthy -1 of 2 for 30 seconds",
                                        "healthy 1 of 2 for 99999999 seconds",
                                        "Healthy 1 of 2 for 30 seconds"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ecs_success_rule rule;
        struct err err = {0};
        if (ecs_success_read(texts[i], &rule, &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.message, texts[i]));
    }
}

static void a_share_is_rounded_up(void **state) {
    (void)state;
    const struct ecs_success_rule rule = {.wanted = 2, .of = 3};
    assert_int_equal(ecs_success_needs(&rule, 3), 2);
    assert_int_equal(ecs_success_needs(&rule, 4), 3);
    assert_int_equal(ecs_success_needs(&rule, 6), 4);
    assert_int_equal(ecs_success_needs(&rule, 0), 0);
}

static void it_has_to_hold_without_a_break(void **state) {
    (void)state;
    const struct ecs_success_rule rule = {.wanted = 1, .of = 2, .hold_ms = 10000};
    int64_t since_ms = 0;
    assert_false(ecs_success_holds(&rule, 1, 2, 1000, &since_ms));
    assert_false(ecs_success_holds(&rule, 0, 2, 9000, &since_ms));
    assert_false(ecs_success_holds(&rule, 1, 2, 12000, &since_ms));
    assert_false(ecs_success_holds(&rule, 2, 2, 21999, &since_ms));
    assert_true(ecs_success_holds(&rule, 1, 2, 22000, &since_ms));
}

static void only_our_healthy_tasks_count(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char text[] =
        "[{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\",\"healthStatus\":\"HEALTHY\"},"
        "{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\",\"healthStatus\":\"UNKNOWN\"},"
        "{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\",\"healthStatus\":\"UNHEALTHY\"},"
        "{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"PENDING\"},"
        "{\"startedBy\":\"ecs-svc/1\",\"lastStatus\":\"RUNNING\",\"healthStatus\":\"HEALTHY\"}]";
    const struct json *tasks = NULL;
    assert_true(json_parse(&arena, text, strlen(text), &tasks, NULL));
    assert_int_equal(ecs_success_healthy(tasks, "ecs-svc/2", true), 1);
    assert_int_equal(ecs_success_healthy(tasks, "ecs-svc/2", false), 2);
    assert_int_equal(ecs_success_healthy(NULL, "ecs-svc/2", false), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_are_taken),         cmocka_unit_test(texts_that_are_refused),
        cmocka_unit_test(a_share_is_rounded_up),        cmocka_unit_test(it_has_to_hold_without_a_break),
        cmocka_unit_test(only_our_healthy_tasks_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
