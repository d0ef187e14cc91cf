/*
 * An action's configuration: the keys that its type has and needs, and the values whose meaning is known.
 */
#include "server/definition/structure.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

struct setting {
    struct draft *draft;
    const struct draft_action *action;
    const struct place *place; /* of the value */
    const char *value;
};

static const struct json *settings_of(const struct draft_action *action) {
    const struct json *settings = json_get(action->place->value, "configuration");
    return settings && settings->type == JSON_OBJECT ? settings : NULL;
}

/* A value that is put together while the pipeline runs cannot be judged now. */
static bool is_variable(const char *value) {
    return strstr(value, "#{") != NULL;
}

static void bad(const struct setting *setting, const char *message) {
    errors_add(setting->draft->errors, setting->place, DEFINITION_ACTION, NULL, "%s", message);
}

static void check_boolean(const struct setting *setting) {
    if (!str_equal(setting->value, "true") && !str_equal(setting->value, "false"))
        bad(setting, arena_printf(setting->draft->arena, "'%s' is not known; write true or false", setting->value));
}

static void check_batch(const struct setting *setting) {
    check_boolean(setting);
    if (str_equal(setting->value, "true"))
        bad(setting, "batch builds are not supported yet; write false, and one action for each build");
}

static void check_output_format(const struct setting *setting) {
    if (str_equal(setting->value, "CODEBUILD_CLONE_REF"))
        bad(setting, "CODEBUILD_CLONE_REF is not supported yet; write CODE_ZIP");
    else if (!str_equal(setting->value, "CODE_ZIP"))
        bad(setting, arena_printf(setting->draft->arena, "'%s' is not known; write CODE_ZIP", setting->value));
}

static void check_deployment_timeout(const struct setting *setting) {
    long long minutes;
    if (!str_to_int64(setting->value, 1, 60, &minutes))
        bad(setting, arena_printf(setting->draft->arena,
                                  "'%s' is out of range; write minutes, a whole number from 1 to 60", setting->value));
}

static void check_primary_source(const struct setting *setting) {
    for (size_t i = 0; i < setting->action->input_count; i++)
        if (str_equal(setting->action->inputs[i].name, setting->value))
            return;
    bad(setting, arena_printf(setting->draft->arena, "'%s' is none of this action's input artifacts", setting->value));
}

static const char *environment_problem(struct arena *arena, const struct json *variable) {
    const char *name = json_get_text(variable, "name");
    const char *type = json_get_text_or(variable, "type", "PLAINTEXT");
    if (variable->type != JSON_OBJECT || !name || !json_get_text(variable, "value"))
        return "each variable needs 'name' and 'value', both texts";
    if (!str_equal(type, "PLAINTEXT") && !str_equal(type, "PARAMETER_STORE") && !str_equal(type, "SECRETS_MANAGER"))
        return arena_printf(
            arena, "variable '%s' has an unknown type; write PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER", name);
    return NULL;
}

static void check_environment(const struct setting *setting) {
    struct arena *arena = setting->draft->arena;
    const struct json *list;
    if (!json_parse(arena, setting->value, strlen(setting->value), &list, NULL) || list->type != JSON_ARRAY) {
        bad(setting, "must be a text that holds a JSON list, such as '[{\"name\":\"STAGE\",\"value\":\"prod\"}]'");
        return;
    }
    json_each(variable, list) {
        const char *problem = environment_problem(arena, variable);
        if (problem)
            bad(setting, problem);
    }
}

static void check_link(const struct setting *setting) {
    if (!str_starts_with(setting->value, "https://") && !str_starts_with(setting->value, "http://"))
        bad(setting, "must be an address that begins with http:// or https://");
}

static const struct {
    const char *provider;
    const char *key;
    void (*check)(const struct setting *setting);
} known_values[] = {
    {"CodeBuild", "BatchEnabled", check_batch},
    {"CodeBuild", "CombineArtifacts", check_batch},
    {"CodeBuild", "EnvironmentVariables", check_environment},
    {"CodeBuild", "PrimarySource", check_primary_source},
    {"CodeCommit", "OutputArtifactFormat", check_output_format},
    {"CodeCommit", "PollForSourceChanges", check_boolean},
    {"CodeStarSourceConnection", "DetectChanges", check_boolean},
    {"CodeStarSourceConnection", "OutputArtifactFormat", check_output_format},
    {"ECS", "DeploymentTimeout", check_deployment_timeout},
    {"GitHub", "PollForSourceChanges", check_boolean},
    {"Manual", "ExternalEntityLink", check_link},
};

static const struct action_key *find_key(const struct action_type *type, const char *name) {
    for (const struct action_key *key = type->keys; key->name; key++)
        if (str_equal(key->name, name))
            return key;
    return NULL;
}

static void check_value(struct draft *draft, const struct draft_action *action, const struct action_key *key,
                        const struct place *place) {
    struct setting setting = {
        .draft = draft, .action = action, .place = place, .value = shape_text(draft->arena, place->value)};
    if (!setting.value || !*setting.value || is_variable(setting.value))
        return;
    if (key->secret && str_equal(setting.value, "****")) {
        errors_add(draft->errors, place, DEFINITION_ACTION,
                   arena_printf(draft->arena,
                                "Action configuration for the new action \"%s\" contains an invalid configuration for "
                                "the secret property \"%s\". \"****\" may be used in secret properties only when "
                                "updating an existing action.",
                                action->name, key->name),
                   "is hidden as '****'; write the secret itself");
        return;
    }
    for (size_t i = 0; i < sizeof known_values / sizeof *known_values; i++)
        if (str_equal(known_values[i].provider, action->type->provider) && str_equal(known_values[i].key, key->name))
            known_values[i].check(&setting);
}

static void unknown_key(struct draft *draft, const struct draft_action *action, const struct place *place) {
    const char *names[ACTION_KEYS_MAX + 1];
    const char *list = "";
    size_t count = 0;
    for (const struct action_key *key = action->type->keys; key->name; key++) {
        names[count++] = key->name;
        list = *list ? arena_printf(draft->arena, "%s, %s", list, key->name) : key->name;
    }
    names[count] = NULL;
    const char *nearest = suggest_nearest(place->name, names);
    const char *aws =
        arena_printf(draft->arena, "Action configuration for action '%s' contains unknown configuration '%s'",
                     action->name, place->name);
    if (nearest)
        errors_add_name(draft->errors, place, DEFINITION_ACTION, aws, "unknown key; did you mean '%s'?", nearest);
    else if (count > 0)
        errors_add_name(draft->errors, place, DEFINITION_ACTION, aws, "unknown key; %s actions have %s",
                        action->type->provider, list);
    else
        errors_add_name(draft->errors, place, DEFINITION_ACTION, aws, "unknown key; %s actions have no configuration",
                        action->type->provider);
}

static void require(struct draft *draft, const struct draft_action *action, const char *key, const char *why) {
    struct place place = PLACE_MEMBER(action->place, "configuration", json_get(action->place->value, "configuration"));
    bool wrong_type = place.value && place.value->type != JSON_OBJECT;
    if (wrong_type || json_get(place.value, key))
        return;
    errors_add(draft->errors, &place, DEFINITION_ACTION,
               arena_printf(draft->arena, "Action configuration for action '%s' is missing required configuration '%s'",
                            action->name, key),
               "'%s' is missing; %s", key, why);
}

void draft_check_configuration(struct draft *draft, const struct draft_action *action) {
    struct place settings = PLACE_MEMBER(action->place, "configuration", settings_of(action));
    json_each(setting, settings.value) {
        struct place place = PLACE_MEMBER(&settings, setting->name, setting);
        const struct action_key *key = find_key(action->type, setting->name);
        if (key)
            check_value(draft, action, key, &place);
        else
            unknown_key(draft, action, &place);
    }
    for (const struct action_key *key = action->type->keys; key->name; key++)
        if (key->required)
            require(draft, action, key->name, arena_printf(draft->arena, "%s actions need it", action->type->provider));
    if (str_equal(action->type->provider, "CodeBuild") && action->input_count > 1)
        require(draft, action, "PrimarySource", "with several input artifacts write which one holds the buildspec");
}
