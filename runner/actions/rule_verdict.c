/*
 * Verdicts.
 */
#include "runner/actions/rule_verdict.h"

#include "common/str.h"

#include <string.h>

static const char *const condition_names[] = {
    [RULE_BEFORE_ENTRY] = "BEFORE_ENTRY", [RULE_ON_SUCCESS] = "ON_SUCCESS", [RULE_ON_FAILURE] = "ON_FAILURE"};
static const char *const state_names[ALARM_STATE_COUNT] = {
    [ALARM_OK] = "OK", [ALARM_ALARM] = "ALARM", [ALARM_INSUFFICIENT_DATA] = "INSUFFICIENT_DATA"};

bool rule_condition_parse(const char *name, enum rule_condition *out, struct err *err) {
    for (size_t i = 0; name && i < sizeof condition_names / sizeof *condition_names; i++) {
        if (str_equal(condition_names[i], name)) {
            *out = (enum rule_condition)i;
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "the server sent a rule of condition '%.50s', which this runner does not know",
                   name ? name : "");
}

static bool find_state(const char *name, size_t length, enum alarm_state *out) {
    for (size_t i = 0; i < ALARM_STATE_COUNT; i++) {
        if (strlen(state_names[i]) == length && memcmp(state_names[i], name, length) == 0) {
            *out = (enum alarm_state)i;
            return true;
        }
    }
    return false;
}

bool alarm_state_parse(const char *name, enum alarm_state *out) {
    return find_state(name, strlen(name), out);
}

bool alarm_states_parse(const char *text, unsigned *out, struct err *err) {
    unsigned states = 0;
    if (!text || !*text)
        text = state_names[ALARM_ALARM];
    for (;;) {
        enum alarm_state state;
        text += strspn(text, " ");
        size_t whole = strcspn(text, ",");
        size_t length = whole;
        while (length > 0 && text[length - 1] == ' ')
            length--;
        if (!find_state(text, length, &state))
            return err_set(err, ERR_INVALID,
                           "AlarmStates has '%.*s'; it takes ALARM, OK and INSUFFICIENT_DATA, with commas between",
                           length < 50 ? (int)length : 50, text);
        states |= 1U << state;
        if (!text[whole])
            break;
        text += whole + 1;
    }
    *out = states;
    return true;
}

enum rule_verdict alarm_verdict(enum rule_condition condition, enum alarm_state state, unsigned states,
                                bool time_is_over) {
    bool watched = states & (1U << state);
    switch (condition) {
    case RULE_BEFORE_ENTRY:
        return state == ALARM_OK ? RULE_SUCCEEDS : time_is_over ? RULE_FAILS : RULE_WAITS;
    case RULE_ON_SUCCESS:
        return watched ? RULE_FAILS : time_is_over ? RULE_SUCCEEDS : RULE_WAITS;
    case RULE_ON_FAILURE:
        return watched ? RULE_SUCCEEDS : time_is_over ? RULE_FAILS : RULE_WAITS;
    }
    return RULE_FAILS;
}
