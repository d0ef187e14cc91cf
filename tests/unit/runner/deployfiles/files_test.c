/*
 * Files of deployments as people write them: of each of tests/data/bad-deploy the deploy says the first line of the
 * .txt beside it (tests/unit/cli/check_test.py compares them all), each of tests/data/good-deploy is taken.
 */
#include "runner/deployfiles/appspec.h"
#include "runner/deployfiles/image_definitions.h"
#include "runner/deployfiles/image_detail.h"
#include "runner/deployfiles/task_definition.h"

#include "common/file.h"
#include "common/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* As the actions do it; the kind is what the name begins with. */
static bool read_file(struct arena *arena, const char *folder, const char *file, struct err *err) {
    const char *text;
    size_t size;
    struct image_definitions images;
    struct image_detail detail;
    struct appspec appspec;
    struct json *definition;
    assert_true(file_get(arena, arena_printf(arena, "%s/%s", folder, file), 1 << 20, &text, &size, err));
    if (str_starts_with(file, "imagedefinitions"))
        return image_definitions_read(arena, file, text, size, &images, err);
    if (str_starts_with(file, "imageDetail"))
        return image_detail_read(arena, file, text, size, &detail, err);
    if (str_starts_with(file, "taskdef"))
        return task_definition_read(arena, file, text, size, &definition, err);
    return appspec_read(arena, file, text, size, &appspec, err);
}

static int each_file(const char *directory, void (*visit)(const char *directory, const char *file)) {
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (*entry->d_name == '.' || str_ends_with(entry->d_name, ".txt"))
            continue;
        visit(directory, entry->d_name);
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count;
}

static bool all_right = true;

static void visit_bad(const char *directory, const char *file) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    const char *text;
    size_t size;
    assert_true(file_get(&arena, arena_printf(&arena, "%s/%s.txt", directory, file), 1 << 20, &text, &size, &err));
    const char *wanted = arena_strndup(&arena, text, strcspn(text, "\n"));
    if (read_file(&arena, directory, file, &err) || !str_equal(err.message, wanted) || err.kind != ERR_INVALID ||
        !str_equal(err.code, "ConfigurationError")) {
        print_error("%s\nwanted: %s\ngot: %s\n", file, wanted, err.message);
        all_right = false;
    }
}

static void bad_files_are_told_what_is_wrong(void **state) {
    (void)state;
    int count = each_file(TEST_DATA "/bad-deploy", visit_bad);
    assert_true(all_right);
    assert_true(count >= 150);
}

static void visit_good(const char *directory, const char *file) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    if (!read_file(&arena, directory, file, &err))
        fail_msg("%s", err.message);
}

static void good_files_are_taken(void **state) {
    (void)state;
    assert_true(each_file(TEST_DATA "/good-deploy", visit_good) >= 18);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_told_what_is_wrong),
        cmocka_unit_test(good_files_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
