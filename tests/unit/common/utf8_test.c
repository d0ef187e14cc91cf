/*
 * UTF-8: the borders of every range in table 3-7 of the Unicode standard.
 */
#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void characters_have_their_length(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"\x01", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2", 0},
        {"\xc2\x7f", 0},
        {"\xc2\xc0", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xed\xbf\xbf", 0},
        {"\xe1\x80", 0},
        {"\xe1\x80\x7f", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xf1\x80\x80", 0},
        {"\xf1\x80\x80\xc0", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_length(cases[i].bytes, strlen(cases[i].bytes)), cases[i].length);
    assert_int_equal(utf8_length("", 0), 0);
    assert_int_equal(utf8_length("\0", 1), 1);
    assert_int_equal(utf8_length("\xc3\xa9", 1), 0);
}

static void the_first_bad_byte_is_found(void **state) {
    (void)state;
    assert_int_equal(utf8_valid_length("caf\xc3\xa9!", 6), 6);
    assert_int_equal(utf8_valid_length("caf\xc3!", 5), 3);
    assert_int_equal(utf8_valid_length("a\xff\xff", 3), 1);
    assert_int_equal(utf8_valid_length("", 0), 0);
}

static void characters_are_counted(void **state) {
    (void)state;
    assert_int_equal(utf8_count(""), 0);
    assert_int_equal(utf8_count("caf\xc3\xa9"), 4);
    assert_int_equal(utf8_count("\xe2\x82\xac\xf0\x9f\x98\x80"), 2);
}

static void what_is_encoded_is_valid(void **state) {
    (void)state;
    for (uint32_t code_point = 0; code_point <= 0x10ffff; code_point++) {
        if (code_point >= 0xd800 && code_point <= 0xdfff)
            continue;
        char bytes[4];
        size_t length = utf8_encode(code_point, bytes);
        if (utf8_length(bytes, sizeof bytes) != length)
            fail_msg("U+%04X", code_point);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_have_their_length),
        cmocka_unit_test(the_first_bad_byte_is_found),
        cmocka_unit_test(characters_are_counted),
        cmocka_unit_test(what_is_encoded_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
