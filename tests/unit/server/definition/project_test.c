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

#define HEAD                                                                                                           \
    "{\"name\":\"shop\",\"serviceRole\":\"r\",\"environment\":{\"image\":\"i\",\"type\":\"LINUX_CONTAINER\","          \
    "\"computeType\":\"BUILD_GENERAL1_SMALL\"},"
#define SOURCE "\"source\":{\"type\":\"GITHUB\",\"location\":\"https://github.com/a/b\"},"
#define NONE "\"artifacts\":{\"type\":\"NO_ARTIFACTS\"}"

/* Everything that a project may say and that is kept as it was said. */
static void every_setting_is_kept(void **state) {
    static const char *const settings[] = {
        "\"secondarySources\":[{\"type\":\"S3\",\"location\":\"b/k.zip\",\"sourceIdentifier\":\"data\"},{\"type\":"
        "\"GITLAB\",\"location\":\"https://gitlab.com/a/b\",\"sourceIdentifier\":\"lib\"}],\"secondarySourceVersions\":"
        "[{\"sourceIdentifier\":\"lib\",\"sourceVersion\":\"v1\"}]",
        "\"sourceVersion\":\"pr/7\"",
        "\"secondaryArtifacts\":[{\"type\":\"S3\",\"location\":\"bucket\",\"path\":\"p\",\"namespaceType\":\"BUILD_"
        "ID\","
        "\"packaging\":\"ZIP\",\"artifactIdentifier\":\"docs\"}]",
        "\"cache\":{\"type\":\"S3\",\"location\":\"bucket/cache\",\"cacheNamespace\":\"n\"}",
        "\"cache\":{\"type\":\"LOCAL\",\"modes\":[\"LOCAL_CUSTOM_CACHE\"]}",
        "\"badgeEnabled\":true",
        "\"logsConfig\":{\"cloudWatchLogs\":{\"status\":\"DISABLED\"},\"s3Logs\":{\"status\":\"ENABLED\",\"location\":"
        "\"b/logs\",\"encryptionDisabled\":false}}",
        "\"buildBatchConfig\":{\"serviceRole\":\"r\",\"combineArtifacts\":true,\"restrictions\":{\"maximumBuildsAllowed"
        "\":10,\"computeTypesAllowed\":[\"BUILD_GENERAL1_SMALL\"]},\"timeoutInMins\":60}",
        "\"concurrentBuildLimit\":3",
        "\"autoRetryLimit\":2",
        "\"vpcConfig\":{\"vpcId\":\"v\",\"subnets\":[\"s\"],\"securityGroupIds\":[\"g\"]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        const char *project = arena_printf(&arena, HEAD SOURCE NONE ",%s}", settings[i]);
        const char *got = check(&arena, project, DEFINITION_REQUEST, &err);
        if (!got)
            fail_msg("%s of %s", err.message, settings[i]);
        if (!strstr(got, settings[i]))
            fail_msg("%s is not in %s", settings[i], got);
    }
}

static void sources_of_every_kind_are_taken(void **state) {
    static const char *const sources[] = {
        "{\"type\":\"CODECOMMIT\",\"location\":\"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop\"}",
        "{\"type\":\"GITHUB\",\"location\":\"https://github.com/a/b\",\"gitCloneDepth\":1,\"gitSubmodulesConfig\":"
        "{\"fetchSubmodules\":true},\"buildspec\":\"ci/build.yml\",\"auth\":{\"type\":\"SECRETS_MANAGER\",\"resource\":"
        "\"arn:aws:secretsmanager:r:a:secret:token\"},\"insecureSsl\":false}",
        "{\"type\":\"GITHUB_ENTERPRISE\",\"location\":\"https://git.example.com/a/b\",\"insecureSsl\":true}",
        "{\"type\":\"GITLAB_SELF_MANAGED\",\"location\":\"https://git.example.com/a/b\"}",
        "{\"type\":\"BITBUCKET\",\"location\":\"https://bitbucket.org/a/b\"}",
        "{\"type\":\"S3\",\"location\":\"bucket/source.zip\",\"buildspec\":\"arn:aws:s3:::bucket/build.yml\"}",
        "{\"type\":\"NO_SOURCE\",\"buildspec\":\"version: 0.2\\n\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        const char *got =
            check(&arena, arena_printf(&arena, HEAD "\"source\":%s," NONE "}", sources[i]), DEFINITION_REQUEST, &err);
        if (!got)
            fail_msg("%s of %s", err.message, sources[i]);
        if (!strstr(got, sources[i]))
            fail_msg("%s is not in %s", sources[i], got);
    }
}

static void what_is_refused_says_why(void **state) {
    static const struct {
        const char *project;
        const char *message;
    } cases[] = {
        {HEAD SOURCE NONE ",\"fileSystemLocations\":[{\"type\":\"EFS\"}]}", "copy what they need from S3"},
        {HEAD SOURCE NONE ",\"autoRetryLimit\":-1}", "greater than or equal to 0"},
        {HEAD SOURCE NONE ",\"concurrentBuildLimit\":0}", "greater than or equal to 1"},
        {HEAD SOURCE NONE ",\"cache\":{\"type\":\"S3\"}}", "location is required for cache type S3"},
        {HEAD SOURCE NONE ",\"cache\":{\"type\":\"LOCAL\"}}", "modes are required"},
        {HEAD SOURCE NONE ",\"logsConfig\":{\"s3Logs\":{\"status\":\"ENABLED\"}}}",
         "location is required when S3 logs"},
        {HEAD SOURCE NONE ",\"secondarySources\":[{\"type\":\"S3\",\"location\":\"b/k\"}]}",
         "sourceIdentifier is required"},
        {HEAD SOURCE NONE ",\"secondarySources\":[{\"type\":\"S3\",\"location\":\"b/k\",\"sourceIdentifier\":\"a\"},{"
                          "\"type\":\"S3\",\"location\":\"b/k\",\"sourceIdentifier\":\"a\"}]}",
         "duplicate sourceIdentifier"},
        {HEAD SOURCE NONE ",\"secondarySources\":[{\"type\":\"NO_SOURCE\",\"sourceIdentifier\":\"a\"}]}",
         "secondary sources must have a location"},
        {HEAD SOURCE NONE ",\"secondarySourceVersions\":[{\"sourceIdentifier\":\"a\",\"sourceVersion\":\"v\"}]}",
         "no secondary source with identifier a"},
        {HEAD SOURCE "\"artifacts\":{\"type\":\"S3\"}}", "location is required for artifacts type S3"},
        {HEAD "\"source\":{\"type\":\"GITHUB\"}," NONE "}", "location is required for source type GITHUB"},
        {HEAD "\"source\":{\"type\":\"S3\",\"location\":\"bucket\"}," NONE "}", "valid S3 source"},
        {HEAD "\"source\":{\"type\":\"NO_SOURCE\"}," NONE "}", "buildspec must be specified"},
        {HEAD "\"source\":{\"type\":\"NO_SOURCE\",\"buildspec\":\"ci.yml\"}," NONE "}", "has none"},
        {HEAD "\"source\":{\"type\":\"GITHUB\",\"location\":\"u\",\"auth\":{\"type\":\"SECRETS_MANAGER\"}}," NONE "}",
         "auth resource is required"},
        {HEAD "\"source\":{\"type\":\"GITHUB\",\"location\":\"u\",\"gitCloneDepth\":-1}," NONE "}",
         "greater than or equal to 0"},
    };
    static const struct {
        const char *environment;
        const char *message;
    } environments[] = {
        {"\"type\":\"WINDOWS_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\"", "run in Linux containers"},
        {"\"type\":\"MAC_ARM\",\"computeType\":\"BUILD_GENERAL1_SMALL\"", "run in Linux containers"},
        {"\"type\":\"LINUX_GPU_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\"", "no runner gives a GPU"},
        {"\"type\":\"ARM_LAMBDA_CONTAINER\",\"computeType\":\"BUILD_LAMBDA_1GB\"", "not in Lambda"},
        {"\"type\":\"LINUX_EC2\",\"computeType\":\"CUSTOM_INSTANCE_TYPE\"", "an instance type of EC2"},
        {"\"type\":\"LINUX_EC2\",\"computeType\":\"ATTRIBUTE_BASED_COMPUTE\"", "computeConfiguration is required"},
        {"\"type\":\"LINUX_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\",\"fleet\":{\"fleetArn\":\"f\"}",
         "any runner takes the build"},
        {"\"type\":\"LINUX_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\",\"dockerServer\":{\"computeType\":"
         "\"c\"}",
         "the Docker engine that its runner gives"},
        {"\"type\":\"LINUX_CONTAINER\",\"computeType\":\"BUILD_GENERAL1_SMALL\",\"certificate\":\"arn:aws:s3:::b/c\"",
         "into the build image"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        if (check(&arena, cases[i].project, DEFINITION_REQUEST, &err))
            fail_msg("taken: %s", cases[i].project);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s, not: %s", err.message, cases[i].message);
    }
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct err err = {0};
        const char *project = arena_printf(
            &arena, "{\"name\":\"shop\",\"serviceRole\":\"r\"," SOURCE NONE ",\"environment\":{\"image\":\"i\",%s}}",
            environments[i].environment);
        if (check(&arena, project, DEFINITION_REQUEST, &err))
            fail_msg("taken: %s", project);
        if (!strstr(err.message, environments[i].message))
            fail_msg("%s, not: %s", err.message, environments[i].message);
    }
}

static void a_builds_settings_are_held_together_too(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_errors errors = {.arena = &arena};
    (void)state;
    assert_true(project_check_build(&errors, parse(&arena, "{\"source\":{\"type\":\"S3\",\"location\":\"b/k.zip\"},"
                                                           "\"artifacts\":{\"type\":\"NO_ARTIFACTS\"},"
                                                           "\"environment\":{\"type\":\"ARM_CONTAINER\"}}")));
    assert_false(project_check_build(&errors, parse(&arena, "{\"source\":{\"type\":\"S3\",\"location\":\"b/k.zip\"},"
                                                            "\"artifacts\":{\"type\":\"CODEPIPELINE\"}}")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_terraform_sends_comes_back_without_differences),
        cmocka_unit_test(files_may_leave_out_what_a_pipeline_needs),
        cmocka_unit_test(a_broken_project_is_told_as_aws_tells_it),
        cmocka_unit_test(an_update_changes_what_it_names_and_clears_tags),
        cmocka_unit_test(every_setting_is_kept),
        cmocka_unit_test(sources_of_every_kind_are_taken),
        cmocka_unit_test(what_is_refused_says_why),
        cmocka_unit_test(a_builds_settings_are_held_together_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
