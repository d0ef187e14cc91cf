/* The table of sub-commands: complete, and without contradictions. */
#include "cli/commands.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_command_explains_itself(void **state) {
    (void)state;
    for (const struct command *const *command = commands; *command; command++) {
        assert_non_null((*command)->run);
        assert_true(str_starts_with((*command)->examples, "  penstock ") ||
                    str_starts_with((*command)->examples, "  aws "));
        assert_non_null(strstr((*command)->examples, (*command)->name));
        assert_true((*command)->least_words <= (*command)->most_words);
        size_t flag_count = 0;
        for (const struct flag *flag = (*command)->flags; flag->name; flag++, flag_count++)
            assert_non_null(flag->summary);
        assert_true(flag_count <= ARGUMENTS_FLAGS_MAX);
    }
}

static void a_command_is_found_by_its_name(void **state) {
    (void)state;
    const struct command *found = NULL;
    for (const struct command *const *command = commands; *command; command++) {
        assert_true(commands_find((*command)->name, &found, NULL));
        assert_ptr_equal(found, *command);
    }
}

static void a_misspelt_command_is_answered_with_the_near_one(void **state) {
    (void)state;
    const struct command *found = NULL;
    struct err err = {0};
    assert_false(commands_find("aprove", &found, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.message, "no command 'aprove'; did you mean 'approve'?");
    assert_false(commands_find("qqqqqqqq", &found, &err));
    assert_string_equal(err.message, "no command 'qqqqqqqq'; 'penstock --help' lists those there are");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(a_command_is_found_by_its_name),
        cmocka_unit_test(a_misspelt_command_is_answered_with_the_near_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
