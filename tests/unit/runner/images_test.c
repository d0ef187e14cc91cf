/*
 * Names of images: what stands for CodeBuild's own, and whose registry a name belongs to.
 */
#include "runner/docker/images.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MAP "aws/codebuild/standard:7.0=registry.example.com:5000/std:7,aws/codebuild/*=debian:12"

static void the_first_entry_that_fits_counts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(image_of_map(&arena, MAP, "aws/codebuild/standard:7.0"), "registry.example.com:5000/std:7");
    assert_string_equal(image_of_map(&arena, MAP, "aws/codebuild/standard:7.01"), "debian:12");
    assert_string_equal(image_of_map(&arena, MAP, "aws/codebuild/standard:7"), "debian:12");
    assert_null(image_of_map(&arena, MAP, "debian:11"));
    assert_null(image_of_map(&arena, MAP, ""));
    assert_null(image_of_map(&arena, NULL, "aws/codebuild/standard:7.0"));
    assert_null(image_of_map(&arena, "", "aws/codebuild/standard:7.0"));
    assert_string_equal(image_of_map(&arena, "*=a@sha256:0=1,b=c", "b"), "a@sha256:0=1");
}

static void a_map_is_checked(void **state) {
    (void)state;
    struct err err = {0};
    assert_true(image_map_check(NULL, &err));
    assert_true(image_map_check("", &err));
    assert_true(image_map_check(MAP, &err));
    assert_false(image_map_check("aws/codebuild/standard:7.0", &err));
    assert_string_equal(err.message,
                        "--codebuild-images must be a list of NAME=IMAGE, not 'aws/codebuild/standard:7.0'");
    assert_false(image_map_check("a=b,c=", &err));
    assert_false(image_map_check("=b", &err));
    assert_false(image_map_check("a=b,,c=d", &err));
}

static void registries_are_told_from_names(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(image_registry(&arena, "debian:12"), "docker.io");
    assert_string_equal(image_registry(&arena, "team/app"), "docker.io");
    assert_string_equal(image_registry(&arena, "localhost/app"), "localhost");
    assert_string_equal(image_registry(&arena, "registry.example.com:5000/app:1"), "registry.example.com:5000");
    assert_true(image_is_codebuilds("aws/codebuild/standard:7.0"));
    assert_false(image_is_codebuilds("example.com/aws/codebuild/standard:7.0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_entry_that_fits_counts),
        cmocka_unit_test(a_map_is_checked),
        cmocka_unit_test(registries_are_told_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
