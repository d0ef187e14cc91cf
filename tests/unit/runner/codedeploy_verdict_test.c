/*
 * Every status that CodeDeploy gives a deployment, and the sentence that it is told by.
 */
#include "runner/actions/codedeploy_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ECS "\"deploymentId\":\"d-1\",\"computePlatform\":\"ECS\","
#define SERVERS "\"deploymentId\":\"d-1\",\"computePlatform\":\"Server\","
#define SETS(green, weight)                                                                                            \
    "\"taskSetsInfo\":[{\"taskSetLabel\":\"Blue\",\"runningCount\":2},{\"taskSetLabel\":\"Green\",\"desiredCount\":2," \
    "\"runningCount\":" green ",\"pendingCount\":0,\"trafficWeight\":" weight "}]"

static const struct {
    const char *what;
    const char *info;
    const char *targets; /* or NULL */
    enum codedeploy_state state;
    const char *sentence;
    int percent;
} rows[] = {
    {"created", "{" ECS "\"status\":\"Created\"}", NULL, CODEDEPLOY_GOES_ON,
     "deployment d-1 waits for its turn at CodeDeploy", -1},
    {"installing", "{" ECS "\"status\":\"InProgress\"}",
     "[{\"ecsTarget\":{\"lifecycleEvents\":[{\"lifecycleEventName\":\"Install\",\"status\":\"InProgress\"}]," SETS(
         "1", "0.0") "}}]",
     CODEDEPLOY_GOES_ON, "1 of 2 new tasks run, no traffic on them yet (Install)", 0},
    {"a canary", "{" ECS "\"status\":\"InProgress\"}", "[{\"ecsTarget\":{" SETS("2", "10.0") "}}]", CODEDEPLOY_GOES_ON,
     "10% of the traffic is on the new tasks", 10},
    {"moved", "{" ECS "\"status\":\"InProgress\"}",
     "[{\"ecsTarget\":{\"lifecycleEvents\":[{\"lifecycleEventName\":\"AllowTraffic\",\"status\":\"Succeeded\","
     "\"endTime\":12.5}]," SETS("2", "100.0") "}}]",
     CODEDEPLOY_GOES_ON, "all traffic is on the new tasks; the old ones are kept for a while", 100},
    {"ready", "{" ECS "\"status\":\"Ready\"}", NULL, CODEDEPLOY_WAITS,
     "the new version is ready, and no traffic goes to it until somebody says so", -1},
    {"baking", "{" ECS "\"status\":\"Baking\"}", NULL, CODEDEPLOY_GOES_ON,
     "deployment d-1 is watched by its alarms before it counts", -1},
    {"instances",
     "{" SERVERS "\"status\":\"InProgress\",\"deploymentOverview\":{\"Succeeded\":1,\"Failed\":1,\"InProgress\":1,"
     "\"Pending\":1}}",
     NULL, CODEDEPLOY_GOES_ON, "1 of 4 instances have the new revision, 1 failed", 25},
    {"succeeded", "{" ECS "\"status\":\"Succeeded\"}", NULL, CODEDEPLOY_SUCCEEDED, "deployment d-1 succeeded", -1},
    {"a known code",
     "{" ECS "\"status\":\"Stopped\",\"errorInformation\":{\"code\":\"ALARM_ACTIVE\",\"message\":\"One or more\"}}",
     NULL, CODEDEPLOY_STOPPED,
     "deployment d-1 was stopped: an alarm of the deployment group went off (ALARM_ACTIVE: One or more)", -1},
    {"a code of tomorrow",
     "{" ECS "\"status\":\"Failed\",\"errorInformation\":{\"code\":\"NEW_ONE\",\"message\":\"words\"}}", NULL,
     CODEDEPLOY_FAILED, "deployment d-1 failed: NEW_ONE: words", -1},
    {"a script",
     "{" SERVERS "\"status\":\"Failed\",\"errorInformation\":{\"code\":\"HEALTH_CONSTRAINTS\",\"message\":\"m\"}}",
     "[{\"instanceTarget\":{\"targetId\":\"i-1\",\"lifecycleEvents\":[{\"lifecycleEventName\":\"AfterInstall\","
     "\"status\":\"Failed\",\"diagnostics\":{\"errorCode\":\"ScriptFailed\",\"scriptName\":\"a.sh\","
     "\"message\":\"exit code 1\"}}]}}]",
     CODEDEPLOY_FAILED,
     "deployment d-1 failed: too few instances stayed healthy (HEALTH_CONSTRAINTS: m); on i-1 'AfterInstall' failed: "
     "ScriptFailed in a.sh: exit code 1",
     -1},
    {"no more words", "{" SERVERS "\"status\":\"Failed\"}", NULL, CODEDEPLOY_FAILED, "deployment d-1 failed", -1},
};

static const struct json *read_json(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (text && !json_parse(arena, text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void each_status_has_its_sentence(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct codedeploy_verdict verdict =
            codedeploy_verdict(&arena, read_json(&arena, rows[i].info), read_json(&arena, rows[i].targets));
        print_message("%s\n", rows[i].what);
        assert_int_equal(verdict.state, rows[i].state);
        assert_string_equal(verdict.sentence, rows[i].sentence);
        assert_int_equal(verdict.percent, rows[i].percent);
    }
}

static void the_old_ones_are_kept_from_the_shift_on(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_verdict verdict =
        codedeploy_verdict(&arena, read_json(&arena, rows[3].info), read_json(&arena, rows[3].targets));
    assert_true(verdict.old_ones_stay);
    assert_int_equal(verdict.moved_ms, 12500);
    assert_int_equal(verdict.old, 2);
}

static void a_rollback_is_named(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct codedeploy_verdict verdict = codedeploy_verdict(
        &arena, read_json(&arena, "{\"status\":\"Stopped\",\"rollbackInfo\":{\"rollbackDeploymentId\":\"d-2\"}}"),
        NULL);
    assert_string_equal(verdict.rollback, "d-2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_sentence),
        cmocka_unit_test(the_old_ones_are_kept_from_the_shift_on),
        cmocka_unit_test(a_rollback_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
