/*
 * The next revision: other images, nothing else; and the fingerprint that recognises it.
 */
#include "runner/actions/ecs_definition.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char described_text[] =
    "{\"taskDefinition\":{\"taskDefinitionArn\":\"arn\",\"revision\":7,\"status\":\"ACTIVE\",\"family\":\"shop\","
    "\"requiresAttributes\":[],\"compatibilities\":[\"EC2\",\"FARGATE\"],\"requiresCompatibilities\":[\"FARGATE\"],"
    "\"registeredAt\":1.5,\"registeredBy\":\"me\",\"deregisteredAt\":2,\"deleteRequestedAt\":3,\"taskRoleArn\":\"\","
    "\"pidMode\":null,\"cpu\":\"256\",\"futureField\":{\"a\":[1]},\"containerDefinitions\":["
    "{\"name\":\"web\",\"image\":\"old\",\"environment\":[{\"name\":\"E\",\"value\":\"\"}]},"
    "{\"name\":\"rp\",\"image\":\"rp\"}]},\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}";

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static void only_the_image_changes(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct ecs_image image = {.container = "web", .uri = "new"};
    const struct ecs_images images = {.items = &image, .count = 1};
    struct json *next;
    struct err err = {0};
    assert_true(ecs_definition_next(&arena, parse(&arena, described_text), &images, &next, &err));
    const struct json *expected =
        parse(&arena, "{\"family\":\"shop\",\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"256\","
                      "\"futureField\":{\"a\":[1]},\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"new\","
                      "\"environment\":[{\"name\":\"E\",\"value\":\"\"}]},{\"name\":\"rp\",\"image\":\"rp\"}],"
                      "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
    assert_true(json_equal(next, expected));
}

static void a_foreign_container_is_named(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct ecs_image image = {.container = "app", .uri = "new"};
    const struct ecs_images images = {.items = &image, .count = 1};
    struct json *next;
    struct err err = {0};
    assert_false(ecs_definition_next(&arena, parse(&arena, described_text), &images, &next, &err));
    assert_string_equal(err.message,
                        "the AWS ECS container 'app' does not exist: task definition 'shop' has 'web', 'rp'");
}

static void the_fingerprint_sees_through_descriptions(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char sent[SHA256_HEX_SIZE], shown[SHA256_HEX_SIZE], other[SHA256_HEX_SIZE];
    ecs_definition_fingerprint(parse(&arena, "{\"family\":\"f\",\"cpu\":\"1\",\"tags\":[1],\"containerDefinitions\":"
                                             "[{\"name\":\"a\",\"image\":\"x\"}]}"),
                               sent);
    ecs_definition_fingerprint(parse(&arena, "{\"revision\":3,\"containerDefinitions\":[{\"image\":\"x\",\"name\":"
                                             "\"a\"}],\"cpu\":\"1\",\"family\":\"f\",\"status\":\"ACTIVE\"}"),
                               shown);
    ecs_definition_fingerprint(parse(&arena, "{\"containerDefinitions\":[{\"image\":\"y\",\"name\":\"a\"}],"
                                             "\"cpu\":\"1\",\"family\":\"f\"}"),
                               other);
    assert_string_equal(sent, shown);
    assert_string_not_equal(sent, other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_image_changes),
        cmocka_unit_test(a_foreign_container_is_named),
        cmocka_unit_test(the_fingerprint_sees_through_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
