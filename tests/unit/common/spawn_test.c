/*
 * Other programs: output, exit codes, time, interruption, and that nothing of ours leaks into them.
 */
#include "common/spawn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct spawn_result must_collect(struct arena *arena, const struct spawn *spawn, size_t ceiling) {
    struct spawn_result result = {0};
    struct err err = {0};
    if (!spawn_run_collect(spawn, arena, ceiling, &result, &err))
        fail_msg("%s", err.message);
    return result;
}

#define SHELL(script)                                                                                                  \
    (const struct spawn) {                                                                                             \
        .arguments = (const char *const[]){"sh", "-c", script, NULL}, .input = -1, .output = -1, .errors = -1          \
    }

static void output_and_exit_code_come_back(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn spawn = SHELL("echo out; echo err >&2; exit 7");
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_int_equal(result.exit_code, 7);
    assert_string_equal(result.output, "out\nerr\n");
    assert_false(result.output_cut || result.timed_out || result.interrupted);
}

static void time_kills_the_whole_group(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct spawn spawn = SHELL("sleep 600 & echo started; wait");
    spawn.timeout_ms = 200;
    struct spawn_result result = must_collect(&arena, &spawn, 1000);
    assert_true(result.timed_out);
    assert_int_equal(result.exit_code, 128 + 9);
}

static void a_missing_program_is_said(void **state) {
    (void)state;
    struct spawn_result result = {0};
    struct err err = {0};
    struct spawn spawn = SHELL("");
    spawn.arguments = (const char *const[]){"no-such-program", NULL};
    assert_false(spawn_run(&spawn, &result, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.message, "starting 'no-such-program': No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_exit_code_come_back),
        cmocka_unit_test(time_kills_the_whole_group),
        cmocka_unit_test(a_missing_program_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
