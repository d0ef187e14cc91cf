/*
 * Every answer that ECS can give about a deployment, and what it means for ours.
 */
#include "runner/actions/ecs_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define OURS "{\"id\":\"ecs-svc/2\",\"taskDefinition\":\"td/shop:2\",\"desiredCount\":2,\"pendingCount\":0,"
#define OLD "{\"id\":\"ecs-svc/1\",\"taskDefinition\":\"td/shop:1\",\"desiredCount\":2,\"pendingCount\":0,"
#define OTHER "{\"id\":\"ecs-svc/3\",\"taskDefinition\":\"td/shop:3\",\"desiredCount\":2,\"pendingCount\":0,"

static const struct {
    const char *what;
    const char *deployments;
    bool seen;
    enum ecs_state state;
    const char *sentence;
} rows[] = {
    {"under way",
     OURS "\"status\":\"PRIMARY\",\"runningCount\":1,\"rolloutState\":\"IN_PROGRESS\"}," OLD
          "\"status\":\"ACTIVE\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}",
     false, ECS_GOES_ON, "1 of 2 new tasks are running"},
    {"all run, the old ones drain", OURS "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"IN_PROGRESS\"}",
     false, ECS_GOES_ON, "2 of 2 new tasks are running"},
    {"completed", OURS "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}", true, ECS_DONE,
     "2 of 2 new tasks are running"},
    {"nothing wanted",
     "{\"id\":\"ecs-svc/2\",\"status\":\"PRIMARY\",\"desiredCount\":0,\"runningCount\":0,"
     "\"rolloutState\":\"COMPLETED\"}",
     true, ECS_DONE, "the service wants no tasks"},
    {"failed",
     OURS "\"status\":\"PRIMARY\",\"runningCount\":0,\"rolloutState\":\"FAILED\",\"rolloutStateReason\":"
          "\"ECS deployment circuit breaker: tasks failed to start.\"}",
     true, ECS_FAILED, "ECS gave the deployment up: ECS deployment circuit breaker: tasks failed to start."},
    {"failed, rollback under way",
     OLD "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"IN_PROGRESS\"}," OURS
         "\"status\":\"ACTIVE\",\"runningCount\":0,\"rolloutState\":\"FAILED\",\"rolloutStateReason\":\"breaker\"}",
     true, ECS_FAILED, "ECS gave the deployment up: breaker"},
    {"rollback is over", OLD "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}", true,
     ECS_FAILED, "the service was put back on shop:1 by ECS, or by somebody"},
    {"rollback is over, and its event tells",
     OLD "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}],\"events\":[{\"createdAt\":3,"
         "\"message\":\"(service shop) rolling back to deployment ecs-svc/1.\"}",
     true, ECS_FAILED, "ECS rolled the service back to shop:1"},
    {"started anew by hand",
     "{\"id\":\"ecs-svc/3\",\"taskDefinition\":\"td/shop:2\",\"status\":\"PRIMARY\",\"runningCount\":0}", true,
     ECS_SUPERSEDED, "somebody else started a deployment of shop:2 anew, which replaced this one"},
    {"rolled back to yet another",
     OTHER "\"status\":\"PRIMARY\",\"runningCount\":0,\"rolloutStateReason\":\"ECS deployment circuit breaker: rolling "
           "back to deploymentId ecs-svc/3.\"}",
     true, ECS_FAILED, "ECS rolled the service back to shop:3"},
    {"superseded, ours still drains",
     OTHER "\"status\":\"PRIMARY\",\"runningCount\":0,\"rolloutState\":\"IN_PROGRESS\"}," OURS
           "\"status\":\"ACTIVE\",\"runningCount\":1,\"rolloutState\":\"IN_PROGRESS\"}",
     true, ECS_SUPERSEDED, "somebody else deployed shop:3 to the service meanwhile, which replaced this deployment"},
    {"superseded and gone", OTHER "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}", true,
     ECS_SUPERSEDED, "somebody else deployed shop:3 to the service meanwhile, which replaced this deployment"},
    {"too new to show", OLD "\"status\":\"PRIMARY\",\"runningCount\":2,\"rolloutState\":\"COMPLETED\"}", false,
     ECS_GOES_ON, "waiting for the deployment to show"},
    {"no rolloutState, stable", OURS "\"status\":\"PRIMARY\",\"runningCount\":2}", true, ECS_DONE,
     "2 of 2 new tasks are running"},
    {"no rolloutState, the old ones are there",
     OURS "\"status\":\"PRIMARY\",\"runningCount\":2}," OLD "\"status\":\"ACTIVE\",\"runningCount\":1}", true,
     ECS_GOES_ON, "2 of 2 new tasks are running"},
    {"no rolloutState, one is missing", OURS "\"status\":\"PRIMARY\",\"runningCount\":1}", true, ECS_GOES_ON,
     "1 of 2 new tasks are running"},
};

static const struct json *service(struct arena *arena, const char *deployments) {
    const char *text = arena_printf(arena, "{\"deployments\":[%s]}", deployments);
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static void each_row_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct ecs_ours ours = {.deployment = "ecs-svc/2",
                                      .task_definition = "td/shop:2",
                                      .previous = "td/shop:1",
                                      .began_ms = 2000,
                                      .seen = rows[i].seen};
        struct ecs_verdict verdict = ecs_verdict(&arena, service(&arena, rows[i].deployments), &ours);
        if (verdict.state != rows[i].state || strcmp(verdict.sentence, rows[i].sentence) != 0)
            fail_msg("%s: %d, '%s'", rows[i].what, (int)verdict.state, verdict.sentence);
    }
}

static bool is_back(const char *deployments) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct ecs_ours ours = {.task_definition = "td/shop:2", .previous = "td/shop:1"};
    const char *sentence;
    int64_t left;
    return ecs_is_back(&arena, service(&arena, deployments), &ours, &left, &sentence);
}

static void an_undo_ends_when_only_the_old_runs(void **state) {
    (void)state;
    assert_true(is_back(OLD "\"status\":\"PRIMARY\",\"runningCount\":2}"));
    assert_false(is_back(OLD "\"status\":\"PRIMARY\",\"runningCount\":1}"));
    assert_false(
        is_back(OLD "\"status\":\"PRIMARY\",\"runningCount\":2}," OURS "\"status\":\"ACTIVE\",\"runningCount\":1}"));
    assert_true(
        is_back(OLD "\"status\":\"PRIMARY\",\"runningCount\":2}," OURS "\"status\":\"ACTIVE\",\"runningCount\":0}"));
    assert_false(is_back(OURS "\"status\":\"PRIMARY\",\"runningCount\":2}"));
    assert_false(is_back(""));
}

static void a_rollback_is_known_from_what_is_left_of_it(void **state) {
    (void)state;
    static const struct {
        const char *what;
        const char *service;
        bool rolled_back;
    } cases[] = {
        {"never came", "{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"createdAt\":1.5}]}", false},
        {"ours is PRIMARY", "{\"deployments\":[" OURS "\"status\":\"PRIMARY\"}]}", false},
        {"ours is left", "{\"deployments\":[" OLD "\"status\":\"PRIMARY\"}," OURS "\"status\":\"ACTIVE\"}]}", true},
        {"the reason tells",
         "{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"createdAt\":2.25,\"rolloutStateReason\":"
         "\"ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.\"}]}",
         true},
        {"a reason from before",
         "{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"createdAt\":1.5,\"rolloutStateReason\":"
         "\"ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.\"}]}",
         false},
        {"an event tells",
         "{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"createdAt\":1.5}],\"events\":[{\"createdAt\":3,"
         "\"message\":\"(service shop) rolling back to deployment ecs-svc/1.\"}]}",
         true},
        {"an event from before",
         "{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"createdAt\":1.5}],\"events\":[{\"createdAt\":1,"
         "\"message\":\"(service shop) rolling back to deployment ecs-svc/1.\"}]}",
         false},
    };
    const struct ecs_ours ours = {.task_definition = "td/shop:2", .previous = "td/shop:1"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *answer = NULL;
        assert_true(json_parse(&arena, cases[i].service, strlen(cases[i].service), &answer, NULL));
        if (ecs_was_rolled_back(answer, &ours, 2000) != cases[i].rolled_back)
            fail_msg("%s", cases[i].what);
    }
}

static void strategies_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *service;
        const char *strategy;
        bool shifts;
        bool settled;
    } cases[] = {
        {"{\"deployments\":[" OLD "\"status\":\"PRIMARY\",\"rolloutState\":\"COMPLETED\"}]}", "ROLLING", false, true},
        {"{\"schedulingStrategy\":\"DAEMON\",\"deploymentConfiguration\":{\"strategy\":\"ROLLING\"}}", "DAEMON", false,
         false},
        {"{\"deploymentConfiguration\":{\"strategy\":\"CANARY\"},\"deployments\":[" OURS
         "\"status\":\"PRIMARY\",\"rolloutState\":\"IN_PROGRESS\"}]}",
         "CANARY", true, false},
        {"{\"deployments\":[" OURS "\"status\":\"PRIMARY\",\"rolloutState\":\"COMPLETED\"}," OLD
         "\"status\":\"ACTIVE\"}]}",
         "ROLLING", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct json *answer = NULL;
        assert_true(json_parse(&arena, cases[i].service, strlen(cases[i].service), &answer, NULL));
        assert_string_equal(ecs_strategy(answer), cases[i].strategy);
        assert_int_equal(ecs_shifts_traffic(answer), cases[i].shifts);
        assert_int_equal(ecs_is_settled(answer), cases[i].settled);
    }
}

static void the_newest_time_is_ecs_own(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_int_equal(ecs_newest_ms(service(&arena, "{\"createdAt\":2.5,\"updatedAt\":7},{\"createdAt\":3}")), 7000);
    assert_int_equal(
        ecs_newest_ms(service(&arena, "{\"createdAt\":2}],\"events\":[{\"createdAt\":9.25},{\"createdAt\":8}")), 9250);
    assert_int_equal(ecs_newest_ms(service(&arena, "{\"status\":\"PRIMARY\"}")), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strategies_are_told_apart),
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(an_undo_ends_when_only_the_old_runs),
        cmocka_unit_test(a_rollback_is_known_from_what_is_left_of_it),
        cmocka_unit_test(the_newest_time_is_ecs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
