/*
 * The rules of conditions: which row of rule_types.h a rule means, and whether its inputs and its configuration fit.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference.html
 */
#include "server/definition/structure.h"

#include "server/triggers/schedule.h"

#include "common/pattern.h"
#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define PROVIDERS_MAX 16
#define VERSION "1"

static const char *list_providers(struct arena *arena, const char *names[PROVIDERS_MAX + 1]) {
    size_t count;
    const struct rule_type *types = rule_types_all(&count);
    const char *list = "";
    for (size_t i = 0; i < count && i < PROVIDERS_MAX; i++) {
        names[i] = types[i].provider;
        list = *list ? arena_printf(arena, "%s, %s", list, names[i]) : names[i];
    }
    return list;
}

static const struct rule_type *find(struct draft *draft, const struct draft_action *rule, const struct place *place,
                                    const char *version) {
    const char *names[PROVIDERS_MAX + 1] = {NULL};
    const char *list = list_providers(draft->arena, names);
    const char *provider = shape_text(draft->arena, place->value);
    const struct rule_type *type = rule_types_find(provider);
    if (type && str_equal(version, VERSION))
        return type;
    const char *aws =
        arena_printf(draft->arena,
                     "RuleType (Category: 'Rule', Provider: '%s', Owner: 'AWS', Version: '%s') in rule '%s' is not "
                     "available",
                     provider, version, rule->name);
    const char *nearest = suggest_nearest(provider, names);
    if (type)
        errors_add(draft->errors, place, DEFINITION_STAGE, aws, "%s rules have version %s, not %s", provider, VERSION,
                   version);
    else if (nearest)
        errors_add(draft->errors, place, DEFINITION_STAGE, aws, "unknown rule '%s'; did you mean '%s'?", provider,
                   nearest);
    else
        errors_add(draft->errors, place, DEFINITION_STAGE, aws, "unknown rule '%s'; known are %s", provider, list);
    return NULL;
}

static const struct rule_type *resolve(struct draft *draft, const struct draft_action *rule) {
    struct place id = PLACE_MEMBER(rule->place, "ruleTypeId", json_get(rule->place->value, "ruleTypeId"));
    struct place provider = PLACE_MEMBER(rule->place, "provider", json_get(rule->place->value, "provider"));
    struct place inner = PLACE_MEMBER(&id, "provider", json_get(id.value, "provider"));
    bool in_file = draft->form == DEFINITION_FILE;
    if (in_file && id.value && provider.value)
        errors_add_name(draft->errors, &provider, DEFINITION_STAGE, NULL,
                        "stands beside ruleTypeId, which says it already; remove one of the two");
    if (id.value) {
        const char *version = shape_get_text(draft->arena, id.value, "version");
        return shape_text(draft->arena, inner.value) ? find(draft, rule, &inner, version ? version : VERSION) : NULL;
    }
    if (in_file && !provider.value)
        errors_add(draft->errors, rule->place, DEFINITION_STAGE, NULL,
                   "'provider' is missing; write for example 'provider: VariableCheck'");
    return in_file && shape_text(draft->arena, provider.value) ? find(draft, rule, &provider, VERSION) : NULL;
}

/* A value whose meaning is known, and its place. */
struct value {
    struct draft *draft;
    const struct place *place;
    const char *text;
};

static void bad(const struct value *value, const char *message) {
    errors_add(value->draft->errors, value->place, DEFINITION_STAGE, NULL, "%s", message);
}

static void check_variable(const struct value *value) {
    if (!strstr(value->text, "#{"))
        bad(value, "names no variable; write it as #{namespace.key}");
}

static void check_operator(const struct value *value) {
    static const char *const operators[] = {"EQ", "NE", "CONTAINS", "MATCHES", NULL};
    for (const char *const *operator= operators; *operator; operator++)
        if (str_equal(*operator, value->text))
            return;
    bad(value,
        arena_printf(value->draft->arena, "'%s' is not known; write one of EQ, NE, CONTAINS, MATCHES", value->text));
}

static void check_window(const struct value *value) {
    struct schedule *schedule;
    struct err err;
    if (!schedule_parse_window(value->draft->arena, value->text, &schedule, &err))
        bad(value, arena_strdup(value->draft->arena, err.message));
}

static void check_zone(const struct value *value) {
    const struct time_zone *zone;
    struct err err;
    if (!time_zone_find(value->draft->arena, value->text, &zone, &err))
        bad(value, arena_strdup(value->draft->arena, err.message));
}

static void check_alarm_states(const struct value *value) {
    static const struct shape_pattern pattern = {
        .expression = "^ *(ALARM|OK|INSUFFICIENT_DATA)( *, *(ALARM|OK|INSUFFICIENT_DATA))* *$"};
    if (!shape_matches(&pattern, value->text))
        bad(value, arena_printf(value->draft->arena,
                                "'%s' is not known; write ALARM, OK, INSUFFICIENT_DATA or several of them with commas",
                                value->text));
}

static void check_wait_time(const struct value *value) {
    long long minutes;
    if (!str_to_int64(value->text, 0, 86400, &minutes))
        bad(value, arena_printf(value->draft->arena,
                                "'%s' is out of range; write minutes, a whole number from 0 to 86400", value->text));
}

static const struct {
    const char *provider;
    const char *key;
    void (*check)(const struct value *value);
    bool with_references; /* also where the value holds a reference, which is resolved when the rule runs */
} known_values[] = {
    {"CloudWatchAlarm", "AlarmStates", check_alarm_states, false},
    {"CloudWatchAlarm", "WaitTime", check_wait_time, false},
    {"DeploymentWindow", "Cron", check_window, false},
    {"DeploymentWindow", "TimeZone", check_zone, false},
    {"VariableCheck", "Operator", check_operator, false},
    {"VariableCheck", "Variable", check_variable, true},
};

static void check_value(struct draft *draft, const struct draft_action *rule, const struct place *place) {
    struct value value = {.draft = draft, .place = place, .text = shape_text(draft->arena, place->value)};
    if (!value.text || !*value.text)
        return;
    bool reference = strstr(value.text, "#{") != NULL;
    for (size_t i = 0; i < sizeof known_values / sizeof *known_values; i++)
        if (str_equal(known_values[i].provider, rule->rule->provider) && str_equal(known_values[i].key, place->name) &&
            (!reference || known_values[i].with_references))
            known_values[i].check(&value);
}

/* A pattern that cannot be used would be found out when the stage is reached. */
static void check_match(struct draft *draft, const struct draft_action *rule) {
    struct place settings = PLACE_MEMBER(rule->place, "configuration", json_get(rule->place->value, "configuration"));
    struct place place = PLACE_MEMBER(&settings, "Value", json_get(settings.value, "Value"));
    const char *pattern = shape_text(draft->arena, place.value);
    bool matches;
    struct err err;
    if (pattern && !strstr(pattern, "#{") && !pattern_matches(pattern, "", &matches, &err))
        bad(&(struct value){.draft = draft, .place = &place}, arena_strdup(draft->arena, err.message));
}

static void check_inputs(struct draft *draft, const struct draft_action *rule) {
    struct place place = PLACE_MEMBER(rule->place, "inputArtifacts", json_get(rule->place->value, "inputArtifacts"));
    const char *aws =
        arena_printf(draft->arena, "Rule %s declares %zu input artifacts which is more than the maximum count (%d)",
                     rule->name, rule->input_count, rule->rule->most_inputs);
    if (rule->rule->most_inputs == 0 && rule->input_count > 0)
        errors_add(draft->errors, &place, DEFINITION_STAGE, aws, "%s rules have no input artifacts; remove %s",
                   rule->rule->provider, place.name);
    else if ((int)rule->input_count > rule->rule->most_inputs)
        errors_add(draft->errors, &place, DEFINITION_STAGE, aws,
                   "%s rules have at most %d input artifacts, here are %zu", rule->rule->provider,
                   rule->rule->most_inputs, rule->input_count);
}

static void check_rule(struct draft *draft, struct draft_action *rule) {
    rule->rule = resolve(draft, rule);
    if (!rule->rule)
        return;
    const struct draft_owner owner = {
        .place = rule->place,
        .keys = rule->rule->keys,
        .kind = arena_printf(draft->arena, "%s rules", rule->rule->provider),
        .title = "Rule",
        .noun = "rule",
        .name = rule->name,
        .code = DEFINITION_STAGE,
    };
    draft_check_keys(draft, &owner);
    check_inputs(draft, rule);
    struct place settings = PLACE_MEMBER(rule->place, "configuration", json_get(rule->place->value, "configuration"));
    json_each(setting, settings.value) {
        struct place place = PLACE_MEMBER(&settings, setting->name, setting);
        if (setting->name)
            check_value(draft, rule, &place);
    }
    if (str_equal(rule->rule->provider, "VariableCheck") &&
        str_equal(shape_get_text(draft->arena, settings.value, "Operator"), "MATCHES"))
        check_match(draft, rule);
}

void draft_check_rules(struct draft *draft) {
    for (size_t i = 0; i < draft->rule_count; i++)
        check_rule(draft, &draft->rules[i]);
}
