/*
 * Which files of old releases may go.
 */
#include "runner/actions/static_releases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const first[] = {"a-1.js", "index.html", "logo.svg"};
static const char *const second[] = {"a-2.js", "index.html", "logo.svg"};
static const char *const third[] = {"a-3.js", "index.html"};

#define RELEASE(list, is_live)                                                                                         \
    { .keys = (list), .key_count = sizeof(list) / sizeof *(list), .live = (is_live) }

static void failed_runs_push_nothing_out(void **state) {
    const struct static_release releases[] = {RELEASE(first, true), RELEASE(second, false), RELEASE(second, false),
                                              RELEASE(third, false)};
    (void)state;
    assert_int_equal(static_releases_fallen(releases, 4, 1), 0);
    assert_int_equal(static_releases_fallen(releases, 4, 2), 0);
    assert_int_equal(static_releases_fallen(releases, 0, 1), 0);
}

static void what_is_behind_the_newest_live_ones_falls(void **state) {
    const struct static_release releases[] = {RELEASE(first, true), RELEASE(second, false), RELEASE(second, true),
                                              RELEASE(third, true), RELEASE(third, false)};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    size_t count;
    (void)state;
    assert_int_equal(static_releases_fallen(releases, 5, 1), 3);
    assert_int_equal(static_releases_fallen(releases, 5, 2), 2);
    assert_int_equal(static_releases_fallen(releases, 5, 3), 0);
    const char *const *unused = static_releases_unused(&arena, releases, 5, 3, &count);
    assert_int_equal(count, 3);
    assert_string_equal(unused[0], "a-1.js");
    assert_string_equal(unused[1], "a-2.js");
    assert_string_equal(unused[2], "logo.svg");
    unused = static_releases_unused(&arena, releases, 5, 2, &count);
    assert_int_equal(count, 1);
    assert_string_equal(unused[0], "a-1.js");
    (void)static_releases_unused(&arena, releases, 5, 0, &count);
    assert_int_equal(count, 0);
}

static void a_manifest_comes_back(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct static_release release = RELEASE(first, true);
    struct static_release read;
    (void)state;
    release.execution = "e-1";
    const char *text = static_release_print(&arena, &release);
    assert_true(static_release_read(&arena, "m", text, strlen(text), &read, NULL));
    assert_string_equal(read.execution, "e-1");
    assert_int_equal(read.key_count, 3);
    assert_string_equal(read.keys[2], "logo.svg");
    static const char *const bad[] = {"", "[]", "{\"version\": 2, \"keys\": []}", "{\"version\": 1}",
                                      "{\"version\": 1, \"keys\": [1]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(static_release_read(&arena, "m", bad[i], strlen(bad[i]), &read, NULL));
    assert_string_equal(static_releases_key(&arena, "site/", 1795412220123, "x"),
                        ".penstock/releases/site/20261123T053700Z-123-x.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_runs_push_nothing_out),
        cmocka_unit_test(what_is_behind_the_newest_live_ones_falls),
        cmocka_unit_test(a_manifest_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
