/*
 * An action's configuration: the keys that its type has and needs, and the values whose meaning is known.
 */
#include "server/definition/structure.h"

#include "server/definition/deploy_values.h"

#include "common/image_settings.h"
#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

struct setting {
    struct draft *draft;
    const struct draft_action *action;
    const struct place *place; /* of the value */
    const char *value;
};

static const struct json *settings_of(const struct place *owner) {
    const struct json *settings = json_get(owner->value, "configuration");
    return settings && settings->type == JSON_OBJECT ? settings : NULL;
}

/* A value that is put together while the pipeline runs cannot be judged now. */
static bool is_variable(const char *value) {
    return strstr(value, "#{") != NULL;
}

static void bad(const struct setting *setting, const char *message) {
    errors_add(setting->draft->errors, setting->place, DEFINITION_ACTION, NULL, "%s", message);
}

static bool is_boolean(const char *value) {
    return str_equal(value, "true") || str_equal(value, "false");
}

static void check_boolean(const struct setting *setting) {
    if (!is_boolean(setting->value))
        bad(setting, arena_printf(setting->draft->arena, "'%s' is not known; write true or false", setting->value));
}

static void check_output_format(const struct setting *setting) {
    if (str_equal(setting->value, "CODEBUILD_CLONE_REF"))
        bad(setting, "CODEBUILD_CLONE_REF is not supported yet; write CODE_ZIP");
    else if (!str_equal(setting->value, "CODE_ZIP"))
        bad(setting, arena_printf(setting->draft->arena, "'%s' is not known; write CODE_ZIP", setting->value));
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

static void check_environment_type(const struct setting *setting) {
    if (str_equal(setting->value, "WINDOWS_SERVER_2022_CONTAINER"))
        bad(setting, "commands run in Linux containers; write LINUX_CONTAINER");
    else if (!str_equal(setting->value, "LINUX_CONTAINER"))
        bad(setting, arena_printf(setting->draft->arena, "'%s' is not known; write LINUX_CONTAINER", setting->value));
}

static void check_compute_type(const struct setting *setting) {
    static const struct shape_pattern pattern = {.expression = "^BUILD_GENERAL1_(SMALL|MEDIUM|LARGE)$"};
    if (!shape_matches(&pattern, setting->value))
        bad(setting, arena_printf(setting->draft->arena,
                                  "'%s' is not known; write BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM or "
                                  "BUILD_GENERAL1_LARGE",
                                  setting->value));
}

/* The runner reads an image build's settings with the same functions. */
static void check_image(const struct setting *setting, const char *key) {
    struct err err = {0};
    if (!image_setting_check(setting->draft->arena, key, setting->value, &err))
        bad(setting, err.message);
}

static const struct {
    const char *provider;
    const char *key;
    void (*check)(const struct setting *setting);
} known_values[] = {
    {"CodeBuild", "BatchEnabled", check_boolean},
    {"CodeBuild", "CombineArtifacts", check_boolean},
    {"CodeBuild", "EnvironmentVariables", check_environment},
    {"CodeBuild", "PrimarySource", check_primary_source},
    {"CodeCommit", "OutputArtifactFormat", check_output_format},
    {"CodeCommit", "PollForSourceChanges", check_boolean},
    {"CodeStarSourceConnection", "DetectChanges", check_boolean},
    {"CodeStarSourceConnection", "OutputArtifactFormat", check_output_format},
    {"Commands", "ComputeType", check_compute_type},
    {"Commands", "EnvironmentType", check_environment_type},
    {"GitHub", "PollForSourceChanges", check_boolean},
    {"Manual", "ExternalEntityLink", check_link},
};

static const struct action_key *find_key(const struct action_key *keys, const char *name) {
    for (const struct action_key *key = keys; key->name; key++)
        if (str_equal(key->name, name))
            return key;
    return NULL;
}

static void check_secret(const struct setting *setting, const char *key) {
    if (str_equal(setting->value, "****"))
        errors_add(setting->draft->errors, setting->place, DEFINITION_ACTION,
                   arena_printf(setting->draft->arena,
                                "Action configuration for the new action \"%s\" contains an invalid configuration for "
                                "the secret property \"%s\". \"****\" may be used in secret properties only when "
                                "updating an existing action.",
                                setting->action->name, key),
                   "is hidden as '****'; write the secret itself");
}

/* AWS's limit for values that a worker may ask for: 20 letters, digits, - and _. */
static void check_queryable(const struct setting *setting) {
    static const struct shape_pattern pattern = {.expression = "^[A-Za-z0-9_-]{1,20}$"};
    if (!shape_matches(&pattern, setting->value))
        bad(setting, "workers ask for jobs by this value; write at most 20 letters, digits, - and _");
}

static void check_number(const struct setting *setting) {
    static const struct shape_pattern pattern = {.expression = "^-?[0-9]+([.][0-9]+)?$"};
    if (!shape_matches(&pattern, setting->value))
        bad(setting, "must be a number, as its action type says");
}

/* What the custom type says of the property. A secret's value is never repeated. */
static void check_property(const struct setting *setting, const char *key) {
    const struct custom_type *type = setting->action->custom;
    for (size_t i = 0; type && i < type->property_count; i++) {
        const struct custom_property *property = &type->properties[i];
        if (!str_equal(property->name, key))
            continue;
        if (property->queryable)
            check_queryable(setting);
        if (str_equal(property->type, "Number"))
            check_number(setting);
        else if (str_equal(property->type, "Boolean") && !is_boolean(setting->value))
            bad(setting, "must be true or false, as its action type says");
    }
}

static void check_deploy(const struct setting *setting, const char *key) {
    struct arena *arena = setting->draft->arena;
    const char *problem = deploy_value_problem(arena, key, setting->value);
    if (!problem)
        problem = deploy_artifact_problem(arena, setting->action, key, setting->value);
    if (problem)
        bad(setting, problem);
}

/* A release's members: texts in the midst of which variables stand. */
static void check_members(const struct setting *setting) {
    const char *problem = deploy_members_problem(setting->draft->arena, setting->action, setting->value);
    if (problem)
        bad(setting, problem);
}

static void check_value(const struct setting *setting, const struct action_key *key) {
    if (!setting->value || !*setting->value)
        return;
    if (str_equal(setting->action->type->provider, "Release") && str_equal(key->name, "Members"))
        check_members(setting);
    if (is_variable(setting->value))
        return;
    if (key->secret)
        check_secret(setting, key->name);
    check_property(setting, key->name);
    if (str_equal(setting->action->type->owner, "Custom"))
        return; /* it may have the name of one of AWS's providers */
    if (str_equal(setting->action->type->provider, "ECRBuildAndPublish"))
        check_image(setting, key->name);
    check_deploy(setting, key->name);
    for (size_t i = 0; i < sizeof known_values / sizeof *known_values; i++)
        if (str_equal(known_values[i].provider, setting->action->type->provider) &&
            str_equal(known_values[i].key, key->name))
            known_values[i].check(setting);
}

static void unknown_key(struct draft *draft, const struct draft_owner *owner, const struct place *place) {
    const char *names[ACTION_KEYS_MAX + 1];
    const char *list = "";
    size_t count = 0;
    for (const struct action_key *key = owner->keys; key->name; key++) {
        names[count++] = key->name;
        list = *list ? arena_printf(draft->arena, "%s, %s", list, key->name) : key->name;
    }
    names[count] = NULL;
    const char *nearest = suggest_nearest(place->name, names);
    const char *aws = arena_printf(draft->arena, "%s configuration for %s '%s' contains unknown configuration '%s'",
                                   owner->title, owner->noun, owner->name, place->name);
    if (nearest)
        errors_add_name(draft->errors, place, owner->code, aws, "unknown key; did you mean '%s'?", nearest);
    else if (count > 0)
        errors_add_name(draft->errors, place, owner->code, aws, "unknown key; %s have %s", owner->kind, list);
    else
        errors_add_name(draft->errors, place, owner->code, aws, "unknown key; %s have no configuration", owner->kind);
}

static void require(struct draft *draft, const struct draft_owner *owner, const char *key, const char *why) {
    struct place place = PLACE_MEMBER(owner->place, "configuration", json_get(owner->place->value, "configuration"));
    bool wrong_type = place.value && place.value->type != JSON_OBJECT;
    if (wrong_type || json_get(place.value, key))
        return;
    errors_add(draft->errors, &place, owner->code,
               arena_printf(draft->arena, "%s configuration for %s '%s' is missing required configuration '%s'",
                            owner->title, owner->noun, owner->name, key),
               "'%s' is missing; %s", key, why);
}

void draft_check_keys(struct draft *draft, const struct draft_owner *owner) {
    struct place settings = PLACE_MEMBER(owner->place, "configuration", settings_of(owner->place));
    json_each(setting, settings.value) {
        struct place place = PLACE_MEMBER(&settings, setting->name, setting);
        if (!find_key(owner->keys, setting->name))
            unknown_key(draft, owner, &place);
    }
    for (const struct action_key *key = owner->keys; key->name; key++)
        if (key->required)
            require(draft, owner, key->name, arena_printf(draft->arena, "%s need it", owner->kind));
}

static void check_values(struct draft *draft, const struct draft_action *action) {
    struct place settings = PLACE_MEMBER(action->place, "configuration", settings_of(action->place));
    json_each(item, settings.value) {
        struct place place = PLACE_MEMBER(&settings, item->name, item);
        struct setting setting = {
            .draft = draft, .action = action, .place = &place, .value = shape_text(draft->arena, item)};
        const struct action_key *key = find_key(action->type->keys, item->name);
        if (key)
            check_value(&setting, key);
    }
}

/* Keys that are needed only because of what another says. */
static void check_together(struct draft *draft, const struct draft_owner *owner, const struct action_type *type) {
    const struct json *settings = settings_of(owner->place);
    const char *mode = shape_get_text(draft->arena, settings, "ActionMode");
    const char *extract = shape_get_text(draft->arena, settings, "Extract");
    if (str_equal(type->provider, "S3") && str_equal(extract, "false"))
        require(draft, owner, "ObjectKey", "with Extract false it is the key of the artifact");
    if (!str_equal(type->provider, "CloudFormation") || !mode)
        return;
    if (str_starts_with(mode, "CHANGE_SET"))
        require(draft, owner, "ChangeSetName", arena_printf(draft->arena, "ActionMode %s needs it", mode));
    if (str_equal(mode, "CREATE_UPDATE") || str_equal(mode, "REPLACE_ON_FAILURE") ||
        str_equal(mode, "CHANGE_SET_REPLACE"))
        require(draft, owner, "TemplatePath", arena_printf(draft->arena, "ActionMode %s needs it", mode));
}

void draft_check_configuration(struct draft *draft, const struct draft_action *action) {
    const struct draft_owner owner = {
        .place = action->place,
        .keys = action->type->keys,
        .kind = arena_printf(draft->arena, "%s actions", action->type->provider),
        .title = "Action",
        .noun = "action",
        .name = action->name,
        .code = DEFINITION_ACTION,
    };
    check_values(draft, action);
    if (str_equal(action->type->owner, "Custom") && !action->custom)
        return; /* its keys are not known here */
    draft_check_keys(draft, &owner);
    if (str_equal(action->type->provider, "CodeBuild") && action->input_count > 1)
        require(draft, &owner, "PrimarySource", "with several input artifacts write which one holds the buildspec");
    check_together(draft, &owner, action->type);
}
