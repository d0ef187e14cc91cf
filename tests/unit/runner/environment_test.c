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
    " \"logs\": {\"streamName\": \"s/1\"}, \"batchIdentifier\": \"linux\","
    " \"secondarySources\": [{\"sourceIdentifier\": \"tools\", \"location\": \"https://example.com/t\"}],"
    " \"secondarySourceVersions\": [{\"sourceIdentifier\": \"tools\", \"sourceVersion\": \"v2\"}],"
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
    assert_string_equal(environment_get(&environment, "CODEBUILD_LOG_PATH"), "s/1");
    assert_string_equal(environment_get(&environment, "CODEBUILD_BATCH_BUILD_IDENTIFIER"), "linux");
    assert_string_equal(environment_get(&environment, "CODEBUILD_SOURCE_REPO_URL_tools"), "https://example.com/t");
    assert_string_equal(environment_get(&environment, "CODEBUILD_SOURCE_VERSION_tools"), "v2");
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

/* Of one name the last one counts, whatever the types; what AWS keeps is in no container's environment. */
static void values_that_lie_with_aws(void **state) {
    (void)state;
    static const char text[] = "version: 0.2\nenv:\n  variables: {P: spec, OWN: spec, GONE: spec}\n"
                               "phases: {build: {commands: [x]}}\n";
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct environment environment;
    struct buildspec spec;
    struct err err = {0};
    struct wire_job job =
        make_job(&arena, "{\"EnvironmentVariables\": \"[{\\\"name\\\":\\\"P\\\",\\\"value\\\":\\\"/p\\\",\\\"type\\\":"
                         "\\\"PARAMETER_STORE\\\"},{\\\"name\\\":\\\"S\\\",\\\"value\\\":\\\"plain\\\"}]\"}");
    job.environment = parse(&arena, "[{\"name\":\"S\",\"value\":\"db:key\",\"type\":\"SECRETS_MANAGER\"}]");
    assert_true(buildspec_parse(&arena, "b", text, strlen(text), &spec, &err));
    environment_init(&environment, &arena);
    assert_true(environment_add_project(&environment, &job, &err));
    assert_int_equal(environment.reference_count, 2);
    assert_string_equal(environment.references[0].reference, "/p");
    assert_false(environment.references[0].is_secret);
    assert_string_equal(environment.references[1].reference, "db:key");
    assert_true(environment.references[1].is_secret);
    assert_null(environment_get(&environment, "S"));
    assert_true(environment_is_taken(&environment, "P"));
    assert_false(environment_is_taken(&environment, "OWN"));
    environment_set_secret(&environment, "P", "it's");
    environment_set_secret(&environment, "GONE", "mine");
    assert_true(environment_is_secret(&environment, "P"));
    assert_false(environment_is_secret(&environment, "OWN"));
    assert_string_equal(environment_script(&environment, &spec),
                        "export OWN='spec'\nexport GONE='spec'\nexport P='it'\\''s'\nexport GONE='mine'\n");
    job.environment = parse(&arena, "[{\"name\":\"S\",\"value\":\"plain\"},{\"name\":\"P\",\"value\":\"x\"}]");
    environment_init(&environment, &arena);
    assert_true(environment_add_project(&environment, &job, &err));
    assert_int_equal(environment.reference_count, 0);
    assert_string_equal(environment_get(&environment, "P"), "x");
}

static void what_cannot_be_had_is_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct environment environment;
    struct err err = {0};
    struct wire_job job = make_job(&arena, "{}");
    job.environment = parse(&arena, "[{\"name\":\"K\",\"value\":\"v\",\"type\":\"VAULT\"}]");
    environment_init(&environment, &arena);
    assert_false(environment_add_project(&environment, &job, &err));
    assert_string_equal(err.message, "environment variable 'K' is of the unknown type VAULT");
    job = make_job(&arena, "{\"EnvironmentVariables\": \"nonsense\"}");
    environment_init(&environment, &arena);
    assert_false(environment_add_project(&environment, &job, &err));
    assert_true(str_starts_with(err.message, "the action's EnvironmentVariables must be a JSON list as text"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence),
        cmocka_unit_test(the_buildspec_comes_last),
        cmocka_unit_test(values_that_lie_with_aws),
        cmocka_unit_test(what_cannot_be_had_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
