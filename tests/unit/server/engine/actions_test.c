/*
 * Actions: groups by runOrder, failures beside others, approvals, what a result must bring.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#include "server/store/builds.h"

/* Groups 1, 3 and 7; two actions in the middle one. */
#define GROUPS                                                                                                         \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "      - {name: Tools, provider: CodeCommit, configuration: {RepositoryName: tools, BranchName: main},\n"          \
    "         outputArtifacts: [Tools]}\n"                                                                             \
    "  - name: Work\n"                                                                                                 \
    "    actions:\n"                                                                                                   \
    "      - {name: Last, provider: Manual, runOrder: 7, timeoutInMinutes: 10}\n"                                      \
    "      - {name: First, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App],\n"          \
    "         outputArtifacts: [Images]}\n"                                                                            \
    "      - {name: Deploy, provider: ECS, runOrder: 3, configuration: {ClusterName: prod, ServiceName: shop},\n"      \
    "         inputArtifacts: [Images]}\n"                                                                             \
    "      - {name: Test, provider: CodeBuild, runOrder: 3, configuration: {ProjectName: shop},\n"                     \
    "         inputArtifacts: [Tools]}\n"

static void groups_follow_each_other(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", "1 Source:App,Tools"},        {"1 done Tools", "1 Source:App"}, {"1 done App", "1 Work:First"},
        {"1 done First", "1 Work:Deploy,Test"}, {"1 done Test", "1 Work:Deploy"}, {"1 done Deploy", "1 Work:Last"},
        {"1 approve Last", "1 Succeeded"},
    };
    RUN(GROUPS, steps);
}

static void a_failure_leaves_its_neighbours_alone(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 done Tools", NULL},
        {"1 done First", "1 Work:Deploy,Test"},
        {"start", NULL},
        {"2 done App", NULL},
        {"2 done Tools", "1 Work:Deploy,Test | 2 >Work"},
        {"1 fails Test", "1 Work:Deploy | 2 >Work"},  /* nobody enters beside the deploy */
        {"1 done Deploy", "1 Failed | 2 Work:First"}, /* and the next group is not started */
    };
    RUN(GROUPS, steps);
}

static void a_stuck_neighbour_of_a_failure_can_be_stopped(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 done Tools", NULL},
        {"1 done First", NULL},
        {"1 take Deploy", NULL},
        {"1 fails Test", "1 Work:Deploy"},
        {"1 abandon", "1 Stopping Work:Deploy"},
        {"1 stopped Deploy", "1 Stopped"},
    };
    RUN(GROUPS, steps);
}

static struct world *to_approval(struct world *world) {
    world_open(world, GROUPS);
    static const char *const steps[] = {"start",        "1 done App",    "1 done Tools",
                                        "1 done First", "1 done Deploy", "1 done Test"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(world, steps[i]);
    assert_string_equal(world_show(world), "1 Work:Last");
    return world;
}

static void an_approval_expires(void **state) {
    (void)state;
    struct world world;
    to_approval(&world);
    struct err err = {0};
    assert_int_equal(world_action(&world, 1, "Last").expires_ms, world.wall_ms + 600000);
    world_must(&world, "pass 9");
    assert_string_equal(world_show(&world), "1 Work:Last");
    world_must(&world, "pass 1");
    assert_string_equal(world_show(&world), "1 Failed");
    const struct action_run_row run = world_action(&world, 1, "Last");
    assert_string_equal(run.error_message, "nobody answered before the approval expired");
    assert_false(world_do(&world, "1 approve Last", &err));
    assert_string_equal(err.code, "InvalidApprovalTokenException");
    world_close(&world);
}

static void an_approval_waits_a_week_by_default(void **state) {
    (void)state;
    struct world world;
    world_open(&world, "name: shop\nstages:\n"
                       "  - {name: S, actions: [{name: A, provider: CodeCommit, outputArtifacts: [A],\n"
                       "      configuration: {RepositoryName: shop, BranchName: main}}]}\n"
                       "  - {name: P, actions: [{name: Ok, provider: Manual}]}\n");
    world_must(&world, "start");
    world_must(&world, "1 done A");
    assert_int_equal(world_action(&world, 1, "Ok").expires_ms, world.wall_ms + 7LL * 24 * 3600 * 1000);
    world_close(&world);
}

static void an_answer_is_kept_with_who_gave_it(void **state) {
    (void)state;
    struct world world;
    to_approval(&world);
    struct err err = {0};
    world_must(&world, "1 reject Last");
    const struct action_run_row run = world_action(&world, 1, "Last");
    assert_int_equal(run.status, ACTION_FAILED);
    assert_string_equal(run.summary, "as said");
    assert_string_equal(run.updated_by, "arn:aws:iam::123456789012:user/tester");
    assert_false(world_do(&world, "1 approve Last", &err));
    assert_string_equal(err.code, "ApprovalAlreadyCompletedException");
    world_close(&world);
}

struct answer_work {
    struct world *world;
    struct engine_answer answer;
};

static bool do_answer(struct tx *tx, void *context, struct err *err) {
    struct answer_work *work = context;
    int64_t answered_ms = 0;
    return engine_answer_approval(tx, &work->world->arena, &work->answer, &answered_ms, err);
}

static void check_answer(struct answer_work *work, const char *code) {
    struct err err = {0};
    assert_false(world_write(work->world, do_answer, work, &err));
    assert_string_equal(err.code, code);
}

static void wrong_answers_get_their_names(void **state) {
    (void)state;
    struct world world;
    to_approval(&world);
    const char *token = world_action(&world, 1, "Last").approval_token;
    const struct engine_answer right = {
        .pipeline = "shop", .stage = "Work", .action = "Last", .token = token, .approved = true, .summary = ""};
    struct answer_work work = {.world = &world, .answer = right};
    work.answer.pipeline = "none";
    check_answer(&work, "PipelineNotFoundException");
    work.answer = right;
    work.answer.stage = "none";
    check_answer(&work, "StageNotFoundException");
    work.answer = right;
    work.answer.action = "none";
    check_answer(&work, "ActionNotFoundException");
    work.answer = right;
    work.answer.action = "Test";
    check_answer(&work, "InvalidApprovalTokenException");
    work.answer = right;
    work.answer.token = "00000000-0000-4000-8000-000000000000";
    check_answer(&work, "InvalidApprovalTokenException");
    char long_text[514];
    memset(long_text, 'x', 513);
    long_text[513] = '\0';
    work.answer = right;
    work.answer.summary = long_text;
    check_answer(&work, "ValidationException");
    assert_string_equal(world_show(&world), "1 Work:Last");
    world_close(&world);
}

/* 512 characters are 1024 bytes where each is an umlaut. */
static void an_answer_is_measured_in_characters(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    to_approval(&world);
    char text[1027];
    for (size_t i = 0; i < 1026; i++)
        text[i] = i % 2 ? '\xa4' : '\xc3';
    text[1026] = '\0';
    struct answer_work work = {.world = &world,
                               .answer = {.pipeline = "shop",
                                          .stage = "Work",
                                          .action = "Last",
                                          .token = world_action(&world, 1, "Last").approval_token,
                                          .approved = true,
                                          .summary = text}};
    check_answer(&work, "ValidationException");
    text[1024] = '\0';
    if (!world_write(&world, do_answer, &work, &err))
        fail_msg("%s", err.message);
    world_close(&world);
}

/* ---- results ---- */

static void a_result_without_its_artifact_fails(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, GROUPS);
    world_must(&world, "start");
    world_must(&world, "1 done Tools");
    const struct wire_result result = {.outcome = WIRE_SUCCEEDED, .revision_id = "c0ffee"};
    assert_true(world_finish(&world, 1, "App", &result, &err));
    assert_string_equal(world_show(&world), "1 Failed");
    assert_string_equal(world_action(&world, 1, "App").error_message, "the output artifact 'App' was not uploaded");
    assert_string_equal(world_execution(&world, 1).summary, "Source/App: the output artifact 'App' was not uploaded");
    world_close(&world);
}

static void too_many_variables_fail(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, GROUPS);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 done Tools");
    world_must(&world, "1 done First");
    char *large = arena_alloc(&world.arena, 122881);
    memset(large, 'x', 122880);
    const struct wire_variable variable = {.name = "v", .value = large};
    const struct wire_result result = {.outcome = WIRE_SUCCEEDED, .variables = &variable, .variable_count = 1};
    assert_true(world_finish(&world, 1, "Test", &result, &err));
    assert_string_equal(world_action(&world, 1, "Test").error_code, "OutputVariablesSizeExceeded");
    world_close(&world);
}

static void a_failure_is_kept_word_for_word(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, GROUPS);
    world_must(&world, "start");
    const struct wire_result result = {.outcome = WIRE_FAILED,
                                       .summary = "s",
                                       .error_code = "PermissionError",
                                       .error_message = "the branch is not there",
                                       .external_id = "x1",
                                       .external_url = "https://example.com/x1"};
    assert_true(world_finish(&world, 1, "App", &result, &err));
    const struct action_run_row run = world_action(&world, 1, "App");
    assert_int_equal(run.status, ACTION_FAILED);
    assert_string_equal(run.error_code, "PermissionError");
    assert_string_equal(run.error_message, "the branch is not there");
    assert_string_equal(run.external_id, "x1");
    assert_string_equal(run.external_url, "https://example.com/x1");
    world_must(&world, "1 done Tools");
    assert_string_equal(world_execution(&world, 1).summary, "Source/App: the branch is not there");
    world_close(&world);
}

static void a_runner_that_gives_up_fails_its_action(void **state) {
    (void)state;
    struct world world;
    world_open(&world, GROUPS);
    world_must(&world, "start");
    world_must(&world, "1 stopped App");
    const struct action_run_row run = world_action(&world, 1, "App");
    assert_int_equal(run.status, ACTION_FAILED);
    assert_string_equal(run.error_message, "the runner was stopped while it worked on this");
    world_close(&world);
}

struct stop_build {
    struct world *world;
    struct build_row build;
};

static bool do_stop_build(struct tx *tx, void *context, struct err *err) {
    struct stop_build *stop = context;
    bool found = false;
    const int64_t run_id = stop->build.action_run_id;
    return builds_of_action(tx, &stop->world->arena, run_id, &found, &stop->build, err) &&
           engine_stop_build(tx, &stop->world->arena, stop->build.project, stop->build.uuid, &stop->build, err);
}

static void stop_build_fails_the_action_that_it_belongs_to(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    world_open(&world, GROUPS);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 done Tools");
    world_must(&world, "1 take First");
    struct stop_build stop = {.world = &world};
    stop.build.action_run_id = world_action(&world, 1, "First").id;
    assert_true(world_write(&world, do_stop_build, &stop, &err));
    assert_int_equal(stop.build.status, BUILD_IN_PROGRESS); /* until the runner says that it is dead */
    world_must(&world, "1 stopped First");
    assert_string_equal(world_show(&world), "1 Failed");
    assert_string_equal(world_action(&world, 1, "First").error_message, "Build terminated with state: STOPPED");
    assert_string_equal(world_action(&world, 1, "First").external_id,
                        arena_printf(&world.arena, "shop:%s", stop.build.uuid));
    assert_true(world_write(&world, do_stop_build, &stop, &err)); /* again is no error */
    assert_int_equal(stop.build.status, BUILD_STOPPED);
    world_close(&world);
}

static void a_missing_project_fails_with_its_name(void **state) {
    (void)state;
    struct world world;
    world_open(&world, "name: shop\nstages:\n"
                       "  - {name: S, actions: [{name: A, provider: CodeCommit, outputArtifacts: [A],\n"
                       "      configuration: {RepositoryName: shop, BranchName: main}}]}\n"
                       "  - {name: B, actions: [{name: Make, provider: CodeBuild, inputArtifacts: [A],\n"
                       "      configuration: {ProjectName: nothere}}]}\n");
    world_must(&world, "start");
    world_must(&world, "1 done A");
    assert_string_equal(world_show(&world), "1 Failed");
    const struct action_run_row run = world_action(&world, 1, "Make");
    assert_string_equal(run.error_code, "ConfigurationError");
    assert_string_equal(run.error_message, "no project named 'nothere'");
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_follow_each_other),
        cmocka_unit_test(a_failure_leaves_its_neighbours_alone),
        cmocka_unit_test(a_stuck_neighbour_of_a_failure_can_be_stopped),
        cmocka_unit_test(an_approval_expires),
        cmocka_unit_test(an_approval_waits_a_week_by_default),
        cmocka_unit_test(an_answer_is_kept_with_who_gave_it),
        cmocka_unit_test(wrong_answers_get_their_names),
        cmocka_unit_test(an_answer_is_measured_in_characters),
        cmocka_unit_test(a_result_without_its_artifact_fails),
        cmocka_unit_test(too_many_variables_fail),
        cmocka_unit_test(a_failure_is_kept_word_for_word),
        cmocka_unit_test(a_runner_that_gives_up_fails_its_action),
        cmocka_unit_test(stop_build_fails_the_action_that_it_belongs_to),
        cmocka_unit_test(a_missing_project_fails_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
