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

/* An actionTypeId as it was written. */
struct type_id {
    const struct place *place;
    const char *category_name;
    enum action_category category;
    const char *provider;
    const char *owner;
    const char *version;
    const char *aws; /* what AWS says where there is no such type */
};

static bool read_id(struct draft *draft, const struct draft_action *action, const struct place *place,
                    struct type_id *out) {
    struct arena *arena = draft->arena;
    *out = (struct type_id){
        .place = place,
        .category_name = shape_get_text(arena, place->value, "category"),
        .provider = shape_get_text(arena, place->value, "provider"),
        .owner = shape_get_text(arena, place->value, "owner"),
        .version = shape_get_text(arena, place->value, "version"),
    };
    if (!out->category_name || !out->provider || !out->owner || !out->version ||
        !action_category_parse(out->category_name, &out->category))
        return false;
    out->aws = arena_printf(
        arena,
        "ActionType (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s') in action '%s' is not available",
        out->category_name, out->provider, out->owner, out->version, action->name);
    return true;
}

/* A custom type of that name in another version or category, or one with nearly that name. */
static const char *similar_custom(const struct draft *draft, const struct type_id *id) {
    const struct custom_types *types = draft->types;
    const char **names = arena_array(draft->arena, const char *, types->count + 1);
    for (size_t i = 0; i < types->count; i++) {
        const struct custom_type *type = &types->list[i];
        if (str_equal(type->provider, id->provider))
            return arena_printf(draft->arena, "there is %s in category %s with version %s", type->provider,
                                action_category_name(type->category), type->version);
        names[i] = type->provider;
    }
    const char *nearest = suggest_nearest(id->provider, names);
    return nearest ? arena_printf(draft->arena, "did you mean '%s'?", nearest)
                   : "make it with CreateCustomActionType first";
}

/* AWS takes Source and Approval when a type is made, and says that they have no function. */
static const struct action_type *resolve_custom(struct draft *draft, struct draft_action *action,
                                                const struct type_id *id) {
    if (id->category == ACTION_SOURCE || id->category == ACTION_APPROVAL) {
        errors_add(draft->errors, id->place, DEFINITION_ACTION, id->aws,
                   "custom actions of category %s are not supported; Build, Test, Deploy, Invoke and Compute are",
                   id->category_name);
        return NULL;
    }
    action->custom = custom_types_find(draft->types, id->category, id->provider, id->version);
    if (action->custom)
        return custom_type_action(draft->arena, action->custom);
    if (draft->types && draft->types->any)
        return custom_type_named(draft->arena, id->category, id->provider, id->version);
    errors_add(draft->errors, id->place, DEFINITION_ACTION, id->aws, "there is no custom action type %s/%s/%s; %s",
               id->category_name, id->provider, id->version,
               draft->types ? similar_custom(draft, id) : "make it with CreateCustomActionType first");
    return NULL;
}

static const struct action_type *resolve_full(struct draft *draft, struct draft_action *action, const struct json *at) {
    struct place place = PLACE_MEMBER(action->place, "actionTypeId", at);
    struct type_id id;
    if (!read_id(draft, action, &place, &id))
        return NULL;
    if (str_equal(id.owner, "Custom"))
        return resolve_custom(draft, action, &id);
    const struct action_type *type = action_types_find(id.provider, id.category);
    if (type && str_equal(type->owner, id.owner) && str_equal(type->version, id.version))
        return type;
    struct place provider = PLACE_MEMBER(&place, "provider", json_get(at, "provider"));
    if (type)
        errors_add(draft->errors, &place, DEFINITION_ACTION, id.aws,
                   "provider '%s' has owner %s and version %s, not %s and %s", id.provider, type->owner, type->version,
                   id.owner, id.version);
    else if (action_types_find_provider(id.provider))
        errors_add(draft->errors, &provider, DEFINITION_ACTION, id.aws, "provider '%s' belongs to category %s, not %s",
                   id.provider, action_category_name(action_types_find_provider(id.provider)->category),
                   id.category_name);
    else
        unknown_provider(draft, &provider, id.provider, id.aws);
    return NULL;
}

static const struct action_type *resolve(struct draft *draft, struct draft_action *action) {
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
