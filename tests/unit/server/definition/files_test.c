/*
 * Pipeline files as people write them: each of tests/data/bad must give exactly the errors in the .txt beside it, each
 * of tests/data/good must load and come back the same from its canonical form. With DEFINITION_TEST_PRINT set, the
 * errors of the bad files are printed too: to be read, and then kept beside a new file.
 */
#include "server/definition/definition.h"

#include "common/doc.h"
#include "common/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static void append_errors(struct arena *arena, const char *file, const struct definition_errors *errors,
                          struct str *out) {
    for (size_t i = 0; i < errors->count; i++)
        str_printf(out, "%s\n", definition_error_text(arena, file, &errors->list[i]));
    if (errors->more)
        str_append(out, "and more\n");
}

/* What the file is told, one line an error; "" for a good one. */
static void check(struct arena *arena, const char *directory, const char *file, struct definition_result *result,
                  struct str *out) {
    size_t size;
    char *text = read_text(arena, arena_printf(arena, "%s/%s", directory, file), &size);
    const struct json *document;
    struct err err;
    if (!doc_parse(arena, file, text, size, &document, &err)) {
        str_printf(out, "%s\n", err.message);
        return;
    }
    bool valid = definition_check(arena, document, DEFINITION_FILE, NULL, result);
    append_errors(arena, file, &result->errors, out);
    assert_int_equal(valid, out->length == 0);
    assert_true(valid || !result->pipeline);
}

static bool is_definition(const char *name) {
    return str_ends_with(name, ".yml") || str_ends_with(name, ".json");
}

static int each_file(const char *directory, void (*visit)(const char *directory, const char *file)) {
    DIR *folder = opendir(directory);
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!is_definition(entry->d_name))
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
    struct str told CLEANUP(str_release) = STR_INIT(64 * 1024);
    struct definition_result result = {0};
    check(&arena, directory, file, &result, &told);
    if (getenv("DEFINITION_TEST_PRINT"))
        printf("==> %s\n%s", file, str_text(&told));
    size_t size;
    const char *wanted = read_text(&arena, arena_printf(&arena, "%s/%s.txt", directory, file), &size);
    if (!str_equal(wanted, str_text(&told))) {
        print_error("%s\nwanted:\n%sgot:\n%s\n", file, wanted, str_text(&told));
        all_right = false;
    }
}

static void bad_files_are_told_exactly_what_is_wrong(void **state) {
    (void)state;
    int count = each_file(TEST_DATA "/bad", visit_bad);
    assert_true(all_right);
    assert_true(count >= 60);
}

static void visit_good(const char *directory, const char *file) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct str told CLEANUP(str_release) = STR_INIT(64 * 1024);
    struct definition_result result = {0}, again = {0};
    check(&arena, directory, file, &result, &told);
    if (told.length > 0)
        fail_msg("%s: %s", file, str_text(&told));
    if (!result.pipeline)
        return;
    char *text = json_print(&arena, result.pipeline->declaration);
    const struct json *declaration;
    assert_true(json_parse(&arena, text, strlen(text), &declaration, NULL));
    assert_true(definition_check(&arena, declaration, DEFINITION_FILE, NULL, &again));
    assert_string_equal(json_print(&arena, again.pipeline->declaration), text);
}

static void good_files_load_and_stay_the_same(void **state) {
    (void)state;
    assert_true(each_file(TEST_DATA "/good", visit_good) >= 5);
}

static void pipelines_that_ship_are_good(void **state) {
    (void)state;
    assert_true(each_file(SHIPPED, visit_good) >= 2);
    visit_good(SHIPPED "/nuxt-fargate", "pipeline.yml");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_told_exactly_what_is_wrong),
        cmocka_unit_test(good_files_load_and_stay_the_same),
        cmocka_unit_test(pipelines_that_ship_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
