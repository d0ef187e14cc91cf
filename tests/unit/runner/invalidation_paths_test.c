/*
 * Paths that CloudFront is to ask for anew.
 */
#include "runner/actions/invalidation_paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void paths_are_read(void **state) {
    static const struct {
        const char *text;
        size_t count;
        const char *last;
    } table[] = {
        {NULL, 1, "/*"},
        {"  ", 1, "/*"},
        {"/index.html", 1, "/index.html"},
        {"/index.html, /a/*\n/b", 3, "/b"},
        {"[\"/a b\", \"/c,d\"]", 2, "/c,d"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *const *paths;
        size_t count;
        assert_true(invalidation_paths_read(&arena, table[i].text, &paths, &count, NULL));
        assert_int_equal(count, table[i].count);
        assert_string_equal(paths[count - 1], table[i].last);
    }
}

static void wrong_ones_are_named(void **state) {
    static const char *const table[][2] = {
        {"index.html", "'index.html' must begin with '/'"},
        {"/a*b", "'*' at its end only"},
        {"[1]", "must begin with '/'"},
        {"[", "begins as a JSON list"},
        {"[]", "no path"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *const *paths;
        size_t count;
        struct err err = {0};
        assert_false(invalidation_paths_read(&arena, table[i][0], &paths, &count, &err));
        if (!strstr(err.message, table[i][1]))
            fail_msg("%s", err.message);
    }
    char *many = arena_alloc(&arena, 3 * 3001 + 1);
    for (size_t i = 0; i < 3001; i++)
        memcpy(many + 3 * i, "/a ", 3);
    const char *const *paths;
    size_t count;
    assert_false(invalidation_paths_read(&arena, many, &paths, &count, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read),
        cmocka_unit_test(wrong_ones_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
