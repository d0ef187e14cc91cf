/* What an execution looks like in lines. */
#include "cli/execution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1795408630000

static const struct cli cli = {.arena = ARENA_INIT};

static const char *const text =
    "{\"execution\": {\"pipelineName\": \"shop\", \"number\": 3, \"status\": \"InProgress\","
    "  \"trigger\": {\"triggerType\": \"CloudWatchEvent\", \"by\": \"arn:aws:iam::123456789012:user/ada\"},"
    "  \"revisions\": [{\"actionName\": \"App\", \"revisionId\": \"3f2a91c0000000000000000000000000000000aa\","
    "    \"revisionSummary\": \"Say hello\\nand more\", \"branch\": \"main\"}]},"
    " \"stages\": [{\"name\": \"Source\", \"actions\": [{\"name\": \"App\", \"status\": \"Succeeded\","
    "    \"started\": 1795408604.5, \"ended\": 1795408604.8}]},"
    "  {\"name\": \"Build\", \"actions\": [{\"name\": \"Image\", \"status\": \"Failed\", \"started\": 1795408605,"
    "    \"ended\": 1795408615, \"errorMessage\": \"the build failed: \\u001b[31mexit status 7\"}]},"
    "  {\"name\": \"Release\", \"actions\": [{\"name\": \"Ask\", \"status\": \"InProgress\", \"started\": 1795408620,"
    "    \"wait\": \"waiting for approval\", \"approval\": {\"token\": \"t\"}}, {\"name\": \"Deploy\"}]}]}";

static const struct json *read_detail(struct arena *arena) {
    const struct json *detail = NULL;
    struct err err = {0};
    if (!json_parse(arena, text, strlen(text), &detail, &err))
        fail_msg("%s", err.message);
    return detail;
}

/* The line of the action with that index, over all stages. */
static const char *line(struct arena *arena, const struct json *detail, int index) {
    json_each(stage, json_get(detail, "stages")) {
        json_each(action, json_get(stage, "actions")) {
            if (index-- == 0)
                return execution_line(&cli, arena, detail, stage, action, NOW_MS);
        }
    }
    return NULL;
}

static void the_title_is_in_peoples_words(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(execution_title(&cli, &arena, read_detail(&arena)), "… shop #3  InProgress  push by ada");
}

static void each_action_says_what_matters(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *detail = read_detail(&arena);
    const char *source = line(&arena, detail, 0), *build = line(&arena, detail, 1), *ask = line(&arena, detail, 2);
    assert_non_null(strstr(source, " ✔ Source       App          main 3f2a91c Say hello "));
    assert_non_null(strstr(source, " 0.3 s"));
    assert_non_null(strstr(build, " ✘ Build        Image        the build failed: ?[31mexit status 7"));
    assert_non_null(strstr(build, " 10 s"));
    assert_non_null(strstr(ask, " … Release      Ask          waiting for approval "));
    assert_non_null(strstr(ask, " 10 s"));
    assert_non_null(strstr(line(&arena, detail, 3), "   Release      Deploy "));
}

static void the_approval_is_found(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *stage = NULL, *action = execution_approval(read_detail(&arena), &stage);
    assert_string_equal(json_get_text(action, "name"), "Ask");
    assert_string_equal(json_get_text(stage, "name"), "Release");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_title_is_in_peoples_words),
        cmocka_unit_test(each_action_says_what_matters),
        cmocka_unit_test(the_approval_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
