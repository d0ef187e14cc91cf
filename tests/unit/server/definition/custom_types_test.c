/*
 * Custom action types: read from what CreateCustomActionType stored, named by actions of files and requests, and read
 * back from a stored declaration when nobody knows the type any more.
 */
#include "server/definition/definition.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNTS                                                                                                         \
    "\"inputArtifactDetails\":{\"minimumCount\":1,\"maximumCount\":2},\"outputArtifactDetails\":{\"minimumCount\":0,"  \
    "\"maximumCount\":1}"

static const char full[] =
    "{\"settings\":{\"entityUrlTemplate\":\"https://ci.example.com/{Config:Job}\",\"executionUrlTemplate\":"
    "\"https://ci.example.com/{Config:Job}/{ExternalExecutionId}\",\"revisionUrlTemplate\":\"https://ci.example.com/"
    "r\"},\"configurationProperties\":[{\"name\":\"Job\",\"required\":true,\"key\":true,\"secret\":false,"
    "\"queryable\":true,\"type\":\"String\"},{\"name\":\"Token\",\"required\":false,\"key\":false,\"secret\":true}]"
    "," COUNTS "}";

#define DECLARATION(owner, provider, version, configuration)                                                           \
    "{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/p\",\"artifactStore\":{\"type\":\"S3\","          \
    "\"location\":\"artifacts\"},\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\",\"actionTypeId\":{"   \
    "\"category\":\"Source\",\"owner\":\"AWS\",\"provider\":\"CodeCommit\",\"version\":\"1\"},\"runOrder\":1,"         \
    "\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"},\"outputArtifacts\":[{\"name\":\"App\"}]" \
    ","                                                                                                                \
    "\"inputArtifacts\":[]}]},{\"name\":\"Build\",\"actions\":[{\"name\":\"Image\",\"actionTypeId\":{\"category\":"    \
    "\"Build\",\"owner\":\"" owner "\",\"provider\":\"" provider "\",\"version\":\"" version                           \
    "\"},\"runOrder\":1,\"configuration\":{" configuration                                                             \
    "},\"outputArtifacts\":[],\"inputArtifacts\":[{\"name\":\"App\"}]}]}],\"executionMode\":\"SUPERSEDED\","           \
    "\"pipelineType\":\"V1\"}"

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *tree;
    struct err err;
    if (!json_parse(arena, text, strlen(text), &tree, &err))
        fail_msg("%s in %s", err.message, text);
    return tree;
}

static struct custom_type type_of(struct arena *arena, const char *provider, const char *version) {
    struct custom_type type;
    struct err err;
    if (!custom_type_read(ACTION_BUILD, provider, version, parse(arena, full), &type, &err))
        fail_msg("%s", err.message);
    return type;
}

static void a_stored_type_says_all_that_was_given(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct custom_type type = type_of(&arena, "Jenkins", "v_2");
    assert_int_equal(type.least_inputs, 1);
    assert_int_equal(type.most_inputs, 2);
    assert_int_equal(type.least_outputs, 0);
    assert_int_equal(type.most_outputs, 1);
    assert_int_equal(type.property_count, 2);
    assert_true(type.properties[0].required && type.properties[0].key && !type.properties[0].secret);
    assert_true(type.properties[1].secret && !type.properties[1].queryable);
    assert_string_equal(type.properties[1].type, "String");
    assert_string_equal(custom_type_queryable(&type)->name, "Job");
    assert_string_equal(type.entity_url, "https://ci.example.com/{Config:Job}");
    assert_string_equal(type.execution_url, "https://ci.example.com/{Config:Job}/{ExternalExecutionId}");
    assert_string_equal(type.revision_url, "https://ci.example.com/r");
    const struct action_type *action = custom_type_action(&arena, &type);
    assert_string_equal(action->owner, "Custom");
    assert_string_equal(action->version, "v_2");
    assert_int_equal(action->worker, ACTION_BY_WORKER);
    assert_int_equal(action->most_inputs, 2);
    assert_string_equal(action->keys[1].name, "Token");
    assert_true(action->keys[1].secret && !action->keys[1].required);
    assert_null(action->keys[2].name);
}

static void a_type_may_have_no_settings_and_no_properties(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct custom_type type;
    assert_true(custom_type_read(ACTION_TEST, "Lab", "1", parse(&arena, "{" COUNTS "}"), &type, NULL));
    assert_null(custom_type_queryable(&type));
    assert_null(type.entity_url);
    assert_null(custom_type_action(&arena, &type)->keys[0].name);
}

static void a_damaged_type_is_our_fault(void **state) {
    (void)state;
    static const char *const damaged[] = {
        "{}",
        "{\"inputArtifactDetails\":{\"minimumCount\":3,\"maximumCount\":2},\"outputArtifactDetails\":{\"minimumCount\":"
        "0,\"maximumCount\":1}}",
        "{\"inputArtifactDetails\":{\"minimumCount\":0,\"maximumCount\":6},\"outputArtifactDetails\":{\"minimumCount\":"
        "0,\"maximumCount\":1}}",
        "{\"configurationProperties\":[{\"required\":true}]," COUNTS "}",
        "{\"configurationProperties\":[{},{},{},{},{},{},{},{},{},{},{}]," COUNTS "}",
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct custom_type type = {.provider = "untouched"};
        struct err err = {0};
        assert_false(custom_type_read(ACTION_TEST, "Lab", "1", parse(&arena, damaged[i]), &type, &err));
        assert_int_equal(err.kind, ERR_INTERNAL);
        assert_true(str_starts_with(err.message, "stored action type 'Lab' is damaged: "));
        assert_string_equal(type.provider, "untouched");
    }
}

static void an_action_gets_its_type_and_keeps_its_version(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    static const char text[] = DECLARATION("Custom", "Jenkins", "2", "\"Job\":\"shop\"");
    struct custom_type list[] = {type_of(&arena, "Jenkins", "1"), type_of(&arena, "Jenkins", "2")};
    const struct custom_types types = {.list = list, .count = 2};
    struct definition_result result;
    assert_ptr_equal(custom_types_find(&types, ACTION_BUILD, "Jenkins", "2"), &list[1]);
    assert_null(custom_types_find(&types, ACTION_DEPLOY, "Jenkins", "2"));
    assert_null(custom_types_find(NULL, ACTION_BUILD, "Jenkins", "2"));
    assert_true(definition_check(&arena, parse(&arena, text), DEFINITION_REQUEST, &types, &result));
    assert_string_equal(json_print(&arena, result.pipeline->declaration), text);
    const struct action_type *type = result.pipeline->stages[1].actions[0].type;
    assert_string_equal(type->owner, "Custom");
    assert_string_equal(type->version, "2");
    assert_int_equal(type->worker, ACTION_BY_WORKER);
}

static void a_stored_declaration_needs_no_list(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct pipeline *pipeline;
    assert_true(definition_read(&arena, parse(&arena, DECLARATION("Custom", "Jenkins", "7", "\"Job\":\"shop\"")),
                                &pipeline, NULL));
    const struct action_type *type = pipeline->stages[1].actions[0].type;
    assert_string_equal(type->provider, "Jenkins");
    assert_int_equal(type->category, ACTION_BUILD);
    assert_string_equal(type->version, "7");
    assert_int_equal(type->worker, ACTION_BY_WORKER);
}

static void expect_error(const char *text, const struct custom_types *types, const char *message) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    struct err err = {0};
    assert_false(definition_check(&arena, parse(&arena, text), DEFINITION_REQUEST, types, &result));
    definition_errors_fail(&result.errors, DEFINITION_VALIDATION, &err);
    assert_string_equal(err.message, message);
    assert_string_equal(err.code, "InvalidActionDeclarationException");
}

static void a_type_that_is_not_there_is_told_as_aws_tells_it(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct custom_type list[] = {type_of(&arena, "Jenkins", "1")};
    const struct custom_types types = {.list = list, .count = 1};
    static const char message[] = "ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'Custom', Version: '2') "
                                  "in action 'Image' is not available";
    expect_error(DECLARATION("Custom", "Jenkins", "2", ""), NULL, message);
    expect_error(DECLARATION("Custom", "Jenkins", "2", ""), &types, message);
    expect_error(DECLARATION("Custom", "CodeBuild", "1", "\"ProjectName\":\"shop\""), &types,
                 "ActionType (Category: 'Build', Provider: 'CodeBuild', Owner: 'Custom', Version: '1') in action "
                 "'Image' is not available");
    expect_error(DECLARATION("Custom", "Jenkins", "1", ""), &types,
                 "Action configuration for action 'Image' is missing required configuration 'Job'");
    expect_error(
        DECLARATION("Custom", "Jenkins", "1", "\"Job\":\"shop\",\"Token\":\"****\""), &types,
        "Action configuration for the new action \"Image\" contains an invalid configuration for the secret "
        "property \"Token\". \"****\" may be used in secret properties only when updating an existing action.");
}

static void who_knows_no_server_takes_any_type(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct custom_types types = {.any = true};
    struct definition_result result;
    assert_true(definition_check(&arena, parse(&arena, DECLARATION("Custom", "Lab", "1", "\"Anything\":\"goes\"")),
                                 DEFINITION_REQUEST, &types, &result));
    assert_false(definition_check(&arena, parse(&arena, DECLARATION("AWS", "Lab", "1", "\"Anything\":\"goes\"")),
                                  DEFINITION_REQUEST, &types, &result));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_type_says_all_that_was_given),
        cmocka_unit_test(a_type_may_have_no_settings_and_no_properties),
        cmocka_unit_test(a_damaged_type_is_our_fault),
        cmocka_unit_test(an_action_gets_its_type_and_keeps_its_version),
        cmocka_unit_test(a_stored_declaration_needs_no_list),
        cmocka_unit_test(a_type_that_is_not_there_is_told_as_aws_tells_it),
        cmocka_unit_test(who_knows_no_server_takes_any_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
