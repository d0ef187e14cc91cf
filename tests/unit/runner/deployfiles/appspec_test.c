/*
 * Appspec files: what is read out of them, filled into them, and whether they go with a task definition.
 */
#include "runner/deployfiles/appspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "version: 0.0\n"
                           "Resources:\n"
                           "  - TargetService:\n"
                           "      Type: AWS::ECS::Service\n"
                           "      Properties:\n"
                           "        TaskDefinition: <TASK_DEFINITION>\n"
                           "        LoadBalancerInfo: {ContainerName: web, ContainerPort: 80}\n";

static void an_appspec_says_where_traffic_goes(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct appspec appspec;
    struct err err = {0};
    assert_true(appspec_read(&arena, "appspec.yaml", text, strlen(text), &appspec, &err));
    assert_int_equal(appspec.platform, APPSPEC_ECS);
    assert_string_equal(appspec.task_definition, "<TASK_DEFINITION>");
    assert_string_equal(appspec.container, "web");
    assert_int_equal(appspec.container_port, 80);
}

static void a_filled_one_holds_the_arn(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct appspec appspec;
    struct err err = {0};
    const char *arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7";
    const char *filled = appspec_fill(&arena, text, strlen(text), arn);
    assert_non_null(strstr(filled, arn));
    assert_int_equal(strlen(filled), strlen(text) - strlen(APPSPEC_TASK_DEFINITION) + strlen(arn));
    assert_false(appspec_read(&arena, "appspec.yaml", filled, strlen(filled), &appspec, &err));
    assert_non_null(strstr(err.message, "itself, so that the new one would not be deployed; write <TASK_DEFINITION>"));
}

static const struct json *parse(struct arena *arena, const char *json) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, json, strlen(json), &value, NULL));
    return value;
}

static void container_and_port_must_be_there(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct appspec appspec;
    struct err err = {0};
    assert_true(appspec_read(&arena, "appspec.yaml", text, strlen(text), &appspec, &err));
    assert_true(appspec_fits(
        &appspec,
        parse(&arena, "{\"containerDefinitions\":[{\"name\":\"web\",\"portMappings\":[{\"containerPort\":80}]}]}"),
        &err));
    assert_false(appspec_fits(
        &appspec,
        parse(&arena, "{\"containerDefinitions\":[{\"name\":\"web\",\"portMappings\":[{\"containerPort\":81}]}]}"),
        &err));
    assert_string_equal(
        err.message, "the appspec file sends traffic to port 80 of container 'web', which the task definition does not "
                     "map; add it to 'portMappings', or correct 'ContainerPort'");
    assert_false(appspec_fits(
        &appspec, parse(&arena, "{\"containerDefinitions\":[{\"name\":\"app\"},{\"name\":\"rp\"}]}"), &err));
    assert_string_equal(err.message,
                        "the appspec file sends traffic to container 'web', and the task definition has 'app', "
                        "'rp'; correct 'ContainerName'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_appspec_says_where_traffic_goes),
        cmocka_unit_test(a_filled_one_holds_the_arn),
        cmocka_unit_test(container_and_port_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
