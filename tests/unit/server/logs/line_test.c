/* Lines: colours that go on, text that is safe to show. */
#include "server/logs/line.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static uint32_t after(uint32_t before, const char *text) {
    return line_colour_after(before, text, strlen(text));
}

static void colours_test(void **state) {
    (void)state;
    assert_int_equal(after(0, "plain"), 0);
    uint32_t red = after(0, "\033[31mred");
    assert_int_not_equal(red, 0);
    assert_int_equal(after(red, "still"), red);
    assert_int_equal(after(red, "x\033[0my"), 0);
    assert_int_equal(after(red, "x\033[my"), 0);
    assert_int_equal(after(red, "x\033[39my"), 0);
    assert_int_equal(after(red, "\033[1m\033[22m"), red);
    assert_int_equal(after(0, "\033[1;4;31;42m"), after(0, "\033[42m\033[31m\033[4m\033[1m"));
    assert_int_equal(after(0, "\033[38;5;9m"), after(0, "\033[91m"));
    assert_int_equal(after(0, "\033[38;2;255;0;0m"), after(0, "\033[38;5;196m"));
    assert_int_equal(after(0, "\033[2K\033[1A\033]0;title\007"), 0);
    assert_int_equal(after(0, "\033[31"), 0);
    assert_int_equal(after(0, "\033[31;xm"), 0);
    assert_int_equal(after(0, "\033[38;5m\033[99999999999999m"), 0);
}

static void assert_text(uint32_t colour, const char *bytes, size_t size, const char *expected) {
    struct arena arena = ARENA_INIT;
    assert_string_equal(line_text(&arena, colour, bytes, size), expected);
    arena_release(&arena);
}
#define TEXT(bytes, expected) assert_text(0, bytes, sizeof bytes - 1, expected)

static void text_test(void **state) {
    (void)state;
    TEXT("plain\n", "plain");
    TEXT("dos\r\n", "dos");
    TEXT("", "");
    TEXT("\r", "");
    TEXT("10%\r50%\r100%\n", "100%");
    TEXT("a\tb\x01\x7f\bc", "a\tbc");
    TEXT("nul\0here", "nulhere");
    TEXT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    TEXT("\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd");
    TEXT("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");
    TEXT("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    TEXT("\033[1mbold\033[0m", "\033[1mbold\033[0m");
    TEXT("\033[2K\033[1Gx\033]8;;http://evil\033\\link\033]8;;\007", "xlink");
    TEXT("x\033", "x");
    assert_text(after(0, "\033[1;31m"), "go on", 5, "\033[0;1;38;5;1mgo on");
    assert_text(0, "\033[32mlost\rkept", 14, "\033[0;38;5;2mkept");
}

static void cut_test(void **state) {
    (void)state;
    assert_int_equal(line_cut("abcd", 4), 4);
    assert_int_equal(line_cut("ab\xe2\x82\xac", 5), 5);
    assert_int_equal(line_cut("ab\xe2\x82", 4), 2);
    assert_int_equal(line_cut("ab\xe2", 3), 2);
    assert_int_equal(line_cut("ab\xf0\x9f\x98", 5), 2);
    assert_int_equal(line_cut("\x80\x80\x80\x80\x80", 5), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_test),
        cmocka_unit_test(text_test),
        cmocka_unit_test(cut_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
