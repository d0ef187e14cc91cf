/* Flags and variables: what wins, and what is refused with which words. */
#include "server/config.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct arena arena = ARENA_INIT;
static struct config config;
static struct err err;

static bool read_list(char **arguments) {
    int count = 0;
    while (arguments[count])
        count++;
    return config_read(&arena, count, arguments, &config, &err);
}
#define READ(...) read_list((char *[]){(char[]){"penstock-server"}, __VA_ARGS__ __VA_OPT__(, ) NULL})
#define ARG(text) ((char[]){text})

static int release(void **state) {
    (void)state;
    arena_release(&arena);
    unsetenv("PENSTOCK_REGION");
    unsetenv("PENSTOCK_LISTEN");
    return 0;
}

static void defaults_test(void **state) {
    (void)state;
    assert_true(READ());
    assert_string_equal(config.data_directory, "/var/lib/penstock");
    assert_string_equal(config.listen_address, "127.0.0.1");
    assert_int_equal(config.listen_port, 8080);
    assert_string_equal(config.region, "us-east-1");
    assert_string_equal(config.account_id, "123456789012");
    assert_null(config.base_url);
    assert_null(config.pipelines_directory);
    config_set_port(&arena, &config, 4711);
    assert_string_equal(config.base_url, "http://127.0.0.1:4711");
}

static void precedence_test(void **state) {
    (void)state;
    setenv("PENSTOCK_REGION", "eu-west-1", 1);
    setenv("PENSTOCK_LISTEN", "", 1); /* empty is as good as absent */
    assert_true(READ());
    assert_string_equal(config.region, "eu-west-1");
    assert_int_equal(config.listen_port, 8080);
    assert_true(READ(ARG("--region"), ARG("ap-northeast-1"), ARG("--listen=[::1]:0")));
    assert_string_equal(config.region, "ap-northeast-1");
    assert_string_equal(config.listen_address, "::1");
    config_set_port(&arena, &config, 4711);
    assert_string_equal(config.base_url, "http://[::1]:4711");
}

static void base_url_test(void **state) {
    (void)state;
    assert_true(READ(ARG("--base-url"), ARG("https://penstock.example.com/")));
    assert_string_equal(config.base_url, "https://penstock.example.com");
    config_set_port(&arena, &config, 4711);
    assert_string_equal(config.base_url, "https://penstock.example.com");
}

static void refused_test(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"--bogus", NULL},
        {"stray", NULL},
        {"--data", NULL},
        {"--data=", NULL},
        {"--dat", "x"},
        {"--listen", "8080"},
        {"--listen", ":8080"},
        {"--listen", "127.0.0.1:65536"},
        {"--listen", "127.0.0.1:x"},
        {"--listen", "::1:80"},
        {"--base-url", "penstock.example.com"},
        {"--base-url", "ftp://example.com"},
        {"--base-url", "http://"},
        {"--base-url", "http://a b"},
        {"--base-url", "http://a\"><script>"},
        {"--account-id", "12345"},
        {"--account-id", "12345678901x"},
        {"--region", "EU/west"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *arguments[] = {arena_strdup(&arena, "penstock-server"), arena_strdup(&arena, bad[i][0]),
                             arena_strdup(&arena, bad[i][1]), NULL};
        if (read_list(arguments))
            fail_msg("'%s %s' was let through", bad[i][0], bad[i][1] ? bad[i][1] : "");
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.message, bad[i][0][0] == '-' ? "--" : "stray"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(defaults_test, release),
        cmocka_unit_test_teardown(precedence_test, release),
        cmocka_unit_test_teardown(base_url_test, release),
        cmocka_unit_test_teardown(refused_test, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
