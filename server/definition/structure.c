/*
 * From the tree to a draft: lists of stages, of actions and of the rules of conditions, each with its place.
 */
#include "server/definition/structure.h"

static const struct place *keep(struct arena *arena, struct place place) {
    return arena_memdup(arena, &place, sizeof place);
}

static const struct place *member(struct arena *arena, const struct place *parent, const char *name) {
    return keep(arena, (struct place)PLACE_MEMBER(parent, name, json_get(parent->value, name)));
}

static const struct json *list_of(const struct place *place) {
    return place->value && place->value->type == JSON_ARRAY ? place->value : NULL;
}

static const char *text_or_empty(struct arena *arena, const struct json *object, const char *name) {
    const char *text = object->type == JSON_OBJECT ? shape_get_text(arena, object, name) : NULL;
    return text ? text : "";
}

static struct draft_artifact *read_artifacts(struct draft *draft, const struct place *action, const char *name,
                                             size_t *count) {
    const struct place *list = member(draft->arena, action, name);
    const struct json *items = list_of(list);
    *count = 0;
    if (!items)
        return NULL;
    struct draft_artifact *artifacts = arena_array(draft->arena, struct draft_artifact, items->count);
    json_each(item, items) {
        struct draft_artifact *artifact = &artifacts[*count];
        artifact->place = keep(draft->arena, (struct place)PLACE_ELEMENT(list, *count, item));
        artifact->name =
            item->type == JSON_OBJECT ? shape_get_text(draft->arena, item, "name") : shape_text(draft->arena, item);
        (*count)++;
    }
    return artifacts;
}

static void read_action(struct draft *draft, const struct draft_stage *stage, const struct place *place) {
    struct draft_action *action = &draft->actions[draft->action_count++];
    *action = (struct draft_action){
        .place = place,
        .name = text_or_empty(draft->arena, place->value, "name"),
        .stage_name = stage->name,
        .stage = (size_t)(stage - draft->stages),
        .run_order = json_get_integer(place->value, "runOrder", 1),
    };
    action->inputs = read_artifacts(draft, place, "inputArtifacts", &action->input_count);
    action->outputs = read_artifacts(draft, place, "outputArtifacts", &action->output_count);
}

static void read_stage(struct draft *draft, const struct place *place) {
    struct draft_stage *stage = &draft->stages[draft->stage_count++];
    *stage = (struct draft_stage){
        .place = place,
        .name = text_or_empty(draft->arena, place->value, "name"),
        .first_action = draft->action_count,
    };
    const struct place *list = member(draft->arena, place, "actions");
    size_t index = 0;
    json_each(item, list_of(list)) {
        const struct place *action = keep(draft->arena, (struct place)PLACE_ELEMENT(list, index++, item));
        if (item->type == JSON_OBJECT)
            read_action(draft, stage, action);
    }
    stage->action_count = draft->action_count - stage->first_action;
}

/* Orders beyond those that actions may have. */
#define BEFORE_ALL 0
#define AFTER_ALL 1000

static void read_rule(struct draft *draft, const struct draft_stage *stage, enum condition_kind kind,
                      const struct place *place) {
    if (draft->rule_count == draft->rule_capacity)
        draft->rules = arena_grow(draft->arena, draft->rules, sizeof *draft->rules, &draft->rule_capacity);
    struct draft_action *rule = &draft->rules[draft->rule_count++];
    *rule = (struct draft_action){
        .place = place,
        .name = text_or_empty(draft->arena, place->value, "name"),
        .stage_name = stage->name,
        .stage = (size_t)(stage - draft->stages),
        .run_order = kind == CONDITION_BEFORE_ENTRY ? BEFORE_ALL : AFTER_ALL,
        .condition = stage_condition_names[kind],
    };
    rule->inputs = read_artifacts(draft, place, "inputArtifacts", &rule->input_count);
}

static void read_conditions(struct draft *draft, const struct draft_stage *stage, enum condition_kind kind) {
    const struct place *outer = member(draft->arena, stage->place, stage_condition_names[kind]);
    const struct place *conditions = member(draft->arena, outer, "conditions");
    size_t index = 0;
    json_each(condition, list_of(conditions)) {
        const struct place *place = keep(draft->arena, (struct place)PLACE_ELEMENT(conditions, index++, condition));
        const struct place *rules = member(draft->arena, place, "rules");
        size_t rule_index = 0;
        json_each(item, list_of(rules)) {
            const struct place *rule = keep(draft->arena, (struct place)PLACE_ELEMENT(rules, rule_index++, item));
            if (item->type == JSON_OBJECT)
                read_rule(draft, stage, kind, rule);
        }
    }
}

static size_t count_actions(const struct json *stages) {
    size_t count = 0;
    json_each(stage, stages) {
        const struct json *actions = json_get(stage, "actions");
        count += actions && actions->type == JSON_ARRAY ? actions->count : 0;
    }
    return count;
}

void draft_read(struct draft *draft, struct definition_errors *errors, const struct place *pipeline,
                enum definition_form form, const struct custom_types *types) {
    struct arena *arena = errors->arena;
    *draft = (struct draft){.arena = arena, .errors = errors, .form = form, .types = types, .place = pipeline};
    const struct place *list = member(arena, pipeline, "stages");
    const struct json *stages = list_of(list);
    draft->stages = arena_array(arena, struct draft_stage, stages ? stages->count : 0);
    draft->actions = arena_array(arena, struct draft_action, count_actions(stages));
    size_t index = 0;
    json_each(item, stages) {
        const struct place *stage = keep(arena, (struct place)PLACE_ELEMENT(list, index++, item));
        if (item->type == JSON_OBJECT)
            read_stage(draft, stage);
    }
    for (size_t i = 0; i < draft->stage_count; i++)
        for (enum condition_kind kind = CONDITION_BEFORE_ENTRY; kind <= CONDITION_ON_FAILURE; kind++)
            read_conditions(draft, &draft->stages[i], kind);
}

const char *draft_action_title(struct arena *arena, const struct draft_action *action) {
    return arena_printf(arena, "%s/%s", action->stage_name, action->name);
}

bool draft_runs_before(const struct draft_action *early, const struct draft_action *late) {
    return early->stage < late->stage || (early->stage == late->stage && early->run_order < late->run_order);
}
