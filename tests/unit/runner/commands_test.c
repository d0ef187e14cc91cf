/*
 * Commands as the buildspec and the build that CodeBuild would have for them.
 */
#include "runner/buildspec/commands.h"

#include "runner/buildspec/phases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const lines[] = {"make", "make test"};
static const char *const outputs[] = {"Made"};

static const struct json *parse(struct arena *arena, const char *text) {
    const struct json *value = NULL;
    assert_true(json_parse(arena, text, strlen(text), &value, NULL));
    return value;
}

static struct wire_job make_job(struct arena *arena) {
    return (struct wire_job){.id = "j",
                             .pipeline = "shop",
                             .action_execution_id = "a-1",
                             .configuration = parse(arena, "{}"),
                             .commands = lines,
                             .command_count = 2};
}

static void commands_are_a_build_phase_that_aborts(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job = make_job(&arena);
    struct buildspec spec;
    assert_true(buildspec_of_commands(&arena, &job, &spec, NULL));
    const struct buildspec_phase *phase = &spec.phases[PHASE_BUILD];
    assert_int_equal(phase->commands.count, 2);
    assert_string_equal(phase->commands.items[1], "make test");
    assert_int_equal(phase_next(PHASE_BUILD, true, phase->on_failure), NEXT_FINALIZING);
    assert_int_equal(phase_next(PHASE_BUILD, false, phase->on_failure), NEXT_PHASE);
    assert_string_equal(spec.shell, "/bin/sh");
    assert_false(spec.has_artifacts);
    assert_false(spec.version_0_1);
}

static void files_and_variables(void **state) {
    (void)state;
    static const char *const names[] = {"TAG", "_x9"};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job = make_job(&arena);
    struct buildspec spec;
    job.outputs = outputs;
    job.output_count = 1;
    job.output_variables = names;
    job.output_variable_count = 2;
    assert_true(buildspec_of_commands(&arena, &job, &spec, NULL));
    assert_true(spec.has_artifacts);
    assert_int_equal(spec.artifacts.files.count, 1);
    assert_string_equal(spec.artifacts.files.items[0], "**/*");
    assert_int_equal(spec.exported.count, 2);

    job.output_files = parse(&arena, "{\"Made\": []}");
    assert_true(buildspec_of_commands(&arena, &job, &spec, NULL));
    assert_string_equal(spec.artifacts.files.items[0], "**/*");

    job.output_files = parse(&arena, "{\"Other\": [\"x\"], \"Made\": [\"dist/*\", \"a.txt\"]}");
    assert_true(buildspec_of_commands(&arena, &job, &spec, NULL));
    assert_int_equal(spec.artifacts.files.count, 2);
    assert_string_equal(spec.artifacts.files.items[1], "a.txt");
}

static void no_name_gets_into_a_script(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "1A", "A B", "A;x", "A-B", "$(x)"};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct wire_job job = make_job(&arena);
        struct buildspec spec;
        struct err err = {0};
        job.output_variables = &wrong[i];
        job.output_variable_count = 1;
        assert_false(buildspec_of_commands(&arena, &job, &spec, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_non_null(strstr(err.message, "is no variable's name"));
    }
}

static void the_build_of_commands(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job job = make_job(&arena);
    const struct json *build = NULL;
    assert_true(build_of_commands(&arena, &job, "debian:12", &build, NULL));
    assert_string_equal(json_print(&arena, build),
                        "{\"id\":\"shop:a-1\",\"timeoutInMinutes\":55,\"environment\":{\"type\":\"LINUX_CONTAINER\","
                        "\"computeType\":\"BUILD_GENERAL1_SMALL\",\"image\":\"debian:12\"}}");
    job.configuration = parse(&arena, "{\"ComputeType\": \"BUILD_GENERAL1_LARGE\"}");
    assert_true(build_of_commands(&arena, &job, "i", &build, NULL));
    assert_string_equal(json_get_text(json_get(build, "environment"), "computeType"), "BUILD_GENERAL1_LARGE");
    job.configuration = parse(&arena, "{\"EnvironmentType\": \"WINDOWS_SERVER_2022_CONTAINER\"}");
    assert_false(build_of_commands(&arena, &job, "i", &build, NULL));
    job.configuration = parse(&arena, "{\"ComputeType\": \"BUILD_GENERAL1_2XLARGE\"}");
    assert_false(build_of_commands(&arena, &job, "i", &build, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_a_build_phase_that_aborts),
        cmocka_unit_test(files_and_variables),
        cmocka_unit_test(no_name_gets_into_a_script),
        cmocka_unit_test(the_build_of_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
