/*
 * Variables: those of the pipeline, the namespaces under which actions give theirs, and every reference
 * #{namespace.key} in a configuration, a command or an environment value. A reference must name something that is there
 * by then.
 */
#include "server/definition/structure.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

static const char *namespace_of(struct draft *draft, const struct draft_action *action) {
    return shape_get_text(draft->arena, action->place->value, "namespace");
}

static bool has_variables(const struct draft *draft) {
    const struct json *variables = json_get(draft->place->value, "variables");
    return variables && variables->type == JSON_ARRAY && variables->count > 0;
}

static const struct json *find_variable(const struct draft *draft, const char *name) {
    const struct json *variables = json_get(draft->place->value, "variables");
    json_each(variable, variables) {
        if (str_equal(shape_get_text(draft->arena, variable, "name"), name))
            return variable;
    }
    return NULL;
}

static const struct draft_action *find_namespace(struct draft *draft, const char *name) {
    for (size_t i = 0; i < draft->action_count; i++)
        if (str_equal(namespace_of(draft, &draft->actions[i]), name))
            return &draft->actions[i];
    return NULL;
}

static void check_declarations(struct draft *draft) {
    struct place list = PLACE_MEMBER(draft->place, "variables", json_get(draft->place->value, "variables"));
    size_t index = 0;
    json_each(variable, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, variable);
        const char *name = shape_get_text(draft->arena, variable, "name");
        if (name && find_variable(draft, name) != variable)
            errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL,
                       "a variable named '%s' stands above already; give each its own name", name);
    }
}

static bool is_artifact(const struct draft *draft, const char *name) {
    for (size_t i = 0; i < draft->action_count; i++)
        for (size_t j = 0; j < draft->actions[i].output_count; j++)
            if (str_equal(draft->actions[i].outputs[j].name, name))
                return true;
    return false;
}

static void check_namespace(struct draft *draft, const struct draft_action *action) {
    const char *name = namespace_of(draft, action);
    if (!name)
        return;
    struct place place = PLACE_MEMBER(action->place, "namespace", json_get(action->place->value, "namespace"));
    const struct draft_action *first = find_namespace(draft, name);
    if (str_equal(name, "codepipeline") || str_equal(name, "variables"))
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL, "'%s' is reserved; choose another name", name);
    else if (is_artifact(draft, name))
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL,
                   "'%s' is an artifact's name already; choose another name", name);
    else if (first != action)
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL,
                   "namespace '%s' belongs to '%s' already; give each action its own", name,
                   draft_action_title(draft->arena, first));
}

static const char *near_namespace(struct draft *draft, const char *name) {
    const char **names = arena_array(draft->arena, const char *, draft->action_count + 3);
    size_t count = 0;
    names[count++] = "codepipeline";
    if (has_variables(draft))
        names[count++] = "variables";
    for (size_t i = 0; i < draft->action_count; i++)
        if (namespace_of(draft, &draft->actions[i]))
            names[count++] = namespace_of(draft, &draft->actions[i]);
    return suggest_nearest(name, names);
}

static const char *code_of(const struct draft_action *user) {
    return user->condition ? DEFINITION_STAGE : DEFINITION_ACTION;
}

/* A reference as it was written, and where. */
struct reference {
    struct draft *draft;
    const struct draft_action *action;
    const struct place *place;
    const char *space;
    const char *key;
};

static void check_pipeline_variable(const struct reference *reference) {
    struct definition_errors *errors = reference->draft->errors;
    if (reference->action->type && reference->action->type->category == ACTION_SOURCE)
        errors_add(errors, reference->place, code_of(reference->action), NULL,
                   "#{variables.%s} cannot be used in a source action; write the value itself", reference->key);
    else if (!find_variable(reference->draft, reference->key))
        errors_add(errors, reference->place, code_of(reference->action), NULL,
                   "the pipeline has no variable '%s'; declare it under 'variables'", reference->key);
}

static void check_action_variable(const struct reference *reference) {
    struct draft *draft = reference->draft;
    const struct draft_action *maker = find_namespace(draft, reference->space);
    if (maker && draft_runs_before(maker, reference->action))
        return;
    const char *aws = arena_printf(
        draft->arena,
        "Valid format for a pipeline execution variable reference is a namespace and a key separated by a period (.). "
        "The following pipeline execution variables are referencing a namespace that does not exist. StageName=[%s], "
        "ActionName=[%s], ActionConfiguration=[#{%s.%s}]",
        reference->action->stage_name, reference->action->name, reference->space, reference->key);
    const char *nearest = maker ? NULL : near_namespace(draft, reference->space);
    if (maker)
        errors_add(draft->errors, reference->place, code_of(reference->action), NULL,
                   "#{%s.%s} is known only after '%s' ran; use it in %s that runs later", reference->space,
                   reference->key, draft_action_title(draft->arena, maker),
                   reference->action->condition ? "a rule" : "an action");
    else if (nearest)
        errors_add(draft->errors, reference->place, code_of(reference->action), aws,
                   "no action has namespace '%s'; did you mean '%s'?", reference->space, nearest);
    else
        errors_add(draft->errors, reference->place, code_of(reference->action), aws,
                   "no action has namespace '%s'; add 'namespace: %s' to the action whose variable this is",
                   reference->space, reference->space);
}

static void check_reference(const struct reference *reference) {
    if (str_equal(reference->space, "variables"))
        check_pipeline_variable(reference);
    else if (!str_equal(reference->space, "codepipeline"))
        check_action_variable(reference);
    else if (!str_equal(reference->key, "PipelineExecutionId"))
        errors_add(reference->draft->errors, reference->place, code_of(reference->action), NULL,
                   "there is no #{codepipeline.%s}; only #{codepipeline.PipelineExecutionId}", reference->key);
}

static void check_references(struct draft *draft, const struct draft_action *action, const struct place *place) {
    const char *text = shape_text(draft->arena, place->value);
    while (text && (text = strstr(text, "#{"))) {
        const char *end = strchr(text, '}');
        if (!end) {
            errors_add(draft->errors, place, code_of(action), NULL, "a reference '#{' has no '}'; close it");
            return;
        }
        const char *inside = arena_strndup(draft->arena, text + 2, (size_t)(end - text - 2));
        const char *dot = strchr(inside, '.');
        if (!dot || dot == inside || !dot[1] || strchr(dot + 1, '.'))
            errors_add(draft->errors, place, code_of(action), NULL, "'#{%s}' is no reference; write #{namespace.key}",
                       inside);
        else
            check_reference(&(struct reference){
                .draft = draft,
                .action = action,
                .place = place,
                .space = arena_strndup(draft->arena, inside, (size_t)(dot - inside)),
                .key = dot + 1,
            });
        text = end + 1;
    }
}

static void check_list(struct draft *draft, const struct draft_action *action, const char *member) {
    struct place list = PLACE_MEMBER(action->place, member, json_get(action->place->value, member));
    size_t index = 0;
    json_each(item, list.value) {
        struct place place = PLACE_ELEMENT(&list, index++, item);
        struct place value = PLACE_MEMBER(&place, "value", json_get(item, "value"));
        check_references(draft, action, item->type == JSON_OBJECT ? &value : &place);
    }
}

static void check_texts(struct draft *draft, const struct draft_action *action) {
    struct place settings =
        PLACE_MEMBER(action->place, "configuration", json_get(action->place->value, "configuration"));
    json_each(setting, settings.value) {
        struct place place = PLACE_MEMBER(&settings, setting->name, setting);
        if (setting->name)
            check_references(draft, action, &place);
    }
    check_list(draft, action, "commands");
    check_list(draft, action, "environmentVariables");
}

void draft_check_variables(struct draft *draft) {
    check_declarations(draft);
    for (size_t i = 0; i < draft->action_count; i++) {
        check_namespace(draft, &draft->actions[i]);
        check_texts(draft, &draft->actions[i]);
    }
    for (size_t i = 0; i < draft->rule_count; i++)
        check_texts(draft, &draft->rules[i]);
}
