/*
 * What a person is shown of two definitions: only what changed, under its names, and no credentials.
 */
#include "runner/deployfiles/task_definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static const char *diff(struct arena *arena, const char *before, const char *after) {
    const char *text = "";
    json_each(line, task_definition_diff(arena, before ? parse(arena, before) : NULL, parse(arena, after))) text =
        arena_printf(arena, "%s%s%s\n", text, json_get_text(line, "change"), json_get_text(line, "line"));
    return text;
}

static void only_changes_are_shown(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *before =
        "{\"family\":\"shop\",\"revision\":3,\"cpu\":\"256\",\"containerDefinitions\":[{\"name\":\"web\","
        "\"image\":\"shop:1\",\"essential\":true,\"portMappings\":[{\"containerPort\":80,\"protocol\":\"tcp\"}],"
        "\"environment\":[{\"name\":\"B\",\"value\":\"1\"},{\"name\":\"A\",\"value\":\"1\"}],"
        "\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"/a\"}}},"
        "{\"name\":\"rp\",\"image\":\"rp:1\"}],\"volumes\":[]}";
    const char *after =
        "{\"containerDefinitions\":[{\"name\":\"web\",\"environment\":[{\"name\":\"A\",\"value\":\"1\"},"
        "{\"name\":\"B\",\"value\":\"2 \"},{\"name\":\"C\",\"value\":\"\"}],\"image\":\"shop:2\","
        "\"command\":[\"run\",\"it\"],\"portMappings\":[{\"containerPort\":80},{\"containerPort\":81,"
        "\"name\":\"admin\"}],\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":"
        "{\"awslogs-group\":\"/b\"}}},{\"name\":\"job\",\"image\":\"job:1\",\"essential\":false}],"
        "\"family\":\"shop\",\"cpu\":\"512\",\"runtimePlatform\":{\"cpuArchitecture\":\"ARM64\"}}";
    assert_string_equal(diff(&arena, before, after), " containerDefinitions:\n"
                                                     "+  job:\n"
                                                     "+    essential: false\n"
                                                     "+    image: job:1\n"
                                                     "-  rp: rp:1\n"
                                                     "   web:\n"
                                                     "+    command: [\"run\",\"it\"]\n"
                                                     "     environment:\n"
                                                     "-      B: 1\n"
                                                     "+      B: \"2 \"\n"
                                                     "+      C: \"\"\n"
                                                     "-    image: shop:1\n"
                                                     "+    image: shop:2\n"
                                                     "     logConfiguration:\n"
                                                     "       options:\n"
                                                     "-        awslogs-group: /a\n"
                                                     "+        awslogs-group: /b\n"
                                                     "     portMappings:\n"
                                                     "+      81: admin\n"
                                                     "-cpu: 256\n"
                                                     "+cpu: 512\n"
                                                     "+runtimePlatform:\n"
                                                     "+  cpuArchitecture: ARM64\n");
}

static void the_same_is_no_difference(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(diff(&arena, "{\"family\":\"a\",\"revision\":1,\"volumes\":[]}", "{\"family\":\"a\"}"), "");
}

static void what_is_new_is_shown_whole(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(diff(&arena, NULL, "{\"family\":\"a\",\"cpu\":\"256\"}"), "+cpu: 256\n+family: a\n");
}

static void credentials_are_not_shown(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *text =
        diff(&arena, NULL,
             "{\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"a\",\"environment\":[{\"name\":\"DB_PASSWORD\","
             "\"value\":"
             "\"hunter2\"},{\"name\":\"githubToken\",\"value\":\"hunter2\"},{\"name\":\"MONGO\",\"value\":"
             "\"mongodb://u:hunter2@db/"
             "x\"},{\"name\":\"LOG\",\"value\":\"debug\"}],\"command\":[\"a\",\"--api-key=hunter2\"],"
             "\"secrets\":[{\"name\":\"KEY_SECRET\",\"valueFrom\":\"/shop/"
             "key\"}],\"logConfiguration\":{\"logDriver\":\"splunk\","
             "\"options\":{\"splunk-token\":\"hunter2\",\"splunk-url\":\"https://splunk\"}}}]}");
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "DB_PASSWORD: ***\n"));
    assert_non_null(strstr(text, "githubToken: ***\n"));
    assert_non_null(strstr(text, "MONGO: mongodb://u:***@db/x\n"));
    assert_non_null(strstr(text, "LOG: debug\n"));
    assert_non_null(strstr(text, "command: [\"a\",\"--api-key=***\"]\n"));
    assert_non_null(strstr(text, "KEY_SECRET: /shop/key\n"));
    assert_non_null(strstr(text, "splunk-token: ***\n"));
    assert_non_null(strstr(text, "splunk-url: https://splunk\n"));
}

static void many_lines_are_counted(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *definition = json_object(&arena);
    for (int i = 0; i < 700; i++)
        json_set_text(&arena, definition, arena_printf(&arena, "key%03d", i), "value");
    const struct json *lines = task_definition_diff(&arena, NULL, definition);
    assert_int_equal(lines->count, 501);
    assert_string_equal(json_get_text(lines->last, "line"), "… and 200 more lines");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_changes_are_shown),     cmocka_unit_test(the_same_is_no_difference),
        cmocka_unit_test(what_is_new_is_shown_whole), cmocka_unit_test(credentials_are_not_shown),
        cmocka_unit_test(many_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
