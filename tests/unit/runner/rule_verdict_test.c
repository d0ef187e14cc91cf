/*
 * What rules make of an alarm's state.
 */
#include "runner/actions/rule_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BIT(state) (1U << (state))

static void every_state_in_every_condition(void **state) {
    static const struct {
        enum rule_condition condition;
        enum alarm_state state;
        enum rule_verdict early, late; /* while there is time, and after it */
    } table[] = {
        {RULE_BEFORE_ENTRY, ALARM_OK, RULE_SUCCEEDS, RULE_SUCCEEDS},
        {RULE_BEFORE_ENTRY, ALARM_ALARM, RULE_WAITS, RULE_FAILS},
        {RULE_BEFORE_ENTRY, ALARM_INSUFFICIENT_DATA, RULE_WAITS, RULE_FAILS},
        {RULE_ON_SUCCESS, ALARM_OK, RULE_WAITS, RULE_SUCCEEDS},
        {RULE_ON_SUCCESS, ALARM_ALARM, RULE_FAILS, RULE_FAILS},
        {RULE_ON_SUCCESS, ALARM_INSUFFICIENT_DATA, RULE_WAITS, RULE_SUCCEEDS},
        {RULE_ON_FAILURE, ALARM_OK, RULE_WAITS, RULE_FAILS},
        {RULE_ON_FAILURE, ALARM_ALARM, RULE_SUCCEEDS, RULE_SUCCEEDS},
        {RULE_ON_FAILURE, ALARM_INSUFFICIENT_DATA, RULE_WAITS, RULE_FAILS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(alarm_verdict(table[i].condition, table[i].state, BIT(ALARM_ALARM), false), table[i].early);
        assert_int_equal(alarm_verdict(table[i].condition, table[i].state, BIT(ALARM_ALARM), true), table[i].late);
    }
}

static void other_states_can_be_watched_for(void **state) {
    (void)state;
    const unsigned both = BIT(ALARM_ALARM) | BIT(ALARM_INSUFFICIENT_DATA);
    assert_int_equal(alarm_verdict(RULE_ON_SUCCESS, ALARM_INSUFFICIENT_DATA, both, false), RULE_FAILS);
    assert_int_equal(alarm_verdict(RULE_ON_SUCCESS, ALARM_ALARM, BIT(ALARM_OK), true), RULE_SUCCEEDS);
    assert_int_equal(alarm_verdict(RULE_ON_FAILURE, ALARM_OK, BIT(ALARM_OK), false), RULE_SUCCEEDS);
    assert_int_equal(alarm_verdict(RULE_BEFORE_ENTRY, ALARM_OK, BIT(ALARM_OK), false), RULE_SUCCEEDS);
}

static void states_are_read(void **state) {
    static const struct {
        const char *text;
        unsigned states;
    } good[] = {
        {NULL, BIT(ALARM_ALARM)},
        {"", BIT(ALARM_ALARM)},
        {"OK", BIT(ALARM_OK)},
        {"ALARM,INSUFFICIENT_DATA", BIT(ALARM_ALARM) | BIT(ALARM_INSUFFICIENT_DATA)},
        {" ALARM , OK ", BIT(ALARM_ALARM) | BIT(ALARM_OK)},
    };
    static const char *const bad[] = {"FINE", "alarm", "ALARM,", ",ALARM", "ALARM OK", " "};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        unsigned states = 0;
        assert_true(alarm_states_parse(good[i].text, &states, NULL));
        assert_int_equal(states, good[i].states);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        unsigned states = 77;
        assert_false(alarm_states_parse(bad[i], &states, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_int_equal(states, 77);
    }
    enum alarm_state one;
    assert_true(alarm_state_parse("INSUFFICIENT_DATA", &one) && one == ALARM_INSUFFICIENT_DATA);
    assert_false(alarm_state_parse("O", &one));
}

static void conditions_are_read(void **state) {
    enum rule_condition condition;
    struct err err = {0};
    (void)state;
    assert_true(rule_condition_parse("ON_FAILURE", &condition, NULL) && condition == RULE_ON_FAILURE);
    assert_true(rule_condition_parse("BEFORE_ENTRY", &condition, NULL) && condition == RULE_BEFORE_ENTRY);
    assert_false(rule_condition_parse("AT_NIGHT", &condition, &err));
    assert_string_equal(err.message, "the server sent a rule of condition 'AT_NIGHT', which this runner does not know");
    assert_false(rule_condition_parse(NULL, &condition, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_in_every_condition),
        cmocka_unit_test(other_states_can_be_watched_for),
        cmocka_unit_test(states_are_read),
        cmocka_unit_test(conditions_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
