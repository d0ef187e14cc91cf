/*
 * From the stored description of a custom action type to what checks and the engine read.
 */
#include "server/definition/custom_types.h"

#include "common/str.h"

#define ARTIFACTS_MOST 5 /* CodePipeline's general maximum */

static bool read_counts(const struct json *document, const char *name, int *least, int *most, struct err *err) {
    const struct json *details = json_get(document, name);
    int64_t minimum = json_get_integer(details, "minimumCount", -1);
    int64_t maximum = json_get_integer(details, "maximumCount", -1);
    if (minimum < 0 || maximum < minimum || maximum > ARTIFACTS_MOST)
        return err_set(err, ERR_INTERNAL, "'%s' holds no minimumCount and maximumCount from 0 to %d", name,
                       ARTIFACTS_MOST);
    *least = (int)minimum;
    *most = (int)maximum;
    return true;
}

static bool read_properties(const struct json *list, struct custom_type *out, struct err *err) {
    if (list && list->count > CUSTOM_PROPERTIES_MAX)
        return err_set(err, ERR_INTERNAL, "there are more than %d configurationProperties", CUSTOM_PROPERTIES_MAX);
    json_each(item, list) {
        const char *name = json_get_text(item, "name");
        if (!name)
            return err_set(err, ERR_INTERNAL, "a property in 'configurationProperties' has no name");
        out->properties[out->property_count++] = (struct custom_property){
            .name = name,
            .required = json_get_bool(item, "required", false),
            .key = json_get_bool(item, "key", false),
            .secret = json_get_bool(item, "secret", false),
            .queryable = json_get_bool(item, "queryable", false),
            .type = json_get_text_or(item, "type", "String"),
        };
    }
    return true;
}

bool custom_type_read(enum action_category category, const char *provider, const char *version,
                      const struct json *document, struct custom_type *out, struct err *err) {
    const struct json *settings = json_get(document, "settings");
    struct custom_type type = {
        .category = category,
        .provider = provider,
        .version = version,
        .entity_url = json_get_text(settings, "entityUrlTemplate"),
        .execution_url = json_get_text(settings, "executionUrlTemplate"),
        .revision_url = json_get_text(settings, "revisionUrlTemplate"),
    };
    if (!read_counts(document, "inputArtifactDetails", &type.least_inputs, &type.most_inputs, err) ||
        !read_counts(document, "outputArtifactDetails", &type.least_outputs, &type.most_outputs, err) ||
        !read_properties(json_get(document, "configurationProperties"), &type, err))
        return err_wrap(err, "stored action type '%s' is damaged", provider);
    *out = type;
    return true;
}

const struct custom_type *custom_types_find(const struct custom_types *types, enum action_category category,
                                            const char *provider, const char *version) {
    for (size_t i = 0; types && i < types->count; i++) {
        const struct custom_type *type = &types->list[i];
        if (type->category == category && str_equal(type->provider, provider) && str_equal(type->version, version))
            return type;
    }
    return NULL;
}

const struct custom_property *custom_type_queryable(const struct custom_type *type) {
    for (size_t i = 0; i < type->property_count; i++)
        if (type->properties[i].queryable)
            return &type->properties[i];
    return NULL;
}

const struct action_type *custom_type_action(struct arena *arena, const struct custom_type *type) {
    _Static_assert(CUSTOM_PROPERTIES_MAX <= ACTION_KEYS_MAX, "each property is a key of the action's configuration");
    struct action_type *action = arena_new(arena, struct action_type);
    *action = (struct action_type){
        .provider = arena_strdup(arena, type->provider),
        .category = type->category,
        .owner = "Custom",
        .version = arena_strdup(arena, type->version),
        .least_inputs = type->least_inputs,
        .most_inputs = type->most_inputs,
        .least_outputs = type->least_outputs,
        .most_outputs = type->most_outputs,
        .worker = ACTION_BY_WORKER,
    };
    for (size_t i = 0; i < type->property_count; i++)
        action->keys[i] = (struct action_key){
            .name = arena_strdup(arena, type->properties[i].name),
            .required = type->properties[i].required,
            .secret = type->properties[i].secret,
        };
    return action;
}

const struct action_type *custom_type_named(struct arena *arena, enum action_category category, const char *provider,
                                            const char *version) {
    const struct custom_type type = {
        .category = category,
        .provider = provider,
        .version = version,
        .most_inputs = ARTIFACTS_MOST,
        .most_outputs = ARTIFACTS_MOST,
    };
    return custom_type_action(arena, &type);
}
