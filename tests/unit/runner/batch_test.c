/*
 * Batches as people write them: which builds come out, and the exact sentence where none do.
 */
#include "runner/buildspec/batch.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool parse(struct arena *arena, const char *text, size_t most, struct batch *out, struct err *err) {
    return batch_parse(arena, "buildspec.yml", text, strlen(text), most, out, err);
}

/* What the wire carries for it. */
static const char *encoded(struct arena *arena, const char *text) {
    struct err err = {0};
    struct batch batch = {0};
    if (!parse(arena, text, BATCH_BUILDS_MAX, &batch, &err))
        fail_msg("refused: %s", err.message);
    return json_print(arena, batch_encode(arena, &batch));
}

static void refuse(const char *text, size_t most, const char *sentence) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    struct batch batch = {0};
    assert_false(parse(&arena, text, most, &batch, &err));
    assert_string_equal(err.message, sentence);
    assert_string_equal(err.code, "YAML_FILE_ERROR");
}

static void a_list_with_all_its_keys(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(
        encoded(&arena, "version: 0.2\n"
                        "batch:\n"
                        "  fast-fail: yes\n"
                        "  build-list:\n"
                        "    - identifier: linux_small\n"
                        "      buildspec: a.yml\n"
                        "      ignore-failure: true\n"
                        "      env: {compute-type: BUILD_GENERAL1_SMALL, image: 'debian:12', privileged-mode: false,\n"
                        "            type: LINUX_CONTAINER, variables: {MODE: 0755, NOTHING: }}\n"
                        "    - identifier: other\n"
                        "      env: {fleet: 'arn:aws:codebuild:eu-west-1:123456789012:fleet/f'}\n"),
        "{\"type\":\"build-list\",\"fastFail\":true,\"groups\":["
        "{\"identifier\":\"linux_small\",\"dependsOn\":[],\"ignoreFailure\":true,\"overrides\":{"
        "\"buildspecOverride\":\"a.yml\",\"computeTypeOverride\":\"BUILD_GENERAL1_SMALL\","
        "\"imageOverride\":\"debian:12\",\"environmentTypeOverride\":\"LINUX_CONTAINER\","
        "\"privilegedModeOverride\":false,\"environmentVariablesOverride\":["
        "{\"name\":\"MODE\",\"value\":\"0755\",\"type\":\"PLAINTEXT\"},"
        "{\"name\":\"NOTHING\",\"value\":\"\",\"type\":\"PLAINTEXT\"}]}},"
        "{\"identifier\":\"other\",\"dependsOn\":[],\"ignoreFailure\":false,\"overrides\":{"
        "\"fleetOverride\":{\"fleetArn\":\"arn:aws:codebuild:eu-west-1:123456789012:fleet/f\"}}}]}");
}

static void a_graph(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(encoded(&arena, "batch:\n"
                                        "  build-graph:\n"
                                        "    - {identifier: c, depend-on: [a, b]}\n"
                                        "    - {identifier: a}\n"
                                        "    - {identifier: b, depend-on: [a], debug-session: yes}\n"),
                        "{\"type\":\"build-graph\",\"fastFail\":false,\"groups\":["
                        "{\"identifier\":\"c\",\"dependsOn\":[\"a\",\"b\"],\"ignoreFailure\":false,\"overrides\":{}},"
                        "{\"identifier\":\"a\",\"dependsOn\":[],\"ignoreFailure\":false,\"overrides\":{}},"
                        "{\"identifier\":\"b\",\"dependsOn\":[\"a\"],\"ignoreFailure\":false,\"overrides\":{}}]}");
}

static void a_session_is_refused_with_a_word(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct batch batch;
    struct err err = {0};
    assert_true(parse(&arena, "batch: {build-list: [{identifier: a, debug-session: true}]}", 100, &batch, &err));
    assert_int_equal(batch.notices.count, 1);
    assert_string_equal(batch.notices.items[0], "Skipping debug-session of a: sessions in builds are not supported");
}

/* The value that a build of the matrix has of a variable. */
static const char *variable(const struct batch_group *group, const char *name) {
    for (size_t i = 0; i < group->environment.variable_count; i++)
        if (str_equal(group->environment.variables[i].name, name))
            return group->environment.variables[i].value;
    return "-";
}

static void a_matrix_is_multiplied_out(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct batch batch;
    struct err err = {0};
    const char *text = "batch:\n"
                       "  build-matrix:\n"
                       "    static:\n"
                       "      ignore-failure: yes\n"
                       "      env: {type: LINUX_CONTAINER, privileged-mode: yes, variables: {B: fixed, SAME: s}}\n"
                       "    dynamic:\n"
                       "      buildspec: [one.yml, two.yml]\n"
                       "      env:\n"
                       "        image: [first, second, third]\n"
                       "        variables: {A: [x, y], B: only}\n";
    static const char *const expected[] = {
        "build0 one.yml first x",  "build1 one.yml first y",  "build2 one.yml second x", "build3 one.yml second y",
        "build4 one.yml third x",  "build5 one.yml third y",  "build6 two.yml first x",  "build7 two.yml first y",
        "build8 two.yml second x", "build9 two.yml second y", "build10 two.yml third x", "build11 two.yml third y"};
    assert_true(parse(&arena, text, 100, &batch, &err));
    assert_int_equal(batch.group_count, 12);
    for (size_t i = 0; i < batch.group_count; i++) {
        const struct batch_group *group = &batch.groups[i];
        assert_string_equal(arena_printf(&arena, "%s %s %s %s", group->identifier, group->buildspec,
                                         group->environment.image, variable(group, "A")),
                            expected[i]);
        assert_string_equal(variable(group, "B"), "only"); /* the value of `dynamic` wins */
        assert_string_equal(variable(group, "SAME"), "s");
        assert_true(group->ignore_failure && group->environment.sets_privileged && group->environment.privileged);
        assert_string_equal(group->environment.type, "LINUX_CONTAINER");
    }
}

static void a_fan_out(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(encoded(&arena, "batch: {build-fanout: {parallelism: 2, ignore-failure: true}}"),
                        "{\"type\":\"build-fanout\",\"fastFail\":false,\"groups\":["
                        "{\"identifier\":\"shard0\",\"dependsOn\":[],\"ignoreFailure\":true,\"overrides\":{},"
                        "\"shard\":{\"index\":0,\"count\":2}},"
                        "{\"identifier\":\"shard1\",\"dependsOn\":[],\"ignoreFailure\":true,\"overrides\":{},"
                        "\"shard\":{\"index\":1,\"count\":2}}]}");
}

static void what_is_no_batch(void **state) {
    (void)state;
    refuse("[]", 100, "buildspec.yml:1:1: a buildspec must hold keys (version, phases, artifacts), not a list");
    refuse("version: 0.2\n", 100, "buildspec.yml:1:1: the buildspec has no 'batch', so there is no batch to build");
    refuse("batch: {fast-fail: no}\n", 100,
           "buildspec.yml:1:8: 'batch' lacks its builds; write build-list, build-graph, build-matrix or build-fanout");
    refuse("batch:\n  build-list: [{identifier: a}]\n  build-fanout: {parallelism: 2}\n", 100,
           "buildspec.yml:3:17: a batch has one kind of builds; keep 'build-list' or 'build-fanout'");
    refuse("batch: {build-list: []}\n", 100,
           "buildspec.yml:1:21: 'build-list' must be a list of builds, each with an 'identifier'");
    refuse("batch: {fast-fail: perhaps, build-list: [{identifier: a}]}\n", 100,
           "buildspec.yml:1:20: 'fast-fail' must be yes or no");
}

static void bad_tasks(void **state) {
    (void)state;
    refuse("batch: {build-list: [{image: x}]}\n", 100, "buildspec.yml:1:22: a build of the batch lacks 'identifier'");
    refuse("batch: {build-list: [{identifier: a-b}]}\n", 100,
           "buildspec.yml:1:35: 'a-b' is no identifier; use 1 to 128 letters, digits and '_'");
    refuse("batch: {build-list: [{identifier: DOWNLOAD_SOURCE}]}\n", 100,
           "buildspec.yml:1:35: 'DOWNLOAD_SOURCE' is a group that each batch may have; choose another identifier");
    refuse("batch:\n  build-list:\n    - identifier: a\n    - identifier: a\n", 100,
           "buildspec.yml:4:19: 'a' stands here twice, first in line 3");
    refuse("batch: {build-list: [{identifier: a, depend-on: [b]}]}\n", 100,
           "buildspec.yml:1:49: 'depend-on' has no meaning in a build-list; write build-graph");
    refuse("batch: {build-list: [{identifier: a, env: {fleet: f, compute-type: BUILD_GENERAL1_SMALL}}]}\n", 100,
           "buildspec.yml:1:51: 'fleet' and 'compute-type' exclude each other; keep one");
    refuse("batch: {build-list: [{identifier: a, env: {variables: {2: x}}}]}\n", 100,
           "buildspec.yml:1:59: '2' is no name for a variable; use letters, digits and '_', no digit first");
    refuse("batch: {build-list: [{identifier: a}, {identifier: b}, {identifier: c}]}\n", 2,
           "buildspec.yml:1:56: the batch has more than the 2 builds that are allowed");
}

#define COMPUTE_TYPES                                                                                                  \
    "BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM, BUILD_GENERAL1_LARGE, BUILD_GENERAL1_XLARGE, "                       \
    "BUILD_GENERAL1_2XLARGE "                                                                                          \
    "or ATTRIBUTE_BASED_COMPUTE"
#define TYPES "LINUX_CONTAINER, ARM_CONTAINER, LINUX_EC2 or ARM_EC2"

static void environments_that_no_build_has(void **state) {
    (void)state;
    refuse("batch: {build-list: [{identifier: a, env: {compute-type: BUILD_NONSENSE}}]}\n", 100,
           "buildspec.yml:1:58: 'BUILD_NONSENSE' is no compute-type that builds have here; write " COMPUTE_TYPES);
    refuse("batch:\n  build-graph:\n    - identifier: a\n      env:\n        type: WINDOWS_SERVER_2019_CONTAINER\n",
           100, "buildspec.yml:5:15: 'WINDOWS_SERVER_2019_CONTAINER' is no type that builds have here; write " TYPES);
    refuse("batch: {build-matrix: {static: {env: {type: MAC_ARM}}, dynamic: {env: {image: [a, b]}}}}\n", 100,
           "buildspec.yml:1:45: 'MAC_ARM' is no type that builds have here; write " TYPES);
    refuse("batch: {build-matrix: {dynamic: {env: {compute-type: [BUILD_GENERAL1_SMALL, BUILD_LAMBDA_1GB]}}}}\n", 100,
           "buildspec.yml:1:77: 'BUILD_LAMBDA_1GB' is no compute-type that builds have here; write " COMPUTE_TYPES);
    refuse("batch: {build-matrix: {dynamic: {env: {type: LINUX}}}}\n", 100,
           "buildspec.yml:1:46: 'LINUX' is no type that builds have here; write " TYPES);
}

static void graphs_that_cannot_be_built(void **state) {
    (void)state;
    refuse("batch:\n  build-graph:\n    - {identifier: a, depend-on: [nobody]}\n", 100,
           "buildspec.yml:3:7: 'a' depends on 'nobody', which is no identifier of this batch");
    refuse("batch:\n  build-graph:\n    - {identifier: a, depend-on: [a]}\n", 100,
           "buildspec.yml:3:7: the builds depend on each other: a -> a");
    refuse("batch:\n  build-graph:\n    - {identifier: outside, depend-on: [b]}\n    - {identifier: free}\n"
           "    - {identifier: a, depend-on: [free, c]}\n    - {identifier: b, depend-on: [a]}\n"
           "    - {identifier: c, depend-on: [b]}\n",
           100, "buildspec.yml:6:7: the builds depend on each other: b -> a -> c -> b");
}

static void matrices_and_fan_outs_that_cannot_be_built(void **state) {
    (void)state;
    refuse("batch: {build-matrix: {static: {ignore-failure: no}}}\n", 100,
           "buildspec.yml:1:23: 'build-matrix' has nothing to multiply; write 'dynamic' with 'buildspec' or 'env'");
    refuse("batch: {build-matrix: {dynamic: {env: {image: []}}}}\n", 100, "buildspec.yml:1:47: 'image' has no values");
    refuse("batch: {build-matrix: {dynamic: {env: {variables: {A: [1, 2], B: [1, 2], C: [1, 2]}}}}}\n", 7,
           "buildspec.yml:1:23: the batch has more than the 7 builds that are allowed");
    refuse(
        "batch: {build-matrix: {static: {env: {fleet: f}}, dynamic: {env: {compute-type: [BUILD_GENERAL1_SMALL]}}}}\n",
        100, "buildspec.yml:1:23: 'fleet' and 'compute-type' exclude each other; keep one");
    refuse("batch: {build-fanout: {parallelism: 0}}\n", 100,
           "buildspec.yml:1:37: 'parallelism' must be a whole number from 1 to 100");
    refuse("batch: {build-fanout: {parallelism: 101}}\n", 100,
           "buildspec.yml:1:37: 'parallelism' must be a whole number from 1 to 100");
    refuse("batch: {build-fanout: {}}\n", 100,
           "buildspec.yml:1:23: 'parallelism' must be a whole number from 1 to 100");
}

/* 100 builds, each after all the others before it: the most that a graph can have. */
static void a_large_graph(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct str text = STR_INIT(1 << 20);
    struct batch batch;
    struct err err = {0};
    str_printf(&text, "batch:\n  build-graph:\n");
    for (int i = 0; i < 100; i++) {
        str_printf(&text, "    - {identifier: g%d, depend-on: [", i);
        for (int j = 0; j < i; j++)
            str_printf(&text, "g%d, ", j);
        str_printf(&text, "]}\n");
    }
    assert_true(parse(&arena, str_text(&text), 100, &batch, &err));
    assert_int_equal(batch.group_count, 100);
    assert_int_equal(batch.groups[99].depends_on.count, 99);
    str_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_with_all_its_keys),
        cmocka_unit_test(a_graph),
        cmocka_unit_test(a_session_is_refused_with_a_word),
        cmocka_unit_test(a_matrix_is_multiplied_out),
        cmocka_unit_test(a_fan_out),
        cmocka_unit_test(what_is_no_batch),
        cmocka_unit_test(bad_tasks),
        cmocka_unit_test(environments_that_no_build_has),
        cmocka_unit_test(graphs_that_cannot_be_built),
        cmocka_unit_test(matrices_and_fan_outs_that_cannot_be_built),
        cmocka_unit_test(a_large_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
