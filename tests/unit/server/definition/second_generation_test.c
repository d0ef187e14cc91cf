/*
 * What only AWS's second generation of pipelines has (conditions of stages, triggers, Commands), and schedules: the
 * structure that GetPipeline prints comes back as it was, the records say the same, what is broken is told with AWS's
 * names. Each thing that is broken is one replacement in a declaration that is good.
 */
#include "server/definition/definition.h"

#include "common/doc.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct json *load(struct arena *arena, const char *file) {
    const struct json *document;
    struct err err;
    if (!doc_read(arena, arena_printf(arena, TEST_DATA "/good/%s", file), &document, &err))
        fail_msg("%s", err.message);
    return document;
}

/* As GetPipeline's answer holds it, without what the server counts. */
static struct json *printed(struct arena *arena) {
    struct json *pipeline = json_copy(arena, json_get(load(arena, "printed-with-conditions.json"), "pipeline"));
    json_remove(pipeline, "version");
    return pipeline;
}

static const struct pipeline *check(struct arena *arena, const struct json *document, enum definition_form form) {
    struct definition_result result;
    if (!definition_check(arena, document, form, NULL, &result))
        fail_msg("%s", definition_error_text(arena, NULL, &result.errors.list[0]));
    return result.pipeline;
}

static const struct pipeline *check_text(struct arena *arena, const char *text) {
    const struct json *document;
    struct err err;
    if (!doc_parse(arena, "test.yml", text, strlen(text), &document, &err))
        fail_msg("%s", err.message);
    return check(arena, document, DEFINITION_FILE);
}

static void what_get_pipeline_prints_comes_back_the_same(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *sent = printed(&arena);
    assert_string_equal(json_print(&arena, check(&arena, sent, DEFINITION_REQUEST)->declaration),
                        json_print(&arena, sent));
    assert_string_equal(json_print(&arena, check(&arena, sent, DEFINITION_FILE)->declaration),
                        json_print(&arena, sent));
}

static void conditions_become_records(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct pipeline *pipeline = check(&arena, load(&arena, "conditions.yml"), DEFINITION_FILE);
    const struct pipeline_stage *source = &pipeline->stages[0], *build = &pipeline->stages[1];
    assert_null(source->conditions[CONDITION_BEFORE_ENTRY]);
    assert_null(source->conditions[CONDITION_ON_FAILURE]);
    assert_int_equal(source->conditions[CONDITION_ON_SUCCESS]->result, RESULT_FAIL); /* where none is written */
    assert_int_equal(source->on_failure, RESULT_RETRY);
    assert_int_equal(source->retry_mode, RETRY_FAILED_ACTIONS);
    const struct pipeline_condition *entry = build->conditions[CONDITION_BEFORE_ENTRY];
    assert_int_equal(entry->result, RESULT_SKIP);
    assert_int_equal(entry->rule_count, 3);
    assert_string_equal(entry->rules[0].name, "Freeze");
    assert_int_equal(entry->rules[0].type->judge, RULE_BY_VALUES);
    assert_string_equal(entry->rules[0].configuration[0].key, "Variable");
    assert_string_equal(entry->rules[0].configuration[0].value, "#{variables.freeze}");
    assert_int_equal(entry->rules[0].timeout_minutes, 0);
    assert_string_equal(entry->rules[2].region, "eu-central-1");
    assert_string_equal(entry->rules[2].inputs[0].name, "App");
    const struct pipeline_rule *smoke = &build->conditions[CONDITION_ON_SUCCESS]->rules[0];
    assert_int_equal(smoke->command_count, 2);
    assert_string_equal(smoke->commands[0], "tar tf images.tar");
    assert_int_equal(smoke->input_count, 2);
    assert_int_equal(smoke->timeout_minutes, 5);
    assert_int_equal(build->on_failure, RESULT_RETRY);
    assert_int_equal(build->retry_mode, RETRY_ALL_ACTIONS); /* where none is written */
    const struct pipeline_stage *release = &pipeline->stages[2], *after = &pipeline->stages[3];
    assert_int_equal(release->conditions[CONDITION_ON_SUCCESS]->result, RESULT_ROLLBACK);
    assert_int_equal(release->conditions[CONDITION_ON_FAILURE]->result, RESULT_ROLLBACK);
    assert_int_equal(release->on_failure, RESULT_FAIL);
    assert_int_equal(after->conditions[CONDITION_ON_FAILURE]->result, RESULT_RETRY);
    assert_int_equal(after->retry_mode, RETRY_ALL_ACTIONS);
}

static void triggers_become_records(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct pipeline *pipeline = check(&arena, load(&arena, "triggers.yml"), DEFINITION_FILE);
    assert_int_equal(pipeline->trigger_count, 3);
    const struct pipeline_trigger *app = &pipeline->triggers[0];
    assert_string_equal(app->source_action, "App");
    assert_int_equal(app->filter_count, 5);
    assert_false(app->filters[0].pull_request);
    assert_int_equal(app->filters[0].branches.include_count, 2);
    assert_string_equal(app->filters[0].branches.includes[1], "release/**");
    assert_string_equal(app->filters[0].branches.excludes[0], "release/old");
    assert_int_equal(app->filters[0].file_paths.exclude_count, 2);
    assert_string_equal(app->filters[1].tags.includes[0], "v?.{1,2}.*");
    assert_true(app->filters[2].pull_request);
    assert_int_equal(app->filters[2].events, TRIGGER_OPEN | TRIGGER_UPDATED);
    assert_int_equal(app->filters[3].events, TRIGGER_CLOSED);
    assert_int_equal(app->filters[4].events, TRIGGER_OPEN | TRIGGER_UPDATED | TRIGGER_CLOSED);
    assert_string_equal(pipeline->triggers[1].filters[0].tags.excludes[0], "0.1");
    assert_string_equal(json_get_text(json_get(pipeline->declaration, "triggers")->first, "providerType"),
                        "CodeStarSourceConnection");
}

static void schedules_stand_beside_the_pipeline(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_true(definition_check(&arena, load(&arena, "schedules.yml"), DEFINITION_FILE, NULL, &result));
    assert_int_equal(result.schedule_count, 3);
    assert_string_equal(result.schedules[0].name, "nightly");
    assert_string_equal(result.schedules[0].expression, "cron(30 2 ? * MON-FRI *)");
    assert_string_equal(result.schedules[0].time_zone, "Europe/Berlin");
    assert_string_equal(result.schedules[1].name, "schedule-2");
    assert_string_equal(result.schedules[1].time_zone, "UTC");
    assert_null(json_get(result.pipeline->declaration, "schedules"));
    assert_int_equal(result.project_count, 1);
    /* Also beside what get-pipeline prints; but not in requests. */
    struct json *wrapped = json_object(&arena);
    json_set(&arena, wrapped, "pipeline", printed(&arena));
    json_set(&arena, wrapped, "schedules", json_copy(&arena, json_get(load(&arena, "schedules.yml"), "schedules")));
    assert_true(definition_check(&arena, wrapped, DEFINITION_FILE, NULL, &result));
    assert_int_equal(result.schedule_count, 3);
    struct json *request = printed(&arena);
    json_set(&arena, request, "schedules", json_array(&arena));
    assert_false(definition_check(&arena, request, DEFINITION_REQUEST, NULL, &result));
    assert_string_equal(result.errors.list[0].path, "schedules");
}

/* The pipeline with `of_pipeline` as members, `of_stage` as those of its second stage. */
static const char *type_with(const char *of_pipeline, const char *of_stage, const char *action) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct pipeline *pipeline = check_text(
        &arena, arena_printf(&arena,
                             "name: shop\npipelineType: V1\n%s\nstages:\n- name: Source\n  actions:\n  - {name: App, "
                             "provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main}, "
                             "outputArtifacts: [App]}\n- name: Build\n  %s\n  actions:\n  - %s\n",
                             of_pipeline, of_stage, action));
    return str_equal(pipeline->type, "V2") ? "V2" : "V1";
}

static void what_only_v2_has_makes_a_pipeline_v2(void **state) {
    (void)state;
    static const char manual[] = "{name: Ok, provider: Manual}";
    static const char rules[] = "rules: [{name: A, provider: LambdaInvoke, configuration: {FunctionName: f}}]";
    char condition[256];
    assert_string_equal(type_with("triggers: []", "onFailure: {}", manual), "V1");
    assert_string_equal(
        type_with("triggers: null", "onFailure: {result: null, retryConfiguration: {retryMode: null}}", manual), "V1");
    assert_string_equal(type_with("triggers: [{gitConfiguration: {sourceActionName: App, push: [{tags: {includes: "
                                  "[v1]}}]}}]",
                                  "", manual),
                        "V2");
    for (size_t i = 0; i < 2; i++) {
        snprintf(condition, sizeof condition, "%s: {conditions: [{%s}]}", i ? "onSuccess" : "beforeEntry", rules);
        assert_string_equal(type_with("", condition, manual), "V2");
    }
    assert_string_equal(type_with("", "onFailure: {result: ROLLBACK}", manual), "V2");
    assert_string_equal(type_with("", "", "{name: A, provider: Commands, inputArtifacts: [App], commands: [make]}"),
                        "V2");
}

static char *replace(struct arena *arena, const char *text, const char *old, const char *new) {
    const char *at = strstr(text, old);
    if (!at)
        fail_msg("'%s' stands nowhere", old);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

/* The answer to the printed pipeline with one replacement. */
static void expect(const char *old, const char *new, const char *code, const char *message) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *text = replace(&arena, json_print(&arena, printed(&arena)), old, new);
    const struct json *document;
    struct definition_result result;
    struct err err = {0};
    if (!json_parse(&arena, text, strlen(text), &document, &err))
        fail_msg("%s", err.message);
    assert_false(definition_check(&arena, document, DEFINITION_REQUEST, NULL, &result));
    assert_false(definition_errors_fail(&result.errors, DEFINITION_VALIDATION, &err));
    assert_string_equal(err.message, message);
    assert_string_equal(err.code, code);
}

#define RULE "pipeline.stages.2.member.beforeEntry.conditions.1.member.rules.1.member."

static void broken_conditions_are_told_as_aws_tells_them(void **state) {
    (void)state;
    expect(
        "\"result\":\"SKIP\"", "\"result\":\"STOP\"", "ValidationException",
        "1 validation error detected: Value 'STOP' at "
        "'pipeline.stages.2.member.beforeEntry.conditions.1.member.result' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ROLLBACK, FAIL, RETRY, SKIP]");
    expect("\"result\":\"SKIP\"", "\"result\":\"RETRY\"", "InvalidStageDeclarationException",
           "stages[1].beforeEntry.conditions[0].result: beforeEntry cannot lead to RETRY; write FAIL or SKIP");
    expect("\"name\":\"Branch\",", "", "ValidationException",
           "1 validation error detected: Value null at '" RULE "name' failed to satisfy constraint: Member must not be "
           "null");
    expect("\"provider\":\"VariableCheck\"", "\"provider\":\"Variables\"", "InvalidStageDeclarationException",
           "RuleType (Category: 'Rule', Provider: 'Variables', Owner: 'AWS', Version: '1') in rule 'Branch' is not "
           "available");
    expect("\"Operator\":\"EQ\",", "", "InvalidStageDeclarationException",
           "Rule configuration for rule 'Branch' is missing required configuration 'Operator'");
    expect("\"Operator\":\"EQ\",", "\"Operator\":\"EQ\",\"Key\":\"x\",", "InvalidStageDeclarationException",
           "Rule configuration for rule 'Branch' contains unknown configuration 'Key'");
    expect("\"ruleTypeId\":{\"category\":\"Rule\",\"owner\":\"AWS\",\"provider\":\"VariableCheck\",\"version\":\"1\"}",
           "\"provider\":\"VariableCheck\"", "ValidationException",
           "1 validation error detected: Value null at '" RULE "ruleTypeId' failed to satisfy constraint: Member must "
           "not be null");
    expect("\"timeoutInMinutes\":60", "\"timeoutInMinutes\":4", "ValidationException",
           "1 validation error detected: Value '4' at '" RULE "timeoutInMinutes' failed to satisfy constraint: Member "
           "must have value greater than or equal to 5");
    expect(
        "\"inputArtifacts\":[{\"name\":\"Report\"}]", "\"inputArtifacts\":[{\"name\":\"Other\"}]",
        "InvalidStructureException",
        "Input Artifact Bundle Other in rule Check is not declared as Output Artifact Bundle in any of the preceding "
        "actions");
    expect(
        "\"retryMode\":\"ALL_ACTIONS\"", "\"retryMode\":\"ALL\"", "ValidationException",
        "1 validation error detected: Value 'ALL' at "
        "'pipeline.stages.1.member.onFailure.retryConfiguration.retryMode' failed to satisfy constraint: Member must "
        "satisfy enum value set: [FAILED_ACTIONS, ALL_ACTIONS]");
    expect("\"result\":\"RETRY\",\"retryConfiguration\":{\"retryMode\":\"ALL_ACTIONS\"}", "\"result\":\"ROLLBACK\"",
           "InvalidStageDeclarationException",
           "stages[0].onFailure.result: the first stage cannot be rolled back; write RETRY");
    expect("\"executionMode\":\"QUEUED\"", "\"executionMode\":\"PARALLEL\"", "InvalidStageDeclarationException",
           "stages[1].onFailure.conditions[0].result: a pipeline with executionMode PARALLEL has no rollback; write "
           "RETRY, or executionMode QUEUED");
    expect("#{SourceVariables.BranchName}", "#{Nobody.BranchName}", "InvalidStageDeclarationException",
           "Valid format for a pipeline execution variable reference is a namespace and a key separated by a period "
           "(.). The following pipeline execution variables are referencing a namespace that does not exist. "
           "StageName=[Test], ActionName=[Branch], ActionConfiguration=[#{Nobody.BranchName}]");
}

#define SOURCE_SENTENCE                                                                                                \
    "Triggers for connection must reference a CodeStarSourceConnection action. Note that when you specify a trigger, " \
    "you cant specify more than one trigger per source action."
#define FILTER_SENTENCE                                                                                                \
    "The trigger configuration for the source action is not valid. Make sure to choose valid filter combinations."

static void broken_triggers_are_told_as_aws_tells_them(void **state) {
    (void)state;
    expect("\"sourceActionName\":\"App\"", "\"sourceActionName\":\"Test\"", "InvalidStructureException",
           SOURCE_SENTENCE);
    expect("{\"tags\":{\"includes\":[\"v*\"]}}",
           "{\"tags\":{\"includes\":[\"v*\"]},\"branches\":{\"includes\":[\"v*\"]}}", "InvalidStructureException",
           FILTER_SENTENCE);
    expect("{\"tags\":{\"includes\":[\"v*\"]}}", "{\"filePaths\":{\"includes\":[\"v*\"]}}", "InvalidStructureException",
           FILTER_SENTENCE);
    expect("\"providerType\":\"CodeStarSourceConnection\",", "", "ValidationException",
           "1 validation error detected: Value null at 'pipeline.triggers.1.member.providerType' failed to satisfy "
           "constraint: Member must not be null");
    expect("\"OPEN\",\"UPDATED\",\"CLOSED\"", "\"MERGED\"", "ValidationException",
           "1 validation error detected: Value 'MERGED' at "
           "'pipeline.triggers.1.member.gitConfiguration.pullRequest.1.member.events.1.member' failed to satisfy "
           "constraint: Member must satisfy enum value set: [OPEN, UPDATED, CLOSED]");
    expect("\"includes\":[\"v*\"]", "\"includes\":[]", "ValidationException",
           "1 validation error detected: Value '[]' at "
           "'pipeline.triggers.1.member.gitConfiguration.push.2.member.tags.includes' failed to satisfy constraint: "
           "Member must have length greater than or equal to 1");
    expect(
        "\"v*\"", "\"[\"", "InvalidStructureException",
        "triggers[0].gitConfiguration.push[1].tags.includes[0]: pattern '[': '[' has no ']'; a '[' that means itself "
        "is written '\\['");
}

/* AWS takes triggers of connections only, but GetPipeline's answer for a file of ours must come back. */
static void a_trigger_of_a_repository_here_comes_back_with_update(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *declaration =
        json_copy(&arena, check(&arena, load(&arena, "triggers.yml"), DEFINITION_FILE)->declaration);
    json_set_text(&arena, declaration, "roleArn", "arn:aws:iam::123456789012:role/pipelines");
    struct json *store = json_set_object(&arena, declaration, "artifactStore");
    json_set_text(&arena, store, "type", "S3");
    json_set_text(&arena, store, "location", "artifacts");
    assert_int_equal(check(&arena, declaration, DEFINITION_REQUEST)->trigger_count, 3);
}

static void append_patterns(struct str *out, const char *member, int first) {
    str_printf(out, "\"%s\":[", member);
    for (int i = 0; i < 8; i++)
        str_printf(out, "%s\"%0255d\"", i ? "," : "", first + i);
    str_append(out, "]");
}

/* A trigger in which everything is as long as it can be. */
static void append_trigger(struct str *out, int source) {
    str_printf(out, "{\"gitConfiguration\":{\"sourceActionName\":\"A%d\",\"push\":[", source);
    for (int filter = 0; filter < 3; filter++) {
        str_append(out, filter ? ",{\"branches\":{" : "{\"branches\":{");
        append_patterns(out, "includes", filter * 100);
        str_append(out, ",");
        append_patterns(out, "excludes", filter * 100);
        str_append(out, "},\"filePaths\":{");
        append_patterns(out, "includes", filter * 100);
        str_append(out, ",");
        append_patterns(out, "excludes", filter * 100);
        str_append(out, "}}");
    }
    str_append(out, "]}}");
}

static bool check_triggers(int count, struct arena *arena, struct definition_result *out) {
    struct str text CLEANUP(str_release) = STR_INIT(1024 * 1024);
    const struct json *document;
    str_append(&text, "{\"name\":\"shop\",\"stages\":[{\"name\":\"Source\",\"actions\":[");
    for (int i = 0; i < count; i++)
        str_printf(&text,
                   "%s{\"name\":\"A%d\",\"provider\":\"CodeCommit\",\"configuration\":{\"RepositoryName\":\"a\","
                   "\"BranchName\":\"b\"},\"outputArtifacts\":[\"A%d\"]}",
                   i ? "," : "", i, i);
    str_append(&text,
               "]},{\"name\":\"Release\",\"actions\":[{\"name\":\"Ok\",\"provider\":\"Manual\"}]}],\"triggers\":[");
    for (int i = 0; i < count; i++) {
        str_append(&text, i ? "," : "");
        append_trigger(&text, i);
    }
    str_append(&text, "]}");
    assert_true(json_parse(arena, str_text(&text), text.length, &document, NULL));
    return definition_check(arena, document, DEFINITION_FILE, NULL, out);
}

/* AWS: 200 KB for all triggers together. */
static void triggers_together_have_a_limit(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct definition_result result;
    assert_true(check_triggers(8, &arena, &result));
    assert_false(check_triggers(9, &arena, &result));
    assert_int_equal(result.errors.count, 1);
    assert_string_equal(result.errors.list[0].path, "triggers");
    assert_string_equal(result.errors.list[0].code, "InvalidStructureException");
}

static void damaged_conditions_are_our_fault(void **state) {
    (void)state;
    static const struct {
        const char *old, *new, *message;
    } cases[] = {
        {"\"provider\":\"VariableCheck\"", "\"provider\":\"Nothing\"",
         "stored declaration is damaged: no rule type 'Nothing'"},
        {"\"result\":\"SKIP\"", "\"result\":\"STOP\"", "stored declaration is damaged: unknown result of a condition"},
        {"\"sourceActionName\":\"App\",", "", "stored declaration is damaged: 'sourceActionName' is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        char *text = replace(&arena, json_print(&arena, printed(&arena)), cases[i].old, cases[i].new);
        const struct json *tree;
        struct pipeline *pipeline = NULL;
        struct err err = {0};
        assert_true(json_parse(&arena, text, strlen(text), &tree, NULL));
        assert_false(definition_read(&arena, tree, &pipeline, &err));
        assert_int_equal(err.kind, ERR_INTERNAL);
        assert_string_equal(err.message, cases[i].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_get_pipeline_prints_comes_back_the_same),
        cmocka_unit_test(conditions_become_records),
        cmocka_unit_test(triggers_become_records),
        cmocka_unit_test(schedules_stand_beside_the_pipeline),
        cmocka_unit_test(what_only_v2_has_makes_a_pipeline_v2),
        cmocka_unit_test(broken_conditions_are_told_as_aws_tells_them),
        cmocka_unit_test(broken_triggers_are_told_as_aws_tells_them),
        cmocka_unit_test(a_trigger_of_a_repository_here_comes_back_with_update),
        cmocka_unit_test(triggers_together_have_a_limit),
        cmocka_unit_test(damaged_conditions_are_our_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
