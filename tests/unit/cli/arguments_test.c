/* Reading a sub-command's arguments. */
#include "cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct flag flags[] = {
    {"comment", "TEXT", "what it is about"},
    {"follow", NULL, "until it ends"},
    {NULL},
};

#define READ(...)                                                                                                      \
    const char *words[] = {__VA_ARGS__};                                                                               \
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;                                                            \
    struct arguments arguments;                                                                                        \
    struct err err = {0};                                                                                              \
    bool read = arguments_read(&arena, flags, sizeof words / sizeof *words, words, &arguments, &err)

static void flags_and_words_mix(void **state) {
    (void)state;
    READ("shop", "--comment", "looks good", "3", "--follow");
    assert_true(read);
    assert_int_equal(arguments.count, 2);
    assert_string_equal(arguments_word(&arguments, 0), "shop");
    assert_string_equal(arguments_word(&arguments, 1), "3");
    assert_null(arguments_word(&arguments, 2));
    assert_string_equal(arguments_get(&arguments, "comment"), "looks good");
    assert_true(arguments_has(&arguments, "follow"));
    assert_false(arguments.json);
}

static void a_value_may_follow_an_equals_sign(void **state) {
    (void)state;
    READ("--comment=a=b", "--json");
    assert_true(read);
    assert_string_equal(arguments_get(&arguments, "comment"), "a=b");
    assert_true(arguments.json);
    assert_false(arguments_has(&arguments, "follow"));
}

static void two_dashes_end_the_flags(void **state) {
    (void)state;
    READ("--", "--comment", "-x");
    assert_true(read);
    assert_int_equal(arguments.count, 2);
    assert_string_equal(arguments_word(&arguments, 0), "--comment");
}

static void a_misspelt_flag_is_answered_with_the_near_one(void **state) {
    (void)state;
    READ("--coment", "x");
    assert_false(read);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.message, "no flag '--coment'; did you mean '--comment'?");
}

static void a_strange_flag_is_named(void **state) {
    (void)state;
    READ("--zzzzzzzzzzzz=1");
    assert_false(read);
    assert_string_equal(err.message, "no flag '--zzzzzzzzzzzz'; --help lists those there are");
}

static void a_missing_value_is_an_error(void **state) {
    (void)state;
    READ("shop", "--comment");
    assert_false(read);
    assert_string_equal(err.message, "'--comment' needs a value: --comment TEXT");
}

static void a_switch_takes_no_value(void **state) {
    (void)state;
    READ("--follow=yes");
    assert_false(read);
    assert_string_equal(err.message, "'--follow' takes no value");
}

static void short_flags_are_refused_but_help(void **state) {
    (void)state;
    {
        READ("-h");
        assert_true(read);
        assert_true(arguments.help);
    }
    {
        READ("-f");
        assert_false(read);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_words_mix),      cmocka_unit_test(a_value_may_follow_an_equals_sign),
        cmocka_unit_test(two_dashes_end_the_flags), cmocka_unit_test(a_misspelt_flag_is_answered_with_the_near_one),
        cmocka_unit_test(a_strange_flag_is_named),  cmocka_unit_test(a_missing_value_is_an_error),
        cmocka_unit_test(a_switch_takes_no_value),  cmocka_unit_test(short_flags_are_refused_but_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
