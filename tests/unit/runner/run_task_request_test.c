/*
 * What RunTask asks for, and its verdict.
 */
#include "runner/actions/run_task_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct json *read(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static void a_command_is_a_list_or_for_the_shell(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *command;
    struct err err = {0};
    (void)state;
    assert_true(run_task_command(&arena, NULL, &command, &err));
    assert_null(command);
    assert_true(run_task_command(&arena, " [\"bin/migrate\", \"up\"]", &command, &err));
    assert_string_equal(json_print(&arena, command), "[\"bin/migrate\",\"up\"]");
    assert_true(run_task_command(&arena, "bin/migrate && echo \"done\"", &command, &err));
    assert_string_equal(json_print(&arena, command), "[\"sh\",\"-c\",\"bin/migrate && echo \\\"done\\\"\"]");
    static const char *const bad[] = {"[", "[]", "[1]", "[\"a\", null]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(run_task_command(&arena, bad[i], &command, &err));
}

static void an_environment_is_read(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *list;
    (void)state;
    assert_true(run_task_environment(&arena, "{\"A\": \"1\", \"B\": \"\"}", &list, NULL));
    assert_string_equal(json_print(&arena, list), "[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"\"}]");
    assert_true(run_task_environment(&arena, "[{\"name\": \"A\", \"value\": \"1\"}]", &list, NULL));
    assert_string_equal(json_print(&arena, list), "[{\"name\":\"A\",\"value\":\"1\"}]");
    static const char *const bad[] = {"A=1", "\"A\"", "{\"A\": 1}", "{\"\": \"x\"}", "[{\"name\": \"A\"}]", "[1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(run_task_environment(&arena, bad[i], &list, NULL));
}

static void the_container_is_found(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *definition = read(&arena, "{\"containerDefinitions\": [{\"name\": \"rp\", \"essential\": false},"
                                                 " {\"name\": \"web\"}]}");
    const struct json *found;
    struct err err = {0};
    (void)state;
    assert_true(run_task_container(&arena, definition, "", &found, &err));
    assert_string_equal(json_get_text(found, "name"), "web");
    assert_true(run_task_container(&arena, definition, "rp", &found, &err));
    assert_string_equal(json_get_text(found, "name"), "rp");
    assert_false(run_task_container(&arena, definition, "db", &found, &err));
    assert_non_null(strstr(err.message, "no container 'db'; it has 'rp', 'web'"));
}

static void it_runs_where_the_service_runs(void **state) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct json *service = read(
        &arena, "{\"launchType\": \"FARGATE\", \"platformVersion\": \"1.4.0\", \"placementStrategy\": [],"
                " \"networkConfiguration\": {\"awsvpcConfiguration\": {\"subnets\": [\"s-1\"]}}, \"desiredCount\": 2}");
    struct run_task_wish wish = {.cluster = "prod",
                                 .revision = "arn:shop:12",
                                 .container = "web",
                                 .command = read(&arena, "[\"m\"]"),
                                 .cpu = "512",
                                 .token = "t"};
    const struct json *body;
    struct err err = {0};
    (void)state;
    assert_true(run_task_body(&arena, &wish, service, &body, &err));
    assert_true(
        json_equal(body, read(&arena, "{\"cluster\": \"prod\", \"taskDefinition\": \"arn:shop:12\", \"count\": 1,"
                                      " \"clientToken\": \"t\", \"startedBy\": \"t\", \"launchType\": \"FARGATE\","
                                      " \"platformVersion\": \"1.4.0\", \"networkConfiguration\":"
                                      " {\"awsvpcConfiguration\": {\"subnets\": [\"s-1\"]}}, \"overrides\":"
                                      " {\"containerOverrides\": [{\"name\": \"web\", \"command\": [\"m\"]}],"
                                      " \"cpu\": \"512\"}}")));
    service =
        read(&arena, "{\"launchType\": \"EC2\", \"capacityProviderStrategy\": [{\"capacityProvider\": \"spot\"}]}");
    assert_true(run_task_body(&arena, &wish, service, &body, &err));
    assert_null(json_get(body, "launchType"));
    assert_non_null(json_get(body, "capacityProviderStrategy"));
    char *text = arena_alloc(&arena, 9000);
    memset(text, 'x', 8999);
    assert_true(run_task_command(&arena, text, &wish.command, &err));
    assert_false(run_task_body(&arena, &wish, service, &body, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void only_zero_is_good(void **state) {
    static const struct {
        const char *task;
        bool good;
        const char *says;
    } table[] = {
        {"{\"containers\": [{\"name\": \"web\", \"exitCode\": 0}, {\"name\": \"rp\", \"exitCode\": 143}]}", true,
         "exit code 0"},
        {"{\"containers\": [{\"name\": \"web\", \"exitCode\": 1}]}", false, "exit code 1"},
        {"{\"containers\": [{\"name\": \"web\", \"exitCode\": 137, \"reason\": \"OutOfMemoryError: x\"}]}", false,
         "exit code 137 (killed: out of memory, or it did not stop in time): OutOfMemoryError: x"},
        {"{\"containers\": [{\"name\": \"web\"}], \"stoppedReason\": \"CannotPullContainerError: y\"}", false,
         "did not run: CannotPullContainerError: y"},
        {"{\"containers\": [{\"name\": \"web\", \"exitCode\": null, \"reason\": \"z\"}]}", false, "did not run: z"},
        {"{\"containers\": [{\"name\": \"rp\", \"exitCode\": 0}]}", false, "did not run: ECS gives no reason"},
        {"{}", false, "did not run"},
    };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct run_task_end end = run_task_end(&arena, read(&arena, table[i].task), "web");
        assert_int_equal(end.good, table[i].good);
        if (!strstr(end.sentence, table[i].says))
            fail_msg("%s", end.sentence);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_a_list_or_for_the_shell),
        cmocka_unit_test(an_environment_is_read),
        cmocka_unit_test(the_container_is_found),
        cmocka_unit_test(it_runs_where_the_service_runs),
        cmocka_unit_test(only_zero_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
