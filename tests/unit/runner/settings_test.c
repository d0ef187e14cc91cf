/*
 * What an action's configuration may say, and what is said of what it may not.
 */
#include "runner/actions/settings.h"

#include "runner/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* An action with one key. */
struct fixture {
    struct arena arena;
    struct wire_job message;
    struct job job;
};

static struct job *with(struct fixture *fixture, const char *name, const char *value) {
    struct json *configuration = json_object(&fixture->arena);
    json_set_text(&fixture->arena, configuration, name, value);
    fixture->message.configuration = configuration;
    fixture->job.message = &fixture->message;
    return &fixture->job;
}

static void an_empty_text_is_none(void **state) {
    struct fixture fixture = {.arena = ARENA_INIT};
    (void)state;
    assert_null(settings_text(with(&fixture, "Key", ""), "Key"));
    assert_null(settings_text(with(&fixture, "Other", "value"), "Key"));
    assert_string_equal(settings_text(with(&fixture, "Key", "value"), "Key"), "value");
    arena_release(&fixture.arena);
}

static void numbers_have_ends(void **state) {
    static const char *const wrong[] = {"0", "61", "1.5", "ten", "-1"};
    struct fixture fixture = {.arena = ARENA_INIT};
    struct err err = {0};
    int64_t number = 0;
    (void)state;
    assert_true(settings_number(with(&fixture, "Timeout", "60"), "Timeout", "minutes", 60, 7, &number, &err));
    assert_int_equal(number, 60);
    assert_true(settings_number(with(&fixture, "Timeout", ""), "Timeout", "minutes", 60, 7, &number, &err));
    assert_int_equal(number, 7);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(settings_number(with(&fixture, "Timeout", wrong[i]), "Timeout", "minutes", 60, 1, &number, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_int_equal(number, 7);
    }
    assert_string_equal(err.message, "Timeout must be minutes from 1 to 60, not '-1'");
    arena_release(&fixture.arena);
}

static void a_choice_has_two_words(void **state) {
    struct fixture fixture = {.arena = ARENA_INIT};
    struct err err = {0};
    bool leave = true;
    (void)state;
    assert_true(settings_choice(with(&fixture, "OnCancel", ""), "OnCancel", "ROLLBACK", "LEAVE", &leave, &err));
    assert_false(leave);
    assert_true(settings_choice(with(&fixture, "OnCancel", "LEAVE"), "OnCancel", "ROLLBACK", "LEAVE", &leave, &err));
    assert_true(leave);
    assert_true(settings_choice(with(&fixture, "OnCancel", "ROLLBACK"), "OnCancel", "ROLLBACK", "LEAVE", &leave, &err));
    assert_false(leave);
    assert_false(settings_choice(with(&fixture, "OnCancel", "Leave"), "OnCancel", "ROLLBACK", "LEAVE", &leave, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.message, "OnCancel must be ROLLBACK or LEAVE, not 'Leave'");
    arena_release(&fixture.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_is_none),
        cmocka_unit_test(numbers_have_ends),
        cmocka_unit_test(a_choice_has_two_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
