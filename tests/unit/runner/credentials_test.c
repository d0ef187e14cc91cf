/*
 * The shared credentials file and the moments in answers.
 */
#include "runner/aws/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char file[] = "# comment\n[default]\naws_access_key_id = AKIA1\r\naws_secret_access_key=se/cret+=\n\n"
                           "[ other ]\naws_access_key_id=AKIA2\naws_secret_access_key=s2\naws_session_token=t2\n"
                           "[half]\naws_access_key_id=AKIA3\n";

static void profiles(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct aws_credentials found;
    credentials_parse_profile(&arena, file, "default", &found);
    assert_string_equal(found.access_key, "AKIA1");
    assert_string_equal(found.secret_key, "se/cret+=");
    assert_null(found.session_token);
    credentials_parse_profile(&arena, file, "other", &found);
    assert_string_equal(found.session_token, "t2");
    credentials_parse_profile(&arena, file, "half", &found);
    assert_null(found.secret_key);
    credentials_parse_profile(&arena, file, "none", &found);
    assert_null(found.access_key);
    credentials_parse_profile(&arena, "[", "none", &found);
    credentials_parse_profile(&arena, "[default]\n=\n", "default", &found);
    assert_null(found.access_key);
}

static void moments(void **state) {
    (void)state;
    assert_int_equal(credentials_parse_time("2026-11-23T05:37:00Z"), INT64_C(1795412220000));
    assert_int_equal(credentials_parse_time("soon"), 0);
    assert_int_equal(credentials_parse_time(NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles),
        cmocka_unit_test(moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
