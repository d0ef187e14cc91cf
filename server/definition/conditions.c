/*
 * What the conditions of stages lead to: which results each kind of condition has, what a rollback and a retry need,
 * and which rules may decide that a stage is skipped. The rules themselves stand in rules.c.
 *
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html
 */
#include "server/definition/structure.h"

#include "common/str.h"

struct stage_condition {
    struct draft *draft;
    const struct draft_stage *stage;
    enum condition_kind kind;
    const struct place *place; /* the condition, or onFailure itself */
    const char *result;        /* NULL: none is written */
};

static const struct {
    const char *results[3]; /* ends with NULL */
    const char *words;
} allowed[] = {
    [CONDITION_BEFORE_ENTRY] = {{"FAIL", "SKIP"}, "FAIL or SKIP"},
    [CONDITION_ON_SUCCESS] = {{"FAIL", "ROLLBACK"}, "FAIL or ROLLBACK"},
    [CONDITION_ON_FAILURE] = {{"ROLLBACK", "RETRY"}, "ROLLBACK or RETRY"},
};

static bool is_any(const char *const *choices, const char *text) {
    for (; *choices; choices++)
        if (str_equal(*choices, text))
            return true;
    return false;
}

static void check_rollback(const struct stage_condition *condition, const struct place *place) {
    struct draft *draft = condition->draft;
    const char *instead = condition->kind == CONDITION_ON_FAILURE ? "RETRY" : "FAIL";
    const char *mode = shape_get_text(draft->arena, draft->place->value, "executionMode");
    if (condition->stage == draft->stages)
        errors_add(draft->errors, place, DEFINITION_STAGE, NULL, "the first stage cannot be rolled back; write %s",
                   instead);
    if (str_equal(mode, "PARALLEL"))
        errors_add(draft->errors, place, DEFINITION_STAGE, NULL,
                   "a pipeline with executionMode PARALLEL has no rollback; write %s, or executionMode QUEUED",
                   instead);
}

/* The result that is written, if it is one of AWS's; those that are not were complained of. */
static void check_result(const struct stage_condition *condition) {
    static const char *const known[] = {"ROLLBACK", "FAIL", "RETRY", "SKIP", NULL};
    struct place place = PLACE_MEMBER(condition->place, "result", json_get(condition->place->value, "result"));
    if (!is_any(known, condition->result))
        return;
    if (!is_any(allowed[condition->kind].results, condition->result))
        errors_add(condition->draft->errors, &place, DEFINITION_STAGE, NULL, "%s cannot lead to %s; write %s",
                   stage_condition_names[condition->kind], condition->result, allowed[condition->kind].words);
    else if (str_equal(condition->result, "ROLLBACK"))
        check_rollback(condition, &place);
}

static bool is_within(const struct place *place, const struct place *outer) {
    for (; place; place = place->parent)
        if (place->value == outer->value)
            return true;
    return false;
}

static void check_rule_name(struct draft *draft, const struct draft_action *rule, const struct place *condition) {
    for (const struct draft_action *other = draft->rules; other < rule; other++) {
        if (!*rule->name || !str_equal(other->name, rule->name) || !is_within(other->place, condition))
            continue;
        struct place place = PLACE_MEMBER(rule->place, "name", json_get(rule->place->value, "name"));
        errors_add(draft->errors, &place, DEFINITION_STAGE,
                   arena_printf(draft->arena,
                                "Rule name must be unique within the condition. %s has been used more than once.",
                                rule->name),
                   "a rule named '%s' stands in this condition already; give each rule its own name", rule->name);
        return;
    }
}

static void check_members(const struct stage_condition *condition) {
    struct draft *draft = condition->draft;
    for (size_t i = 0; i < draft->rule_count; i++) {
        const struct draft_action *rule = &draft->rules[i];
        if (!is_within(rule->place, condition->place))
            continue;
        check_rule_name(draft, rule, condition->place);
        if (str_equal(condition->result, "SKIP") && rule->rule && !rule->rule->may_skip)
            errors_add(draft->errors, rule->place, DEFINITION_STAGE, NULL,
                       "%s rules cannot decide that a stage is skipped, only VariableCheck and LambdaInvoke rules can; "
                       "write result FAIL",
                       rule->rule->provider);
    }
}

static void check_condition(struct draft *draft, const struct draft_stage *stage, enum condition_kind kind,
                            const struct place *place) {
    if (place->value->type != JSON_OBJECT)
        return;
    struct stage_condition condition = {
        .draft = draft,
        .stage = stage,
        .kind = kind,
        .place = place,
        .result = shape_get_text(draft->arena, place->value, "result"),
    };
    check_result(&condition);
    check_members(&condition);
    if (!condition.result && !json_get(place->value, "result") && kind == CONDITION_ON_FAILURE)
        errors_add(draft->errors, place, DEFINITION_STAGE, NULL, "'result' is missing; write ROLLBACK or RETRY");
    if (!json_get(place->value, "rules"))
        errors_add(draft->errors, place, DEFINITION_STAGE, NULL, "'rules' is missing; add 1 to 5 rules");
}

/* The result of the condition within onFailure. */
static const char *inner_result(struct draft *draft, const struct json *failure) {
    const struct json *conditions = json_get(failure, "conditions");
    return conditions && conditions->first ? shape_get_text(draft->arena, conditions->first, "result") : NULL;
}

static void check_failure(struct draft *draft, const struct draft_stage *stage, const struct place *place) {
    struct stage_condition failure = {
        .draft = draft,
        .stage = stage,
        .kind = CONDITION_ON_FAILURE,
        .place = place,
        .result = shape_get_text(draft->arena, place->value, "result"),
    };
    struct place result = PLACE_MEMBER(place, "result", json_get(place->value, "result"));
    struct place retry = PLACE_MEMBER(place, "retryConfiguration", json_get(place->value, "retryConfiguration"));
    check_result(&failure);
    /* AWS: "automatic stage retry cannot be used with an onFailure condition". */
    if (result.value && json_get(place->value, "conditions"))
        errors_add_name(draft->errors, &result, DEFINITION_STAGE, NULL,
                        "stands beside conditions, which have a result of their own; keep one of the two");
    if (shape_is_filled(retry.value) && !str_equal(failure.result, "RETRY") &&
        !str_equal(inner_result(draft, place->value), "RETRY"))
        errors_add_name(draft->errors, &retry, DEFINITION_STAGE, NULL,
                        "has no effect without 'result: RETRY'; add that, or remove it");
}

void draft_check_conditions(struct draft *draft) {
    for (size_t i = 0; i < draft->stage_count; i++)
        for (enum condition_kind kind = CONDITION_BEFORE_ENTRY; kind <= CONDITION_ON_FAILURE; kind++) {
            const struct draft_stage *stage = &draft->stages[i];
            struct place outer = PLACE_MEMBER(stage->place, stage_condition_names[kind],
                                              json_get(stage->place->value, stage_condition_names[kind]));
            struct place list = PLACE_MEMBER(&outer, "conditions", json_get(outer.value, "conditions"));
            size_t index = 0;
            if (outer.value && outer.value->type == JSON_OBJECT && kind == CONDITION_ON_FAILURE)
                check_failure(draft, stage, &outer);
            json_each(condition, list.value) {
                struct place place = PLACE_ELEMENT(&list, index++, condition);
                check_condition(draft, stage, kind, &place);
            }
        }
}
