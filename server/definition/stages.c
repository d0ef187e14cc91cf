/*
 * The rules that AWS's "pipeline structure requirements" list for stages and actions, apart from artifacts.
 */
#include "server/definition/structure.h"

#include "common/str.h"

static void check_stage_count(struct draft *draft) {
    const struct json *stages = json_get(draft->place->value, "stages");
    if (!stages || stages->type != JSON_ARRAY || stages->count >= 2)
        return;
    struct place place = PLACE_MEMBER(draft->place, "stages", stages);
    errors_add(
        draft->errors, &place, DEFINITION_STRUCTURE,
        arena_printf(draft->arena,
                     "Pipeline has only %zu stage(s). There should be a minimum of 2 stages in a pipeline",
                     stages->count),
        "a pipeline has at least 2 stages, here %s %zu; put the source into the first and the work into the next",
        stages->count == 1 ? "is" : "are", stages->count);
}

static void check_stage_names(struct draft *draft) {
    for (size_t i = 0; i < draft->stage_count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct draft_stage *stage = &draft->stages[i];
            if (!*stage->name || !str_equal(stage->name, draft->stages[j].name))
                continue;
            struct place place = PLACE_MEMBER(stage->place, "name", json_get(stage->place->value, "name"));
            errors_add(draft->errors, &place, DEFINITION_STRUCTURE,
                       arena_printf(draft->arena,
                                    "Stage name must be unique within the pipeline. %s has been used more than once.",
                                    stage->name),
                       "a stage named '%s' stands above already; give each stage its own name", stage->name);
            break;
        }
}

static void check_action_names(struct draft *draft, const struct draft_stage *stage) {
    const struct draft_action *actions = draft->actions + stage->first_action;
    for (size_t i = 0; i < stage->action_count; i++)
        for (size_t j = 0; j < i; j++) {
            if (!*actions[i].name || !str_equal(actions[i].name, actions[j].name))
                continue;
            const struct place *action = actions[i].place;
            struct place place = PLACE_MEMBER(action, "name", json_get(action->value, "name"));
            errors_add(draft->errors, &place, DEFINITION_STRUCTURE,
                       arena_printf(draft->arena,
                                    "Action name must be unique within the stage. %s has been used more than once.",
                                    actions[i].name),
                       "an action named '%s' stands in this stage already; give each action of a stage its own name",
                       actions[i].name);
            break;
        }
}

static void check_category(struct draft *draft, const struct draft_action *action) {
    if (!action->type)
        return;
    bool source = action->type->category == ACTION_SOURCE;
    if (action->stage == 0 && !source)
        errors_add(draft->errors, action->place, DEFINITION_STRUCTURE,
                   "Pipeline should start with a stage that only contains source actions",
                   "the first stage holds source actions only; move '%s' (%s) to a later stage", action->name,
                   action->type->provider);
    else if (action->stage > 0 && source)
        errors_add(draft->errors, action->place, DEFINITION_STRUCTURE,
                   arena_printf(draft->arena,
                                "Action '%s' is a source action. Source actions are only allowed in the first stage",
                                action->name),
                   "source actions stand only in the first stage; move '%s' to stage '%s'", action->name,
                   draft->stages[0].name);
}

static void check_time_limit(struct draft *draft, const struct draft_action *action) {
    struct place place =
        PLACE_MEMBER(action->place, "timeoutInMinutes", json_get(action->place->value, "timeoutInMinutes"));
    if (place.value && action->type && action->type->category != ACTION_APPROVAL)
        errors_add_name(draft->errors, &place, DEFINITION_ACTION, NULL,
                        "only Manual approval actions have a time limit of their own; remove it");
}

static void check_region(struct draft *draft, const struct draft_action *action) {
    struct place place = PLACE_MEMBER(action->place, "region", json_get(action->place->value, "region"));
    const struct json *stores = json_get(draft->place->value, "artifactStores");
    const char *region = shape_text(draft->arena, place.value);
    if (region && stores && stores->type == JSON_OBJECT && !json_get(stores, region))
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL,
                   "artifactStores has no store for region '%s'; add one", region);
}

static void check_stores(struct draft *draft) {
    const struct json *pipeline = draft->place->value;
    struct place place = PLACE_MEMBER(draft->place, "artifactStores", json_get(pipeline, "artifactStores"));
    if (json_get(pipeline, "artifactStore") && place.value)
        errors_add_name(draft->errors, &place, DEFINITION_STRUCTURE,
                        "Pipeline should have either artifactStore or artifactStores, not both",
                        "stands beside artifactStore; keep one of the two");
    else if (place.value && place.value->type == JSON_OBJECT && place.value->count == 0)
        errors_add(draft->errors, &place, DEFINITION_STRUCTURE, NULL, "is empty; add a store for each region");
    else if (!json_get(pipeline, "artifactStore") && !place.value && draft->form == DEFINITION_REQUEST)
        errors_add(draft->errors, draft->place, DEFINITION_STRUCTURE,
                   "Pipeline should have either artifactStore or artifactStores",
                   "'artifactStore' is missing; add it as an object with 'type', 'location'");
}

void draft_check_stages(struct draft *draft) {
    check_stage_count(draft);
    check_stage_names(draft);
    check_stores(draft);
    for (size_t i = 0; i < draft->stage_count; i++)
        check_action_names(draft, &draft->stages[i]);
    for (size_t i = 0; i < draft->action_count; i++) {
        check_category(draft, &draft->actions[i]);
        check_time_limit(draft, &draft->actions[i]);
        check_region(draft, &draft->actions[i]);
    }
    for (size_t i = 0; i < draft->rule_count; i++)
        check_region(draft, &draft->rules[i]);
}
