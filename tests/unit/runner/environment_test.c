/*
 * Whose value of a variable wins.
 */
#include "runner/buildspec/environment.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char build_text[] =
    "{\"id\": \"shop:1\", \"projectName\": \"shop\", \"buildNumber\": 4, \"resolvedSourceVersion\": \"abc\","
    " \"environment\": {\"image\": \"i\", \"environmentVariables\": ["
    "{\"name\": \"PROJECT\", \"value\": \"project\"}, {\"name\": \"BOTH\", \"value\": \"project\"},"
    "{\"name\": \"AWS_REGION\", \"value\": \"eu-north-1\"}, {\"name\": \"CODEBUILD_CI\", \"value\": \"forged\"}]}}";

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static struct wire_job make_job(struct arena *arena, const char *configuration) {
    return (struct wire_job){.id = "job",
                             .region = "eu-west-1",
                             .account_id = "123456789012",
                             .pipeline = "shop",
                             .configuration = parse(arena, configuration),
                             .build = parse(arena, build_text)};
}

static void precedence(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job =
        make_job(&arena, "{\"EnvironmentVariables\": \"[{\\\"name\\\":\\\"BOTH\\\",\\\"value\\\":\\\"action\\\"}]\"}");
    struct environment environment;
    struct err err = {0};
    job.environment = parse(&arena, "[{\"name\":\"PROJECT\",\"value\":\"own\",\"type\":\"PLAINTEXT\"},"
                                    "{\"name\":\"OWN\",\"value\":\"\"}]");
    environment_init(&environment, &arena);
    environment_add_build(&environment, &job, "/src", 1500);
    assert_true(environment_add_project(&environment, &job, &err));
    assert_string_equal(environment_get(&environment, "PROJECT"), "own");
    assert_string_equal(environment_get(&environment, "OWN"), "");
    assert_string_equal(environment_get(&environment, "BOTH"), "action");
    assert_string_equal(environment_get(&environment, "AWS_REGION"), "eu-north-1");
    assert_string_equal(environment_get(&environment, "AWS_DEFAULT_REGION"), "eu-west-1");
    assert_string_equal(environment_get(&environment, "CODEBUILD_CI"), "true");
    assert_string_equal(environment_get(&environment, "CODEBUILD_BUILD_ID"), "shop:1");
    assert_string_equal(environment_get(&environment, "CODEBUILD_BUILD_ARN"),
                        "arn:aws:codebuild:eu-west-1:123456789012:build/shop:1");
    assert_string_equal(environment_get(&environment, "CODEBUILD_BUILD_NUMBER"), "4");
    assert_string_equal(environment_get(&environment, "CODEBUILD_INITIATOR"), "codepipeline/shop");
    assert_string_equal(environment_get(&environment, "CODEBUILD_RESOLVED_SOURCE_VERSION"), "abc");
    assert_string_equal(environment_get(&environment, "CODEBUILD_START_TIME"), "1500");
    assert_null(environment_get(&environment, "CI"));
    for (size_t i = 0; i < environment.count; i++)
        for (size_t other = i + 1; other < environment.count; other++)
            assert_string_not_equal(environment.variables[i].name, environment.variables[other].name);
}

/* The buildspec's own are set inside; those of the project are not touched, but a region that we only assumed is. */
static void the_buildspec_comes_last(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job = make_job(&arena, "{}");
    struct environment environment;
    struct buildspec spec;
    struct err err = {0};
    const char *text = "version: 0.2\nphases: {}\nenv: {variables: {BOTH: spec, OWN: \"it's $HOME\", AWS_REGION: x, "
                       "AWS_DEFAULT_REGION: us-west-2, CODEBUILD_CI: y}}\n";
    assert_true(buildspec_parse(&arena, "b", text, strlen(text), &spec, &err));
    environment_init(&environment, &arena);
    environment_add_build(&environment, &job, "/src", 1500);
    assert_true(environment_add_project(&environment, &job, &err));
    assert_string_equal(environment_script(&environment, &spec),
                        "export OWN='it'\\''s $HOME'\nexport AWS_DEFAULT_REGION='us-west-2'\n");
}

static void what_cannot_be_had_is_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct environment environment;
    struct err err = {0};
    struct wire_job job = make_job(&arena, "{\"EnvironmentVariables\": \"[{\\\"name\\\":\\\"S\\\",\\\"value\\\":"
                                           "\\\"x\\\",\\\"type\\\":\\\"SECRETS_MANAGER\\\"}]\"}");
    environment_init(&environment, &arena);
    assert_false(environment_add_project(&environment, &job, &err));
    assert_string_equal(err.message, "environment variable 'S' is of type SECRETS_MANAGER, which is not supported yet");
    job = make_job(&arena, "{}");
    job.environment = parse(&arena, "[{\"name\":\"K\",\"value\":\"v\",\"type\":\"SECRETS_MANAGER\"}]");
    environment_init(&environment, &arena);
    assert_false(environment_add_project(&environment, &job, &err));
    assert_string_equal(err.message, "environment variable 'K' is of type SECRETS_MANAGER, which is not supported yet");
    job = make_job(&arena, "{\"EnvironmentVariables\": \"nonsense\"}");
    environment_init(&environment, &arena);
    assert_false(environment_add_project(&environment, &job, &err));
    assert_true(str_starts_with(err.message, "the action's EnvironmentVariables must be a JSON list as text"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence),
        cmocka_unit_test(the_buildspec_comes_last),
        cmocka_unit_test(what_cannot_be_had_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
