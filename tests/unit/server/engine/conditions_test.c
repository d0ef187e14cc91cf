/*
 * Stage conditions: before entry, after success, after failure; what each result leads to; override; the clock.
 */
#include "common/hash.h"
#include "common/str.h"
#include "tests/unit/server/engine/world.h"

#define HEAD                                                                                                           \
    "name: shop\n"                                                                                                     \
    "variables: [{name: mode, defaultValue: live}]\n"                                                                  \
    "stages:\n"                                                                                                        \
    "  - name: Source\n"                                                                                               \
    "    actions:\n"                                                                                                   \
    "      - {name: App, provider: CodeCommit, configuration: {RepositoryName: shop, BranchName: main},\n"             \
    "         outputArtifacts: [App]}\n"                                                                               \
    "  - name: Prod\n"

#define ACTIONS                                                                                                        \
    "    actions:\n"                                                                                                   \
    "      - {name: Ship, provider: ECS, configuration: {ClusterName: prod, ServiceName: shop},\n"                     \
    "         inputArtifacts: [App]}\n"                                                                                \
    "  - name: After\n"                                                                                                \
    "    actions:\n"                                                                                                   \
    "      - {name: Ask, provider: Manual}\n"

#define COMMANDS(name) "{name: " name ", provider: Commands, commands: [./check], inputArtifacts: [App]}"
#define ENTRY(result, rules) HEAD "    beforeEntry: {conditions: [{result: " result ", rules: [" rules "]}]}\n" ACTIONS
#define SUCCESS(result, rules) HEAD "    onSuccess: {conditions: [{result: " result ", rules: [" rules "]}]}\n" ACTIONS
#define FAILURE(result, rules) HEAD "    onFailure: {conditions: [{result: " result ", rules: [" rules "]}]}\n" ACTIONS

#define CHECK_MODE(operation, value)                                                                                   \
    "{name: mode, provider: VariableCheck,"                                                                            \
    " configuration: {Variable: '#{variables.mode}', Operator: " operation ", Value: " value "}}"

static void a_rule_lets_the_stage_begin(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?tests,?lint"},
        {"1 done tests", "1 Prod:?lint"},
        {"1 done lint", "1 Prod:Ship"},
        {"1 done Ship", "1 After:Ask"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests") ", " COMMANDS("lint")), steps);
}

static void one_rule_that_fails_fails_the_stage_before_its_actions(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?tests,?lint"},
        {"1 fails tests", "1 Failed"},
        {"1 retry Prod", "1 Prod:?tests,?lint"}, /* asked anew */
        {"1 done tests", NULL},
        {"1 done lint", "1 Prod:Ship"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests") ", " COMMANDS("lint")), steps);
}

static void the_others_are_given_up(void **state) {
    (void)state;
    struct world world;
    world_open(&world, ENTRY("FAIL", COMMANDS("tests") ", " COMMANDS("lint")));
    world_must(&world, "start");
    world_must(&world, "1 done App");
    world_must(&world, "1 take lint");
    world_must(&world, "1 fails tests");
    assert_string_equal(world_execution(&world, 1).summary, "Prod/tests: it broke");
    assert_int_equal(world_action(&world, 1, "lint").status, ACTION_ABANDONED);
    assert_int_equal(world_job(&world, 1, "lint").cancel, JOB_CANCEL_UNDO);
    world_must(&world, "1 stopped lint"); /* its runner's word comes late and is taken */
    assert_int_equal(world_job(&world, 1, "lint").state, JOB_DONE);
    world_close(&world);
}

static void a_stage_can_be_skipped(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL}, {"1 done App", "1 After:Ask"}, {"1 retry Prod", "!StageNotRetryableException"}};
    RUN(ENTRY("SKIP", CHECK_MODE("EQ", "dry")), steps);
}

static void the_stage_holds_its_lock_while_it_is_asked(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?tests"},
        {"start", NULL},
        {"2 done App", "1 Prod:?tests | 2 >Prod"},
        {"1 fails tests", "1 Failed | 2 Prod:?tests"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests")), steps);
}

static void variables_are_compared(void **state) {
    (void)state;
    static const struct step_in_words met[] = {{"start", NULL}, {"1 done App", "1 Prod:Ship"}};
    static const struct step_in_words not_met[] = {{"start", NULL}, {"1 done App", "1 Failed"}};
    RUN(ENTRY("FAIL", CHECK_MODE("EQ", "live")), met);
    RUN(ENTRY("FAIL", CHECK_MODE("EQ", "Live")), not_met);
    RUN(ENTRY("FAIL", CHECK_MODE("NE", "dry")), met);
    RUN(ENTRY("FAIL", CHECK_MODE("NE", "live")), not_met);
    RUN(ENTRY("FAIL", CHECK_MODE("CONTAINS", "iv")), met);
    RUN(ENTRY("FAIL", CHECK_MODE("CONTAINS", "vi")), not_met);
    RUN(ENTRY("FAIL", CHECK_MODE("MATCHES", "'l[a-i]ve'")), met);
    RUN(ENTRY("FAIL", CHECK_MODE("MATCHES", "'liv'")), not_met); /* the whole text */
    /* The definition reads a pattern, if it can: this one is whole only now. */
    RUN(ENTRY("FAIL", CHECK_MODE("MATCHES", "'#{variables.mode}('")), not_met);
}

static void after_success_the_stage_is_left_or_fails(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:Ship"},
        {"1 done Ship", "1 Prod:?alarm"},
        {"1 done alarm", "1 After:Ask"},
        {"start", NULL},
        {"2 done App", NULL},
        {"2 done Ship", NULL},
        {"2 fails alarm", "1 After:Ask | 2 Failed"},
    };
    RUN(SUCCESS("FAIL", "{name: alarm, provider: CloudWatchAlarm, configuration: {AlarmName: errors}}"), steps);
}

static void after_success_an_alarm_rolls_back(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 done Ship", NULL},
        {"1 done alarm", NULL},
        {"1 approve Ask", "1 Succeeded"},
        {"start", NULL},
        {"2 done App", NULL},
        {"2 done Ship", "1 Succeeded | 2 Prod:?alarm"},
        {"2 fails alarm", "1 Succeeded | 2 Failed | 3 Prod:Ship"},
        {"3 done Ship", "1 Succeeded | 2 Failed | 3 Succeeded"}, /* one stage, its conditions are not asked */
    };
    RUN(SUCCESS("ROLLBACK", "{name: alarm, provider: CloudWatchAlarm, configuration: {AlarmName: errors}}"), steps);
}

static void after_failure_the_condition_decides(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 fails Ship", "1 Prod:?alarm"},
        {"1 done alarm", "1 Prod:Ship"}, /* met: another try, one */
        {"1 fails Ship", "1 Prod:?alarm"},
        {"1 done alarm", "1 Failed"},
        {"start", NULL},
        {"2 done App", NULL},
        {"2 fails Ship", NULL},
        {"2 fails alarm", "1 Failed | 2 Failed"}, /* not met: a plain failure */
    };
    RUN(FAILURE("RETRY", "{name: alarm, provider: CloudWatchAlarm, configuration: {AlarmName: errors}}"), steps);
}

static void a_person_overrides(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 override Prod", "!ConditionNotOverridableException"},
        {"1 done App", "1 Prod:?tests"},
        {"1 override Source", "!ConditionNotOverridableException"},
        {"1 override Prod", "1 Prod:Ship"},
        {"1 override Prod", "!ConditionNotOverridableException"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests")), steps);
}

static void a_stop_ends_what_is_asked(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?tests"},
        {"1 take tests", NULL},
        {"1 stop", "1 Stopping Prod:?tests"},
        {"1 done tests", "1 Stopped"},
        {"1 retry Prod", "1 Prod:?tests"},
        {"1 take tests", NULL},
        {"1 abandon", "1 Stopping Prod:?tests"},
        {"1 stopped tests", "1 Stopped"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests")), steps);
}

/* The world's clock begins on Tuesday, 2023-11-14 at 22:13:20 UTC. */
#define WINDOW(cron, more) "{name: window, provider: DeploymentWindow, configuration: {Cron: '" cron "'}" more "}"

static void a_window_that_is_open_lets_in(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {{"start", NULL}, {"1 done App", "1 Prod:Ship"}};
    RUN(ENTRY("FAIL", WINDOW("* * 20-23 ? * TUE", "")), steps);
}

static void a_window_that_is_closed_is_waited_for(void **state) {
    (void)state;
    struct world world;
    world_open(&world, ENTRY("FAIL", WINDOW("* * 6-8 ? * WED", "")));
    world_must(&world, "start");
    world_must(&world, "1 done App");
    assert_string_equal(world_show(&world), "1 Prod:?window");
    assert_string_equal(world_wait(&world, 1), "waiting for the deployment window: Prod/window");
    world_must(&world, "pass 460"); /* 05:53 */
    assert_string_equal(world_show(&world), "1 Prod:?window");
    world_must(&world, "pass 7"); /* 06:00:20 */
    assert_string_equal(world_show(&world), "1 Prod:Ship");
    world_close(&world);
}

static void a_stop_does_not_wait_for_the_window(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL}, {"1 done App", "1 Prod:?window"}, {"1 stop", "1 Stopped"}};
    RUN(ENTRY("FAIL", WINDOW("* * 6-8 ? * WED", "")), steps);
}

static void a_window_that_was_waited_for_is_not_missed(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?window"},
        {"pass 469", "1 Prod:Ship"}, /* 06:02:20: it was open for a second at 06:00 */
    };
    RUN(ENTRY("FAIL", WINDOW("0 0 6 ? * WED", "")), steps);
}

static void a_runners_rule_waits_for_its_runner(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", "1 Prod:?tests"},
        {"pass 180", "1 Prod:?tests"}, /* nobody was there for three hours: that says nothing about the stage */
        {"1 done tests", "1 Prod:Ship"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests")), steps);
}

static void a_rule_that_could_not_be_judged_is_an_error(void **state) {
    (void)state;
    struct world world;
    static const struct wire_result away = {
        .outcome = WIRE_FAILED, .error_code = "SystemUnavailable", .error_message = "no answer"};
    struct err err = {0};
    world_open(&world, ENTRY("FAIL", COMMANDS("tests")));
    world_must(&world, "start");
    world_must(&world, "1 done App");
    assert_true(world_finish(&world, 1, "tests", &away, &err));
    assert_string_equal(world_show(&world), "1 Failed");
    assert_int_equal(world_condition(&world, 1, "tests").status, CONDITION_ERRORED);
    world_close(&world);
}

static void a_rule_that_is_being_undone_can_be_given_up(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL},
        {"1 done App", NULL},
        {"1 take tests", NULL},
        {"1 abandon", "1 Stopping Prod:?tests"},
        {"1 giveup tests", "1 Stopped"},
    };
    RUN(ENTRY("FAIL", COMMANDS("tests")), steps);
}

static void a_window_that_does_not_open_in_time_fails(void **state) {
    (void)state;
    static const struct step_in_words steps[] = {
        {"start", NULL}, {"1 done App", "1 Prod:?window"}, {"pass 61", "1 Failed"}};
    RUN(ENTRY("FAIL", WINDOW("* * 6-8 ? * WED", ", timeoutInMinutes: 60")), steps);
}

int main(void) {
    hash_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_lets_the_stage_begin),
        cmocka_unit_test(one_rule_that_fails_fails_the_stage_before_its_actions),
        cmocka_unit_test(the_others_are_given_up),
        cmocka_unit_test(a_stage_can_be_skipped),
        cmocka_unit_test(the_stage_holds_its_lock_while_it_is_asked),
        cmocka_unit_test(variables_are_compared),
        cmocka_unit_test(after_success_the_stage_is_left_or_fails),
        cmocka_unit_test(after_success_an_alarm_rolls_back),
        cmocka_unit_test(after_failure_the_condition_decides),
        cmocka_unit_test(a_person_overrides),
        cmocka_unit_test(a_stop_ends_what_is_asked),
        cmocka_unit_test(a_window_that_is_open_lets_in),
        cmocka_unit_test(a_window_that_is_closed_is_waited_for),
        cmocka_unit_test(a_stop_does_not_wait_for_the_window),
        cmocka_unit_test(a_window_that_was_waited_for_is_not_missed),
        cmocka_unit_test(a_runners_rule_waits_for_its_runner),
        cmocka_unit_test(a_rule_that_could_not_be_judged_is_an_error),
        cmocka_unit_test(a_rule_that_is_being_undone_can_be_given_up),
        cmocka_unit_test(a_window_that_does_not_open_in_time_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
