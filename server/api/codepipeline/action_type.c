/*
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionType.html
 */
#include "server/api/codepipeline/action_type.h"

#include <string.h>

static const char *const categories[] = {"Source", "Build", "Deploy", "Test", "Invoke", "Approval", NULL};
static const char *const all_categories[] = {"Source", "Build",    "Deploy",  "Test",
                                             "Invoke", "Approval", "Compute", NULL};
static const char *const owners[] = {"AWS", "ThirdParty", "Custom", NULL};

static const struct shape_pattern name_pattern = {
    .aws = "[0-9A-Za-z_-]+", .expression = "^[0-9A-Za-z_-]+$", .words = "letters, digits, - and _"};

const struct shape action_category_shape = {.type = SHAPE_TEXT, .choices = categories};
const struct shape action_provider_shape = {.type = SHAPE_TEXT, .least = 1, .most = 35, .pattern = &name_pattern};
const struct shape action_version_shape = {.type = SHAPE_TEXT, .least = 1, .most = 9, .pattern = &name_pattern};

static const struct shape any_category = {.type = SHAPE_TEXT, .choices = all_categories};
static const struct shape owner = {.type = SHAPE_TEXT, .choices = owners};

const struct shape action_type_id_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "category", .required = true, .shape = &any_category},
            {.name = "owner", .required = true, .shape = &owner},
            {.name = "provider", .required = true, .shape = &action_provider_shape},
            {.name = "version", .required = true, .shape = &action_version_shape},
            {0},
        },
};

struct json *action_type_show_id(struct arena *arena, const char *category, const char *type_owner,
                                 const char *provider, const char *version) {
    struct json *id = json_object(arena);
    json_set_text(arena, id, "category", category);
    json_set_text(arena, id, "owner", type_owner);
    json_set_text(arena, id, "provider", provider);
    json_set_text(arena, id, "version", version);
    return id;
}

const char *action_type_title(struct arena *arena, const char *category, const char *type_owner, const char *provider,
                              const char *version) {
    return arena_printf(arena, "ActionType (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s')", category,
                        provider, type_owner, version);
}

static void copy(struct arena *arena, struct json *to, const char *name, const struct json *value) {
    if (value)
        json_set(arena, to, name, json_copy(arena, value));
}

bool action_type_show_custom(struct arena *arena, const struct custom_type_row *row, struct json *out,
                             struct err *err) {
    const struct json *document = NULL;
    if (!json_parse(arena, row->document, strlen(row->document), &document, err))
        return false;
    json_set(arena, out, "id", action_type_show_id(arena, row->category, "Custom", row->provider, row->version));
    copy(arena, out, "settings", json_get(document, "settings"));
    copy(arena, out, "actionConfigurationProperties", json_get(document, "configurationProperties"));
    copy(arena, out, "inputArtifactDetails", json_get(document, "inputArtifactDetails"));
    copy(arena, out, "outputArtifactDetails", json_get(document, "outputArtifactDetails"));
    return true;
}

void action_type_show_key(struct arena *arena, const struct action_key *key, struct json *list) {
    struct json *property = json_append_object(arena, list);
    json_set_text(arena, property, "name", key->name);
    json_set_bool(arena, property, "required", key->required);
    json_set_bool(arena, property, "key", true);
    json_set_bool(arena, property, "secret", key->secret);
    json_set_bool(arena, property, "queryable", false);
}

void action_type_show_counts(struct arena *arena, struct json *out, const char *name, int least, int most) {
    struct json *counts = json_set_object(arena, out, name);
    json_set_integer(arena, counts, "minimumCount", least);
    json_set_integer(arena, counts, "maximumCount", most);
}
