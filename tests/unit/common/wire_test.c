/*
 * Messages: what is encoded is decoded the same, and each member that is missing or wrong is refused by name.
 */
#include "common/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json *read_json(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    struct err err = {0};
    if (!json_parse(arena, text, strlen(text), &value, &err))
        fail_msg("%s: %s", text, err.message);
    return json_copy(arena, value);
}

/* Through text, as over the network. */
static struct json *over_the_wire(struct arena *arena, struct json *message) {
    return read_json(arena, json_print(arena, message));
}

static const char job_text[] =
    "{\"id\":\"shop:6f1b8a1e-0000-4000-8000-000000000001\",\"token\":9007199254740993,\"attempt\":2,"
    "\"provider\":\"CodeBuild\",\"category\":\"Build\",\"region\":\"eu-central-1\",\"accountId\":\"123456789012\","
    "\"pipeline\":\"shop\",\"stage\":\"Build\",\"action\":\"Image\",\"executionId\":\"e\",\"actionExecutionId\":\"a\","
    "\"configuration\":{\"ProjectName\":\"shop\"},"
    "\"inputs\":[{\"name\":\"App\","
    "\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"sizeBytes\":12}],"
    "\"outputs\":[\"Images\",\"Other\"],\"source\":{\"url\":\"u\"},\"build\":{\"buildspec\":\"b\"},"
    "\"commands\":[\"make\",\"make test\"],"
    "\"environment\":[{\"name\":\"MODE\",\"value\":\"fast\",\"type\":\"PLAINTEXT\"}],"
    "\"outputVariables\":[\"TAG\"],\"outputFiles\":{\"Images\":[\"dist/**/*\"]},\"condition\":\"ON_SUCCESS\","
    "\"checkpoint\":{\"x\":1},\"cancelled\":true,\"timeoutSeconds\":3600,"
    "\"roleArn\":\"arn:aws:iam::123456789012:role/deploy\",\"executionType\":\"ROLLBACK\","
    "\"stoppedBy\":\"arn:aws:iam::123456789012:user/anna\",\"stopReason\":\"wrong commit\","
    "\"artifactBucket\":\"shop-artifacts\",\"earlier\":{\"kind\":\"ECS\"},\"succeededExecutions\":[\"e2\",\"e1\"]}";

static void a_job_survives_the_way(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job;
    struct err err = {0};
    if (!wire_job_decode(&arena, read_json(&arena, job_text), &job, &err))
        fail_msg("%s", err.message);
    assert_true(job.token == 9007199254740993);
    assert_int_equal(job.attempt, 2);
    assert_string_equal(job.account_id, "123456789012");
    assert_int_equal(job.input_count, 1);
    assert_string_equal(job.inputs[0].name, "App");
    assert_int_equal(job.inputs[0].size_bytes, 12);
    assert_int_equal(job.output_count, 2);
    assert_string_equal(job.outputs[1], "Other");
    assert_string_equal(json_get_text(job.source, "url"), "u");
    assert_string_equal(json_get_text(job.build, "buildspec"), "b");
    assert_int_equal(job.command_count, 2);
    assert_string_equal(job.commands[1], "make test");
    assert_string_equal(json_get_text(job.environment->first, "value"), "fast");
    assert_int_equal(job.output_variable_count, 1);
    assert_string_equal(job.output_variables[0], "TAG");
    assert_string_equal(json_get(job.output_files, "Images")->first->text, "dist/**/*");
    assert_string_equal(job.condition, "ON_SUCCESS");
    assert_int_equal(json_get_integer(job.checkpoint, "x", 0), 1);
    assert_true(job.cancelled);
    assert_int_equal(job.timeout_seconds, 3600);
    assert_string_equal(job.role_arn, "arn:aws:iam::123456789012:role/deploy");
    assert_string_equal(job.execution_type, "ROLLBACK");
    assert_string_equal(job.stopped_by, "arn:aws:iam::123456789012:user/anna");
    assert_string_equal(job.stop_reason, "wrong commit");
    assert_string_equal(json_get_text(job.earlier, "kind"), "ECS");
    assert_string_equal(job.artifact_bucket, "shop-artifacts");
    assert_string_equal(json_print(&arena, wire_job_encode(&arena, &job)), job_text);
}

static void a_build_without_pipeline_has_no_names(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job = {.id = "j",
                           .token = 1,
                           .attempt = 1,
                           .provider = "CodeBuild",
                           .category = "Build",
                           .region = "r",
                           .account_id = "1"};
    struct wire_job again;
    struct err err = {0};
    if (!wire_job_decode(&arena, over_the_wire(&arena, wire_job_encode(&arena, &job)), &again, &err))
        fail_msg("%s", err.message);
    assert_null(again.pipeline);
    assert_null(again.execution_id);
    assert_null(again.source);
    assert_null(again.checkpoint);
    assert_int_equal(again.configuration->count, 0);
    assert_int_equal(again.input_count + again.output_count, 0);
    assert_int_equal(again.command_count + again.output_variable_count, 0);
    assert_null(again.environment);
    assert_null(again.output_files);
    assert_null(again.condition);
    assert_false(again.cancelled);
}

static void decoded_texts_outlive_the_message(void **state) {
    (void)state;
    struct arena message_arena = ARENA_INIT;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job;
    struct wire_result result;
    struct err err = {0};
    assert_true(wire_job_decode(&arena, read_json(&message_arena, job_text), &job, &err));
    assert_true(wire_result_decode(
        &arena, read_json(&message_arena, "{\"token\":1,\"outcome\":\"succeeded\",\"variables\":{\"a\":\"b\"}}"),
        &result, &err));
    arena_release(&message_arena);
    assert_string_equal(json_print(&arena, wire_job_encode(&arena, &job)), job_text);
    assert_string_equal(result.variables[0].name, "a");
    assert_string_equal(result.variables[0].value, "b");
}

typedef bool decoder(struct arena *arena, const struct json *message, struct err *err);

static bool decode_job(struct arena *arena, const struct json *message, struct err *err) {
    struct wire_job job;
    return wire_job_decode(arena, message, &job, err);
}

static bool decode_lease(struct arena *arena, const struct json *message, struct err *err) {
    struct wire_lease lease;
    return wire_lease_decode(arena, message, &lease, err);
}

static bool decode_result(struct arena *arena, const struct json *message, struct err *err) {
    struct wire_result result;
    return wire_result_decode(arena, message, &result, err);
}

static bool decode_progress(struct arena *arena, const struct json *message, struct err *err) {
    struct wire_progress progress;
    return wire_progress_decode(arena, message, &progress, err);
}

struct change {
    const char *name;
    const char *value;   /* JSON; NULL takes the member away */
    const char *message; /* NULL: still good */
};

static void check_changes(decoder *decode, const char *good, const struct change *changes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct arena arena CLEANUP(arena_release) = ARENA_INIT;
        struct json *message = read_json(&arena, good);
        json_set(&arena, message, changes[i].name, changes[i].value ? read_json(&arena, changes[i].value) : NULL);
        struct err err = {0};
        bool decoded = decode(&arena, message, &err);
        if (decoded != !changes[i].message)
            fail_msg("%s = %s: %s", changes[i].name, changes[i].value, decoded ? "was taken" : err.message);
        if (changes[i].message) {
            assert_string_equal(err.message, changes[i].message);
            assert_int_equal(err.kind, ERR_INVALID);
        }
    }
}
#define CHECK_CHANGES(decode, good, changes) check_changes(decode, good, changes, sizeof(changes) / sizeof *(changes))

static void wrong_jobs_are_refused_by_name(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"id", NULL, "member 'id' is missing"},
        {"id", "7", "member 'id' must be a value of type text, not number"},
        {"id", "\"../x\"", "member 'id' must have 1 to 128 letters, digits or '-_:'"},
        {"id", "\"\"", "member 'id' must have 1 to 128 letters, digits or '-_:'"},
        {"token", NULL, "member 'token' is missing"},
        {"token", "0", "member 'token' must be a whole number from 1 to 9223372036854775807"},
        {"token", "1.5", "member 'token' must be a whole number from 1 to 9223372036854775807"},
        {"token", "\"1\"", "member 'token' must be a value of type number, not text"},
        {"attempt", NULL, "member 'attempt' is missing"},
        {"attempt", "0", "member 'attempt' must be a whole number from 1 to 2147483647"},
        {"attempt", "4294967297", "member 'attempt' must be a whole number from 1 to 2147483647"},
        {"provider", NULL, "member 'provider' is missing"},
        {"provider", "\"a b\"", "member 'provider' must have 1 to 100 letters, digits or '-_'"},
        {"category", "\"Bild\"", "member 'category' must be a category of actions, not 'Bild'"},
        {"category", NULL, "member 'category' is missing"},
        {"category", "\"Rule\"", NULL},
        {"commands", "[1]", "each value of 'commands' must be a text, not number"},
        {"commands", "\"make\"", "member 'commands' must be a value of type list, not text"},
        {"commands", NULL, NULL},
        {"environment", "{}", "member 'environment' must be a value of type list, not object"},
        {"environment", "[1]", "each value of 'environment' must be an object"},
        {"environment", "[{\"name\":\"A=B\",\"value\":\"\"}]",
         "member 'name' must have 1 to 128 letters, digits or '_'"},
        {"environment", "[{\"name\":\"A\"}]", "member 'value' is missing"},
        {"environment", "[{\"name\":\"A\",\"value\":\"\"}]", NULL},
        {"environment", NULL, NULL},
        {"outputVariables", "[null]", "each value of 'outputVariables' must be a text, not null"},
        {"outputVariables", NULL, NULL},
        {"outputFiles", "[]", "member 'outputFiles' must be a value of type object, not list"},
        {"outputFiles", "{\"Images\":\"*\"}",
         "member 'outputFiles': member 'Images' must be a value of type list, not text"},
        {"outputFiles", NULL, NULL},
        {"condition", "1", "member 'condition' must be a value of type text, not number"},
        {"condition", NULL, NULL},
        {"region", NULL, "member 'region' is missing"},
        {"region", "\"eu/1\"", "member 'region' must have 1 to 100 letters, digits or '-_'"},
        {"accountId", NULL, "member 'accountId' is missing"},
        {"accountId", "\"1-2\"", "member 'accountId' must have 1 to 100 letters, digits or ''"},
        {"pipeline", "[]", "member 'pipeline' must be a value of type text, not list"},
        {"pipeline", "null", NULL},
        {"configuration", NULL, "member 'configuration' is missing"},
        {"configuration", "{\"a\":1}", "member 'a' of 'configuration' must be a text, not number"},
        {"inputs", NULL, "member 'inputs' is missing"},
        {"inputs", "{}", "member 'inputs' must be a value of type list, not object"},
        {"inputs", "[1]", "each value of 'inputs' must be an object"},
        {"inputs", "[{\"name\":\"a\",\"sha256\":\"00\",\"sizeBytes\":1}]",
         "member 'sha256' must have 64 lower-case hex digits"},
        {"inputs", "[{\"name\":\"../a\"}]", "member 'name' must have 1 to 100 letters, digits or '-_'"},
        {"outputs", NULL, "member 'outputs' is missing"},
        {"outputs", "[\"a\",7]", "each value of 'outputs' must have 1 to 100 letters, digits or '-_'"},
        {"outputs", "[\"a/b\"]", "each value of 'outputs' must have 1 to 100 letters, digits or '-_'"},
        {"source", "[]", "member 'source' must be a value of type object, not list"},
        {"source", NULL, NULL},
        {"build", "\"\"", "member 'build' must be a value of type object, not text"},
        {"checkpoint", "true", "member 'checkpoint' must be a value of type object, not true or false"},
        {"cancelled", "\"true\"", "member 'cancelled' must be a value of type true or false, not text"},
        {"cancelled", NULL, NULL},
        {"timeoutSeconds", "-1", "member 'timeoutSeconds' must be a whole number from 0 to 2592000"},
        {"roleArn", "1", "member 'roleArn' must be a value of type text, not number"},
        {"roleArn", NULL, NULL},
        {"earlier", "[]", "member 'earlier' must be a value of type object, not list"},
        {"earlier", NULL, NULL},
        {"unknown", "[1]", NULL},
    };
    CHECK_CHANGES(decode_job, job_text, changes);
}

static const char lease_text[] = "{\"claimId\":\"6f1b8a1e-0000-4000-8000-000000000001\","
                                 "\"providers\":[\"CodeBuild\",\"ECS\"],\"waitSeconds\":25}";

static void a_lease_survives_the_way(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_lease lease;
    struct err err = {0};
    assert_true(wire_lease_decode(&arena, read_json(&arena, lease_text), &lease, &err));
    assert_int_equal(lease.provider_count, 2);
    assert_string_equal(lease.providers[1], "ECS");
    assert_string_equal(json_print(&arena, wire_lease_encode(&arena, &lease)), lease_text);
}

static void wrong_leases_are_refused_by_name(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"claimId", NULL, "member 'claimId' is missing"},
        {"claimId", "\"6f1b8a1e-0000-4000-8000-00000000000G\"", "member 'claimId' must be a UUID in lower case"},
        {"claimId", "\"6F1B8A1E-0000-4000-8000-000000000001\"", "member 'claimId' must be a UUID in lower case"},
        {"claimId", "\"6f1b8a1e\"", "member 'claimId' must be a UUID in lower case"},
        {"providers", NULL, "member 'providers' is missing"},
        {"providers", "[null]", "each value of 'providers' must have 1 to 100 letters, digits or '-_'"},
        {"waitSeconds", "26", "member 'waitSeconds' must be a whole number from 0 to 25"},
        {"waitSeconds", NULL, NULL},
    };
    CHECK_CHANGES(decode_lease, lease_text, changes);
}

static void too_many_values_are_refused(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *message = read_json(&arena, lease_text);
    struct json *list = json_set_array(&arena, message, "providers");
    for (int i = 0; i < 101; i++)
        json_append_text(&arena, list, "ECS");
    struct err err = {0};
    assert_false(decode_lease(&arena, message, &err));
    assert_string_equal(err.message, "member 'providers' has 101 values; at most 100 are taken");
}

static const char result_text[] =
    "{\"token\":3,\"outcome\":\"failed\",\"summary\":\"s\",\"errorCode\":\"JobFailed\",\"errorMessage\":\"m\","
    "\"externalId\":\"x\",\"externalUrl\":\"u\",\"revisionId\":\"r\",\"revisionSummary\":\"t\","
    "\"revisionCreatedMs\":1795412220123,\"variables\":{\"A\":\"1\",\"B\":\"2\"},\"build\":{\"id\":\"b\"},"
    "\"deployment\":{\"kind\":\"ECS\"}}";

static void a_result_survives_the_way(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_result result;
    struct err err = {0};
    assert_true(wire_result_decode(&arena, read_json(&arena, result_text), &result, &err));
    assert_int_equal(result.outcome, WIRE_FAILED);
    assert_int_equal(result.variable_count, 2);
    assert_string_equal(json_print(&arena, wire_result_encode(&arena, &result)), result_text);

    struct wire_result plain = {.token = 1, .outcome = WIRE_STOPPED};
    assert_true(wire_result_decode(&arena, over_the_wire(&arena, wire_result_encode(&arena, &plain)), &result, &err));
    assert_int_equal(result.outcome, WIRE_STOPPED);
    assert_null(result.error_code);
    assert_null(result.build);
    assert_int_equal(result.revision_created_ms, 0);
}

static void wrong_results_are_refused_by_name(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"token", NULL, "member 'token' is missing"},
        {"outcome", NULL, "member 'outcome' is missing"},
        {"outcome", "\"Succeeded\"", "member 'outcome' must be succeeded, failed or stopped, not 'Succeeded'"},
        {"errorCode", NULL, "member 'errorCode' is missing"},
        {"errorMessage", NULL, "member 'errorMessage' is missing"},
        {"errorMessage", "1", "member 'errorMessage' must be a value of type text, not number"},
        {"summary", "{}", "member 'summary' must be a value of type text, not object"},
        {"summary", NULL, NULL},
        {"revisionCreatedMs", "-1", "member 'revisionCreatedMs' must be a whole number from 0 to 9223372036854775807"},
        {"variables", "[]", "member 'variables' must be a value of type object, not list"},
        {"variables", "{\"a\":null}", "member 'a' of 'variables' must be a text, not null"},
        {"variables", NULL, NULL},
        {"build", "1", "member 'build' must be a value of type object, not number"},
    };
    CHECK_CHANGES(decode_result, result_text, changes);
}

static const char progress_text[] =
    "{\"token\":3,\"summary\":\"1 of 2\",\"externalId\":\"x\",\"externalUrl\":\"u\",\"percent\":50,"
    "\"build\":{\"currentPhase\":\"BUILD\"},\"deployment\":{\"kind\":\"ECS\"}}";

static void progress_survives_the_way(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_progress progress;
    struct err err = {0};
    assert_true(wire_progress_decode(&arena, read_json(&arena, progress_text), &progress, &err));
    assert_string_equal(json_print(&arena, wire_progress_encode(&arena, &progress)), progress_text);
    assert_true(wire_progress_decode(&arena, read_json(&arena, "{\"token\":1}"), &progress, &err));
    assert_int_equal(progress.percent, -1);
    assert_null(progress.summary);
}

/* The longest of them stand in events, which go out 1 MiB at a time; a character is never cut in two. */
static void words_have_a_limit(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_progress progress;
    struct wire_result result;
    struct err err = {0};
    char words[4002], longest[2049];
    memset(words, 'w', sizeof words);
    memcpy(words + 2047, "\xc3\xa9", 2); /* é */
    words[sizeof words - 1] = '\0';
    memset(longest, 'w', 2048);
    longest[2048] = '\0';
    const char *text = arena_printf(&arena,
                                    "{\"token\":1,\"outcome\":\"failed\",\"summary\":\"%s\",\"externalId\":\"%s\","
                                    "\"externalUrl\":\"%s\",\"errorCode\":\"%s\",\"errorMessage\":\"%s\"}",
                                    words, longest, words, words, words);
    assert_true(wire_progress_decode(&arena, read_json(&arena, text), &progress, &err));
    assert_int_equal(strlen(progress.summary), 2047);
    assert_string_equal(progress.external_id, longest);
    assert_int_equal(strlen(progress.external_url), 2047);
    assert_true(wire_result_decode(&arena, read_json(&arena, text), &result, &err));
    assert_int_equal(strlen(result.summary), 2047);
    assert_int_equal(strlen(result.error_code), 2047);
    assert_int_equal(strlen(result.error_message), 2047);
}

static void wrong_progress_is_refused_by_name(void **state) {
    (void)state;
    static const struct change changes[] = {
        {"token", NULL, "member 'token' is missing"},
        {"percent", "101", "member 'percent' must be a whole number from -1 to 100"},
        {"percent", "-2", "member 'percent' must be a whole number from -1 to 100"},
        {"externalUrl", "[]", "member 'externalUrl' must be a value of type text, not list"},
        {"build", "[]", "member 'build' must be a value of type object, not list"},
        {"deployment", "[]", "member 'deployment' must be a value of type object, not list"},
        {"deployment", NULL, NULL},
    };
    CHECK_CHANGES(decode_progress, progress_text, changes);
}

/* It is kept for ever, and shown each time that somebody looks at its run. */
static void a_deployment_has_a_limit(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *message = read_json(&arena, progress_text);
    struct json *deployment = json_set_object(&arena, message, "deployment");
    size_t around = strlen("{\"words\":\"\"}");
    char *words = arena_alloc(&arena, WIRE_DEPLOYMENT_MAX + 1);
    memset(words, 'w', WIRE_DEPLOYMENT_MAX - around);
    json_set_text(&arena, deployment, "words", words);
    struct err err = {0};
    if (!decode_progress(&arena, message, &err))
        fail_msg("%s", err.message);
    words[WIRE_DEPLOYMENT_MAX - around] = 'w';
    json_set_text(&arena, deployment, "words", words);
    assert_false(decode_progress(&arena, message, &err));
    assert_string_equal(err.message, "member 'deployment' has 262145 bytes; at most 262144 are taken");
}

static void what_is_no_object_is_no_message(void **state) {
    (void)state;
    decoder *const decoders[] = {decode_job, decode_lease, decode_result, decode_progress};
    static const char *const texts[] = {"null", "[]", "1", "\"x\"", "true"};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
            struct err err = {0};
            assert_false(decoders[i](&arena, read_json(&arena, texts[j]), &err));
            assert_int_equal(err.kind, ERR_INVALID);
        }
        assert_false(decoders[i](&arena, NULL, NULL));
    }
}

static void a_failed_decode_leaves_the_output_alone(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *message = read_json(&arena, job_text);
    json_set_integer(&arena, message, "earlier", -1); /* the last that is read */
    struct wire_job job = {.id = "before"};
    assert_false(wire_job_decode(&arena, message, &job, NULL));
    assert_string_equal(job.id, "before");
    assert_null(job.provider);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_survives_the_way),
        cmocka_unit_test(a_build_without_pipeline_has_no_names),
        cmocka_unit_test(decoded_texts_outlive_the_message),
        cmocka_unit_test(wrong_jobs_are_refused_by_name),
        cmocka_unit_test(a_lease_survives_the_way),
        cmocka_unit_test(wrong_leases_are_refused_by_name),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(a_result_survives_the_way),
        cmocka_unit_test(wrong_results_are_refused_by_name),
        cmocka_unit_test(progress_survives_the_way),
        cmocka_unit_test(words_have_a_limit),
        cmocka_unit_test(wrong_progress_is_refused_by_name),
        cmocka_unit_test(a_deployment_has_a_limit),
        cmocka_unit_test(what_is_no_object_is_no_message),
        cmocka_unit_test(a_failed_decode_leaves_the_output_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
