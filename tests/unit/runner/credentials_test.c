/*
 * The shared files, command lines of credential_process, where a container's address may point, and the moments in
 * answers. Whether keys come from the right place is tests/system/aws's.
 */
#include "runner/aws/assume_role.h"
#include "runner/aws/credentials.h"
#include "runner/aws/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char keys[] = "# comment\n[default]\naws_access_key_id = AKIA1\r\naws_secret_access_key=se/cret+=\n\n"
                           "[ other ]\naws_access_key_id=AKIA2\nAWS_SECRET_ACCESS_KEY=s2\naws_session_token=t2\n"
                           "[half]\naws_access_key_id=AKIA3\n";
static const char config[] = "[profile other]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile=base\n"
                             "s3 =\n  region = nested\nregion = eu-west-1\n; region = comment\n"
                             "[profile \"with space\"]\nexternal_id = 42\n[sso-session other]\nregion = us-west-2\n"
                             "[default]\nregion=eu-central-1\n[profilex]\nregion=no\n";

static struct profile read_both(struct arena *arena, const char *name) {
    struct profile profile = {.name = name};
    profile_read(arena, config, true, &profile);
    profile_read(arena, keys, false, &profile);
    return profile;
}

static void profiles(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct profile found = read_both(&arena, "default");
    assert_string_equal(found.access_key, "AKIA1");
    assert_string_equal(found.secret_key, "se/cret+=");
    assert_null(found.session_token);
    assert_string_equal(found.region, "eu-central-1");
    found = read_both(&arena, "other");
    assert_string_equal(found.secret_key, "s2");
    assert_string_equal(found.session_token, "t2");
    assert_string_equal(found.role_arn, "arn:aws:iam::1:role/x");
    assert_string_equal(found.region, "eu-west-1");
    found = read_both(&arena, "with space");
    assert_string_equal(found.external_id, "42");
    found = read_both(&arena, "half");
    assert_null(found.secret_key);
    found = read_both(&arena, "none");
    assert_false(found.exists);
    assert_null(found.access_key);
    profile_read(&arena, "[", false, &found);
    profile_read(&arena, "[none]\n=\nregion\n", false, &found);
    assert_true(found.exists);
    assert_null(found.region);
}

static void command_lines(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *const *words = credentials_split_command(&arena, " /opt/my\\ keys  --name \"a b\\\"c\" 'd\\e'f ''");
    const char *const wanted[] = {"/opt/my keys", "--name", "a b\"c", "d\\ef", ""};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(words[i], wanted[i]);
    assert_null(words[5]);
    assert_null(credentials_split_command(&arena, "keys 'open"));
    assert_null(credentials_split_command(&arena, "")[0]);
}

static void where_a_container_may_ask(void **state) {
    (void)state;
    static const char *const safe[] = {"https://example.com/x", "http://127.0.0.1:80/x", "http://localhost/",
                                       "http://[::1]:1/",       "http://169.254.170.2",  "http://169.254.170.23/v1/c",
                                       "http://[fd00:ec2::23]/"};
    static const char *const unsafe[] = {"http://example.com/",
                                         "http://127.0.0.1.example.com/",
                                         "http://127.0.0.1:80@example.com/",
                                         "http://localhost@example.com/",
                                         "file:///etc/passwd",
                                         "http://169.254.170.24/",
                                         "http://127.0.0.1:x/"};
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        assert_true(credentials_uri_is_safe(safe[i]));
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        assert_false(credentials_uri_is_safe(unsafe[i]));
}

static void moments(void **state) {
    (void)state;
    assert_int_equal(credentials_parse_time("2026-11-23T05:37:00Z"), INT64_C(1795412220000));
    assert_int_equal(credentials_parse_time("2026-11-23T05:37:00.123Z"), INT64_C(1795412220000));
    assert_int_equal(credentials_parse_time("2026-11-23T05:37:00+00:00"), INT64_C(1795412220000));
    assert_int_equal(credentials_parse_time("2026-11-23T05:37:00+01:00"), 0);
    assert_int_equal(credentials_parse_time("soon"), 0);
    assert_int_equal(credentials_parse_time(NULL), 0);
}

static void session_names(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(assume_role_session_name(&arena, "shop pipeline/Deploy"), "shop-pipeline-Deploy");
    assert_string_equal(assume_role_session_name(&arena, "x"), "penstock-x");
    assert_int_equal(strlen(assume_role_session_name(
                         &arena, "0123456789012345678901234567890123456789012345678901234567890123456789")),
                     64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles), cmocka_unit_test(command_lines), cmocka_unit_test(where_a_container_may_ask),
        cmocka_unit_test(moments),  cmocka_unit_test(session_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
