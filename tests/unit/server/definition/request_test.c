/*
 * Declarations as they come with CreatePipeline: AWS's own structure and nothing shorter, AWS's sentences where it is
 * broken, the canonical form with AWS's order and defaults, and nothing that Terraform would call a difference.
 */
#include "server/definition/definition.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SOURCE                                                                                                         \
    "{\"name\":\"Source\",\"actions\":[{\"name\":\"App\",\"actionTypeId\":{\"category\":\"Source\",\"owner\":\"AWS\"," \
    "\"provider\":\"CodeCommit\",\"version\":\"1\"},\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":"    \
    "\"main\"},\"outputArtifacts\":[{\"name\":\"App\"}]}]}"
#define APPROVE                                                                                                        \
    "{\"name\":\"Release\",\"actions\":[{\"name\":\"Ok\",\"actionTypeId\":{\"category\":\"Approval\",\"owner\":"       \
    "\"AWS\",\"provider\":\"Manual\",\"version\":\"1\"}}]}"
#define HEAD                                                                                                           \
    "{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/pipelines\",\"artifactStore\":{\"type\":\"S3\","  \
    "\"location\":\"artifacts\"},"
#define STAGES(stages) "\"stages\":[" stages "]"

static bool check(struct arena *arena, const char *text, struct definition_result *out) {
    const struct json *document;
    struct err err;
    if (!json_parse(arena, text, strlen(text), &document, &err))
        fail_msg("%s", err.message);
    return definition_check(arena, document, DEFINITION_REQUEST, NULL, out);
}

/* The error that a client gets. */
static void expect_error(const char *text, const char *code, const char *message) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    struct err err = {0};
    assert_false(check(&arena, text, &result));
    assert_false(definition_errors_fail(&result.errors, DEFINITION_VALIDATION, &err));
    assert_string_equal(err.code, code);
    assert_string_equal(err.message, message);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void the_canonical_form_has_order_and_defaults_of_aws(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_true(check(&arena, HEAD "\"version\":9," STAGES(SOURCE "," APPROVE) "}", &result));
    assert_string_equal(
        json_print(&arena, result.pipeline->declaration),
        "{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/pipelines\",\"artifactStore\":{\"type\":"
        "\"S3\",\"location\":\"artifacts\"},\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\","
        "\"actionTypeId\":{\"category\":\"Source\",\"owner\":\"AWS\",\"provider\":\"CodeCommit\",\"version\":\"1\"},"
        "\"runOrder\":1,\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"},\"outputArtifacts\":[{"
        "\"name\":\"App\"}],\"inputArtifacts\":[]}]},{\"name\":\"Release\",\"actions\":[{\"name\":\"Ok\","
        "\"actionTypeId\":{\"category\":\"Approval\",\"owner\":\"AWS\",\"provider\":\"Manual\",\"version\":\"1\"},"
        "\"runOrder\":1,\"configuration\":{},\"outputArtifacts\":[],\"inputArtifacts\":[]}]}],\"executionMode\":"
        "\"SUPERSEDED\",\"pipelineType\":\"V1\"}");
}

static void the_struct_says_the_same(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_true(check(&arena,
                      HEAD STAGES(SOURCE "," APPROVE) ",\"executionMode\":\"QUEUED\",\"variables\":[{\"name\":"
                                                      "\"stage\",\"defaultValue\":\"prod\"}]}",
                      &result));
    const struct pipeline *pipeline = result.pipeline;
    assert_string_equal(pipeline->name, "shop");
    assert_string_equal(pipeline->type, "V2"); /* what only V2 has makes it V2 */
    assert_int_equal(pipeline->mode, MODE_QUEUED);
    assert_int_equal(pipeline->stage_count, 2);
    assert_string_equal(pipeline->variables[0].default_value, "prod");
    const struct pipeline_action *source = &pipeline->stages[0].actions[0];
    assert_string_equal(source->type->provider, "CodeCommit");
    assert_int_equal(source->run_order, 1);
    assert_string_equal(source->configuration[1].key, "BranchName");
    assert_string_equal(source->configuration[1].value, "main");
    assert_string_equal(source->outputs[0].name, "App");
    assert_int_equal(pipeline->stages[1].actions[0].type->worker, ACTION_BY_PERSON);
}

static void booleans_and_numbers_in_a_configuration_become_texts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_true(
        check(&arena,
              HEAD STAGES("{\"name\":\"Source\",\"actions\":[{\"name\":\"App\",\"actionTypeId\":{\"category\":"
                          "\"Source\",\"owner\":\"AWS\",\"provider\":\"CodeCommit\",\"version\":\"1\"},"
                          "\"configuration\":{\"RepositoryName\":12,\"BranchName\":\"main\",\"PollForSourceChanges\":"
                          "false},\"outputArtifacts\":[{\"name\":\"App\"}]}]}," APPROVE) "}",
              &result));
    const struct pipeline_action *source = &result.pipeline->stages[0].actions[0];
    assert_string_equal(source->configuration[0].value, "12");
    assert_string_equal(source->configuration[2].value, "false");
}

static void short_forms_are_for_files(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_false(
        check(&arena,
              HEAD STAGES(SOURCE ",{\"name\":\"Release\",\"actions\":[{\"name\":\"Ok\",\"provider\":\"Manual\"}]}") "}",
              &result));
    assert_int_equal(result.errors.count, 2);
    assert_string_equal(result.errors.list[0].path, "stages[1].actions[0].provider");
    assert_string_equal(
        result.errors.list[1].message,
        "'actionTypeId' is missing; add it as an object with 'category', 'owner', 'provider', 'version'");
    assert_null(result.pipeline);
}

static void broken_values_are_told_as_aws_tells_them(void **state) {
    (void)state;
    expect_error("{\"name\":\"my shop\",\"artifactStore\":{\"type\":\"S3\",\"location\":\"artifacts\"}," STAGES(
                     SOURCE "," APPROVE) "}",
                 "ValidationException",
                 "2 validation errors detected: Value 'my shop' at 'pipeline.name' failed to satisfy constraint: "
                 "Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+; Value null at "
                 "'pipeline.roleArn' failed to satisfy constraint: Member must not be null");
    expect_error(HEAD STAGES(SOURCE ",{\"name\":\"Release\",\"actions\":[]}") "}", "ValidationException",
                 "1 validation error detected: Value '[]' at 'pipeline.stages.2.member.actions' failed to satisfy "
                 "constraint: Member must have length greater than or equal to 1");
    expect_error(HEAD STAGES(SOURCE "," APPROVE) ",\"executionMode\":\"FAST\"}", "ValidationException",
                 "1 validation error detected: Value 'FAST' at 'pipeline.executionMode' failed to satisfy constraint: "
                 "Member must satisfy enum value set: [SUPERSEDED, QUEUED, PARALLEL]");
    expect_error("{\"name\":12,\"roleArn\":\"arn:aws:iam::123456789012:role/p\",\"artifactStore\":{\"type\":\"S3\","
                 "\"location\":\"artifacts\"}," STAGES(SOURCE "," APPROVE) "}",
                 "SerializationException", "NUMBER_VALUE can not be converted to String");
}

static void broken_structure_is_told_as_aws_tells_it(void **state) {
    (void)state;
    expect_error(HEAD STAGES(SOURCE) "}", "InvalidStructureException",
                 "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline");
    expect_error(HEAD STAGES(APPROVE ",{\"name\":\"Second\",\"actions\":[{\"name\":\"Ok\",\"actionTypeId\":{"
                                     "\"category\":\"Approval\",\"owner\":\"AWS\",\"provider\":\"Manual\","
                                     "\"version\":\"1\"}}]}") "}",
                 "InvalidStructureException", "Pipeline should start with a stage that only contains source actions");
    expect_error("{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/p\"," STAGES(SOURCE "," APPROVE) "}",
                 "InvalidStructureException", "Pipeline should have either artifactStore or artifactStores");
}

static void a_broken_action_is_told_as_aws_tells_it(void **state) {
    (void)state;
    expect_error(HEAD STAGES(SOURCE ",{\"name\":\"Build\",\"actions\":[{\"name\":\"Image\",\"actionTypeId\":{"
                                    "\"category\":\"Build\",\"owner\":\"Custom\",\"provider\":\"Jenkins\","
                                    "\"version\":\"1\"}}]}") "}",
                 "InvalidActionDeclarationException",
                 "ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'Custom', Version: '1') in action 'Image' "
                 "is not available");
    expect_error(HEAD STAGES(SOURCE ",{\"name\":\"Build\",\"actions\":[{\"name\":\"Image\",\"actionTypeId\":{"
                                    "\"category\":\"Build\",\"owner\":\"AWS\",\"provider\":\"CodeBuild\","
                                    "\"version\":\"1\"},\"configuration\":{\"ProjectName\":\"shop\"}}]}") "}",
                 "InvalidActionDeclarationException",
                 "Action Image declares 0 input artifacts which is less than the minimum count (1)");
    expect_error(HEAD STAGES(SOURCE ",{\"name\":\"Build\",\"actions\":[{\"name\":\"Image\",\"actionTypeId\":{"
                                    "\"category\":\"Build\",\"owner\":\"AWS\",\"provider\":\"CodeBuild\","
                                    "\"version\":\"1\"},\"inputArtifacts\":[{\"name\":\"App\"}]}]}") "}",
                 "InvalidActionDeclarationException",
                 "Action configuration for action 'Image' is missing required configuration 'ProjectName'");
}

static void a_secret_is_never_repeated(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    struct err err = {0};
    char *text = arena_printf(&arena,
                              "%s\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\","
                              "\"actionTypeId\":{\"category\":\"Source\",\"owner\":\"ThirdParty\","
                              "\"provider\":\"GitHub\",\"version\":\"1\"},\"configuration\":{\"Owner\":\"a\","
                              "\"Repo\":\"b\",\"Branch\":\"main\",\"OAuthToken\":\"%050001d\"},"
                              "\"outputArtifacts\":[{\"name\":\"App\"}]}]},%s]}",
                              HEAD, 7, APPROVE);
    assert_false(check(&arena, text, &result));
    definition_errors_fail(&result.errors, DEFINITION_VALIDATION, &err);
    assert_string_equal(err.message, "1 validation error detected: Value at "
                                     "'pipeline.stages.1.member.actions.1.member.configuration.OAuthToken' failed to "
                                     "satisfy constraint: Member must have length less than or equal to 50000");
}

static void a_damaged_stored_declaration_is_our_fault(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct pipeline *pipeline = NULL;
    const struct json *tree;
    struct err err = {0};
    static const char *const damaged[] = {
        "{}", "{\"name\":\"a\"}",
        "{\"name\":\"a\",\"executionMode\":\"SUPERSEDED\",\"stages\":[{\"name\":\"s\",\"actions\":[{}]},{}]}"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_parse(&arena, damaged[i], strlen(damaged[i]), &tree, NULL));
        assert_false(definition_read(&arena, tree, &pipeline, &err));
        assert_int_equal(err.kind, ERR_INTERNAL);
        assert_null(pipeline);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_has_order_and_defaults_of_aws),
        cmocka_unit_test(the_struct_says_the_same),
        cmocka_unit_test(booleans_and_numbers_in_a_configuration_become_texts),
        cmocka_unit_test(short_forms_are_for_files),
        cmocka_unit_test(broken_values_are_told_as_aws_tells_them),
        cmocka_unit_test(broken_structure_is_told_as_aws_tells_it),
        cmocka_unit_test(a_broken_action_is_told_as_aws_tells_it),
        cmocka_unit_test(a_secret_is_never_repeated),
        cmocka_unit_test(a_damaged_stored_declaration_is_our_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
