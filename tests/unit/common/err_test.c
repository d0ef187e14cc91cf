/*
 * Errors: what callers get to see, and that nothing overflows.
 */
#include "common/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void setting_says_kind_and_words(void **state) {
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_NOT_FOUND, "no pipeline named '%s'", "shop"));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_null(err.code);
    assert_string_equal(err.message, "no pipeline named 'shop'");
    assert_false(err_set_code(&err, ERR_CONFLICT, "StageNotRetryableException", "stage %d", 2));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_string_equal(err.code, "StageNotRetryableException");
    assert_false(err_set(&err, ERR_LIMIT, "x"));
    assert_null(err.code);
    err_clear(&err);
    assert_int_equal(err.kind, ERR_NONE);
    assert_string_equal(err.message, "");
}

static void wrapping_keeps_kind_and_code(void **state) {
    (void)state;
    struct err err = {0};
    (void)err_set_code(&err, ERR_DENIED, "AccessDeniedException", "not yours");
    assert_false(err_wrap(&err, "starting run for '%s'", "main"));
    assert_string_equal(err.message, "starting run for 'main': not yours");
    assert_int_equal(err.kind, ERR_DENIED);
    assert_string_equal(err.code, "AccessDeniedException");
}

static void the_old_message_may_be_an_argument(void **state) {
    (void)state;
    struct err err = {0};
    (void)err_set(&err, ERR_INVALID, "first");
    (void)err_set(&err, ERR_INVALID, "second (%s)", err.message);
    assert_string_equal(err.message, "second (first)");
    (void)err_wrap(&err, "%s", err.message);
    assert_string_equal(err.message, "second (first): second (first)");
}

static void long_messages_are_cut(void **state) {
    (void)state;
    char text[3 * ERR_MESSAGE_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct err err = {0};
    (void)err_set(&err, ERR_INVALID, "%s", text);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_SIZE - 1);
    (void)err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_SIZE - 1);
    (void)err_set_errno(&err, ENOENT, "%s", text);
    assert_int_equal(strlen(err.message), ERR_MESSAGE_SIZE - 1);
}

static void errno_becomes_a_kind(void **state) {
    (void)state;
    static const struct {
        int error_number;
        enum err_kind kind;
    } cases[] = {
        {ENOENT, ERR_NOT_FOUND},         {EACCES, ERR_DENIED}, {EEXIST, ERR_CONFLICT}, {ENOSPC, ERR_LIMIT},
        {ECONNREFUSED, ERR_UNAVAILABLE}, {EIO, ERR_INTERNAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_false(err_set_errno(&err, cases[i].error_number, "opening '%s'", "a"));
        assert_int_equal(err.kind, cases[i].kind);
    }
    struct err err = {0};
    (void)err_set_errno(&err, ENOENT, "opening '%s'", "a");
    assert_string_equal(err.message, "opening 'a': No such file or directory");
}

static void nobody_needs_to_want_to_know(void **state) {
    (void)state;
    assert_false(err_set(NULL, ERR_INVALID, "x"));
    assert_false(err_set_code(NULL, ERR_INVALID, "X", "x"));
    assert_false(err_set_errno(NULL, ENOENT, "x"));
    assert_false(err_wrap(NULL, "x"));
    err_clear(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_says_kind_and_words),
        cmocka_unit_test(wrapping_keeps_kind_and_code),
        cmocka_unit_test(the_old_message_may_be_an_argument),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(errno_becomes_a_kind),
        cmocka_unit_test(nobody_needs_to_want_to_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
