/*
 * What people do to stages: retry, rollback, transitions; and one deploy at a time for each target.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#define SOURCE                                                                                                         \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"

#define TEST                                                                                                           \
    "  - name: Test\n"                                                                                                 \
    "    actions:\n"                                                                                                   \
    "      - {name: Unit, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App]}\n"           \
    "      - {name: Lint, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App]}\n"           \
    "      - {name: Ask, provider: Manual, runOrder: 2}\n"

#define DEPLOY                                                                                                         \
    "  - name: Prod\n"                                                                                                 \
    "    actions:\n"                                                                                                   \
    "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"                     \
    "         inputArtifacts: [App]}\n"

#define SHOP "name: shop\nvariables: [{name: release, defaultValue: 'VERSION'}]\n" SOURCE TEST DEPLOY
#define QUEUED "name: shop\nexecutionMode: QUEUED\n" SOURCE TEST DEPLOY

#define FAIL_UNIT                                                                                                      \
    {"start", "1 Source:App"}, {"1 done App", "1 Test:Unit,Lint"}, {"1 done Lint", "1 Test:Unit"}, {                   \
        "1 fails Unit", "1 Failed"                                                                                     \
    }

#define SUCCEED_ALL                                                                                                    \
    {"start", NULL}, {"1 done App", NULL}, {"1 done Unit", NULL}, {"1 done Lint", NULL}, {"1 approve Ask", NULL}, {    \
        "1 done Ship", "1 Succeeded"                                                                                   \
    }

/* ---- retry ---- */

static void a_retry_does_what_failed_and_goes_on(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        FAIL_UNIT,
        {"1 retry Test", "1 Test:Unit"},
        {"1 retry Test", "!StageNotRetryableException"},
        {"1 done Unit", "1 Test:Ask"},
        {"1 approve Ask", "1 Prod:Ship"},
        {"1 done Ship", "1 Succeeded"},
        {"1 retry Prod", "!StageNotRetryableException"},
    };
    RUN(SHOP, steps);
}

static void a_retry_of_all_begins_with_the_first_group(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        FAIL_UNIT,
        {"1 retryall Test", "1 Test:Unit,Lint"},
        {"1 done Lint", NULL},
        {"1 done Unit", "1 Test:Ask"},
        {"1 reject Ask", "1 Failed"},
        {"1 retry Test", "1 Test:Ask"}, /* the first group stands */
    };
    RUN(SHOP, steps);
}

static void failed_actions_may_be_retried_while_others_run(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Test:Unit,Lint"},
        {"1 fails Unit", "1 Test:Lint"}, /* its sibling is left alone, the stage is not left */
        {"1 retryall Test", "!ConflictException"},
        {"1 retry Test", "1 Test:Lint,Unit"},
        {"1 fails Lint", "1 Test:Unit"}, /* a failure after the retry counts */
        {"1 done Unit", "1 Failed"},
        {"1 retry Test", "1 Test:Lint"},
        {"1 done Lint", "1 Test:Ask"},
    };
    RUN(SHOP, steps);
}

static void a_stage_that_another_one_entered_is_not_retried(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        FAIL_UNIT,
        {"start", "1 Failed | 2 Source:App"},
        {"2 done App", "1 Failed | 2 Test:Unit,Lint"},
        {"1 retry Test", "!NotLatestPipelineExecutionException"},
    };
    RUN(SHOP, steps);
}

static void a_changed_pipeline_is_not_retried(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        FAIL_UNIT,
        {"update", "1 Failed"},
        {"1 retry Test", "!StageNotRetryableException"},
        {"1 retry Nowhere", "!StageNotFoundException"},
    };
    RUN(SHOP, steps);
}

static void a_stopped_stage_can_be_retried(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Test:Unit,Lint"},
        {"1 done Lint", NULL},
        {"1 take Unit", NULL},
        {"1 abandon", "1 Stopping Test:Unit"},
        {"1 retry Test", "!StageNotRetryableException"},
        {"1 stopped Unit", "1 Stopped"},
        {"1 retry Test", "1 Test:Unit"},
        {"1 done Unit", "1 Test:Ask"},
    };
    RUN(SHOP, steps);
}

static void a_retried_approval_has_a_new_token(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 done Unit");
    world_must(&world, "1 done Lint");
    struct action_run_row first = world_action(&world, 1, "Ask");
    world_must(&world, "1 reject Ask");
    world_must(&world, "1 retry Test");
    struct action_run_row second = world_action(&world, 1, "Ask");
    assert_string_not_equal(first.uuid, second.uuid);
    assert_string_not_equal(first.approval_token, second.approval_token);
    world_must(&world, "1 approve Ask");
    assert_string_equal(world_show(&world), "1 Prod:Ship");
    world_close(&world);
}

static void a_failure_is_retried_once_by_itself(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Test:Unit"},
        {"1 fails Unit", "1 Test:Unit"},
        {"1 fails Unit", "1 Failed"},
        {"1 retry Test", "1 Test:Unit"},
        {"1 fails Unit", "1 Failed"},
    };
    RUN("name: shop\n" SOURCE "  - name: Test\n"
        "    onFailure: {result: RETRY, retryConfiguration: {retryMode: FAILED_ACTIONS}}\n"
        "    actions:\n"
        "      - {name: Unit, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App]}\n",
        steps);
}

/* ---- rollback ---- */

#define SUCCEED(n)                                                                                                     \
    {"start", NULL}, {n " done App", NULL}, {                                                                          \
        n " done Ship", NULL                                                                                           \
    }
#define PLAIN "name: shop\n" SOURCE DEPLOY

static void a_rollback_runs_one_stage_as_it_was(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        SUCCEED("1"),
        SUCCEED("2"),
        {"1 rollback Prod", "1 Succeeded | 2 Succeeded | 3 Prod:Ship"},
        {"3 done Ship", "1 Succeeded | 2 Succeeded | 3 Succeeded"},
        {"3 rollback Prod", "!UnableToRollbackStageException"},
        {"1 rollback Source", "!UnableToRollbackStageException"},
    };
    RUN(PLAIN, steps);
}

static void a_rollback_takes_what_its_target_made(void **state) {
    (void)state;
    struct world world;
    struct wire_result source = {.outcome = WIRE_SUCCEEDED, .revision_id = "0123456789012345678901234567890123456789"};
    struct err err = {0};
    world_open(&world, PLAIN);
    world_must(&world, "start");
    assert_true(world_upload(&world, 1, "App", &err));
    assert_true(world_finish(&world, 1, "App", &source, &err));
    world_must(&world, "1 done Ship");
    world_must(&world, "start");
    world_must(&world, "2 done App");
    world_must(&world, "2 done Ship");
    world_must(&world, "1 rollback Prod");
    struct execution_row rollback = world_execution(&world, 3);
    assert_int_equal(rollback.type, EXECUTION_ROLLBACK);
    assert_int_equal(rollback.rollback_of, world_execution(&world, 1).id);
    assert_string_equal(rollback.trigger_type, "ManualRollback");
    world_must(&world, "3 take Ship");
    world_must(&world, "3 done Ship"); /* its input artifact was found, or the job would have had none */
    world_close(&world);
}

static void a_failed_stage_goes_back_by_itself_and_first(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        SUCCEED("1"),
        {"start", NULL},
        {"2 done App", "1 Succeeded | 2 Prod:Ship"},
        {"start", NULL},
        {"3 done App", "1 Succeeded | 2 Prod:Ship | 3 >Prod"},
        {"2 fails Ship", "1 Succeeded | 2 Failed | 3 >Prod | 4 Prod:Ship"},
        {"2 rollback Prod", "!UnableToRollbackStageException"},
        {"4 done Ship", "1 Succeeded | 2 Failed | 3 Prod:Ship | 4 Succeeded"},
    };
    RUN("name: shop\n" SOURCE "  - name: Prod\n"
        "    onFailure: {result: ROLLBACK}\n"
        "    actions:\n"
        "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"
        "         inputArtifacts: [App]}\n",
        steps);
}

static void nothing_to_go_back_to_is_a_plain_failure(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {{"start", NULL}, {"1 done App", NULL}, {"1 fails Ship", "1 Failed"}};
    RUN("name: shop\n" SOURCE "  - name: Prod\n"
        "    onFailure: {result: ROLLBACK}\n"
        "    actions:\n"
        "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"
        "         inputArtifacts: [App]}\n",
        steps);
}

static void an_older_version_is_not_rolled_back_to(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},         {"1 done App", NULL},
        {"1 done Unit", NULL},   {"1 done Lint", NULL},
        {"1 approve Ask", NULL}, {"1 done Ship", "1 Succeeded"},
        {"update", NULL},        {"1 rollback Prod", "!PipelineExecutionOutdatedException"},
    };
    RUN(SHOP, steps);
}

/* ---- transitions ---- */

static void a_closed_transition_keeps_the_newest(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"close Test", NULL},
        {"start", NULL},
        {"1 done App", "1 >Test"},
        {"start", NULL},
        {"2 done App", "1 Superseded | 2 >Test"},
        {"open Test", "1 Superseded | 2 Test:Unit,Lint"},
        {"close Nowhere", "!StageNotFoundException"},
    };
    RUN(SHOP, steps);
}

static void a_closed_transition_keeps_all_in_their_order(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"close Test", NULL},
        {"start", NULL},
        {"1 done App", "1 >Test"},
        {"start", NULL},
        {"2 done App", "1 >Test | 2 >Test"},
        {"open Test", "1 Test:Unit,Lint | 2 >Test"},
    };
    RUN(QUEUED, steps);
}

static void who_waits_says_who_closed_it(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    world_must(&world, "close Test");
    world_must(&world, "start");
    world_must(&world, "1 done App");
    assert_string_equal(world_wait(&world, 1), "the transition into stage Test is disabled: tester closed it: freeze");
    world_must(&world, "1 stop");
    assert_string_equal(world_show(&world), "1 Stopped");
    world_close(&world);
}

static void after_thirty_days_nothing_resumes_by_itself(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"close Test", NULL},
        {"start", NULL},
        {"1 done App", "1 >Test"},
        {"pass 43201", NULL}, /* minutes: 30 days and one */
        {"open Test", "1 >Test"},
        {"start", "1 Test:Unit,Lint | 2 Source:App"}, /* a manual start: what waits goes on */
    };
    RUN(QUEUED, steps);
}

static void nobody_else_opens_a_transition_that_was_closed_too_long(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        SUCCEED_ALL,
        {"close Test", NULL},
        {"start", NULL},
        {"2 done App", "1 Succeeded | 2 >Test"},
        {"pass 43201", NULL},
        {"open Test", "1 Succeeded | 2 >Test"},
        {"close Test", "1 Succeeded | 2 >Test"},
        {"open Test", "1 Succeeded | 2 >Test"},
        {"1 rollback Prod", "1 Succeeded | 2 >Test | 3 Prod:Ship"}, /* no start */
        {"start", "1 Succeeded | 2 Test:Unit,Lint | 3 Prod:Ship | 4 Source:App"},
    };
    RUN(QUEUED, steps);
}

/* ---- deploy targets ---- */

static void two_deploys_never_work_on_one_service(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:Ship,Second"},
        {"1 done Ship", "1 Prod:Second"},
        {"1 done Second", "1 Succeeded"},
    };
    RUN("name: shop\n" SOURCE "  - name: Prod\n"
        "    actions:\n"
        "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"
        "         inputArtifacts: [App]}\n"
        "      - {name: Second, provider: ECS, inputArtifacts: [App],\n"
        "         configuration: {ClusterName: 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod', ServiceName: "
        "shop}}\n",
        steps);
}

static void who_waits_for_a_target_says_for_whom(void **state) {
    (void)state;
    struct world world;
    world_open(&world, "name: shop\nexecutionMode: PARALLEL\n" SOURCE DEPLOY);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "start");
    world_must(&world, "2 done App");
    assert_string_equal(world_show(&world), "1 Prod:Ship | 2 Prod:Ship");
    assert_non_null(strstr(world_wait(&world, 2), "waiting for execution 1 of pipeline 'shop' to finish with ecs/"));
    world_must(&world, "2 stop"); /* it was not begun: it does not begin any more */
    assert_string_equal(world_show(&world), "1 Prod:Ship | 2 Stopped");
    world_must(&world, "1 done Ship");
    assert_string_equal(world_show(&world), "1 Succeeded | 2 Stopped");
    world_close(&world);
}

static bool find_queued(struct tx *tx, void *context, struct err *err) {
    return job_rows_count_queued(tx, context, err);
}

/* The first one's end passes the target on to the second, which is to be stopped too. */
static void a_stop_leaves_no_job_of_who_waited_for_the_target(void **state) {
    (void)state;
    struct world world;
    struct err err = {0};
    int64_t queued = -1;
    world_open(&world, "name: shop\n" SOURCE "  - name: Prod\n"
                       "    actions:\n"
                       "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"
                       "         inputArtifacts: [App]}\n"
                       "      - {name: Second, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"
                       "         inputArtifacts: [App]}\n");
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 abandon");
    assert_string_equal(world_show(&world), "1 Stopped");
    assert_int_equal(world_action(&world, 1, "Second").status, ACTION_ABANDONED);
    assert_true(db_read(world.db, find_queued, &queued, &err));
    assert_int_equal(queued, 0);
    world_close(&world);
}

/* ---- PARALLEL ---- */

static void a_parallel_execution_has_five_actions_at_a_time(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Test:A,B,C,D,E"},
        {"1 done C", "1 Test:A,B,D,E,F"},
        {"1 fails A", "1 Test:B,D,E,F"}, /* the seventh is not begun after a failure */
        {"1 retry Test", "1 Test:B,D,E,F,A"},
        {"1 done A", "1 Test:B,D,E,F,G"},
    };
#define BUILD(name)                                                                                                    \
    "      - {name: " name ", provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App]}\n"
    RUN("name: shop\nexecutionMode: PARALLEL\n" SOURCE "  - name: Test\n    actions:\n" BUILD("A") BUILD("B") BUILD("C")
            BUILD("D") BUILD("E") BUILD("F") BUILD("G"),
        steps);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retry_does_what_failed_and_goes_on),
        cmocka_unit_test(a_retry_of_all_begins_with_the_first_group),
        cmocka_unit_test(failed_actions_may_be_retried_while_others_run),
        cmocka_unit_test(a_stage_that_another_one_entered_is_not_retried),
        cmocka_unit_test(a_changed_pipeline_is_not_retried),
        cmocka_unit_test(a_stopped_stage_can_be_retried),
        cmocka_unit_test(a_retried_approval_has_a_new_token),
        cmocka_unit_test(a_failure_is_retried_once_by_itself),
        cmocka_unit_test(a_rollback_runs_one_stage_as_it_was),
        cmocka_unit_test(a_rollback_takes_what_its_target_made),
        cmocka_unit_test(a_failed_stage_goes_back_by_itself_and_first),
        cmocka_unit_test(nothing_to_go_back_to_is_a_plain_failure),
        cmocka_unit_test(an_older_version_is_not_rolled_back_to),
        cmocka_unit_test(a_closed_transition_keeps_the_newest),
        cmocka_unit_test(a_closed_transition_keeps_all_in_their_order),
        cmocka_unit_test(who_waits_says_who_closed_it),
        cmocka_unit_test(after_thirty_days_nothing_resumes_by_itself),
        cmocka_unit_test(nobody_else_opens_a_transition_that_was_closed_too_long),
        cmocka_unit_test(two_deploys_never_work_on_one_service),
        cmocka_unit_test(who_waits_for_a_target_says_for_whom),
        cmocka_unit_test(a_stop_leaves_no_job_of_who_waited_for_the_target),
        cmocka_unit_test(a_parallel_execution_has_five_actions_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
