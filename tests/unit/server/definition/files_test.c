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

/* What there is of custom action types, in the form in which they are stored. */
static const char jenkins[] =
    "{\"settings\":{\"entityUrlTemplate\":\"https://jenkins.example.com/job/{Config:Job}\"},"
    "\"configurationProperties\":["
    "{\"name\":\"Job\",\"required\":true,\"key\":true,\"secret\":false,\"queryable\":true,\"type\":\"String\"},"
    "{\"name\":\"Token\",\"required\":false,\"key\":false,\"secret\":true},"
    "{\"name\":\"Attempts\",\"required\":false,\"key\":false,\"secret\":false,\"type\":\"Number\"},"
    "{\"name\":\"Keep\",\"required\":false,\"key\":false,\"secret\":false,\"type\":\"Boolean\"}],"
    "\"inputArtifactDetails\":{\"minimumCount\":1,\"maximumCount\":2},"
    "\"outputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":1}}";

static struct custom_types custom_types(struct arena *arena) {
    struct custom_type *type = arena_new(arena, struct custom_type);
    const struct json *document;
    struct err err;
    if (!json_parse(arena, jenkins, strlen(jenkins), &document, &err) ||
        !custom_type_read(ACTION_BUILD, "Jenkins", "1", document, type, &err))
        fail_msg("%s", err.message);
    return (struct custom_types){.list = type, .count = 1};
}

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
    const struct custom_types types = custom_types(arena);
    bool valid = definition_check(arena, document, DEFINITION_FILE, &types, result);
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
    assert_true(count >= 120);
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
    const struct custom_types types = custom_types(&arena);
    assert_true(definition_check(&arena, declaration, DEFINITION_FILE, &types, &again));
    assert_string_equal(json_print(&arena, again.pipeline->declaration), text);
}

static void good_files_load_and_stay_the_same(void **state) {
    (void)state;
    assert_true(each_file(TEST_DATA "/good", visit_good) >= 11);
}

/* The text between the next "```yaml" line and the one that ends it; NULL where there is none. */
static char *next_example(struct arena *arena, const char **text) {
    static const char fence[] = "\n```yaml\n";
    const char *begin = strstr(*text, fence);
    if (!begin)
        return NULL;
    begin += strlen(fence);
    const char *end = strstr(begin, "\n```");
    assert_non_null(end);
    *text = end;
    return arena_strndup(arena, begin, (size_t)(end - begin) + 1);
}

static void expect_good(struct arena *arena, const char *example) {
    struct str told CLEANUP(str_release) = STR_INIT(64 * 1024);
    const struct custom_types types = custom_types(arena);
    struct definition_result result;
    const struct json *document;
    struct err err;
    if (!doc_parse(arena, "example", example, strlen(example), &document, &err))
        fail_msg("%s\n%s", err.message, example);
    (void)definition_check(arena, document, DEFINITION_FILE, &types, &result);
    append_errors(arena, "example", &result.errors, &told);
    if (told.length > 0)
        fail_msg("%s\n%s", str_text(&told), example);
}

static void examples_of_the_documentation_are_good(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    size_t size;
    const char *text = read_text(&arena, DOCUMENTATION "/pipeline-files.md", &size);
    int count = 0;
    for (char *example; (example = next_example(&arena, &text)); count++)
        expect_good(&arena, example);
    assert_true(count >= 4);
}

static void add_indented(struct str *out, const char *text, const char *indent) {
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        str_printf(out, "%s%.*s\n", indent, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

/* Whatever the example may read from. */
static const char before_actions[] =
    "name: example\n"
    "stages:\n"
    "  - name: Source\n"
    "    actions:\n"
    "      - {name: Source, provider: CodeCommit, namespace: Source, configuration: {RepositoryName: shop, BranchName: "
    "main}, outputArtifacts: [App]}\n"
    "  - name: Build\n"
    "    actions:\n"
    "      - {name: Make, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App], "
    "outputArtifacts: [Images, Site, Image, Built]}\n";

/* An example is a pipeline, its actions, a deploy's configuration, or members of the pipeline. */
static void expect_good_part(struct arena *arena, const char *example) {
    struct str whole CLEANUP(str_release) = STR_INIT(64 * 1024);
    if (strstr(example, "stages:")) {
        expect_good(arena, example);
        return;
    }
    str_append(&whole, before_actions);
    if (strstr(example, "S3ObjectKey")) { /* sources, which make what the others read */
        str_clear(&whole);
        str_append(&whole, "name: example\nstages:\n  - name: Source\n    actions:\n");
        add_indented(&whole, example, "      ");
        str_append(&whole, "  - name: Build\n    actions:\n      - {name: Make, provider: CodeBuild, configuration: "
                           "{ProjectName: shop}, inputArtifacts: [App]}\n");
    } else if (str_starts_with(example, "- ")) {
        str_append(&whole, "  - name: Deploy\n    actions:\n");
        add_indented(&whole, example, "      ");
    } else if (str_starts_with(example, "configuration:")) {
        str_append(&whole, "  - name: Deploy\n    actions:\n      - name: Deploy\n        provider: ECS\n"
                           "        inputArtifacts: [Images]\n");
        add_indented(&whole, example, "        ");
    } else {
        add_indented(&whole, example, "");
    }
    expect_good(arena, str_text(&whole));
}

static void examples_of_deploys_are_good(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    size_t size;
    const char *text = read_text(&arena, DOCUMENTATION "/deploying.md", &size);
    int count = 0;
    for (char *example; (example = next_example(&arena, &text)); count++)
        expect_good_part(&arena, example);
    assert_true(count >= 10);
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
        cmocka_unit_test(examples_of_the_documentation_are_good),
        cmocka_unit_test(examples_of_deploys_are_good),
        cmocka_unit_test(pipelines_that_ship_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
