/*
 * Limits of builds: what CodeBuild gives, and the machine's end.
 */
#include "runner/actions/build_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define GIB (INT64_C(1024) * 1024 * 1024)
#define NANO INT64_C(1000000000)

static struct build_limits limits_of(const char *environment, int64_t cpus, int64_t memory_bytes, int disk_gib) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *parsed = NULL;
    assert_true(json_parse(&arena, environment, strlen(environment), &parsed, NULL));
    return build_limits(parsed, &(struct machine){.cpus = cpus, .memory_bytes = memory_bytes}, disk_gib);
}

static void assert_limits(struct build_limits limits, int64_t cpus, int64_t memory_bytes, int64_t disk_gib) {
    assert_int_equal(limits.nano_cpus, cpus * NANO);
    assert_int_equal(limits.memory_bytes, memory_bytes);
    assert_int_equal(limits.disk_bytes, disk_gib * GIB);
}

static void a_large_machine_gives_what_codebuild_gives(void **state) {
    (void)state;
    assert_limits(limits_of("{\"computeType\": \"BUILD_GENERAL1_SMALL\"}", 96, 256 * GIB, 0), 2, 4 * GIB, 64);
    assert_limits(limits_of("{\"computeType\": \"BUILD_GENERAL1_2XLARGE\"}", 96, 256 * GIB, 0), 72, 144 * GIB, 824);
    assert_limits(limits_of("{}", 96, 256 * GIB, 0), 2, 4 * GIB, 64);
}

static void a_small_machine_keeps_something_for_itself(void **state) {
    (void)state;
    assert_limits(limits_of("{\"computeType\": \"BUILD_GENERAL1_LARGE\"}", 2, 8 * GIB, 0), 2, 8 * GIB - GIB / 2, 128);
    assert_limits(limits_of("{\"computeType\": \"BUILD_GENERAL1_LARGE\"}", 4, 16 * GIB, 0), 4, 15 * GIB, 128);
    assert_limits(limits_of("{}", 1, GIB, 0), 1, GIB / 2, 64);
}

static void attributes_are_taken_as_they_are(void **state) {
    (void)state;
    const char *text = "{\"computeType\": \"ATTRIBUTE_BASED_COMPUTE\","
                       "\"computeConfiguration\": {\"vCpu\": 3, \"memory\": 7, \"disk\": 99}}";
    assert_limits(limits_of(text, 96, 256 * GIB, 0), 3, 7 * GIB, 99);
    text = "{\"computeType\": \"ATTRIBUTE_BASED_COMPUTE\", \"computeConfiguration\": {\"memory\": -7}}";
    assert_limits(limits_of(text, 96, 256 * GIB, 0), 2, 4 * GIB, 64);
}

static void an_unknown_type_is_no_secret(void **state) {
    (void)state;
    const struct build_limits limits = limits_of("{\"computeType\": \"BUILD_NONSENSE\"}", 96, 256 * GIB, 0);
    assert_true(limits.unknown_type);
    assert_limits(limits, 2, 4 * GIB, 64);
    assert_false(limits_of("{\"computeType\": \"BUILD_GENERAL1_LARGE\"}", 96, 256 * GIB, 0).unknown_type);
    assert_false(limits_of("{\"computeType\": \"ATTRIBUTE_BASED_COMPUTE\"}", 96, 256 * GIB, 0).unknown_type);
    assert_false(limits_of("{}", 96, 256 * GIB, 0).unknown_type);
    assert_false(build_limits(NULL, &(struct machine){.cpus = 1}, 0).unknown_type);
}

static void the_operator_has_the_last_word_about_disk(void **state) {
    (void)state;
    assert_limits(limits_of("{}", 96, 256 * GIB, 5), 2, 4 * GIB, 5);
}

static void processes_are_counted_by_cpus(void **state) {
    (void)state;
    assert_int_equal(limits_of("{}", 96, 256 * GIB, 0).pids, 4096);
    assert_int_equal(limits_of("{\"computeType\": \"BUILD_GENERAL1_2XLARGE\"}", 96, 256 * GIB, 0).pids, 16384);
}

static void an_unknown_machine_sets_no_limit(void **state) {
    (void)state;
    assert_limits(limits_of("{}", 0, 0, 0), 0, 0, 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_machine_gives_what_codebuild_gives),
        cmocka_unit_test(a_small_machine_keeps_something_for_itself),
        cmocka_unit_test(attributes_are_taken_as_they_are),
        cmocka_unit_test(an_unknown_type_is_no_secret),
        cmocka_unit_test(the_operator_has_the_last_word_about_disk),
        cmocka_unit_test(processes_are_counted_by_cpus),
        cmocka_unit_test(an_unknown_machine_sets_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
