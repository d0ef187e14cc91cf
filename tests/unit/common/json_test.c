/*
 * JSON: what is read, what is refused and where, what is printed.
 */
#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct json *must_parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (!json_parse(arena, text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void what_is_read_prints_the_same(void **state) {
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9007199254740993",
        "1.5",
        "1e+300",
        "\"\"",
        "\"a\\\"\\\\\\n\\u0001\"",
        "[]",
        "{}",
        "[1,[2,{\"a\":null}],\"x\"]",
        "{\"b\":1,\"a\":{\"c\":[true,false]}}",
        "\"\xf0\x9f\x98\x80\"",
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(json_print(&arena, must_parse(&arena, texts[i])), texts[i]);
}

static void surrogate_pairs_become_one_character(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(must_parse(&arena, "\"\\ud83d\\ude00\"")->text, "\xf0\x9f\x98\x80");
}

static void what_parsers_disagree_about_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "not good JSON at byte 0: the end came where a value should stand"},
        {"01", "not good JSON at byte 0: not a number as JSON writes it"},
        {"[1.]", "not good JSON at byte 1: not a number as JSON writes it"},
        {"{} x", "not good JSON at byte 3: something follows the end of the value"},
        {"[1,]", "not good JSON at byte 2: a comma with nothing behind it; take it away"},
        {"\"\\u0000\"", "not good JSON at byte 1: a text must not hold \\u0000"},
        {"\"\\ud800x\"", "not good JSON at byte 1: half of a surrogate pair without its other half"},
        {"\"\xff\"", "not good JSON at byte 1: a byte that is not UTF-8"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "not good JSON: the name 'a' stands twice in one object"},
        {"9223372036854775808", "not good JSON at byte 0: a number out of range"},
        {"1e999", "not good JSON at byte 0: a number out of range"},
        {"\x01{}", "not good JSON at byte 0: no value begins like this; put texts in double quotes"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *value = NULL;
        struct err err = {0};
        assert_false(json_parse(&arena, cases[i].text, strlen(cases[i].text), &value, &err));
        assert_null(value);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_prints_the_same),
        cmocka_unit_test(surrogate_pairs_become_one_character),
        cmocka_unit_test(what_parsers_disagree_about_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
