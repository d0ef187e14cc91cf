/*
 * The AWS door without HTTP and signatures: what is looked up, what is checked, what a repeated call gets, how lists
 * are paged, how errors look. Against the real store and engine.
 */
#include "server/api/aws.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/engine/engine.h"
#include "tests/unit/server/api/door_under_test.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define PIPELINE(name)                                                                                                 \
    "{\"pipeline\":{\"name\":\"" name "\",\"roleArn\":\"arn:aws:iam::123456789012:role/p\",\"artifactStore\":"         \
    "{\"type\":\"S3\",\"location\":\"artifacts\"},\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\","    \
    "\"actionTypeId\":{\"category\":\"Source\",\"owner\":\"AWS\",\"provider\":\"CodeCommit\",\"version\":\"1\"},"      \
    "\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"},\"outputArtifacts\":[{\"name\":"          \
    "\"App\"}]}]},{\"name\":\"Ok\",\"actions\":[{\"name\":\"Ok\",\"actionTypeId\":{\"category\":\"Approval\","         \
    "\"owner\":\"AWS\",\"provider\":\"Manual\",\"version\":\"1\"}}]}]}}"

static struct request to(const char *target, const char *body) {
    struct request request = request_to("POST", "", body, NULL);
    if (target)
        request_with(&request, "x-amz-target", target);
    request.principal = (struct principal){
        .kind = PRINCIPAL_USER, .id = "PSKTEST", .name = "admin", .arn = "arn:aws:iam::123456789012:user/admin"};
    return request;
}

static const struct json *tree_of(const struct reply *reply) {
    const struct json *tree;
    struct err err;
    if (!json_parse(&test_arena, reply->body, reply->body_size, &tree, &err))
        fail_msg("%s in %s", err.message, reply->body);
    return tree;
}

/* The answer to a call that must be done. */
static const struct json *ask(const char *target, const char *body) {
    struct request request = to(target, body);
    struct reply reply = call(aws_door, &request);
    if (reply.status != 200)
        fail_msg("%s: %s", target, reply.body);
    assert_string_equal(reply.content_type, "application/x-amz-json-1.1");
    return reply.body_size > 0 ? tree_of(&reply) : NULL;
}

/* The message of a call that must be refused with that name. */
static const char *refused(const char *target, const char *body, const char *name) {
    struct request request = to(target, body);
    struct reply reply = call(aws_door, &request);
    assert_int_equal(reply.status, 400);
    assert_string_equal(json_get_text(tree_of(&reply), "__type"), name);
    assert_string_equal(reply.headers[0].name, "x-amzn-ErrorType");
    assert_string_equal(reply.headers[0].value, name);
    return json_get_text(tree_of(&reply), "message");
}

static void the_last_two_parts_of_the_target_count(void **state) {
    (void)state;
    assert_non_null(ask("CodePipeline_20150709.ListPipelines", "{}"));
    assert_non_null(ask("com.amazonaws.codepipeline.CodePipeline_20150709.ListPipelines", ""));
    assert_non_null(ask("Penstock_20261101.GetSession", "{}"));
    refused("CodePipeline_20150709.Nothing", "{}", "UnknownOperationException");
    refused("CodePipeline_2015070.ListPipelines", "{}", "UnknownOperationException");
    refused("CodePipeline_20150709x.ListPipelines", "{}", "UnknownOperationException");
    refused(".ListPipelines", "{}", "UnknownOperationException");
    refused("ListPipelines", "{}", "UnknownOperationException");
    refused(NULL, "{}", "UnknownOperationException");
}

static void every_operation_checks_its_input(void **state) {
    (void)state;
    static const struct aws_service *const services[] = {&codepipeline_service, &codebuild_service, &codecommit_service,
                                                         &penstock_service};
    for (size_t i = 0; i < 4; i++)
        for (const struct aws_operation *operation = services[i]->operations; operation->name; operation++) {
            const char *target = arena_printf(&test_arena, "%s.%s", services[i]->target, operation->name);
            const char *message = refused(target, "{\"nobody knows this\":1}", services[i]->validation);
            assert_non_null(message);
        }
}

static void an_error_looks_as_aws_makes_it(void **state) {
    (void)state;
    assert_string_equal(refused("CodePipeline_20150709.GetPipeline", "{\"name\":\"nix\"}", "PipelineNotFoundException"),
                        "Account '123456789012' does not have a pipeline with name 'nix'");
    assert_string_equal(refused("CodePipeline_20150709.GetPipeline", "{}", "ValidationException"),
                        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must "
                        "not be null");
    assert_string_equal(
        refused("CodeBuild_20161006.StartBuild", "{\"projectName\":\"nix\"}", "ResourceNotFoundException"),
        "Project cannot be found: arn:aws:codebuild:eu-west-1:123456789012:project/nix");
    refused("CodePipeline_20150709.GetPipeline", "[]", "SerializationException");
    refused("CodePipeline_20150709.GetPipeline", "{", "SerializationException");
}

static void a_signature_for_another_service_is_no_good(void **state) {
    (void)state;
    struct request request = to("CodeBuild_20161006.ListProjects", "{}");
    request.principal.service = "codepipeline";
    struct reply reply = call(aws_door, &request);
    assert_int_equal(reply.status, 400);
    assert_string_equal(json_get_text(tree_of(&reply), "__type"), "InvalidSignatureException");
    request.principal.service = "codebuild";
    assert_int_equal(call(aws_door, &request).status, 200);
}

static struct reply create_under(const char *invocation, const char *who) {
    struct request request = to("CodePipeline_20150709.CreatePipeline", PIPELINE("shop"));
    request_with(&request, "amz-sdk-invocation-id", invocation);
    request.principal.id = who;
    return call(aws_door, &request);
}

static void a_repeated_call_gets_its_first_answer(void **state) {
    (void)state;
    struct reply first = create_under("a", "PSKONE"), again = create_under("a", "PSKONE");
    assert_int_equal(first.status, 200);
    assert_int_equal(again.status, 200);
    assert_string_equal(first.body, again.body);
    assert_int_equal(create_under("b", "PSKONE").status, 400);
    assert_int_equal(create_under("a", "PSKTWO").status, 400); /* nobody gets another's answers */
    const struct json *executions =
        json_get(ask("CodePipeline_20150709.ListPipelineExecutions", "{\"pipelineName\":\"shop\"}"),
                 "pipelineExecutionSummaries");
    assert_int_equal(executions->count, 1);
}

static void a_refused_call_changes_nothing_and_is_not_remembered(void **state) {
    (void)state;
    const char *before = database_digest();
    struct request request = to("CodePipeline_20150709.StartPipelineExecution", "{\"name\":\"shop\"}");
    request_with(&request, "amz-sdk-invocation-id", "a");
    assert_int_equal(call(aws_door, &request).status, 400);
    assert_string_equal(database_digest(), before);
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("shop"));
    assert_int_equal(call(aws_door, &request).status, 200);
}

static void lists_go_page_by_page(void **state) {
    (void)state;
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("a"));
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("b"));
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("c"));
    const struct json *page = ask("CodePipeline_20150709.ListPipelines", "{\"maxResults\":2}");
    assert_int_equal(json_get(page, "pipelines")->count, 2);
    const char *token = json_get_text(page, "nextToken");
    assert_non_null(token);
    page = ask("CodePipeline_20150709.ListPipelines",
               arena_printf(&test_arena, "{\"maxResults\":2,\"nextToken\":\"%s\"}", token));
    assert_int_equal(json_get(page, "pipelines")->count, 1);
    assert_string_equal(json_get_text(json_get(page, "pipelines")->first, "name"), "c");
    assert_null(json_get(page, "nextToken"));
    assert_null(json_get(ask("CodePipeline_20150709.ListPipelines", "{\"maxResults\":3}"), "nextToken"));
    /* A token belongs to its list. */
    refused("CodePipeline_20150709.ListPipelineExecutions",
            arena_printf(&test_arena, "{\"pipelineName\":\"a\",\"nextToken\":\"%s\"}", token),
            "InvalidNextTokenException");
    refused("CodePipeline_20150709.ListPipelines", "{\"nextToken\":\"====\"}", "InvalidNextTokenException");
    ask("CodePipeline_20150709.StartPipelineExecution", "{\"name\":\"a\"}");
    page = ask("CodePipeline_20150709.ListPipelineExecutions", "{\"pipelineName\":\"a\",\"maxResults\":1}");
    refused(
        "CodePipeline_20150709.ListActionExecutions",
        arena_printf(&test_arena, "{\"pipelineName\":\"a\",\"nextToken\":\"%s\"}", json_get_text(page, "nextToken")),
        "InvalidNextTokenException");
}

static void filtered_executions_go_page_by_page(void **state) {
    (void)state;
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("shop"));
    for (int i = 0; i < 5; i++)
        ask("CodePipeline_20150709.StartPipelineExecution", "{\"name\":\"shop\"}");
    size_t seen = 0;
    const char *token = NULL;
    do {
        const struct json *page =
            ask("CodePipeline_20150709.ListPipelineExecutions",
                token ? arena_printf(&test_arena, "{\"pipelineName\":\"shop\",\"maxResults\":4,\"nextToken\":\"%s\"}",
                                     token)
                      : "{\"pipelineName\":\"shop\",\"maxResults\":4}");
        seen += json_get(page, "pipelineExecutionSummaries")->count;
        token = json_get_text(page, "nextToken");
    } while (token);
    assert_int_equal(seen, 6);
    const struct json *none =
        ask("CodePipeline_20150709.ListPipelineExecutions",
            "{\"pipelineName\":\"shop\",\"maxResults\":1,\"filter\":{\"succeededInStage\":{\"stageName\":\"Ok\"}}}");
    assert_int_equal(json_get(none, "pipelineExecutionSummaries")->count, 0);
    assert_null(json_get(none, "nextToken"));
}

static bool show_short(struct tx *tx, void *context, struct err *err) {
    struct request request = to(NULL, "");
    const struct aws_call one = {.server = &under_test,
                                 .request = &request,
                                 .arena = &test_arena,
                                 .service = &codepipeline_service,
                                 .region = "eu-west-1",
                                 .account_id = "123456789012"};
    return pipeline_show(tx, &one, "{\"name\":\"shop\",\"stages\":[],\"executionMode\":\"SUPERSEDED\"}", 3, context,
                         err);
}

static void what_a_file_leaves_out_is_shown(void **state) {
    (void)state;
    struct json *shown;
    write_in(show_short, &shown);
    assert_string_equal(json_print(&test_arena, shown),
                        "{\"name\":\"shop\",\"roleArn\":\"arn:aws:iam::123456789012:role/penstock-codepipeline\","
                        "\"artifactStore\":{\"type\":\"S3\",\"location\":\"penstock-artifacts-123456789012\"},"
                        "\"stages\":[],\"version\":3,\"executionMode\":\"SUPERSEDED\"}");
}

static bool put_file(struct tx *tx, void *context, struct err *err) {
    const struct engine_definition definition = {.pipeline = context, .origin = ORIGIN_FILE, .file = "shop.yml"};
    return engine_put_pipeline(tx, &test_arena, &definition, NULL, err);
}

static void what_came_from_a_file_is_changed_there(void **state) {
    (void)state;
    const struct json *input;
    struct definition_result result;
    assert_true(json_parse(&test_arena, PIPELINE("shop"), strlen(PIPELINE("shop")), &input, NULL));
    assert_true(definition_check(&test_arena, json_get(input, "pipeline"), DEFINITION_REQUEST, NULL, &result));
    struct pipeline pipeline = *result.pipeline;
    write_in(put_file, &pipeline);
    assert_string_equal(refused("CodePipeline_20150709.UpdatePipeline", PIPELINE("shop"), "ConflictException"),
                        "pipeline 'shop' comes from the file 'shop.yml'; change it there");
    ask("CodePipeline_20150709.DeletePipeline", "{\"name\":\"shop\"}");
    ask("CodePipeline_20150709.CreatePipeline", PIPELINE("shop"));
    ask("CodePipeline_20150709.UpdatePipeline", PIPELINE("shop"));
}

static void an_operation_without_output_answers_nothing(void **state) {
    (void)state;
    assert_null(ask("CodePipeline_20150709.DeletePipeline", "{\"name\":\"nix\"}"));
}

static void sts_knows_who_calls(void **state) {
    (void)state;
    struct request request = to(NULL, "Version=2011-06-15&Action=GetCallerIdentity");
    request_with(&request, "content-type", "application/x-www-form-urlencoded; charset=utf-8");
    request.principal.service = "sts";
    struct reply reply = call(aws_door, &request);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "text/xml");
    assert_non_null(strstr(reply.body, "<Arn>arn:aws:iam::123456789012:user/admin</Arn><UserId>PSKTEST</UserId>"
                                       "<Account>123456789012</Account>"));
    request.body = "Action=GetCallerIdentityX";
    assert_int_equal(call(aws_door, &request).status, 400);
    request.principal.service = "codebuild";
    assert_int_equal(call(aws_door, &request).status, 403);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, under_test_open, under_test_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_last_two_parts_of_the_target_count),
        TEST(every_operation_checks_its_input),
        TEST(an_error_looks_as_aws_makes_it),
        TEST(a_signature_for_another_service_is_no_good),
        TEST(a_repeated_call_gets_its_first_answer),
        TEST(a_refused_call_changes_nothing_and_is_not_remembered),
        TEST(lists_go_page_by_page),
        TEST(filtered_executions_go_page_by_page),
        TEST(what_a_file_leaves_out_is_shown),
        TEST(what_came_from_a_file_is_changed_there),
        TEST(an_operation_without_output_answers_nothing),
        TEST(sts_knows_who_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
