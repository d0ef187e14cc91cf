/*
 * Stopping: letting actions end, undoing them, giving up the undo; and lost runners meanwhile.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#include "server/store/builds.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Release\n"                                                                                              \
    "    actions:\n"                                                                                                   \
    "      - {name: Ask, provider: Manual}\n"                                                                          \
    "      - {name: Image, provider: CodeBuild, configuration: {ProjectName: shop}, inputArtifacts: [App],\n"          \
    "         outputArtifacts: [Images]}\n"                                                                            \
    "      - {name: Deploy, provider: ECS, runOrder: 2, configuration: {ClusterName: prod, ServiceName: shop},\n"      \
    "         inputArtifacts: [Images]}\n"

/* To the deploy, begun by a runner. */
#define TO_DEPLOY                                                                                                      \
    {"start", NULL}, {"1 done App", "1 Release:Ask,Image"}, {"1 approve Ask", NULL},                                   \
        {"1 done Image", "1 Release:Deploy"}, {                                                                        \
        "1 take Deploy", NULL                                                                                          \
    }

static void stop_and_wait_lets_actions_end(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Release:Ask,Image"},
        {"1 stop", "1 Stopping Release:Ask,Image"},
        {"1 stop", "!DuplicatedStopRequestException"},
        {"1 done Image", "1 Stopping Release:Ask"},
        {"1 approve Ask", "1 Stopped"}, /* the next group does not begin */
        {"1 stop", "!PipelineExecutionNotStoppableException"},
    };
    RUN(SHOP, steps);
}

static void stop_and_wait_ends_as_stopped_even_after_a_failure(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY, {"1 stop", "1 Stopping Release:Deploy"}, {"1 fails Deploy", "1 Stopped"}};
    RUN(SHOP, steps);
}

static void cancel_ends_when_the_runner_has_seen_it_undone(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"start", NULL},
        {"2 done App", "1 Release:Deploy | 2 >Release"},
        {"1 abandon", "1 Stopping Release:Deploy | 2 >Release"},
        {"1 abandon", "!DuplicatedStopRequestException"},
        {"1 stop", "!DuplicatedStopRequestException"},
        {"1 stopped Deploy", "1 Stopped | 2 Release:Ask,Image"}, /* only now is the stage free */
    };
    RUN(SHOP, steps);
}

static void a_stop_that_waits_can_become_a_cancel(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"1 stop", "1 Stopping Release:Deploy"},
        {"1 abandon", "1 Stopping Release:Deploy"},
        {"1 stopped Deploy", "1 Stopped"},
    };
    RUN(SHOP, steps);
}

static void cancel_takes_back_what_nobody_has_begun(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Release:Ask,Image"},
        {"1 abandon", "1 Stopped"},
        {"start", NULL},
        {"start", "1 Stopped | 2 Source:App | 3 >Source"},
        {"3 abandon", "1 Stopped | 2 Source:App | 3 Stopped"},
        {"2 stop", NULL}, /* waits for its job, though no runner has it: it may yet be done */
        {"2 abandon", "1 Stopped | 2 Stopped | 3 Stopped"},
    };
    RUN(SHOP, steps);
}

static void a_result_that_was_faster_than_the_cancel_counts(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    static const char *const steps[] = {"start",         "1 done App", "1 approve Ask", "1 done Image",
                                        "1 take Deploy", "1 abandon",  "1 done Deploy"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(&world, steps[i]);
    assert_string_equal(world_show(&world), "1 Stopped");
    assert_int_equal(world_action(&world, 1, "Deploy").status, ACTION_SUCCEEDED);
    world_close(&world);
}

static void the_undone_action_is_abandoned(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    static const char *const steps[] = {"start", "1 done App", "1 take Image", "1 abandon"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(&world, steps[i]);
    assert_int_equal(world_action(&world, 1, "Ask").status, ACTION_ABANDONED); /* at once */
    assert_int_equal(world_action(&world, 1, "Image").status, ACTION_IN_PROGRESS);
    assert_int_equal(world_job(&world, 1, "Image").cancel, JOB_CANCEL_UNDO);
    assert_non_null(strstr(world.topics, world_job(&world, 1, "Image").id)); /* its heartbeat is answered at once */
    world_must(&world, "1 stopped Image");
    assert_int_equal(world_action(&world, 1, "Image").status, ACTION_ABANDONED);
    const struct execution_row execution = world_execution(&world, 1);
    assert_int_equal(execution.status, EXECUTION_STOPPED);
    assert_string_equal(execution.stop_reason, "because");
    assert_string_equal(execution.stopped_by, "tester");
    world_close(&world);
}

/* A runner that is lost while it undoes: where it left a mark, another one gets the undo. */
static void an_undo_survives_its_runner(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    static const char *const steps[] = {"start",        "1 done App",    "1 approve Ask",
                                        "1 done Image", "1 mark Deploy", "1 abandon"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(&world, steps[i]);
    for (int i = 0; i < 20; i++) { /* as often as it takes */
        world_must(&world, "pass 2");
        assert_string_equal(world_show(&world), "1 Stopping Release:Deploy");
        assert_int_equal(world_job(&world, 1, "Deploy").state, JOB_QUEUED);
        world_must(&world, "1 take Deploy");
    }
    world_must(&world, "1 stopped Deploy");
    assert_string_equal(world_show(&world), "1 Stopped");
    world_close(&world);
}

static void without_a_mark_a_lost_runner_ends_the_undo(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"1 abandon", "1 Stopping Release:Deploy"},
        {"pass 2", "1 Stopped"},
    };
    RUN(SHOP, steps);
}

/* A job in the queue that an earlier runner had begun: the cancel must not take it away without the undo. */
static void a_marked_job_in_the_queue_is_undone_by_somebody(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"1 mark Deploy", NULL},
        {"pass 2", "1 Release:Deploy"},
        {"1 abandon", "1 Stopping Release:Deploy"},
        {"1 stopped Deploy", "1 Stopped"},
    };
    RUN(SHOP, steps);
}

static void an_undo_can_be_given_up(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"1 mark Deploy", NULL},
        {"1 giveup Deploy", "!ConflictException"}, /* it is not being undone */
        {"1 abandon", "1 Stopping Release:Deploy"},
        {"1 giveup Image", "!ConflictException"},
        {"1 giveup Deploy", "1 Stopped"},
        {"1 giveup Deploy", "!ConflictException"},
        {"1 stopped Deploy", "1 Stopped"}, /* the runner's last word changes nothing */
    };
    RUN(SHOP, steps);
}

/* Deleting undoes what runs; an undo that never ends can be given up all the same. */
static void a_deleted_pipelines_undo_can_be_given_up(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_DEPLOY,
        {"1 mark Deploy", NULL},
        {"delete", "1 Stopping Release:Deploy"},
        {"1 giveup Deploy", "1 Stopped"},
        {"1 giveup Deploy", "!ConflictException"},
    };
    RUN(SHOP, steps);
}

static void a_given_up_job_ends_with_its_lease(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    static const char *const steps[] = {"start",         "1 done App", "1 approve Ask",  "1 done Image",
                                        "1 mark Deploy", "1 abandon",  "1 giveup Deploy"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(&world, steps[i]);
    assert_int_equal(world_job(&world, 1, "Deploy").cancel, JOB_CANCEL_ABANDON);
    assert_int_equal(world_job(&world, 1, "Deploy").state, JOB_RUNNING);
    world_must(&world, "pass 2");
    assert_int_equal(world_job(&world, 1, "Deploy").state, JOB_DONE);
    assert_int_equal(world_action(&world, 1, "Deploy").status, ACTION_ABANDONED);
    world_close(&world);
}

static void a_lost_runner_gives_its_job_back_and_then_fails(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    static const char *const steps[] = {"start", "1 done App", "1 approve Ask"};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        world_must(&world, steps[i]);
    for (int i = 0; i < 2; i++) {
        world_must(&world, "1 take Image");
        world_must(&world, "pass 2");
        assert_string_equal(world_show(&world), "1 Release:Image");
    }
    world_must(&world, "1 take Image");
    world_must(&world, "pass 2");
    assert_string_equal(world_show(&world), "1 Failed");
    const struct action_run_row run = world_action(&world, 1, "Image");
    assert_string_equal(run.error_code, "SystemUnavailable");
    assert_string_equal(run.error_message, "its runner was lost 3 times, the last was 'runner-1'; look at that "
                                           "runner's log and start again");
    world_close(&world);
}

static void stop_needs_names_that_exist(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 fails App", "1 Failed"},
        {"1 stop", "!PipelineExecutionNotStoppableException"},
        {"1 giveup App", "!ConflictException"},
    };
    RUN(SHOP, steps);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_and_wait_lets_actions_end),
        cmocka_unit_test(stop_and_wait_ends_as_stopped_even_after_a_failure),
        cmocka_unit_test(cancel_ends_when_the_runner_has_seen_it_undone),
        cmocka_unit_test(a_stop_that_waits_can_become_a_cancel),
        cmocka_unit_test(cancel_takes_back_what_nobody_has_begun),
        cmocka_unit_test(a_result_that_was_faster_than_the_cancel_counts),
        cmocka_unit_test(the_undone_action_is_abandoned),
        cmocka_unit_test(an_undo_survives_its_runner),
        cmocka_unit_test(without_a_mark_a_lost_runner_ends_the_undo),
        cmocka_unit_test(a_marked_job_in_the_queue_is_undone_by_somebody),
        cmocka_unit_test(an_undo_can_be_given_up),
        cmocka_unit_test(a_deleted_pipelines_undo_can_be_given_up),
        cmocka_unit_test(a_given_up_job_ends_with_its_lease),
        cmocka_unit_test(a_lost_runner_gives_its_job_back_and_then_fails),
        cmocka_unit_test(stop_needs_names_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
