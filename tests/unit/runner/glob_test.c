/*
 * CodeBuild's patterns, row by row.
 */
#include "runner/archive/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *pattern;
    const char *path;
    bool matches;
} rows[] = {
    {"file", "file", true},
    {"file", "dir/file", false},
    {"dir/file", "dir/file", true},
    {"dir/*", "dir/a", true},
    {"dir/*", "dir/.hidden", true},
    {"dir/*", "dir/a/b", false},
    {"dir/*", "dir", false},
    {"dir", "dir/a", false},
    {"dir/**/*", "dir/a", true},
    {"dir/**/*", "dir/a/b/c", true},
    {"dir/**/*", "other/a", false},
    {"dir/**", "dir/a/b", true},
    {"dir/**", "dir", false},
    {"**/*", "a", true},
    {"**/*", ".a/.b", true},
    {"**/*.js", "a/b/c.js", true},
    {"**/*.js", "c.js", true},
    {"**/*.js", "c.jsx", false},
    {"**/test/**/*.js", "a/test/b/c.js", true},
    {"**/test/**/*.js", "a/tests/b/c.js", false},
    {"a/**/b/**/c", "a/x/b/y/b/c", true},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/b/c", false},
    {"*.json", "imagedefinitions.json", true},
    {"*.json", "a.json/b", false},
    {"a?c", "abc", true},
    {"a?c", "a/c", false},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "aXbYbZ", false},
    {"pages/[id].vue", "pages/[id].vue", true},
    {"pages/[id].vue", "pages/i.vue", false},
    {"*", "", false},
    {"", "", true},
    {"", "a", false},
};

static void each_row_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (glob_match(rows[i].pattern, rows[i].path) != rows[i].matches)
            fail_msg("'%s' and '%s': expected %d", rows[i].pattern, rows[i].path, rows[i].matches);
}

static void the_fixed_part_is_a_folder(void **state) {
    (void)state;
    assert_int_equal(glob_fixed_length("/src/dist/**/*"), strlen("/src/dist"));
    assert_int_equal(glob_fixed_length("/src/dist/a*"), strlen("/src/dist"));
    assert_int_equal(glob_fixed_length("/src/file"), strlen("/src/file"));
    assert_int_equal(glob_fixed_length("/*"), 0);
    assert_int_equal(glob_fixed_length("*"), 0);
}

/* A pattern from a buildspec must not hold the runner up, however it is made. */
static void hostile_patterns_end(void **state) {
    (void)state;
    char pattern[4001];
    char path[4001];
    for (int i = 0; i < 4000; i++) {
        pattern[i] = i % 2 ? 'a' : '*';
        path[i] = 'a';
    }
    pattern[3999] = 'b';
    pattern[4000] = path[4000] = '\0';
    assert_false(glob_match(pattern, path));
    for (int i = 0; i < 3999; i++) {
        pattern[i] = "**/"[i % 3];
        path[i] = i % 2 ? '/' : 'a';
    }
    pattern[3999] = 'b';
    assert_false(glob_match(pattern, path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(the_fixed_part_is_a_folder),
        cmocka_unit_test(hostile_patterns_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
