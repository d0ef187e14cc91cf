/*
 * Builds that are tried again by themselves, within a pipeline: the action hears of the last one only.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#define SHOP                                                                                                           \
    "name: shop\n"                                                                                                     \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Build\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - {name: Image, provider: CodeBuild, configuration: {ProjectName: stubborn}, inputArtifacts: [App],\n"      \
    "         outputArtifacts: [Images]}\n"

#define TO_BUILD                                                                                                       \
    {"start", NULL}, {                                                                                                 \
        "1 done App", "1 Build:Image"                                                                                  \
    }

static void the_second_try_may_succeed(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_BUILD, {"1 fails Image", "1 Build:Image"}, {"1 done Image", "1 Succeeded"}};
    RUN(SHOP, steps);
}

static void the_last_one_fails_the_action(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_BUILD, {"1 fails Image", "1 Build:Image"}, {"1 fails Image", "1 Failed"}};
    RUN(SHOP, steps);
}

/* Who stops wants no more builds; the one that runs may still succeed. */
static void a_stopped_execution_begins_none(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_BUILD, {"1 stop", "1 Stopping Build:Image"}, {"1 fails Image", "1 Stopped"}};
    RUN(SHOP, steps);
}

static void one_that_waits_is_taken_back(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        TO_BUILD, {"1 fails Image", "1 Build:Image"}, {"1 abandon", "1 Stopped"}};
    RUN(SHOP, steps);
}

static void one_that_runs_is_undone(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {TO_BUILD,
                                                 {"1 fails Image", "1 Build:Image"},
                                                 {"1 take Image", NULL},
                                                 {"1 abandon", "1 Stopping Build:Image"},
                                                 {"1 fails Image", "1 Stopped"}};
    RUN(SHOP, steps);
}

/* Each try is a build of its own, and the action's log goes on. */
static void the_tries_are_linked(void **state) {
    (void)state;
    struct world world;
    world_open(&world, SHOP);
    world_must(&world, "start");
    world_must(&world, "1 done App");
    const struct job_row first = world_job(&world, 1, "Image");
    world_must(&world, "1 fails Image");
    const struct job_row second = world_job(&world, 1, "Image");
    assert_int_not_equal(first.build_id, second.build_id);
    assert_int_equal(first.action_run_id, second.action_run_id);
    assert_string_equal(first.log_id, second.log_id);
    assert_string_equal(second.project, "stubborn");
    world_close(&world);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_try_may_succeed),      cmocka_unit_test(the_last_one_fails_the_action),
        cmocka_unit_test(a_stopped_execution_begins_none), cmocka_unit_test(one_that_waits_is_taken_back),
        cmocka_unit_test(one_that_runs_is_undone),         cmocka_unit_test(the_tries_are_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
