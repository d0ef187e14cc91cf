/*
 * Variables: of the pipeline, of actions before, of the execution; and what happens where one has no value.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "pipelineType: V2\n"                                                                                               \
    "variables:\n"                                                                                                     \
    "  - {name: Stage, defaultValue: test}\n"                                                                          \
    "  - {name: Who}\n"                                                                                                \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, namespace: src, configuration: {RepositoryName: shop,\n"                \
    "         BranchName: main}, outputArtifacts: [App]}\n"                                                            \
    "  - name: Build\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - name: Image\n"                                                                                            \
    "        provider: CodeBuild\n"                                                                                    \
    "        namespace: made\n"                                                                                        \
    "        inputArtifacts: [App]\n"                                                                                  \
    "        configuration:\n"                                                                                         \
    "          ProjectName: shop\n"                                                                                    \
    "          EnvironmentVariables: '[{\"name\":\"ID\",\"value\":\"#{codepipeline.PipelineExecutionId}\"}]'\n"        \
    "  - name: Ask\n"                                                                                                  \
    "    actions:\n"                                                                                                   \
    "      - name: Ok\n"                                                                                               \
    "        provider: Manual\n"                                                                                       \
    "        configuration:\n"                                                                                         \
    "          CustomData: '#{src.CommitId} for #{variables.Who} on #{variables.Stage}; # {x}'\n"                      \
    "          ExternalEntityLink: 'https://example.com/#{made.Tag}'\n"

static const char *start(struct world *world, const char *who, struct err *err) {
    const struct wire_variable variable = {.name = "Who", .value = who};
    const struct engine_start_request request = {.pipeline = "shop",
                                                 .trigger_type = "StartPipelineExecution",
                                                 .variables = &variable,
                                                 .variable_count = who ? 1 : 0};
    return world_start(world, &request, err);
}

static void finish_source(struct world *world) {
    struct err err = {0};
    const struct wire_variable variable = {.name = "CommitId", .value = "c0ffee"};
    const struct wire_result result = {
        .outcome = WIRE_SUCCEEDED, .revision_id = "c0ffee", .variables = &variable, .variable_count = 1};
    world_must(world, "1 take App");
    if (!world_upload(world, 1, "App", &err) || !world_finish(world, 1, "App", &result, &err))
        fail_msg("%s", err.message);
}

static void values_are_filled_in(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    const char *uuid = start(&world, "Ann", &err);
    assert_non_null(uuid);
    finish_source(&world);
    const struct wire_variable variable = {.name = "Tag", .value = "v1"};
    const struct wire_result built = {.outcome = WIRE_SUCCEEDED, .variables = &variable, .variable_count = 1};
    assert_string_equal(world_action(&world, 1, "Image").configuration,
                        arena_printf(&world.arena,
                                     "{\"ProjectName\":\"shop\",\"EnvironmentVariables\":"
                                     "\"[{\\\"name\\\":\\\"ID\\\",\\\"value\\\":\\\"%s\\\"}]\"}",
                                     uuid));
    assert_true(world_finish(&world, 1, "Image", &built, &err));
    assert_string_equal(world_action(&world, 1, "Ok").configuration,
                        "{\"CustomData\":\"c0ffee for Ann on test; # {x}\","
                        "\"ExternalEntityLink\":\"https://example.com/v1\"}");
    world_close(&world);
}

static void a_variable_without_value_fails_the_action(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    assert_non_null(start(&world, "Ann", &err));
    finish_source(&world);
    world_must(&world, "1 done Image"); /* puts out no Tag */
    assert_string_equal(world_show(&world), "1 Failed");
    const struct action_run_row run = world_action(&world, 1, "Ok");
    assert_string_equal(run.error_code, "ConfigurationError");
    assert_string_equal(run.error_message, "'ExternalEntityLink': the variable #{made.Tag} has no value: nothing "
                                           "before this action put it out");
    world_close(&world);
}

static void a_start_must_give_what_has_no_default(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, SHOP);
    assert_null(start(&world, NULL, &err));
    assert_string_equal(err.code, "ValidationException");
    assert_null(start(&world, "", &err));
    assert_string_equal(err.code, "ValidationException");
    const struct wire_variable unknown[] = {{.name = "Who", .value = "Ann"}, {.name = "Why", .value = "so"}};
    const struct engine_start_request request = {
        .pipeline = "shop", .trigger_type = "x", .variables = unknown, .variable_count = 2};
    assert_null(world_start(&world, &request, &err));
    assert_string_equal(err.message, "the pipeline has no variable 'Why'");
    assert_string_equal(world_show(&world), "");
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_filled_in),
        cmocka_unit_test(a_variable_without_value_fails_the_action),
        cmocka_unit_test(a_start_must_give_what_has_no_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
