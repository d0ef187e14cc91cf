/* What a deploy has to say, in lines below its action. */
#include "cli/deployment.h"

#include "cli/releases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1795408630000

static const struct json *read_json(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (!json_parse(arena, text, strlen(text), &value, &err))
        fail_msg("%s", err.message);
    return value;
}

/* The lines without their indentation, one after the other. */
static const char *lines_of(struct arena *arena, const char *action) {
    const char *lines[DEPLOYMENT_LINES_MAX], *all = "";
    size_t count = deployment_lines(arena, read_json(arena, action), lines);
    for (size_t i = 0; i < count; i++)
        all = arena_printf(arena, "%s%s\n", all, lines[i] + strspn(lines[i], " "));
    return all;
}

#define CAUSE                                                                                                          \
    "\"cause\": {\"id\": \"image-missing\", \"sentence\": \"the image is \\u001b[31mnot there\","                      \
    " \"evidence\": \"CannotPullContainerError\", \"change\": \"push it\"}"

static void a_deploy_under_way_says_how_far_it_is_and_why_not_further(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char action[] =
        "{\"status\": \"InProgress\", \"deployment\": {\"strategy\": \"CANARY\", \"stage\": \"BAKE_TIME\","
        " \"trafficPercent\": 10, \"tasks\": {\"desired\": 2, \"running\": 1, \"failed\": 3, \"old\": 2}, " CAUSE "}}";
    assert_string_equal(lines_of(&arena, action),
                        "CANARY, BAKE_TIME, 10 % of the traffic, 1 of 2 tasks running, 3 failed, 2 old\n"
                        "stuck:  the image is ?[31mnot there\n"
                        "seen:   CannotPullContainerError\n"
                        "change: push it\n");
    assert_string_equal(deployment_cause(read_json(&arena, action)), "image-missing");
}

static void a_pause_asks(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(lines_of(&arena, "{\"status\": \"InProgress\", \"deployment\": {\"strategy\": \"ROLLING\"},"
                                         " \"approval\": {\"pause\": {\"sentence\": \"look at it\","
                                         " \"testUrl\": \"https://test.example.com/\"}}}"),
                        "asks:   look at it\nlook:   https://test.example.com/\n");
}

static void an_ended_deploy_says_what_matters_then(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(lines_of(&arena, "{\"status\": \"Abandoned\", \"deployment\": {\"stage\": \"BAKE_TIME\","
                                         " \"cancel\": {\"sentence\": \"shop:11 runs again\"}}}"),
                        "undone: shop:11 runs again\n");
    assert_string_equal(lines_of(&arena, "{\"status\": \"Failed\", \"deployment\": {" CAUSE "}}"),
                        "stuck:  the image is ?[31mnot there\nseen:   CannotPullContainerError\nchange: push it\n");
    assert_string_equal(lines_of(&arena, "{\"status\": \"Succeeded\", \"deployment\": {" CAUSE "}}"), "");
    assert_string_equal(lines_of(&arena, "{\"status\": \"Succeeded\"}"), "");
}

static void a_release_in_words(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *words = release_words(
        &arena,
        read_json(&arena,
                  "{\"since\": 1795408618, \"execution\": {\"number\": 9}, \"rollbackOf\": {\"number\": 7},"
                  " \"startedBy\": \"arn:aws:iam::123456789012:user/ada\","
                  " \"approvedBy\": \"arn:aws:iam::123456789012:user/bo\","
                  " \"revisions\": [{\"revisionId\": \"3f2a91c00\", \"revisionSummary\": \"Say hello\\nand\"}]}"),
        NOW_MS);
    assert_string_equal(words, "#9 (back to #7) for 12 s, 3f2a91c Say hello, started by ada, approved by bo");
    assert_string_equal(release_words(&arena, read_json(&arena, "{\"execution\": {\"number\": 2}}"), NOW_MS),
                        "#2 for 0.0 s");
}

static void a_person_is_the_end_of_an_arn(void **state) {
    (void)state;
    assert_null(deployment_person(NULL));
    assert_string_equal(deployment_person("ada"), "ada");
    assert_string_equal(deployment_person("arn:aws:iam::123456789012:user/ada"), "ada");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deploy_under_way_says_how_far_it_is_and_why_not_further),
        cmocka_unit_test(a_pause_asks),
        cmocka_unit_test(an_ended_deploy_says_what_matters_then),
        cmocka_unit_test(a_release_in_words),
        cmocka_unit_test(a_person_is_the_end_of_an_arn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
