/*
 * The folder of pipeline files against the real store and engine: good ones, broken ones, gone and renamed ones, and
 * those whose name is taken.
 */
#include "server/pipeline_files.h"

#include "common/log.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/engine.h"
#include "server/store/projects.h"
#include "tests/unit/server/api/door_under_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define PIPELINE(name, last)                                                                                           \
    "name: " name "\n"                                                                                                 \
    "stages:\n"                                                                                                        \
    "  - {name: Source, actions: [{name: App, provider: CodeCommit, configuration: {RepositoryName: a, BranchName: "   \
    "b}, outputArtifacts: [App]}]}\n"                                                                                  \
    "  - {name: " last ", actions: [{name: Ok, provider: Manual}]}\n"
#define PROJECT(name, image) "projects:\n  " name ": {environment: {image: '" image "'}}\n"

static void put(const char *name, const char *text) {
    FILE *file = fopen(test_path(arena_printf(&test_arena, "pipelines/%s", name)), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void take_away(const char *name) {
    assert_int_equal(unlink(test_path(arena_printf(&test_arena, "pipelines/%s", name))), 0);
}

static void load(void) {
    struct err err = {0};
    if (!pipeline_files_load(&under_test, test_path("pipelines"), &err))
        fail_msg("%s", err.message);
}

static int open_with_folder(void **state) {
    int failed = under_test_open(state);
    assert_int_equal(mkdir(test_path("pipelines"), 0700), 0);
    return failed;
}

static struct pipeline_row found;
static struct project_row found_project;

static bool get_pipeline_row(struct tx *tx, void *context, struct err *err) {
    return pipelines_get(tx, &test_arena, context, &found, err);
}

static bool get_project_row(struct tx *tx, void *context, struct err *err) {
    return projects_get(tx, &test_arena, context, &found_project, err);
}

static const struct pipeline_row *pipeline(const char *name) {
    read_in(get_pipeline_row, (void *)(uintptr_t)name);
    return &found;
}

static const struct project_row *project(const char *name) {
    read_in(get_project_row, (void *)(uintptr_t)name);
    return &found_project;
}

static bool is_there(const char *name) {
    struct err err;
    return db_read(under_test.db, get_pipeline_row, (void *)(uintptr_t)name, &err);
}

static void a_good_file_is_stored_once(void **state) {
    (void)state;
    put("shop.yml", PIPELINE("shop", "Ok") PROJECT("shop", "debian:12"));
    put("notes.txt", "not a pipeline");
    put(".hidden.yml", "not: one either");
    load();
    assert_int_equal(pipeline("shop")->version, 1);
    assert_int_equal(pipeline("shop")->origin, ORIGIN_FILE);
    assert_string_equal(pipeline("shop")->file, "shop.yml");
    assert_non_null(strstr(project("shop")->document, "debian:12"));
    load();
    assert_int_equal(pipeline("shop")->version, 1);
    put("shop.yml", PIPELINE("shop", "Look") PROJECT("shop", "debian:13"));
    load();
    assert_int_equal(pipeline("shop")->version, 2);
    assert_non_null(strstr(project("shop")->document, "debian:13"));
}

static void a_broken_file_leaves_the_old_one_in_force(void **state) {
    (void)state;
    put("shop.yml", PIPELINE("shop", "Ok"));
    put("other.yml", PIPELINE("other", "Ok"));
    load();
    put("shop.yml", PIPELINE("shop", "Ok") "stage: 7\n");
    put("broken.yml", "name: [\n");
    load();
    assert_int_equal(pipeline("shop")->version, 1);
    assert_string_equal(pipeline("shop")->file_error, "shop.yml:5:1: stage: unknown key; did you mean 'stages'?");
    assert_null(pipeline("other")->file_error);
    put("shop.yml", "name: [\n");
    load();
    assert_true(str_starts_with(pipeline("shop")->file_error, "shop.yml:"));
    put("shop.yml", PIPELINE("shop", "Ok"));
    load();
    assert_null(pipeline("shop")->file_error);
    assert_int_equal(pipeline("shop")->version, 1);
}

static void a_file_that_is_gone_is_told(void **state) {
    (void)state;
    put("shop.yml", PIPELINE("shop", "Ok"));
    load();
    take_away("shop.yml");
    load();
    assert_string_equal(pipeline("shop")->file_error,
                        "the file 'shop.yml' is gone; put it back, or delete the pipeline");
    put("shop.yml", PIPELINE("shop", "Ok"));
    load();
    assert_null(pipeline("shop")->file_error);
}

static void a_renamed_file_takes_its_pipeline_along(void **state) {
    (void)state;
    put("a.yml", PIPELINE("shop", "Ok") PROJECT("shop", "debian:12"));
    load();
    take_away("a.yml");
    put("b.yml", PIPELINE("shop", "Ok") PROJECT("shop", "debian:12"));
    load();
    assert_string_equal(pipeline("shop")->file, "b.yml");
    assert_string_equal(project("shop")->file, "b.yml");
    assert_null(pipeline("shop")->file_error);
    assert_int_equal(pipeline("shop")->version, 1);
}

static void two_files_cannot_hold_one_pipeline(void **state) {
    (void)state;
    put("a.yml", PIPELINE("shop", "Ok"));
    put("b.yml", PIPELINE("shop", "Look"));
    load();
    assert_string_equal(pipeline("shop")->file, "a.yml");
    assert_null(pipeline("shop")->file_error);
    assert_int_equal(pipeline("shop")->version, 1);
}

static bool create_by_api(struct tx *tx, void *context, struct err *err) {
    const struct engine_definition definition = {.pipeline = context, .origin = ORIGIN_API};
    return engine_create_pipeline(tx, &test_arena, &definition, err);
}

static void what_the_api_made_is_left_alone(void **state) {
    (void)state;
    put("shop.yml", PIPELINE("shop", "Ok"));
    load();
    struct pipeline other = {0};
    const struct json *tree;
    struct pipeline *read;
    assert_true(
        json_parse(&test_arena, pipeline("shop")->declaration, strlen(pipeline("shop")->declaration), &tree, NULL));
    struct json *renamed = json_copy(&test_arena, tree);
    json_set_text(&test_arena, renamed, "name", "mine");
    assert_true(definition_read(&test_arena, renamed, &read, NULL));
    other = *read;
    write_in(create_by_api, &other);
    put("mine.yml", PIPELINE("mine", "Look") PROJECT("added", "debian:12"));
    load();
    assert_int_equal(pipeline("mine")->origin, ORIGIN_API);
    assert_int_equal(pipeline("mine")->version, 1);
    struct err err;
    assert_false(
        db_read(under_test.db, get_project_row, (void *)(uintptr_t) "added", &err)); /* all of a file or nothing */
}

static void projects_need_no_pipeline(void **state) {
    (void)state;
    put("projects.yml", PROJECT("docs", "debian:12"));
    load();
    assert_int_equal(project("docs")->origin, ORIGIN_FILE);
    assert_false(is_there("docs"));
}

static void a_folder_that_is_not_there_is_an_error(void **state) {
    (void)state;
    struct err err = {0};
    assert_false(pipeline_files_load(&under_test, test_path("nowhere"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "unable to open the folder of pipeline files"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_with_folder, under_test_close)

int main(void) {
    log_init("test", LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_good_file_is_stored_once),         TEST(a_broken_file_leaves_the_old_one_in_force),
        TEST(a_file_that_is_gone_is_told),        TEST(a_renamed_file_takes_its_pipeline_along),
        TEST(two_files_cannot_hold_one_pipeline), TEST(what_the_api_made_is_left_alone),
        TEST(projects_need_no_pipeline),          TEST(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
