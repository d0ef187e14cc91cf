/*
 * Paths of artifacts, cleaned.
 */
#include "runner/actions/artifact_paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void paths_are_cleaned(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *clean;
    } rows[] = {{"/a/./b//c/", "/a/b/c"}, {"/a/../b", "/b"}, {"/", "/"}, {"/a/b/../../c", "/c"}, {"/..", NULL},
                {"/a/../..", NULL},       {"/...", "/..."}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const char *clean = NULL;
        bool good = artifact_clean_path(&arena, rows[i].path, &clean);
        assert_int_equal(good, rows[i].clean != NULL);
        if (good)
            assert_string_equal(clean, rows[i].clean);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
