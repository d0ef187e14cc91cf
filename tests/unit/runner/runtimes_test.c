/*
 * Which version of a runtime is chosen.
 */
#include "runner/buildspec/runtimes.h"

#include "common/doc.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char image[] = "version: 0.1\n"
                            "runtimes:\n"
                            "  java: {versions: {corretto8: {commands: [j8]}, corretto17: {commands: [j17]}}}\n"
                            "  python: {versions: {3.9: {commands: [p39]}, 3.10: {commands: [p310, again]}}}\n"
                            "  nodejs: {versions: {10: {commands: [n10]}, 12: {commands: [n12]}}}\n"
                            "  android: {versions: {28: {requires: {java: [corretto8]}, commands: [a28]}}}\n";

static const struct {
    const char *name, *version;
    const char *chosen; /* version, or the error's beginning */
} rows[] = {
    {"nodejs", "12", "12"},
    {"nodejs", "12.x", "12"},
    {"nodejs", "latest", "12"},
    {"python", "3.x", "3.10"},
    {"python", "3.9", "3.9"},
    {"python", "latest", "3.10"},
    {"java", "latest", "corretto17"},
    {"nodejs", "14",
     "Unknown runtime version named '14' of nodejs. This build image has the following versions: 10, 12"},
    {"nodejs", "1.x",
     "Unknown runtime version named '1.x' of nodejs. This build image has the following versions: 10, 12"},
    {"docker", "20",
     "Unknown runtime named 'docker'. This build image has the following runtimes: android, java, nodejs, python"},
    {"android", "28", "Runtime android version 28 requires java version corretto8; write it beside it"},
};

static const struct json *parse(struct arena *arena) {
    const struct json *root = NULL;
    struct err err = {0};
    if (!doc_parse(arena, "runtimes.yml", image, strlen(image), &root, &err))
        fail_msg("%s", err.message);
    return root;
}

static void each_row_holds(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *root = parse(&arena);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct buildspec_runtime wanted = {.name = rows[i].name, .version = rows[i].version};
        struct runtime_choice choice = {0};
        struct err err = {0};
        bool good = runtimes_choose(&arena, root, &wanted, 1, &choice, &err);
        assert_string_equal(good ? choice.version : err.message, rows[i].chosen);
        if (!good)
            assert_string_equal(err.code, "YAML_FILE_ERROR");
    }
}

static void two_that_do_not_go_together_are_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct buildspec_runtime wanted[] = {{.name = "android", .version = "28"},
                                         {.name = "java", .version = "corretto17"}};
    struct runtime_choice choices[2] = {0};
    struct err err = {0};
    assert_false(runtimes_choose(&arena, parse(&arena), wanted, 2, choices, &err));
    assert_string_equal(err.message, "Runtime android version 28 requires java version corretto8, not corretto17");
    wanted[1].version = "corretto8";
    assert_true(runtimes_choose(&arena, parse(&arena), wanted, 2, choices, &err));
    assert_string_equal(choices[1].commands.items[0], "j8");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(two_that_do_not_go_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
