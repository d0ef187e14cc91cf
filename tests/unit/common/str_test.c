/*
 * Growing strings: the ceiling above all; and the comparisons.
 */
#include "common/str.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void appends_join(void **state) {
    (void)state;
    struct str str CLEANUP(str_release) = STR_INIT(1000);
    assert_string_equal(str_text(&str), "");
    str_append(&str, "one");
    str_append_char(&str, ',');
    str_printf(&str, "%d-%s", 2, "three");
    str_append_bytes(&str, "\0x", 2);
    assert_int_equal(str.length, 13);
    assert_memory_equal(str.text, "one,2-three\0x", 14);
    assert_false(str.cut);
    str_clear(&str);
    assert_string_equal(str_text(&str), "");
    str_append(&str, "again");
    assert_string_equal(str_text(&str), "again");
}

static void many_small_appends_arrive(void **state) {
    (void)state;
    struct str str CLEANUP(str_release) = STR_INIT(100000);
    for (int i = 0; i < 10000; i++)
        str_printf(&str, "%04d", i);
    assert_int_equal(str.length, 40000);
    assert_memory_equal(str.text + 4 * 9999, "9999", 5);
}

static void the_ceiling_holds_and_is_remembered(void **state) {
    (void)state;
    struct str str CLEANUP(str_release) = STR_INIT(5);
    str_append(&str, "12345");
    assert_false(str.cut);
    str_append(&str, "");
    assert_false(str.cut);
    str_append_char(&str, '6');
    assert_true(str.cut);
    assert_string_equal(str_text(&str), "12345");
    str_clear(&str);
    assert_false(str.cut);
    str_append(&str, "abc");
    str_printf(&str, "%s", "defg");
    assert_true(str.cut);
    assert_string_equal(str_text(&str), "abcde");
    str_printf(&str, "%d", 1);
    assert_string_equal(str_text(&str), "abcde");
}

static void a_ceiling_of_nothing_works(void **state) {
    (void)state;
    struct str str CLEANUP(str_release) = STR_INIT(0);
    str_append(&str, "x");
    assert_true(str.cut);
    assert_string_equal(str_text(&str), "");
}

static void releasing_keeps_the_ceiling(void **state) {
    (void)state;
    struct str str = STR_INIT(3);
    str_append(&str, "abcd");
    str_release(&str);
    assert_null(str.text);
    assert_false(str.cut);
    str_append(&str, "abcd");
    assert_string_equal(str_text(&str), "abc");
    str_release(&str);
    str_release(NULL);
}

static void comparisons_know_null(void **state) {
    (void)state;
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal(NULL, ""));
    assert_false(str_equal("", NULL));
    assert_true(str_equal("a", "a"));
    assert_false(str_equal("a", "A"));
    assert_true(str_starts_with("refs/heads/main", "refs/heads/"));
    assert_false(str_starts_with("refs", "refs/"));
    assert_false(str_starts_with(NULL, ""));
    assert_true(str_ends_with("shop.yml", ".yml"));
    assert_false(str_ends_with("yml", ".yml"));
    assert_false(str_ends_with(NULL, ""));
}

static void numbers_are_whole_texts(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "-", " 1", "1 ", "+1", "1x", "0x10", "1.0", "9223372036854775808", "-9223372036854775809", "--1",
    };
    long long value = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_to_int64(bad[i], LLONG_MIN, LLONG_MAX, &value));
    assert_false(str_to_int64(NULL, 0, 1, &value));
    assert_false(str_to_int64("11", 0, 10, &value));
    assert_false(str_to_int64("-1", 0, 10, &value));
    assert_int_equal(value, 42);
    assert_true(str_to_int64("-9223372036854775808", LLONG_MIN, LLONG_MAX, &value));
    assert_true(value == LLONG_MIN);
    assert_true(str_to_int64("0010", 0, 10, &value));
    assert_int_equal(value, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_join),
        cmocka_unit_test(many_small_appends_arrive),
        cmocka_unit_test(the_ceiling_holds_and_is_remembered),
        cmocka_unit_test(a_ceiling_of_nothing_works),
        cmocka_unit_test(releasing_keeps_the_ceiling),
        cmocka_unit_test(comparisons_know_null),
        cmocka_unit_test(numbers_are_whole_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
