/*
 * Paths of artifacts: cleaning, and filling in variables.
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

static void variables_are_filled_in(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    artifact_variables(&arena, "$A/${B}/$ 5$ ${C", &names, &count, &capacity);
    assert_int_equal(count, 2);
    const char *const values[] = {"one", NULL};
    assert_string_equal(artifact_expand(&arena, "$A/${B}x/$Z/$ 5$ ${C", names, values, count), "one/x//$ 5$ ${C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_cleaned),
        cmocka_unit_test(variables_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
