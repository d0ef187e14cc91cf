/* Text for a person at a terminal. */
#include "cli/terminal.h"

#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct cli plain = {.arena = ARENA_INIT}, coloured = {.arena = ARENA_INIT, .colour = true};

static void durations_read_well(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(terminal_duration(&arena, 0), "0.0 s");
    assert_string_equal(terminal_duration(&arena, 349), "0.3 s");
    assert_string_equal(terminal_duration(&arena, 12999), "12 s");
    assert_string_equal(terminal_duration(&arena, 125 * 1000), "2 min 05 s");
    assert_string_equal(terminal_duration(&arena, 11400 * 1000), "3 h 10 min");
    assert_string_equal(terminal_duration(&arena, -1), "");
}

static void foreign_text_cannot_steer_the_terminal(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(terminal_safe(&arena, "Say \033[31mhello\a\nand more"), "Say ?[31mhello?");
    assert_string_equal(terminal_safe(&arena, "C1 \xc2\x9b"
                                              "31m"),
                        "C1 ??31m");
    assert_string_equal(terminal_safe(&arena, "Grüße"), "Grüße");
    assert_string_equal(terminal_safe(&arena, NULL), "");
}

static void cutting_and_padding_count_characters(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(terminal_cut(&arena, "Grüße", 5), "Grüße");
    assert_string_equal(terminal_cut(&arena, "Grüße", 4), "Grü…");
    assert_string_equal(terminal_cut(&arena, "Grüße", 1), "…");
    assert_string_equal(terminal_pad(&arena, "Grüße", 7), "Grüße  ");
    assert_string_equal(terminal_pad(&arena, "Grüße", 2), "Grüße");
}

static void statuses_have_symbols(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(terminal_symbol(&plain, &arena, "Succeeded"), "✔");
    assert_string_equal(terminal_symbol(&coloured, &arena, "Failed"), "\033[31m✘\033[0m");
    assert_string_equal(terminal_symbol(&plain, &arena, NULL), " ");
    assert_true(terminal_is_final("Stopped"));
    assert_false(terminal_is_final("Stopping"));
    assert_false(terminal_is_final(NULL));
}

static void log_lines_keep_colours_only(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char *line = "\033[1;31mred\033[0m\033[2J\033]0;title\a\tend\r";
    assert_string_equal(terminal_log_line(&plain, &arena, line), "red\tend");
    assert_string_equal(terminal_log_line(&coloured, &arena, line), "\033[1;31mred\033[0m\tend\033[0m");
    assert_string_equal(terminal_log_line(&coloured, &arena, "\033["), "");
    assert_string_equal(terminal_log_line(&coloured, &arena, "\033"), "");
    assert_string_equal(terminal_log_line(&plain, &arena, "\033]0;title\033\\x\033]0\033"), "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_well),
        cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
        cmocka_unit_test(cutting_and_padding_count_characters),
        cmocka_unit_test(statuses_have_symbols),
        cmocka_unit_test(log_lines_keep_colours_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
