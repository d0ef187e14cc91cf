/*
 * Buildspecs as people write them: of each of tests/data/bad-buildspec the build hears the first line of the .txt
 * beside it (tests/unit/cli/check_test.py compares them all), each of tests/data/good-buildspec is taken.
 */
#include "runner/buildspec/batch.h"
#include "runner/buildspec/buildspec.h"

#include "common/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char *read_text(struct arena *arena, const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    char *text = arena_alloc(arena, DOC_SIZE_MAX + 1);
    *size = fread(text, 1, DOC_SIZE_MAX, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* As a build does it, and as a batch does where there is one. */
static bool parse(struct arena *arena, const char *directory, const char *file, struct err *err) {
    size_t size;
    struct buildspec spec;
    struct batch batch;
    const char *text = read_text(arena, arena_printf(arena, "%s/%s", directory, file), &size);
    return buildspec_parse(arena, file, text, size, &spec, err) &&
           (!spec.has_batch || batch_parse(arena, file, text, size, BATCH_BUILDS_MAX, &batch, err));
}

static int each_file(const char *directory, void (*visit)(const char *directory, const char *file)) {
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!str_ends_with(entry->d_name, ".yml"))
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
    size_t size;
    char *wanted = read_text(&arena, arena_printf(&arena, "%s/%s.txt", directory, file), &size);
    wanted[strcspn(wanted, "\n")] = '\0';
    if (parse(&arena, directory, file, &err) || !str_equal(err.message, wanted) ||
        !str_equal(err.code, "YAML_FILE_ERROR")) {
        print_error("%s\nwanted: %s\ngot: %s\n", file, wanted, err.message);
        all_right = false;
    }
}

static void bad_files_are_told_what_is_wrong(void **state) {
    (void)state;
    int count = each_file(TEST_DATA "/bad-buildspec", visit_bad);
    assert_true(all_right);
    assert_true(count >= 110);
}

static void visit_good(const char *directory, const char *file) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    if (!parse(&arena, directory, file, &err))
        fail_msg("%s", err.message);
}

static void good_files_are_taken(void **state) {
    (void)state;
    assert_true(each_file(TEST_DATA "/good-buildspec", visit_good) >= 25);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_told_what_is_wrong),
        cmocka_unit_test(good_files_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
