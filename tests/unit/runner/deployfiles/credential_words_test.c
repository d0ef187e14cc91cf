/*
 * What looks like a credential.
 */
#include "runner/deployfiles/credential_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *shown;
} texts[] = {
    {"", ""},
    {"plain", "plain"},
    {"postgres://shop:secret@db:5432/shop?a=b", "postgres://shop:***@db:5432/shop?a=b"},
    {"redis://:secret@cache", "redis://:***@cache"},
    {"a@b https://x/y:z@w", "a@b https://x/y:z@w"},
    {"amqp://a:b@c, amqp://d:e@f", "amqp://a:***@c, amqp://d:***@f"},
    {"run --db-password=abc --port=80", "run --db-password=*** --port=80"},
    {"[\"--token=abc\"]", "[\"--token=***\"]"},
    {"key AKIAIOSFODNN7EXAMPLE.", "key ***."},
    {"://:@", "://:@"},
};

static void texts_hide_them(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(credential_hide(&arena, texts[i].text), texts[i].shown);
}

static void names_tell_them(void **state) {
    (void)state;
    static const char *const yes[] = {"DB_PASSWORD",  "db-passwd", "GITHUB_TOKEN",
                                      "ClientSecret", "API_KEY",   "privateKey"};
    static const char *const no[] = {"LOG_LEVEL", "KEY", "PASS_THROUGH", "", "HOST"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(credential_is_named(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(credential_is_named(no[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_hide_them),
        cmocka_unit_test(names_tell_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
