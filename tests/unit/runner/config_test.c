/*
 * Flags of builds as the runner reads them.
 */
#include "runner/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool read_two(struct arena *arena, const char *flag, const char *value, struct config *config, struct err *err) {
    char *arguments[] = {arena_strdup(arena, "penstock-runner"), arena_strdup(arena, flag), arena_strdup(arena, value),
                         NULL};
    bool help = false;
    *err = (struct err){0};
    return config_read(arena, 3, arguments, config, &help, err);
}

static void builds_are_walled_off_unless_told_otherwise(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct config config;
    struct err err;
    assert_true(read_two(&arena, "--name", "one", &config, &err));
    assert_string_equal(config.build_network, "isolated");
    assert_int_equal(config.build_subnets.first, 0xc6120000);
    assert_int_equal(config.build_subnets.prefix, 16);
    assert_int_equal(config.privileged_builds, PRIVILEGED_REFUSED);
    assert_int_equal(config.build_disk_gib, 0);
    assert_null(config.codebuild_images);
}

static void what_an_operator_chooses(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct config config;
    struct err err;
    assert_true(read_two(&arena, "--build-subnets", "10.20.30.40/24", &config, &err));
    assert_int_equal(config.build_subnets.first, 0x0a141e00);
    assert_true(read_two(&arena, "--privileged-builds", "socket", &config, &err));
    assert_int_equal(config.privileged_builds, PRIVILEGED_SOCKET);
    assert_true(read_two(&arena, "--privileged-builds", "engine", &config, &err));
    assert_int_equal(config.privileged_builds, PRIVILEGED_ENGINE);
    assert_true(read_two(&arena, "--build-reach", "10.0.0.1:80,10.0.0.2:65535", &config, &err));
    assert_string_equal(config.build_reach[1], "10.0.0.2:65535");
    assert_null(config.build_reach[2]);
    assert_true(read_two(&arena, "--build-disk", "7", &config, &err));
    assert_int_equal(config.build_disk_gib, 7);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct config config;
    struct err err;
    static const char *const bad[][2] = {
        {"--build-subnets", "198.18.0.0"},
        {"--build-subnets", "198.18.0.0/28"},
        {"--build-subnets", "::/16"},
        {"--build-subnets", "198.18.0.0/x"},
        {"--build-disk", "0"},
        {"--build-disk", "much"},
        {"--build-reach", "10.0.0.1"},
        {"--build-reach", "10.0.0.1:0"},
        {"--build-reach", "a:1"},
        {"--privileged-builds", "yes"},
        {"--codebuild-images", "a"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(read_two(&arena, bad[i][0], bad[i][1], &config, &err));
        assert_non_null(strstr(err.message, bad[i][0]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_are_walled_off_unless_told_otherwise),
        cmocka_unit_test(what_an_operator_chooses),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
