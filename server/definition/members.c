/*
 * The members of a Release: a JSON list of {name, provider, inputArtifact?, configuration}. A member's configuration
 * has the keys of its action, and their values are checked as the action's would be.
 */
#include "server/definition/deploy_values.h"

#include "server/definition/structure.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define MEMBERS_MAX 20
#define NAME_MAX_LENGTH 100

struct member {
    struct arena *arena;
    const struct draft_action *action; /* the Release */
    const struct action_type *type;    /* what an action of the member's provider has */
    const struct json *given;
};

static const char *unknown_key(const struct member *member, const char *name) {
    const char *names[ACTION_KEYS_MAX + 1] = {0};
    for (size_t i = 0; i < ACTION_KEYS_MAX && member->type->keys[i].name; i++)
        names[i] = member->type->keys[i].name;
    const char *nearest = suggest_nearest(name, names);
    return arena_printf(member->arena, "%s has no key '%.100s'%s", member->type->provider, name,
                        nearest ? arena_printf(member->arena, "; did you mean '%s'?", nearest) : "");
}

static bool knows_key(const struct action_type *type, const char *name) {
    for (const struct action_key *key = type->keys; key->name; key++)
        if (str_equal(key->name, name))
            return true;
    return false;
}

static const char *value_problem(const struct member *member, const struct json *value) {
    const char *problem;
    if (!knows_key(member->type, value->name))
        return unknown_key(member, value->name);
    if (str_equal(value->name, "OnCancel"))
        return "OnCancel stands in the release: its members return together";
    if (value->type != JSON_TEXT)
        return arena_printf(member->arena, "%.100s must be a text in quotes, not a %s", value->name,
                            json_type_name(value->type));
    if (!*value->text || strstr(value->text, "#{"))
        return NULL;
    problem = deploy_value_problem(member->arena, value->name, value->text);
    if (!problem)
        problem = deploy_artifact_problem(member->arena, member->action, value->name, value->text);
    return problem ? arena_printf(member->arena, "%s %s", value->name, problem) : NULL;
}

static const char *configuration_problem(const struct member *member) {
    const struct json *configuration = json_get(member->given, "configuration");
    const char *artifact = json_get_text(member->given, "inputArtifact");
    const char *problem =
        artifact ? deploy_artifact_problem(member->arena, member->action, "inputArtifact", artifact) : NULL;
    if (problem)
        return arena_printf(member->arena, "inputArtifact %s", problem);
    json_each(value, configuration) {
        problem = value_problem(member, value);
        if (problem)
            return problem;
    }
    for (const struct action_key *key = member->type->keys; key->name; key++)
        if (key->required && !json_get(configuration, key->name))
            return arena_printf(member->arena, "'%s' is missing; %s actions need it", key->name,
                                member->type->provider);
    return NULL;
}

static bool is_name(const char *name) {
    static const struct shape_pattern pattern = {.expression = "^[A-Za-z0-9._-]+$"};
    return name && strlen(name) <= NAME_MAX_LENGTH && shape_matches(&pattern, name);
}

static bool is_taken(const struct json *list, const struct json *given, const char *name) {
    json_each(other, list) {
        if (other == given)
            return false;
        if (str_equal(json_get_text(other, "name"), name))
            return true;
    }
    return false;
}

static const char *member_problem(struct member *member, const struct json *list) {
    const char *name = json_get_text(member->given, "name");
    const char *provider = json_get_text_or(member->given, "provider", "");
    const char *problem;
    if (!is_name(name) || is_taken(list, member->given, name))
        return arena_printf(member->arena,
                            "each member of Members needs a name of its own: up to %d letters, digits, '.', '_' or "
                            "'-'",
                            NAME_MAX_LENGTH);
    if (!str_equal(provider, "ECS") && !str_equal(provider, "ScheduledTask") && !str_equal(provider, "S3"))
        problem = arena_printf(member->arena, "'%.50s' is no provider of a member; there are ECS, ScheduledTask, S3",
                               provider);
    else {
        member->type = action_types_find(provider, ACTION_DEPLOY);
        problem = configuration_problem(member);
    }
    return problem ? arena_printf(member->arena, "member '%s' of Members: %s", name, problem) : NULL;
}

const char *deploy_members_problem(struct arena *arena, const struct draft_action *action, const char *value) {
    const struct json *list = NULL;
    struct err err = {0};
    if (!json_parse(arena, value, strlen(value), &list, &err) || list->type != JSON_ARRAY) {
        if (strstr(value, "#{"))
            return NULL; /* what stands there then may make it one */
        return arena_printf(arena, "must be a JSON list of {\"name\", \"provider\", \"configuration\"}%s%.200s",
                            *err.message ? ": " : "", err.message);
    }
    if (list->count < 1 || list->count > MEMBERS_MAX)
        return arena_printf(arena, "must have 1 to %d members, not %zu", MEMBERS_MAX, list->count);
    json_each(given, list) {
        struct member member = {.arena = arena, .action = action, .given = given};
        const char *problem = member_problem(&member, list);
        if (problem)
            return problem;
    }
    return NULL;
}
