/*
 * Task definitions: the next revision, placeholders, what is taken off a pasted description, and the fingerprint.
 */
#include "runner/deployfiles/task_definition.h"

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
    "{\"name\":\"web\",\"image\":\"old\",\"user\":null,\"environment\":[{\"name\":\"E\",\"value\":\"\"}]},"
    "{\"name\":\"rp\",\"image\":\"rp\"}]},\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}";

static struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return json_copy(arena, value);
}

static void only_the_image_changes(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct image_definition image = {.container = "web", .uri = "new"};
    const struct image_definitions images = {.items = &image, .count = 1};
    struct json *next;
    struct err err = {0};
    assert_true(task_definition_next(&arena, parse(&arena, described_text), &images, &next, &err));
    const struct json *expected =
        parse(&arena, "{\"family\":\"shop\",\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"256\","
                      "\"futureField\":{\"a\":[1]},\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"new\","
                      "\"environment\":[{\"name\":\"E\",\"value\":\"\"}]},{\"name\":\"rp\",\"image\":\"rp\"}],"
                      "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
    assert_string_equal(json_print(&arena, next), json_print(&arena, expected));
}

static void a_foreign_container_is_named(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct image_definition image = {.container = "app", .uri = "new"};
    const struct image_definitions images = {.items = &image, .count = 1};
    struct json *next;
    struct err err = {0};
    assert_false(task_definition_next(&arena, parse(&arena, described_text), &images, &next, &err));
    assert_string_equal(err.message,
                        "the AWS ECS container 'app' does not exist: task definition 'shop' has 'web', 'rp'");
}

static void a_pasted_description_becomes_a_request(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *definition;
    struct err err = {0};
    const char *text = "{\"taskDefinition\": {\"taskDefinitionArn\": \"arn\", \"revision\": 7, \"status\": \"ACTIVE\", "
                       "\"family\": \"shop\","
                       " \"registeredAt\": 1.5, \"taskRoleArn\": \"\", \"containerDefinitions\": [{\"name\": \"web\", "
                       "\"image\": \"a:1\","
                       " \"memory\": \"64\", \"command\": null}]}, \"tags\": [{\"key\": \"k\", \"value\": \"v\"}]}";
    assert_true(task_definition_read(&arena, "taskdef.json", text, strlen(text), &definition, &err));
    assert_string_equal(
        json_print(&arena, definition),
        "{\"family\":\"shop\",\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"a:1\",\"memory\":64}],"
        "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");
}

static void placeholders_are_filled_wherever_they_stand(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct placeholder list[] = {{.name = "IMAGE1_NAME", .value = "a:1"},
                                       {.name = "X", .value = "<IMAGE1_NAME>"}};
    struct json *definition = parse(&arena, "{\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"<IMAGE1_NAME>\","
                                            "\"command\":[\"say\",\"<IMAGE1_NAME>, <X> and <IMAGE1_NAME>\"]},"
                                            "{\"name\":\"rp\",\"image\":\"<IMAGE2_NAME>\"}]}");
    struct err err = {0};
    task_definition_fill(&arena, definition, list, 2);
    const struct json *web = json_get(definition, "containerDefinitions")->first;
    assert_string_equal(json_get_text(web, "image"), "a:1");
    assert_string_equal(json_get(web, "command")->last->text, "a:1, <IMAGE1_NAME> and a:1");
    assert_false(task_definition_is_filled(definition, &err));
    assert_string_equal(err.message,
                        "the image of container 'rp' is still the placeholder '<IMAGE2_NAME>': no image of "
                        "this action's input artifacts fills it");
    const struct image_definition image = {.container = "rp", .uri = "rp:2"};
    assert_true(
        task_definition_set_images(&arena, definition, &(struct image_definitions){.items = &image, .count = 1}, &err));
    assert_true(task_definition_is_filled(definition, &err));
}

static const char *fingerprint(struct arena *arena, const char *text) {
    char out[SHA256_HEX_SIZE];
    task_definition_fingerprint(parse(arena, text), out);
    return arena_strdup(arena, out);
}

/* What ECS shows of a definition that it was given: defaults, other words, other orders. */
static void the_fingerprint_sees_through_descriptions(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *sent = fingerprint(
        &arena, "{\"family\":\"f\",\"networkMode\":\"awsvpc\",\"cpu\":\"1 vCPU\",\"memory\":\"2GB\",\"tags\":[1],"
                "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\",\"portMappings\":[{\"containerPort\":80}],"
                "\"healthCheck\":{\"command\":[\"CMD\"]},\"environment\":[{\"name\":\"B\",\"value\":\"1\"},"
                "{\"name\":\"A\",\"value\":\"2\"}]}]}");
    const char *shown = fingerprint(
        &arena,
        "{\"revision\":3,\"status\":\"ACTIVE\",\"volumes\":[],\"placementConstraints\":[],\"cpu\":\"1024\",\"memory\":"
        "\"2048\",\"networkMode\":\"awsvpc\",\"containerDefinitions\":[{\"image\":\"x\",\"name\":\"a\",\"cpu\":0,"
        "\"essential\":true,\"mountPoints\":[],\"volumesFrom\":[],\"systemControls\":[],\"portMappings\":[{"
        "\"hostPort\":80,"
        "\"containerPort\":80,\"protocol\":\"tcp\"}],\"healthCheck\":{\"command\":[\"CMD\"],\"interval\":30,"
        "\"timeout\":5,"
        "\"retries\":3},\"environment\":[{\"name\":\"A\",\"value\":\"2\"},{\"name\":\"B\",\"value\":\"1\"}]}],"
        "\"family\":\"f\"}");
    assert_string_equal(sent, shown);
    static const char *const others[] = {
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\"}]}",
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"y\"}]}",
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\",\"essential\":false}]}",
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\",\"command\":[\"a\",\"b\"]}]}",
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\",\"command\":[\"b\",\"a\"]}]}",
        "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\",\"portMappings\":[{"
        "\"containerPort\":80,"
        "\"hostPort\":81}]}]}"};
    const size_t count = sizeof others / sizeof *others;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            assert_string_not_equal(fingerprint(&arena, others[i]), fingerprint(&arena, others[j]));
}

static void what_fargate_cannot_run_is_said(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    assert_true(task_definition_fits_fargate(
        parse(&arena, "{\"family\":\"f\",\"networkMode\":\"awsvpc\",\"cpu\":\"256\",\"memory\":\"512\","
                      "\"containerDefinitions\":[{\"name\":\"a\",\"image\":\"x\"}]}"),
        &err));
    assert_false(task_definition_fits_fargate(
        parse(&arena,
              "{\"family\":\"f\",\"cpu\":\"256\",\"memory\":\"512\",\"containerDefinitions\":[{\"name\":\"a\"}]}"),
        &err));
    assert_string_equal(err.message, "FARGATE needs \"networkMode\": \"awsvpc\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_image_changes),
        cmocka_unit_test(a_foreign_container_is_named),
        cmocka_unit_test(a_pasted_description_becomes_a_request),
        cmocka_unit_test(placeholders_are_filled_wherever_they_stand),
        cmocka_unit_test(the_fingerprint_sees_through_descriptions),
        cmocka_unit_test(what_fargate_cannot_run_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
