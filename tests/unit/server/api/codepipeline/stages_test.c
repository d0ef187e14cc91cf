/*
 * What people do to stages, asked of the AWS door without HTTP and signatures: who may not is told by AWS's name, what
 * is done shows in GetPipelineState. No runner is needed: a source that nobody has begun can be stopped, and tried
 * again.
 */
#include "server/api/aws.h"

#include "common/str.h"
#include "tests/unit/server/api/door_under_test.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define PIPELINE                                                                                                       \
    "{\"pipeline\":{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/p\",\"artifactStore\":"             \
    "{\"type\":\"S3\",\"location\":\"artifacts\"},\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\","    \
    "\"actionTypeId\":{\"category\":\"Source\",\"owner\":\"AWS\",\"provider\":\"CodeCommit\",\"version\":\"1\"},"      \
    "\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"},\"outputArtifacts\":[{\"name\":"          \
    "\"App\"}]}]},{\"name\":\"Ok\",\"actions\":[{\"name\":\"Ok\",\"actionTypeId\":{\"category\":\"Approval\","         \
    "\"owner\":\"AWS\",\"provider\":\"Manual\",\"version\":\"1\"}}]}]}}"
#define NOWHERE "3137f7cb-8d44-4f1b-9d35-1c2f8b0c1a2e"
#define COMMIT "5f6bf7d1c2b3a4958677869504132231405f6e7d"

static struct reply send(const char *operation, const char *body) {
    struct request request = request_to("POST", "", body, NULL);
    request_with(&request, "x-amz-target", arena_printf(&test_arena, "CodePipeline_20150709.%s", operation));
    request.principal = (struct principal){
        .kind = PRINCIPAL_USER, .id = "PSKTEST", .name = "admin", .arn = "arn:aws:iam::123456789012:user/admin"};
    return call(aws_door, &request);
}

static const struct json *tree_of(const struct reply *reply) {
    const struct json *tree;
    if (!json_parse(&test_arena, reply->body, reply->body_size, &tree, NULL))
        fail_msg("%s", reply->body);
    return tree;
}

/* The answer to a call that must be done; NULL for an empty one. Quotes in `body` are written as '. */
static const struct json *ask(const char *operation, const char *body) {
    char *text = arena_strdup(&test_arena, body);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    struct reply reply = send(operation, text);
    if (reply.status != 200)
        fail_msg("%s: %s", operation, reply.body);
    return reply.body_size > 0 ? tree_of(&reply) : NULL;
}

static void refused(const char *operation, const char *body, const char *name) {
    char *text = arena_strdup(&test_arena, body);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    struct reply reply = send(operation, text);
    assert_int_equal(reply.status, 400);
    assert_string_equal(json_get_text(tree_of(&reply), "__type"), name);
}

static const struct json *stage(const char *name) {
    json_each(shown, json_get(ask("GetPipelineState", "{'name':'shop'}"), "stageStates")) {
        if (str_equal(json_get_text(shown, "stageName"), name))
            return shown;
    }
    return NULL;
}

/* The pipeline, with an execution that waits for a runner; its id. */
static const char *begin(void) {
    struct reply reply = send("CreatePipeline", PIPELINE);
    assert_int_equal(reply.status, 200);
    return json_get_text(json_get(stage("Source"), "latestExecution"), "pipelineExecutionId");
}

static const char *of(const char *form, const char *execution) {
    struct str text CLEANUP(str_release) = STR_INIT(4096);
    for (const char *at = form; *at; at++) {
        if (*at == '@')
            str_append(&text, execution);
        else
            str_append_bytes(&text, at, 1);
    }
    return arena_strdup(&test_arena, str_text(&text));
}

#define RETRY "{'pipelineName':'shop','stageName':'Source','pipelineExecutionId':'@','retryMode':'FAILED_ACTIONS'}"

static void a_stopped_stage_is_tried_again(void **state) {
    (void)state;
    const char *execution = begin();
    refused("RetryStageExecution", of(RETRY, execution), "StageNotRetryableException"); /* nothing has failed */
    ask("StopPipelineExecution", of("{'pipelineName':'shop','pipelineExecutionId':'@','abandon':true}", execution));
    assert_null(json_get(stage("Source"), "retryStageMetadata"));
    const struct json *answer = ask("RetryStageExecution", of(RETRY, execution));
    assert_string_equal(json_get_text(answer, "pipelineExecutionId"), execution);
    const struct json *shown = stage("Source");
    assert_string_equal(json_get_text(json_get(shown, "latestExecution"), "status"), "InProgress");
    assert_string_equal(json_print(&test_arena, json_get(shown, "retryStageMetadata")),
                        "{\"manualStageRetryAttempt\":1,\"latestRetryTrigger\":\"ManualStageRetry\"}");
    static const char latest[] = "{'pipelineName':'shop','filter':{'latestInPipelineExecution':"
                                 "{'pipelineExecutionId':'@','startTimeRange':'%s'}}}";
    assert_int_equal(json_get(ask("ListActionExecutions", of(arena_printf(&test_arena, latest, "All"), execution)),
                              "actionExecutionDetails")
                         ->count,
                     2);
    assert_int_equal(json_get(ask("ListActionExecutions", of(arena_printf(&test_arena, latest, "Latest"), execution)),
                              "actionExecutionDetails")
                         ->count,
                     1);
}

static void retry_refuses(void **state) {
    (void)state;
    const char *execution = begin();
    refused("RetryStageExecution",
            of("{'pipelineName':'nix','stageName':'Source','pipelineExecutionId':'@',"
               "'retryMode':'ALL_ACTIONS'}",
               execution),
            "PipelineNotFoundException");
    refused(
        "RetryStageExecution",
        of("{'pipelineName':'shop','stageName':'Nix','pipelineExecutionId':'@','retryMode':'ALL_ACTIONS'}", execution),
        "StageNotFoundException");
    refused("RetryStageExecution", of(RETRY, NOWHERE), "NotLatestPipelineExecutionException");
    refused("RetryStageExecution",
            of("{'pipelineName':'shop','stageName':'Source','pipelineExecutionId':'@','retryMode':'NONE'}", execution),
            "ValidationException");
}

static void rollback_refuses(void **state) {
    (void)state;
    const char *execution = begin();
    static const char form[] = "{'pipelineName':'%s','stageName':'%s','targetPipelineExecutionId':'%s'}";
    refused("RollbackStage", arena_printf(&test_arena, form, "nix", "Ok", execution), "PipelineNotFoundException");
    refused("RollbackStage", arena_printf(&test_arena, form, "shop", "Nix", execution), "StageNotFoundException");
    refused("RollbackStage", arena_printf(&test_arena, form, "shop", "Ok", NOWHERE),
            "PipelineExecutionNotFoundException");
    refused("RollbackStage", arena_printf(&test_arena, form, "shop", "Source", execution),
            "UnableToRollbackStageException");
    refused("RollbackStage", arena_printf(&test_arena, form, "shop", "Ok", execution),
            "UnableToRollbackStageException");
    ask("UpdatePipeline", PIPELINE);
    refused("RollbackStage", arena_printf(&test_arena, form, "shop", "Ok", execution),
            "PipelineExecutionOutdatedException");
}

static void a_transition_closes_and_opens(void **state) {
    (void)state;
    begin();
    assert_string_equal(json_print(&test_arena, json_get(stage("Ok"), "inboundTransitionState")), "{\"enabled\":true}");
    assert_null(ask("DisableStageTransition", "{'pipelineName':'shop','stageName':'Source','transitionType':'Outbound',"
                                              "'reason':'release freeze'}"));
    assert_string_equal(json_print(&test_arena, json_get(stage("Ok"), "inboundTransitionState")),
                        "{\"enabled\":false,\"lastChangedBy\":\"arn:aws:iam::123456789012:user/admin\","
                        "\"lastChangedAt\":1795412345.678,\"disabledReason\":\"release freeze\"}");
    assert_null(ask("EnableStageTransition", "{'pipelineName':'shop','stageName':'Ok','transitionType':'Inbound'}"));
    assert_string_equal(json_print(&test_arena, json_get(stage("Ok"), "inboundTransitionState")),
                        "{\"enabled\":true,\"lastChangedBy\":\"arn:aws:iam::123456789012:user/admin\","
                        "\"lastChangedAt\":1795412345.678}");
}

static void transitions_refuse(void **state) {
    (void)state;
    begin();
    static const char *const operations[] = {"DisableStageTransition", "EnableStageTransition"};
    static const char *const reasons[] = {",'reason':'why'", ""};
    static const char form[] = "{'pipelineName':'%s','stageName':'%s','transitionType':'%s'%s}";
    for (size_t i = 0; i < 2; i++) {
        refused(operations[i], arena_printf(&test_arena, form, "nix", "Ok", "Inbound", reasons[i]),
                "PipelineNotFoundException");
        refused(operations[i], arena_printf(&test_arena, form, "shop", "Nix", "Inbound", reasons[i]),
                "StageNotFoundException");
        refused(operations[i], arena_printf(&test_arena, form, "shop", "Ok", "Up", reasons[i]), "ValidationException");
    }
    refused(operations[0], arena_printf(&test_arena, form, "shop", "Ok", "Inbound", ""), "ValidationException");
    refused(operations[0], arena_printf(&test_arena, form, "shop", "Ok", "Inbound", ",'reason':'<b>'"),
            "ValidationException");
}

static void overrides_refuse(void **state) {
    (void)state;
    const char *execution = begin();
    static const char form[] = "{'pipelineName':'%s','stageName':'%s','pipelineExecutionId':'%s','conditionType':'%s'}";
    refused("OverrideStageCondition", arena_printf(&test_arena, form, "nix", "Source", execution, "ON_SUCCESS"),
            "PipelineNotFoundException");
    refused("OverrideStageCondition", arena_printf(&test_arena, form, "shop", "Nix", execution, "ON_SUCCESS"),
            "StageNotFoundException");
    refused("OverrideStageCondition", arena_printf(&test_arena, form, "shop", "Source", NOWHERE, "ON_SUCCESS"),
            "NotLatestPipelineExecutionException");
    refused("OverrideStageCondition", arena_printf(&test_arena, form, "shop", "Source", execution, "BEFORE_ENTRY"),
            "ConditionNotOverridableException");
    refused("OverrideStageCondition", arena_printf(&test_arena, form, "shop", "Source", execution, "ON_FAILURE"),
            "ValidationException");
}

static void lists_refuse(void **state) {
    (void)state;
    begin();
    static const char *const operations[] = {"ListActionExecutions", "ListRuleExecutions"};
    for (size_t i = 0; i < 2; i++) {
        refused(operations[i], "{'pipelineName':'nix'}", "PipelineNotFoundException");
        refused(operations[i], "{'pipelineName':'shop','filter':{'pipelineExecutionId':'" NOWHERE "'}}",
                "PipelineExecutionNotFoundException");
        refused(operations[i], "{'pipelineName':'shop','nextToken':'x'}", "InvalidNextTokenException");
        refused(operations[i], "{'pipelineName':'shop','maxResults':101}", "ValidationException");
    }
    assert_int_equal(json_get(ask("ListRuleExecutions", "{'pipelineName':'shop'}"), "ruleExecutionDetails")->count, 0);
    refused("ListDeployActionExecutionTargets", "{'actionExecutionId':'" NOWHERE "'}",
            "ActionExecutionNotFoundException");
    refused("ListDeployActionExecutionTargets", "{'pipelineName':'nix','actionExecutionId':'" NOWHERE "'}",
            "PipelineNotFoundException");
}

#define REVISION(pipeline, stage, action, id)                                                                          \
    "{'pipelineName':'" pipeline "','stageName':'" stage "','actionName':'" action                                     \
    "','actionRevision':{'revisionId':'" id "','revisionChangeId':'1','created':1795404612.5}}"

static void a_revision_starts_the_pipeline_once(void **state) {
    (void)state;
    const char *before = begin();
    const struct json *first = ask("PutActionRevision", REVISION("shop", "Source", "App", COMMIT));
    assert_true(json_get_bool(first, "newRevision", false));
    const char *execution = json_get_text(first, "pipelineExecutionId");
    assert_string_not_equal(execution, before);
    const struct json *again = ask("PutActionRevision", REVISION("shop", "Source", "App", COMMIT));
    assert_false(json_get_bool(again, "newRevision", true));
    assert_string_equal(json_get_text(again, "pipelineExecutionId"), execution);
    refused("PutActionRevision", REVISION("nix", "Source", "App", COMMIT), "PipelineNotFoundException");
    refused("PutActionRevision", REVISION("shop", "Nix", "App", COMMIT), "StageNotFoundException");
    refused("PutActionRevision", REVISION("shop", "Source", "Nix", COMMIT), "ActionNotFoundException");
    refused("PutActionRevision", REVISION("shop", "Ok", "Ok", COMMIT), "ValidationException");
    refused("PutActionRevision", REVISION("shop", "Source", "App", "main"), "ValidationException");
}

static void action_types_are_those_that_are_done_here(void **state) {
    (void)state;
    static const char form[] = "{'category':'%s','owner':'%s','provider':'%s','version':'1'}";
    const struct json *type =
        json_get(ask("GetActionType", arena_printf(&test_arena, form, "Deploy", "AWS", "ECS")), "actionType");
    assert_string_equal(json_get_text(json_get(type, "id"), "provider"), "ECS");
    refused("GetActionType", arena_printf(&test_arena, form, "Build", "AWS", "ECS"), "ActionTypeNotFoundException");
    refused("GetActionType", arena_printf(&test_arena, form, "Deploy", "ThirdParty", "ECS"),
            "ActionTypeNotFoundException");
    refused("GetActionType", arena_printf(&test_arena, form, "Deploy", "Custom", "ECS"), "ValidationException");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, under_test_open, under_test_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stopped_stage_is_tried_again),
        TEST(retry_refuses),
        TEST(rollback_refuses),
        TEST(a_transition_closes_and_opens),
        TEST(transitions_refuse),
        TEST(overrides_refuse),
        TEST(lists_refuse),
        TEST(a_revision_starts_the_pipeline_once),
        TEST(action_types_are_those_that_are_done_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
