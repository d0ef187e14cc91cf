/*
 * What a service deployment says, row by row: state, traffic, and whether somebody is waited for.
 */
#include "runner/actions/ecs_shift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TARGET                                                                                                         \
    "\"targetServiceRevision\":{\"requestedTaskCount\":2,\"runningTaskCount\":1,\"pendingTaskCount\":1,"               \
    "\"requestedProductionTrafficWeight\":10.0}"

static const struct {
    const char *text;
    enum ecs_state state;
    const char *sentence;
    bool is_back;
    bool back_failed;
} rows[] = {
    {"{\"status\":\"PENDING\"}", ECS_GOES_ON, "CANARY: it begins; 0 of 0 new tasks are running", false, false},
    {"{\"status\":\"IN_PROGRESS\",\"lifecycleStage\":\"PRODUCTION_TRAFFIC_SHIFT\"," TARGET "}", ECS_GOES_ON,
     "CANARY: the production traffic is being shifted, 10% of the traffic; 1 of 2 new tasks are running", false, false},
    {"{\"status\":\"SUCCESSFUL\"," TARGET "}", ECS_DONE, "CANARY: complete; 1 of 2 new tasks are running", false,
     false},
    {"{\"status\":\"STOPPED\",\"statusReason\":\"replaced\"}", ECS_FAILED,
     "the deployment was stopped in ECS: replaced", false, false},
    {"{\"status\":\"STOP_REQUESTED\"}", ECS_FAILED, "the deployment was stopped in ECS: no reason given", false, false},
    {"{\"status\":\"ROLLBACK_REQUESTED\"}", ECS_FAILED, "ECS is rolling the service back: no reason given", false,
     false},
    {"{\"status\":\"ROLLBACK_IN_PROGRESS\",\"rollback\":{\"reason\":\"a hook failed\"}}", ECS_FAILED,
     "ECS is rolling the service back: a hook failed", false, false},
    {"{\"status\":\"ROLLBACK_SUCCESSFUL\",\"statusReason\":\"alarm\"}", ECS_FAILED,
     "ECS rolled the service back: alarm", true, false},
    {"{\"status\":\"ROLLBACK_FAILED\"}", ECS_FAILED,
     "ECS gave the deployment up and could not roll it back: no reason given", false, true},
};

static struct ecs_shift read(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return ecs_shift_read(arena, value, "CANARY");
}

static void each_row_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        const struct ecs_shift shift = read(&arena, rows[i].text);
        if (shift.state != rows[i].state || strcmp(shift.sentence, rows[i].sentence) != 0 ||
            shift.is_back != rows[i].is_back || shift.back_failed != rows[i].back_failed)
            fail_msg("%s: %d, '%s'", rows[i].text, (int)shift.state, shift.sentence);
    }
}

static void a_pause_waits_and_others_do_not(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct ecs_shift shift =
        read(&arena, "{\"lifecycleStage\":\"POST_SCALE_UP\",\"lifecycleHookDetails\":[{\"hookId\":\"a\",\"targetType\":"
                     "\"PAUSE\",\"status\":\"SUCCEEDED\"},{\"hookId\":\"b\",\"targetType\":\"PAUSE\",\"status\":"
                     "\"AWAITING_ACTION\",\"expiresAt\":5.5,\"timeoutAction\":\"ROLLBACK\"}]}");
    assert_string_equal(shift.pause.hook, "b");
    assert_string_equal(shift.pause.stage, "POST_SCALE_UP");
    assert_int_equal(shift.pause.expires_ms, 5500);
    assert_false(shift.pause.then_continues);
    assert_int_equal(shift.traffic, -1);
    shift = read(&arena, "{\"lifecycleHookDetails\":[{\"hookId\":\"c\",\"targetType\":\"AWS_LAMBDA\",\"status\":"
                         "\"AWAITING_ACTION\"}]}");
    assert_null(shift.pause.hook);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(a_pause_waits_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
