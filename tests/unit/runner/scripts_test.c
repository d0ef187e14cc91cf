/*
 * The texts of command scripts; what they do in a shell is tests/system/runner's to show.
 */
#include "runner/buildspec/scripts.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_command_begins_on_line_four(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct buildspec spec = {.shell = "/bin/sh"};
    const char *script = script_of_command(&arena, &spec, "/src", "nosuch command");
    int line = 1;
    for (const char *at = script; at < strstr(script, "nosuch"); at++)
        line += *at == '\n';
    assert_int_equal(line, 4);
}

static void version_0_1_carries_nothing(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct buildspec spec = {.version_0_1 = true, .shell = "/bin/sh"};
    assert_string_equal(script_of_command(&arena, &spec, "/src", "make"),
                        "cd '/src'\n. " SCRIPT_ENVIRONMENT "\nmake\n");
}

static void values_tell_unset_from_empty(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *const names[] = {"A"};
    assert_non_null(strstr(script_of_values(&arena, names, 1), "printf '%s\\0' \"${A+=$A}\"\n"));
}

static void texts_are_expanded_as_in_a_here_document(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *const texts[] = {"app-$(date +%F)", "\"$A\""};
    assert_string_equal(script_of_texts(&arena, "/src", texts, 2, "END"),
                        "cd '/src'\n. " SCRIPT_ENVIRONMENT "\n{\n"
                        "printf '=%s\\0' \"$(cat <<END\napp-$(date +%F)\nEND\n)\"\n"
                        "printf '=%s\\0' \"$(cat <<END\n\"$A\"\nEND\n)\"\n"
                        ":\n} > " SCRIPT_VALUES "\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_begins_on_line_four),
        cmocka_unit_test(version_0_1_carries_nothing),
        cmocka_unit_test(values_tell_unset_from_empty),
        cmocka_unit_test(texts_are_expanded_as_in_a_here_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
