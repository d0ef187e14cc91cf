/*
 * Every file below tests/data/reports/FORMAT/ is read and compared with NAME.expected.json beside it; a folder there is
 * one report of several files.
 */
#include "runner/reports/report.h"

#include "common/file.h"
#include "common/str.h"

#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define DEPTH_MAX 4

static const char *data_folder;
static size_t compared;

static const char *read_file(struct arena *arena, const char *path, size_t *size) {
    const char *bytes = NULL;
    struct err err = {0};
    if (!file_get(arena, path, REPORT_FILE_MAX, &bytes, size, &err))
        fail_msg("%s", err.message);
    return bytes;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_no_dot(const struct dirent *entry) {
    return entry->d_name[0] != '.' && !str_ends_with(entry->d_name, ".expected.json");
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void add_files(struct arena *arena, struct report *report, const char *path, const char *name, int depth) {
    struct err err = {0};
    size_t size;
    if (!is_folder(path)) {
        const char *bytes = read_file(arena, path, &size);
        if (!report_add_file(report, name, bytes, size, &err))
            fail_msg("%s", err.message);
        return;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, is_no_dot, by_name);
    assert_true(count > 0 && depth < DEPTH_MAX);
    for (int i = 0; i < count; i++) {
        add_files(arena, report, arena_printf(arena, "%s/%s", path, entries[i]->d_name),
                  arena_strdup(arena, entries[i]->d_name), depth + 1);
        free(entries[i]);
    }
    free(entries);
}

static void compare(const char *format, const char *folder, const char *name) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *path = arena_printf(&arena, "%s/%s", folder, name);
    const char *expected_path = arena_printf(&arena, "%s.expected.json", path);
    const struct json *expected = NULL;
    struct report report;
    struct err err = {0};
    size_t size;
    report_begin(&report, &arena, format);
    add_files(&arena, &report, path, name, 0);
    report_finish(&report);
    struct json *got = report_describe(&arena, &report);
    json_set_text(&arena, got, "status", report_status(&report));
    const char *text = read_file(&arena, expected_path, &size);
    if (!json_parse(&arena, text, size, &expected, &err))
        fail_msg("%s: %s", expected_path, err.message);
    if (!json_equal(got, expected))
        fail_msg("%s is read as\n%s", path, json_print_pretty(&arena, got));
    compared++;
}

static void files_are_read(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct dirent **formats;
    (void)state;
    int count = scandir(data_folder, &formats, is_no_dot, by_name);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        const char *folder = arena_printf(&arena, "%s/%s", data_folder, formats[i]->d_name);
        char *format = arena_strdup(&arena, formats[i]->d_name);
        for (char *at = format; *at; at++)
            *at = (char)toupper((unsigned char)*at);
        assert_true(report_format_known(format, NULL));
        struct dirent **entries;
        int entry_count = scandir(folder, &entries, is_no_dot, by_name);
        assert_true(entry_count > 0);
        for (int j = 0; j < entry_count; j++) {
            compare(format, folder, entries[j]->d_name);
            free(entries[j]);
        }
        free(entries);
        free(formats[i]);
    }
    free(formats);
    assert_true(compared >= 20);
}

static void every_format_has_files(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    char *names = arena_strdup(&arena, report_format_names(&arena));
    for (char *name; (name = strsep(&names, ", "));) {
        for (char *at = name; *at; at++)
            *at = (char)tolower((unsigned char)*at);
        if (*name)
            assert_true(is_folder(arena_printf(&arena, "%s/%s", data_folder, name)));
    }
    assert_false(report_format_known("junitxml", NULL));
}

int main(int count, char **arguments) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(every_format_has_files),
    };
    assert_int_equal(count, 2);
    data_folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
