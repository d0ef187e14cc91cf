/*
 * CodeBuild projects: the canonical form of what CreateProject takes, what a file may leave out, and what UpdateProject
 * makes of a stored one: a patch, but for tags.
 */
#include "server/definition/project.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *tree;
    struct err err;
    if (!json_parse(arena, text, strlen(text), &tree, &err))
        fail_msg("%s in %s", err.message, text);
    return tree;
}

static const char *check(struct arena *arena, const char *text, enum definition_form form, struct err *err) {
    struct definition_errors errors = {.arena = arena};
    struct place place = {.value = parse(arena, text)};
    const struct json *settings = project_check(&errors, &place, form);
    if (!settings)
        definition_errors_fail(&errors, "InvalidInputException", err);
    return settings ? json_print(arena, settings) : NULL;
}

static const char *update(struct arena *arena, const char *stored, const char *changes) {
    struct definition_errors errors = {.arena = arena};
    const struct json *settings = project_update(&errors, parse(arena, stored), parse(arena, changes));
    struct err err;
    if (!settings) {
        definition_errors_fail(&errors, "InvalidInputException", &err);
        fail_msg("%s", err.message);
    }
    return json_print(arena, settings);
}

static const char terraform[] =
    "{\"artifacts\":{\"encryptionDisabled\":false,\"overrideArtifactName\":false,\"type\":\"CODEPIPELINE\"},"
    "\"environment\":{\"computeType\":\"BUILD_GENERAL1_SMALL\",\"image\":\"aws/codebuild/docker:17.09.0\","
    "\"imagePullCredentialsType\":\"CODEBUILD\",\"privilegedMode\":true,\"type\":\"LINUX_CONTAINER\"},"
    "\"logsConfig\":{\"cloudWatchLogs\":{\"status\":\"ENABLED\"},\"s3Logs\":{\"status\":\"DISABLED\"}},"
    "\"name\":\"my-nuxt-app\",\"queuedTimeoutInMinutes\":480,\"serviceRole\":\"arn:aws:iam::123456789012:role/b\","
    "\"source\":{\"buildspec\":\"\",\"gitCloneDepth\":0,\"insecureSsl\":false,\"type\":\"CODEPIPELINE\"},"
    "\"tags\":[{\"key\":\"Name\",\"value\":\"my-nuxt-app\"}],\"timeoutInMinutes\":10,\"vpcConfig\":{}}";

static const char kept[] =
    "{\"name\":\"my-nuxt-app\",\"source\":{\"type\":\"CODEPIPELINE\",\"gitCloneDepth\":0,\"buildspec\":\"\","
    "\"insecureSsl\":false},\"artifacts\":{\"type\":\"CODEPIPELINE\",\"overrideArtifactName\":false,"
    "\"encryptionDisabled\":false},\"environment\":{\"type\":\"LINUX_CONTAINER\",\"image\":"
    "\"aws/codebuild/docker:17.09.0\",\"computeType\":\"BUILD_GENERAL1_SMALL\",\"environmentVariables\":[],"
    "\"privilegedMode\":true,\"imagePullCredentialsType\":\"CODEBUILD\"},\"serviceRole\":"
    "\"arn:aws:iam::123456789012:role/b\",\"timeoutInMinutes\":10,\"queuedTimeoutInMinutes\":480,\"tags\":[{\"key\":"
    "\"Name\",\"value\":\"my-nuxt-app\"}],\"logsConfig\":{\"cloudWatchLogs\":{\"status\":\"ENABLED\"},\"s3Logs\":{"
    "\"status\":\"DISABLED\"}}}";

static void what_terraform_sends_comes_back_without_differences(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err;
    assert_string_equal(check(&arena, terraform, DEFINITION_REQUEST, &err), kept);
}

static void files_may_leave_out_what_a_pipeline_needs(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err;
    assert_string_equal(check(&arena,
                              "{\"name\":\"shop\",\"environment\":{\"image\":\"debian:12\","
                              "\"environmentVariables\":{\"PORT\":8080,\"DEBUG\":true}}}",
                              DEFINITION_FILE, &err),
                        "{\"name\":\"shop\",\"source\":{\"type\":\"CODEPIPELINE\"},\"artifacts\":{\"type\":"
                        "\"CODEPIPELINE\"},\"environment\":{\"type\":\"LINUX_CONTAINER\",\"image\":\"debian:12\","
                        "\"computeType\":\"BUILD_GENERAL1_SMALL\",\"environmentVariables\":[{\"name\":\"PORT\","
                        "\"value\":\"8080\",\"type\":\"PLAINTEXT\"},{\"name\":\"DEBUG\",\"value\":\"true\",\"type\":"
                        "\"PLAINTEXT\"}],\"privilegedMode\":false,\"imagePullCredentialsType\":\"CODEBUILD\"},"
                        "\"timeoutInMinutes\":60,\"queuedTimeoutInMinutes\":480}");
    assert_null(
        check(&arena, "{\"name\":\"shop\",\"environment\":{\"image\":\"debian:12\"}}", DEFINITION_REQUEST, &err));
    assert_string_equal(err.code, "InvalidInputException");
}

static void a_broken_project_is_told_as_aws_tells_it(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err;
    static const char head[] = "{\"name\":\"shop\",\"serviceRole\":\"r\",\"environment\":{\"image\":\"i\",\"type\":"
                               "\"LINUX_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\"},";
    assert_null(check(&arena,
                      arena_printf(&arena, "%s%s", head,
                                   "\"source\":{\"type\":\"CODECOMMIT\",\"location\":\"u\"},"
                                   "\"artifacts\":{\"type\":\"CODEPIPELINE\"}}"),
                      DEFINITION_REQUEST, &err));
    assert_string_equal(
        err.message,
        "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE");
    assert_string_equal(err.code, "InvalidInputException");
    assert_null(check(&arena, "{\"name\":\"a b\"}", DEFINITION_REQUEST, &err));
    assert_true(str_starts_with(err.message, "5 validation errors detected: Value 'a b' at 'name' failed to satisfy "
                                             "constraint: Member must satisfy regular expression pattern: "));
}

static void an_update_changes_what_it_names_and_clears_tags(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *changed = update(&arena, kept,
                                 "{\"name\":\"my-nuxt-app\",\"description\":\"new\",\"sourceVersion\":"
                                 "\"main\",\"timeoutInMinutes\":20}");
    const struct json *tree = parse(&arena, changed);
    assert_string_equal(json_get_text(tree, "description"), "new");
    assert_int_equal(json_get_integer(tree, "timeoutInMinutes", 0), 20);
    assert_null(json_get(tree, "tags"));
    assert_non_null(json_get(tree, "logsConfig"));
    tree =
        parse(&arena, update(&arena, changed,
                             "{\"name\":\"my-nuxt-app\",\"sourceVersion\":\"\",\"concurrentBuildLimit\":-1,"
                             "\"vpcConfig\":{},\"secondarySources\":[],\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}"));
    assert_null(json_get(tree, "sourceVersion"));
    assert_null(json_get(tree, "concurrentBuildLimit"));
    assert_null(json_get(tree, "vpcConfig"));
    assert_null(json_get(tree, "secondarySources"));
    assert_string_equal(json_get_text(tree, "description"), "new");
    assert_string_equal(json_get_text(json_get(tree, "tags")->first, "value"), "b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_terraform_sends_comes_back_without_differences),
        cmocka_unit_test(files_may_leave_out_what_a_pipeline_needs),
        cmocka_unit_test(a_broken_project_is_told_as_aws_tells_it),
        cmocka_unit_test(an_update_changes_what_it_names_and_clears_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
