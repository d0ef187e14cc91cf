/*
 * Action types: which row of common/action_types.h an action means, and whether its artifacts fit.
 */
#include "server/definition/structure.h"

#include "common/str.h"
#include "common/suggest.h"

#include <inttypes.h>

#define PROVIDERS_MAX 64

/* Each provider that Penstock runs, once. Ends with NULL. */
static void list_providers(const char *names[PROVIDERS_MAX + 1]) {
    size_t rows, count = 0;
    const struct action_type *types = action_types_all(&rows);
    for (size_t i = 0; i < rows && count < PROVIDERS_MAX; i++) {
        bool known = types[i].worker == ACTION_BY_NOBODY;
        for (size_t j = 0; j < count && !known; j++)
            known = str_equal(names[j], types[i].provider);
        if (!known)
            names[count++] = types[i].provider;
    }
    names[count] = NULL;
}

static const char *providers_that_run(struct arena *arena) {
    const char *names[PROVIDERS_MAX + 1];
    list_providers(names);
    const char *text = "";
    for (size_t i = 0; names[i]; i++)
        text = *text ? arena_printf(arena, "%s, %s", text, names[i]) : names[i];
    return text;
}

static void unknown_provider(struct draft *draft, const struct place *place, const char *provider, const char *aws) {
    const char *names[PROVIDERS_MAX + 1];
    list_providers(names);
    const char *nearest = suggest_nearest(provider, names);
    if (nearest)
        errors_add(draft->errors, place, DEFINITION_ACTION, aws, "unknown provider '%s'; did you mean '%s'?", provider,
                   nearest);
    else
        errors_add(draft->errors, place, DEFINITION_ACTION, aws, "unknown provider '%s'; known are %s", provider,
                   providers_that_run(draft->arena));
}

/* `provider: S3` is a source in the first stage and a deployment elsewhere; where that finds nothing the provider's
 * first row stands, and the rule about stages says what is wrong. */
static const struct action_type *find_short(const struct draft_action *action, const char *provider) {
    if (action->stage == 0) {
        const struct action_type *source = action_types_find(provider, ACTION_SOURCE);
        return source ? source : action_types_find_provider(provider);
    }
    size_t rows;
    const struct action_type *types = action_types_all(&rows);
    for (size_t i = 0; i < rows; i++)
        if (types[i].category != ACTION_SOURCE && str_equal(types[i].provider, provider))
            return &types[i];
    return action_types_find_provider(provider);
}

static const struct action_type *resolve_short(struct draft *draft, const struct draft_action *action) {
    const struct json *object = action->place->value;
    struct place place = PLACE_MEMBER(action->place, "provider", json_get(object, "provider"));
    const char *provider = shape_text(draft->arena, place.value);
    const char *category_name = shape_get_text(draft->arena, object, "category");
    if (!provider) {
        if (!place.value)
            errors_add(draft->errors, action->place, DEFINITION_ACTION, NULL,
                       "'provider' is missing; write for example 'provider: CodeBuild'");
        return NULL;
    }
    enum action_category category;
    if (category_name && action_category_parse(category_name, &category)) {
        const struct action_type *type = action_types_find(provider, category);
        if (!type && action_types_find_provider(provider))
            errors_add(draft->errors, &place, DEFINITION_ACTION, NULL,
                       "provider '%s' has no category %s; its category is %s", provider, category_name,
                       action_category_name(action_types_find_provider(provider)->category));
        else if (!type)
            unknown_provider(draft, &place, provider, NULL);
        return type;
    }
    const struct action_type *type = find_short(action, provider);
    if (!type)
        unknown_provider(draft, &place, provider, NULL);
    return type;
}

static const struct action_type *resolve_full(struct draft *draft, const struct draft_action *action,
                                              const struct json *id) {
    struct arena *arena = draft->arena;
    const char *category_name = shape_get_text(arena, id, "category");
    const char *provider = shape_get_text(arena, id, "provider");
    const char *owner = shape_get_text(arena, id, "owner");
    const char *version = shape_get_text(arena, id, "version");
    enum action_category category;
    if (!category_name || !provider || !owner || !version || !action_category_parse(category_name, &category))
        return NULL;
    const struct action_type *type = action_types_find(provider, category);
    if (type && str_equal(type->owner, owner) && str_equal(type->version, version))
        return type;
    struct place id_place = PLACE_MEMBER(action->place, "actionTypeId", id);
    struct place place = PLACE_MEMBER(&id_place, "provider", json_get(id, "provider"));
    const char *aws = arena_printf(
        arena,
        "ActionType (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s') in action '%s' is not available",
        category_name, provider, owner, version, action->name);
    if (type)
        errors_add(draft->errors, &id_place, DEFINITION_ACTION, aws,
                   "provider '%s' has owner %s and version %s, not %s and %s", provider, type->owner, type->version,
                   owner, version);
    else if (str_equal(owner, "Custom"))
        errors_add(draft->errors, &id_place, DEFINITION_ACTION, aws,
                   "custom action types are not supported yet; write one of %s", providers_that_run(arena));
    else if (action_types_find_provider(provider))
        errors_add(draft->errors, &place, DEFINITION_ACTION, aws, "provider '%s' belongs to category %s, not %s",
                   provider, action_category_name(action_types_find_provider(provider)->category), category_name);
    else
        unknown_provider(draft, &place, provider, aws);
    return NULL;
}

static const struct action_type *resolve(struct draft *draft, const struct draft_action *action) {
    const struct json *object = action->place->value;
    const struct json *id = json_get(object, "actionTypeId");
    if (!id && draft->form == DEFINITION_REQUEST)
        return NULL;
    if (!id)
        return resolve_short(draft, action);
    const char *other = json_get(object, "provider") ? "provider" : "category";
    struct place place = PLACE_MEMBER(action->place, other, json_get(object, other));
    if (draft->form == DEFINITION_FILE && place.value)
        errors_add_name(draft->errors, &place, DEFINITION_ACTION, NULL,
                        "stands beside actionTypeId, which says it already; remove one of the two");
    return id->type == JSON_OBJECT ? resolve_full(draft, action, id) : NULL;
}

static void check_count(struct draft *draft, const struct draft_action *action, bool input, size_t count) {
    const struct action_type *type = action->type;
    int least = input ? type->least_inputs : type->least_outputs;
    int most = input ? type->most_inputs : type->most_outputs;
    const char *member = input ? "inputArtifacts" : "outputArtifacts";
    const char *kind = input ? "input" : "output";
    struct place place = PLACE_MEMBER(action->place, member, json_get(action->place->value, member));
    struct arena *arena = draft->arena;
    if (place.value && place.value->type != JSON_ARRAY)
        return;
    if ((int)count < least)
        errors_add(draft->errors, &place, DEFINITION_ACTION,
                   arena_printf(arena, "Action %s declares %zu %s artifacts which is less than the minimum count (%d)",
                                action->name, count, kind, least),
                   "%s actions need %d %s artifact%s, here %s %zu; add what it %s", type->provider, least, kind,
                   least == 1 ? "" : "s", count == 1 ? "is" : "are", count, input ? "works on" : "makes");
    else if ((int)count > most && most == 0)
        errors_add(draft->errors, &place, DEFINITION_ACTION,
                   arena_printf(arena, "Action %s declares %zu %s artifacts which is more than the maximum count (%d)",
                                action->name, count, kind, most),
                   "%s actions have no %s artifacts; remove %s", type->provider, kind, member);
    else if ((int)count > most)
        errors_add(draft->errors, &place, DEFINITION_ACTION,
                   arena_printf(arena, "Action %s declares %zu %s artifacts which is more than the maximum count (%d)",
                                action->name, count, kind, most),
                   "%s actions have at most %d %s artifact%s, here are %zu", type->provider, most, kind,
                   most == 1 ? "" : "s", count);
}

static void check_action(struct draft *draft, struct draft_action *action) {
    action->type = resolve(draft, action);
    if (!action->type)
        return;
    if (action->type->worker == ACTION_BY_NOBODY) {
        errors_add(draft->errors, action->place, DEFINITION_ACTION, NULL,
                   "%s actions of provider '%s' are not supported yet; Penstock runs %s",
                   action_category_name(action->type->category), action->type->provider,
                   providers_that_run(draft->arena));
        return;
    }
    check_count(draft, action, true, action->input_count);
    check_count(draft, action, false, action->output_count);
    draft_check_configuration(draft, action);
}

void draft_check_types(struct draft *draft) {
    for (size_t i = 0; i < draft->action_count; i++)
        check_action(draft, &draft->actions[i]);
}
