/*
 * Masking: every secret at every place where its bytes can be split.
 */
#include "runner/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const secrets[] = {"pa$$w\"ord\\%", "two\nlines", "s\303\244cret", "aaab", "aaaab-long"};

/* Feeds the text in two pieces, cut at `cut`, and compares what comes out. */
static void check(const char *text, size_t cut, const char *expected) {
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    mask_init(&mask);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_true(mask_add(&mask, secrets[i]));
    mask_feed(&mask, text, cut, &out);
    mask_feed(&mask, text + cut, strlen(text) - cut, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), expected);
    mask_release(&mask);
}

static void every_split_is_masked(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "before %s after", secrets[i]);
        for (size_t cut = 0; cut <= strlen(text); cut++)
            check(text, cut, "before *** after");
    }
}

static void byte_by_byte(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(65536);
    const char *text = "x aaab y aaaab-long z aaa";
    mask_init(&mask);
    (void)mask_add(&mask, "aaab");
    (void)mask_add(&mask, "aaaab-long");
    for (const char *at = text; *at; at++)
        mask_feed(&mask, at, 1, &out);
    mask_flush(&mask, &out);
    assert_string_equal(str_text(&out), "x *** y *** z aaa");
    mask_release(&mask);
}

static void neighbours_and_near_misses(void **state) {
    (void)state;
    check("aaabaaab", 5, "******");
    check("two\nline", 3, "two\nline");
    check("aaaab-lon", 4, "a***-lon");
}

static void what_is_too_short_stays(void **state) {
    (void)state;
    struct mask mask;
    struct str out CLEANUP(str_release) = STR_INIT(64);
    mask_init(&mask);
    assert_true(mask_add(&mask, "abc"));
    assert_true(mask_add(&mask, NULL));
    mask_feed(&mask, "abc", 3, &out);
    assert_string_equal(str_text(&out), "abc");
    mask_release(&mask);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_is_masked),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(neighbours_and_near_misses),
        cmocka_unit_test(what_is_too_short_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
