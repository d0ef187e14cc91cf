/*
 * The check as a whole: unwrap what a file may hold, look at every value by itself, then at what they mean together.
 */
#include "server/definition/definition.h"

#include "server/definition/project.h"
#include "server/definition/project_shape.h"
#include "server/definition/structure.h"

#include "common/str.h"

/* What stands beside the pipeline where a file is what get-pipeline prints. */
static const struct shape any = {.type = SHAPE_ANY};
static const struct shape wrapped_shape = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipeline", .shape = &any},
            {.name = "metadata", .shape = &any}, /* the server's own: when it was made, its ARN */
            {.name = "projects", .shape = &any},
            {.name = "schedules", .shape = &any},
            {0},
        },
};
static const struct shape projects_shape = {.type = SHAPE_MAP, .keys = &project_name_shape, .members = &any};

struct check {
    struct arena *arena;
    enum definition_form form;
    const struct custom_types *types;
    struct draft draft;
    struct definition_result *out;
};

static void check_pipeline(struct check *check, const struct place *place) {
    struct definition_errors *errors = &check->out->errors;
    struct draft *draft = &check->draft;
    shape_check(errors, place, &declaration_shape, check->form);
    if (place->value->type != JSON_OBJECT)
        return;
    draft_read(draft, errors, place, check->form, check->types);
    draft_check_types(draft);
    draft_check_stages(draft);
    draft_check_artifacts(draft);
    draft_check_rules(draft);
    draft_check_conditions(draft);
    draft_check_commands(draft);
    draft_check_variables(draft);
    draft_check_triggers(draft);
    draft_check_unsupported(draft);
}

/* The name is the key, so that it stands once. */
static const struct json *named(struct definition_errors *errors, const struct place *place) {
    const char *written = shape_get_text(errors->arena, place->value, "name");
    if (written && !str_equal(written, place->name)) {
        struct place name = PLACE_MEMBER(place, "name", json_get(place->value, "name"));
        errors_add(errors, &name, DEFINITION_STRUCTURE, NULL, "'%s' is not the key '%s'; remove 'name'", written,
                   place->name);
    }
    struct json *copy = json_copy(errors->arena, place->value);
    json_set_text(errors->arena, copy, "name", "the-key"); /* which was checked as a key */
    struct place whole = {.parent = place->parent, .name = place->name, .value = copy};
    const struct json *settings = project_check(errors, &whole, DEFINITION_FILE);
    if (!settings)
        return NULL;
    struct json *renamed = json_copy(errors->arena, settings);
    json_set_text(errors->arena, renamed, "name", place->name);
    return renamed;
}

static void check_projects(struct definition_result *out, const struct place *place) {
    if (!place->value)
        return;
    shape_check(&out->errors, place, &projects_shape, DEFINITION_FILE);
    if (place->value->type != JSON_OBJECT)
        return;
    struct definition_project *projects =
        arena_array(out->errors.arena, struct definition_project, place->value->count);
    json_each(item, place->value) {
        struct place project = PLACE_MEMBER(place, item->name, item);
        if (item->type != JSON_OBJECT)
            shape_check(&out->errors, &project, &projects_shape, DEFINITION_FILE);
        else
            projects[out->project_count++] =
                (struct definition_project){.name = item->name, .settings = named(&out->errors, &project)};
    }
    out->projects = projects;
}

static bool stands_behind(const struct definition_error *a, const struct definition_error *b) {
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* Insertion keeps the order of what has one place; there are at most DEFINITION_ERRORS_MAX. */
static void sort_errors(struct definition_errors *errors) {
    for (size_t i = 1; i < errors->count; i++) {
        struct definition_error error = errors->list[i];
        size_t j = i;
        for (; j > 0 && stands_behind(&errors->list[j - 1], &error); j--)
            errors->list[j] = errors->list[j - 1];
        errors->list[j] = error;
    }
}

static bool finish(struct check *check) {
    struct definition_result *out = check->out;
    const struct draft *draft = &check->draft;
    if (out->errors.count > 0) {
        sort_errors(&out->errors);
        return false;
    }
    if (!draft->place)
        return true;
    struct pipeline *pipeline;
    struct err err;
    if (!definition_read(check->arena, draft_canonical(draft), &pipeline, &err)) {
        errors_add(&out->errors, draft->place, DEFINITION_STRUCTURE, NULL, "%s", err.message);
        return false;
    }
    out->pipeline = pipeline;
    return true;
}

static bool check_file(struct check *check, const struct json *document) {
    struct place root = {.value = document};
    struct place projects = PLACE_MEMBER(&root, "projects", json_get(document, "projects"));
    struct place schedules = PLACE_MEMBER(&root, "schedules", json_get(document, "schedules"));
    struct place pipeline = {.value = json_get(document, "pipeline")};
    if (pipeline.value) {
        shape_check(&check->out->errors, &root, &wrapped_shape, DEFINITION_FILE);
        check_pipeline(check, &pipeline);
    } else if (!(projects.value && document->count == 1)) { /* a file may hold projects only */
        check_pipeline(check, &root);
    }
    check_projects(check->out, &projects);
    if (schedules.value)
        schedules_check(&check->out->errors, &schedules, &check->out->schedules, &check->out->schedule_count);
    return finish(check);
}

bool definition_check(struct arena *arena, const struct json *document, enum definition_form form,
                      const struct custom_types *types, struct definition_result *out) {
    *out = (struct definition_result){.errors = {.arena = arena}};
    struct check check = {.arena = arena, .form = form, .types = types, .out = out};
    if (form == DEFINITION_FILE)
        return check_file(&check, document);
    struct place place = {.name = "pipeline", .value = document};
    check_pipeline(&check, &place);
    return finish(&check);
}
