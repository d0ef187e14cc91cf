/*
 * The rules of a project that join several values, and its canonical form.
 */
#include "server/definition/project.h"

#include "server/definition/project_shape.h"

#include "common/str.h"

#define INVALID "InvalidInputException" /* CodeBuild's name for everything that is wrong with a project */

struct project_draft {
    struct definition_errors *errors;
    struct arena *arena;
    enum definition_form form;
    const struct place *place;
    const char *source_type;
    const char *artifacts_type;
};

static const char *text_in(struct project_draft *draft, const char *block, const char *member) {
    return shape_get_text(draft->arena, json_get(draft->place->value, block), member);
}

/* An error at BLOCK.MEMBER, or at the block where that is missing. */
static void complain(struct project_draft *draft, const char *block, const char *member, const char *aws,
                     const char *message) {
    struct place outer = PLACE_MEMBER(draft->place, block, json_get(draft->place->value, block));
    struct place inner = PLACE_MEMBER(&outer, member, json_get(outer.value, member));
    errors_add(draft->errors, inner.value ? &inner : &outer, INVALID, aws, "%s", message);
}

static void complain_member(struct project_draft *draft, const char *member, const char *message) {
    struct place place = PLACE_MEMBER(draft->place, member, json_get(draft->place->value, member));
    errors_add_name(draft->errors, &place, INVALID, NULL, "%s", message);
}

static bool is_empty(const char *text) {
    return !text || !*text;
}

static void check_source(struct project_draft *draft) {
    const char *type = draft->source_type;
    bool pipeline = str_equal(type, "CODEPIPELINE");
    if (pipeline != str_equal(draft->artifacts_type, "CODEPIPELINE"))
        complain(
            draft, pipeline ? "artifacts" : "source", "type",
            "Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE",
            "must be CODEPIPELINE, since the other of source and artifacts is");
    if (str_equal(type, "NO_SOURCE") && is_empty(text_in(draft, "source", "buildspec")))
        complain(draft, "source", "buildspec",
                 "Invalid project source: buildspec must be specified when the source type is NO_SOURCE",
                 "a project without source needs its 'buildspec' here");
    if (!pipeline && !str_equal(type, "NO_SOURCE") && is_empty(text_in(draft, "source", "location")))
        complain(draft, "source", "location",
                 arena_printf(draft->arena, "Invalid project source: location is required for source type %s", type),
                 arena_printf(draft->arena, "a %s source needs its 'location', the address to clone", type));
    if (str_equal(draft->artifacts_type, "S3") && is_empty(text_in(draft, "artifacts", "location")))
        complain(draft, "artifacts", "location", "Invalid artifacts: location is required for artifacts type S3",
                 "S3 artifacts need their 'location', a bucket's name");
}

static void check_environment(struct project_draft *draft) {
    static const char *const linux_types[] = {"LINUX_CONTAINER", "ARM_CONTAINER", "LINUX_GPU_CONTAINER", "LINUX_EC2",
                                              "ARM_EC2"};
    const struct json *environment = json_get(draft->place->value, "environment");
    const char *type = text_in(draft, "environment", "type");
    bool runs = !type;
    for (size_t i = 0; i < sizeof linux_types / sizeof *linux_types && !runs; i++)
        runs = str_equal(type, linux_types[i]);
    if (!runs)
        complain(draft, "environment", "type", NULL,
                 arena_printf(draft->arena,
                              "%s is not supported yet: builds run in Linux containers; write LINUX_CONTAINER", type));
    if (json_get(environment, "registryCredential") &&
        !str_equal(text_in(draft, "environment", "imagePullCredentialsType"), "SERVICE_ROLE"))
        complain(draft, "environment", "registryCredential",
                 "Invalid input: imagePullCredentialsType must be SERVICE_ROLE when a registryCredential is given",
                 "needs 'imagePullCredentialsType: SERVICE_ROLE'");
    if (!is_empty(text_in(draft, "environment", "certificate")))
        complain(draft, "environment", "certificate", NULL,
                 "is not supported yet; put the certificate into the build image");
}

static bool is_filled(const struct json *value) {
    return value && (value->type == JSON_ARRAY || value->type == JSON_OBJECT ? value->count > 0 : true);
}

static void check_unsupported(struct project_draft *draft) {
    struct place place =
        PLACE_MEMBER(draft->place, "fileSystemLocations", json_get(draft->place->value, "fileSystemLocations"));
    if (is_filled(place.value))
        errors_add_name(draft->errors, &place, INVALID, NULL,
                        "is not supported yet; mount the file system on the runner's machine and keep it out of the "
                        "project");
    const struct json *source = json_get(draft->place->value, "source");
    if (json_get_bool(json_get(source, "gitSubmodulesConfig"), "fetchSubmodules", false))
        complain(draft, "source", "gitSubmodulesConfig", NULL,
                 "submodules are not supported yet; fetch them in the buildspec");
    if (json_get_integer(draft->place->value, "autoRetryLimit", 0) > 0)
        complain_member(draft, "autoRetryLimit", "is not supported yet; remove it, and start a failed build again");
    if (json_get(draft->place->value, "concurrentBuildLimit"))
        complain_member(draft, "concurrentBuildLimit",
                        "is not supported yet: a build starts as soon as a runner is free; remove it");
    const struct json *environment = json_get(draft->place->value, "environment");
    if (is_filled(json_get(environment, "fleet")))
        complain(draft, "environment", "fleet", NULL, "is not supported: any runner takes the build; remove it");
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
    struct project_draft draft = {.errors = errors, .arena = errors->arena, .form = form, .place = place};
    const char *source = text_in(&draft, "source", "type");
    const char *artifacts = text_in(&draft, "artifacts", "type");
    draft.source_type = source ? source : "CODEPIPELINE";
    draft.artifacts_type = artifacts                                      ? artifacts
                           : str_equal(draft.source_type, "CODEPIPELINE") ? "CODEPIPELINE"
                                                                          : "NO_ARTIFACTS";
    check_source(&draft);
    check_environment(&draft);
    check_unsupported(&draft);
    return errors->count > before ? NULL : canonical(&draft);
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
