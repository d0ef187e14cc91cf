/*
 * Files by people. tests/data/doc/bad/expected.txt has the exact words about each file beside it; each .yml in
 * tests/data/doc/good prints as the .json beside it. Bombs are read many times over: were one quadratic, the test would
 * run into meson's time limit.
 */
#include "common/doc.h"

#include "common/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *path_of(struct arena *arena, const char *folder, const char *name) {
    return arena_printf(arena, TEST_DATA "/doc/%s/%s", folder, name);
}

static char *read_file(struct arena *arena, const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot read %s", path);
    char *bytes = arena_alloc(arena, 2 * DOC_SIZE_MAX);
    *size = fread(bytes, 1, 2 * DOC_SIZE_MAX - 1, file);
    (void)fclose(file);
    return bytes;
}

static const struct json *must_parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (!doc_parse(arena, "shop.yml", text, strlen(text), &value, &err))
        fail_msg("%s", err.message);
    return value;
}

static void bad_files_are_refused_in_these_words(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    size_t size;
    char *rest = read_file(&arena, path_of(&arena, "bad", "expected.txt"), &size);
    size_t checked = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line; checked++) {
        const char *name = arena_strndup(&arena, line, strcspn(line, ":"));
        const char *bytes = read_file(&arena, path_of(&arena, "bad", name), &size);
        const struct json *value = NULL;
        struct err err = {0};
        assert_false(doc_parse(&arena, name, bytes, size, &value, &err));
        assert_null(value);
        assert_true(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
        assert_string_equal(err.message, line);
    }
    size_t files = 0;
    DIR *folder = opendir(path_of(&arena, "bad", ""));
    for (const struct dirent *entry; (entry = readdir(folder));)
        files += str_ends_with(entry->d_name, ".yml") || str_ends_with(entry->d_name, ".json");
    (void)closedir(folder);
    assert_int_equal(checked, files);
}

static void good_files_mean_this(void **state) {
    (void)state;
    size_t checked = 0;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    DIR *folder = opendir(path_of(&arena, "good", ""));
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (!str_ends_with(entry->d_name, ".yml"))
            continue;
        const struct json *value = NULL;
        struct err err = {0};
        if (!doc_read(&arena, path_of(&arena, "good", entry->d_name), &value, &err))
            fail_msg("%s", err.message);
        size_t size;
        const char *stem = arena_strndup(&arena, entry->d_name, strlen(entry->d_name) - 4);
        const char *expected = read_file(&arena, path_of(&arena, "good", arena_printf(&arena, "%s.json", stem)), &size);
        assert_string_equal(json_print(&arena, value), expected);
        checked++;
    }
    (void)closedir(folder);
    assert_true(checked >= 8);
}

static void scalars_keep_their_text(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *doc = must_parse(&arena, "a: no\nb: 1.10\nc: 0755\nd: TRUE\ne: ~\nf: 'true'\ng: 12\nh:\n");
    static const struct {
        const char *name, *text;
        enum json_type type;
    } expected[] = {
        {"a", "no", JSON_TEXT}, {"b", "1.10", JSON_NUMBER}, {"c", "0755", JSON_NUMBER}, {"d", "TRUE", JSON_BOOL},
        {"e", "~", JSON_NULL},  {"f", "true", JSON_TEXT},   {"g", "12", JSON_NUMBER},   {"h", "", JSON_NULL},
    };
    size_t i = 0;
    json_each(member, doc) {
        assert_string_equal(member->name, expected[i].name);
        assert_string_equal(member->text, expected[i].text);
        assert_int_equal(member->type, expected[i].type);
        i++;
    }
    assert_int_equal(i, 8);
}

static void json_scalars_keep_their_text_too(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *doc = must_parse(&arena, "[1.10, true, false, null, \"x\"]");
    static const char *const texts[] = {"1.10", "true", "false", "null", "x"};
    size_t i = 0;
    json_each(item, doc) assert_string_equal(item->text, texts[i++]);
    assert_int_equal(i, 5);
}

/* Longer than any JSON reader of ours takes: printed as the number that it is. */
static void long_numbers_print_readably(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char digits[101] = "";
    memset(digits, '1', 100);
    const struct json *doc = must_parse(&arena, arena_printf(&arena, "a: 0.%s", digits));
    assert_string_equal(json_get(doc, "a")->text, arena_printf(&arena, "0.%s", digits));
    const char *printed = json_print(&arena, doc);
    const struct json *again;
    assert_true(json_parse(&arena, printed, strlen(printed), &again, NULL));
    assert_true(json_equal(doc, again));
}

static void assert_place(const struct json *value, int name_line, int name_column, int line, int column) {
    assert_non_null(value);
    assert_int_equal(value->name_line, name_line);
    assert_int_equal(value->name_column, name_column);
    assert_int_equal(value->line, line);
    assert_int_equal(value->column, column);
}

static void places_count_characters_from_one(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *doc = must_parse(&arena, "# first\r\ntop:\r\n  - \xc3\xa9: a\r\n    second: b\r\n");
    assert_place(doc, 0, 0, 2, 1);
    assert_place(json_get(doc, "top"), 2, 1, 3, 3);
    const struct json *item = json_get(doc, "top")->first;
    assert_place(item, 0, 0, 3, 5);
    assert_place(json_get(item, "\xc3\xa9"), 3, 5, 3, 8);
    assert_place(json_get(item, "second"), 4, 5, 4, 13);
}

static void places_in_json_are_the_same(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *doc = must_parse(&arena, "\xef\xbb\xbf \n{\n \"\xc3\xa9\": [1,\n 2], \"b\":\n{}}");
    assert_place(doc, 0, 0, 2, 1);
    assert_place(json_get(doc, "\xc3\xa9"), 3, 2, 3, 7);
    assert_place(json_get(doc, "\xc3\xa9")->last, 0, 0, 4, 2);
    assert_place(json_get(doc, "b"), 4, 6, 5, 1);
}

static void bombs_cost_nothing(void **state) {
    (void)state;
    static const struct {
        const char *start, *piece;
    } bombs[] = {
        {"", "["},        {"", "{\"a\":"}, {"#\n", "["}, {"#\n", "{a: "}, {"", "- "}, {"", "? "},
        {"a: ", "[a, {"}, {"", "&a "},     {"", "!x "},  {"", "a:\n- "},  {"", "\""}, {"#\n\"", "\\x41"},
        {"", "a: b\n"},   {"#\n[", "[],"}, {"", "\n "},  {"", "..."},
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct str text CLEANUP(str_release) = STR_INIT(DOC_SIZE_MAX);
        str_append(&text, bombs[i].start);
        while (!text.cut)
            str_append(&text, bombs[i].piece);
        for (int again = 0; again < 10; again++) {
            struct arena arena CLEANUP(arena_release) = ARENA_INIT;
            const struct json *value;
            struct err err = {0};
            if (doc_parse(&arena, "bomb.yml", text.text, text.length, &value, &err))
                assert_int_equal(value->type, JSON_TEXT);
        }
    }
}

static void depth_is_counted_alike_in_both_forms(void **state) {
    (void)state;
    static const char *const starts[] = {"", "#\n"};
    for (size_t form = 0; form < 2; form++) {
        for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
            struct arena arena CLEANUP(arena_release) = ARENA_INIT;
            char open[100] = "";
            char close[100] = "";
            memset(open, '[', (size_t)depth);
            memset(close, ']', (size_t)depth);
            char *text = arena_printf(&arena, "%s%s%s", starts[form], open, close);
            const struct json *value;
            struct err err = {0};
            assert_int_equal(doc_parse(&arena, "deep.yml", text, strlen(text), &value, &err), depth == JSON_DEPTH_MAX);
            assert_int_equal(err.kind, depth == JSON_DEPTH_MAX ? ERR_NONE : ERR_LIMIT);
        }
    }
}

static void size_is_capped(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *text = arena_alloc(&arena, DOC_SIZE_MAX + 2);
    memset(text, ' ', DOC_SIZE_MAX + 1);
    text[0] = 'a';
    const struct json *value;
    struct err err = {0};
    assert_true(doc_parse(&arena, "a.yml", text, DOC_SIZE_MAX, &value, &err));
    assert_false(doc_parse(&arena, "a.yml", text, DOC_SIZE_MAX + 1, &value, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.message, "a.yml:1:1: the file has 262145 bytes; at most 262144 are read");
}

static void unreadable_paths_are_said(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *value;
    struct err err = {0};
    assert_false(doc_read(&arena, "/no/such/file.yml", &value, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.message, "opening '/no/such/file.yml': No such file or directory");
    assert_false(doc_read(&arena, "/", &value, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.message, "'/' is not a file");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused_in_these_words),
        cmocka_unit_test(good_files_mean_this),
        cmocka_unit_test(scalars_keep_their_text),
        cmocka_unit_test(json_scalars_keep_their_text_too),
        cmocka_unit_test(long_numbers_print_readably),
        cmocka_unit_test(places_count_characters_from_one),
        cmocka_unit_test(places_in_json_are_the_same),
        cmocka_unit_test(bombs_cost_nothing),
        cmocka_unit_test(depth_is_counted_alike_in_both_forms),
        cmocka_unit_test(size_is_capped),
        cmocka_unit_test(unreadable_paths_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
