/*
 * Which of our tasks have a healthy target.
 */
#include "runner/actions/ecs_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GROUP "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/0123456789abcdef"
#define TASK(address)                                                                                                  \
    "{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\",\"attachments\":[{\"details\":[{\"name\":"                \
    "\"privateIPv4Address\",\"value\":\"" address "\"}]}]}"
#define TARGET(address, state, reason)                                                                                 \
    "{\"Target\":{\"Id\":\"" address "\"},\"TargetHealth\":{\"State\":\"" state "\",\"Reason\":\"" reason "\"}}"

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static struct ecs_gate judge(struct arena *arena, const char *tasks, const char *first, const char *second, bool any) {
    const struct ecs_gate_group groups[] = {{.arn = GROUP, .targets = parse(arena, first)},
                                            {.arn = GROUP, .targets = second ? parse(arena, second) : NULL}};
    return ecs_gate_read(arena, parse(arena, tasks), "ecs-svc/2", groups, second ? 2 : 1, any);
}

static void draining_targets_are_somebody_elses(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct ecs_gate gate =
        judge(&arena, "[" TASK("10.0.0.1") "," TASK("10.0.0.2") "]",
              "[" TARGET("10.0.0.1", "healthy", "") "," TARGET("10.0.0.2", "draining", "") "]", NULL, false);
    assert_int_equal(gate.tasks, 2);
    assert_int_equal(gate.healthy, 1);
    assert_string_equal(gate.waits, "10.0.0.2 is not registered in target group 'shop'");
}

static void no_targets_are_not_healthy(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_int_equal(judge(&arena, "[" TASK("10.0.0.1") "]", "[]", NULL, false).healthy, 0);
}

static void an_unused_group_is_a_mistake(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct ecs_gate gate =
        judge(&arena, "[" TASK("10.0.0.1") "]", "[" TARGET("10.0.0.1", "unused", "Target.NotInUse") "]", NULL, false);
    assert_string_equal(gate.problem, "target group 'shop' is used by no listener");
}

static void of_two_groups_all_or_any(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char healthy[] = "[" TARGET("10.0.0.1", "healthy", "") "]";
    assert_int_equal(judge(&arena, "[" TASK("10.0.0.1") "]", healthy, "[]", false).healthy, 0);
    assert_int_equal(judge(&arena, "[" TASK("10.0.0.1") "]", healthy, "[]", true).healthy, 1);
    assert_int_equal(judge(&arena, "[" TASK("10.0.0.1") "]", healthy, healthy, false).healthy, 1);
}

static void of_any_two_groups_one_may_be_unused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char healthy[] = "[" TARGET("10.0.0.1", "healthy", "") "]";
    static const char unused[] = "[" TARGET("10.0.0.1", "unused", "Target.NotInUse") "]";
    const struct ecs_gate gate = judge(&arena, "[" TASK("10.0.0.1") "]", unused, healthy, true);
    assert_int_equal(gate.healthy, 1);
    assert_null(gate.problem);
    assert_non_null(judge(&arena, "[" TASK("10.0.0.1") "]", unused, "[]", true).problem);
}

static void tasks_on_hosts_are_counted(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char tasks[] = "[{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\"},"
                                "{\"startedBy\":\"ecs-svc/2\",\"lastStatus\":\"RUNNING\"}]";
    const struct ecs_gate gate =
        judge(&arena, tasks, "[" TARGET("i-1", "healthy", "") "," TARGET("i-2", "initial", "") "]", NULL, false);
    assert_int_equal(gate.tasks, 2);
    assert_int_equal(gate.healthy, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draining_targets_are_somebody_elses), cmocka_unit_test(no_targets_are_not_healthy),
        cmocka_unit_test(an_unused_group_is_a_mistake),        cmocka_unit_test(of_two_groups_all_or_any),
        cmocka_unit_test(of_any_two_groups_one_may_be_unused), cmocka_unit_test(tasks_on_hosts_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
