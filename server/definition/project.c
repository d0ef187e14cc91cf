/*
 * A project's canonical form, and what an update makes of it.
 */
#include "server/definition/project.h"

#include "server/definition/project_rules.h"
#include "server/definition/project_shape.h"

#include "common/str.h"

static bool is_filled(const struct json *value) {
    return value && (value->type == JSON_ARRAY || value->type == JSON_OBJECT ? value->count > 0 : true);
}

/* Texts out of scalars where the shape wants texts; numbers and booleans elsewhere stay what they are. */
static struct json *convert(struct arena *arena, const struct json *value, const struct shape *shape) {
    if (shape->type == SHAPE_TEXT)
        return json_new_text(arena, shape_text(arena, value));
    if (value->type == JSON_OBJECT && shape->type == SHAPE_OBJECT) {
        struct json *object = json_object(arena);
        for (const struct shape_field *field = shape->fields; field->name; field++) {
            const struct json *member = json_get(value, field->name);
            if (member)
                json_set(arena, object, field->name, convert(arena, member, field->shape));
        }
        return object;
    }
    if (value->type == JSON_ARRAY && shape->type == SHAPE_LIST) {
        struct json *list = json_array(arena);
        json_each(item, value) {
            json_append(list, convert(arena, item, shape->members));
        }
        return list;
    }
    return json_copy(arena, value);
}

static void copy_filled(struct arena *arena, struct json *to, const struct json *from, const char *name,
                        const struct shape *shape) {
    const struct json *value = json_get(from, name);
    if (is_filled(value))
        json_set(arena, to, name, convert(arena, value, shape));
}

static void write_variables(struct arena *arena, struct json *environment, const struct json *variables) {
    struct json *list = json_set_array(arena, environment, "environmentVariables");
    json_each(variable, variables) {
        bool is_short = variables->type == JSON_OBJECT;
        struct json *entry = json_append_object(arena, list);
        json_set_text(arena, entry, "name", is_short ? variable->name : shape_get_text(arena, variable, "name"));
        json_set_text(arena, entry, "value",
                      is_short ? shape_text(arena, variable) : shape_get_text(arena, variable, "value"));
        const char *type = is_short ? NULL : shape_get_text(arena, variable, "type");
        json_set_text(arena, entry, "type", type ? type : "PLAINTEXT");
    }
}

static void set_default_text(struct arena *arena, struct json *object, const char *name, const char *value) {
    if (!json_get(object, name))
        json_set_text(arena, object, name, value);
}

static void write_environment(struct arena *arena, struct json *project, const struct json *from) {
    struct json *environment = json_set_object(arena, project, "environment");
    json_set_text(arena, environment, "type", shape_get_text(arena, from, "type"));
    set_default_text(arena, environment, "type", "LINUX_CONTAINER");
    json_set_text(arena, environment, "image", shape_get_text(arena, from, "image"));
    json_set_text(arena, environment, "computeType", shape_get_text(arena, from, "computeType"));
    set_default_text(arena, environment, "computeType", "BUILD_GENERAL1_SMALL");
    copy_filled(arena, environment, from, "computeConfiguration", &project_compute_configuration_shape);
    write_variables(arena, environment, json_get(from, "environmentVariables"));
    json_set_bool(arena, environment, "privilegedMode", json_get_bool(from, "privilegedMode", false));
    if (json_get(from, "registryCredential"))
        json_set(arena, environment, "registryCredential", json_copy(arena, json_get(from, "registryCredential")));
    json_set_text(arena, environment, "imagePullCredentialsType",
                  shape_get_text(arena, from, "imagePullCredentialsType"));
    set_default_text(arena, environment, "imagePullCredentialsType", "CODEBUILD");
}

/* A block with its type first, as AWS shows it. */
static void write_typed(struct project_draft *draft, struct json *project, const char *name, const char *type,
                        const struct shape *shape) {
    struct arena *arena = draft->arena;
    struct json *block = json_set_object(arena, project, name);
    json_set_text(arena, block, "type", type);
    const struct json *from = json_get(draft->place->value, name);
    for (const struct shape_field *field = shape->fields; field->name; field++) {
        const struct json *value = json_get(from, field->name);
        if (value && (value->count > 0 || (value->type != JSON_ARRAY && value->type != JSON_OBJECT)))
            json_set(arena, block, field->name, convert(arena, value, field->shape));
    }
}

static const struct json *canonical(struct project_draft *draft) {
    struct arena *arena = draft->arena;
    const struct json *from = draft->place->value;
    struct json *to = json_object(arena);
    for (const struct shape_field *field = project_shape.fields; field->name; field++) {
        const struct json *value = json_get(from, field->name);
        if (str_equal(field->name, "source"))
            write_typed(draft, to, "source", draft->source_type, &project_source_shape);
        else if (str_equal(field->name, "artifacts"))
            write_typed(draft, to, "artifacts", draft->artifacts_type, &project_artifacts_shape);
        else if (str_equal(field->name, "environment"))
            write_environment(arena, to, value);
        else if (is_filled(value))
            json_set(arena, to, field->name, convert(arena, value, field->shape));
        else if (str_equal(field->name, "timeoutInMinutes"))
            json_set_integer(arena, to, field->name, 60);
        else if (str_equal(field->name, "queuedTimeoutInMinutes"))
            json_set_integer(arena, to, field->name, 480);
    }
    return to;
}

const struct json *project_check(struct definition_errors *errors, const struct place *place,
                                 enum definition_form form) {
    size_t before = errors->count;
    shape_check(errors, place, &project_shape, form);
    if (errors->count > before)
        return NULL;
    struct project_draft draft = project_draft(errors, place);
    project_check_rules(&draft);
    return errors->count > before ? NULL : canonical(&draft);
}

bool project_check_build(struct definition_errors *errors, const struct json *settings) {
    struct place place = {.value = settings};
    size_t before = errors->count;
    struct project_draft draft = project_draft(errors, &place);
    project_check_rules(&draft);
    return errors->count == before;
}

/* UpdateProject says "none" with an empty value, as AWS's tools send it. */
static bool takes_away(const struct json *value) {
    if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        return value->count == 0;
    if (value->type == JSON_TEXT)
        return !*value->text;
    return value->type == JSON_NUMBER && value->is_integer && value->integer == -1;
}

const struct json *project_update(struct definition_errors *errors, const struct json *stored,
                                  const struct json *changes) {
    struct json *merged = json_copy(errors->arena, stored);
    if (!json_get(changes, "tags"))
        json_remove(merged, "tags");
    json_each(change, changes) {
        if (str_equal(change->name, "name") || change->type == JSON_NULL)
            continue;
        if (takes_away(change))
            json_remove(merged, change->name);
        else
            json_set(errors->arena, merged, change->name, json_copy(errors->arena, change));
    }
    struct place place = {.value = merged};
    return project_check(errors, &place, DEFINITION_REQUEST);
}
