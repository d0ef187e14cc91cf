/*
 * A stage's conditions in GetPipelineState. AWS's structure has a list of conditions of each kind; there is exactly
 * one.
 */
#include "server/api/codepipeline/state.h"

#include "server/store/conditions.h"

#include "common/str.h"

static const char *const members[] = {
    [CONDITION_BEFORE_ENTRY] = "beforeEntryConditionState",
    [CONDITION_ON_SUCCESS] = "onSuccessConditionState",
    [CONDITION_ON_FAILURE] = "onFailureConditionState",
};

static void show_rule_run(struct arena *arena, const struct action_run_row *run, struct json *out) {
    json_set_text(arena, out, "ruleExecutionId", run->uuid);
    json_set_text(arena, out, "status", action_status_name(run->status));
    json_set_text(arena, out, "summary", run->summary);
    json_set_time(arena, out, "lastStatusChange", run->updated_ms);
    json_set_text(arena, out, "lastUpdatedBy", run->updated_by);
    json_set_text(arena, out, "externalExecutionId", run->external_id);
    json_set_text(arena, out, "externalExecutionUrl", run->external_url);
    if (!run->error_code && !run->error_message)
        return;
    struct json *error = json_set_object(arena, out, "errorDetails");
    json_set_text(arena, error, "code", run->error_code);
    json_set_text(arena, error, "message", run->error_message);
}

static void show_rule(struct arena *arena, const char *name, const struct action_run_row *runs, size_t count,
                      struct json *out) {
    json_set_text(arena, out, "ruleName", name);
    for (size_t i = count; i > 0; i--) {
        if (!str_equal(runs[i - 1].action, name))
            continue;
        show_rule_run(arena, &runs[i - 1], json_set_object(arena, out, "latestExecution"));
        return;
    }
}

static void show_asked(struct arena *arena, const struct condition_row *condition, struct json *all, struct json *one) {
    const char *status = state_name(&condition_statuses, (int)condition->status);
    struct json *latest = json_set_object(arena, all, "latestExecution");
    json_set_text(arena, latest, "status", status);
    json_set_text(arena, latest, "summary", condition->summary);
    latest = json_set_object(arena, one, "latestExecution");
    json_set_text(arena, latest, "status", status);
    json_set_text(arena, latest, "summary", condition->summary);
    json_set_time(arena, latest, "lastStatusChange", condition->updated_ms);
}

static bool show_condition(struct tx *tx, struct arena *arena, const struct pipeline_condition *declared,
                           enum condition_kind kind, const struct stage_run_row *run, struct json *out,
                           struct err *err) {
    struct condition_row condition;
    struct action_run_row *runs = NULL;
    size_t count = 0;
    bool found = false;
    if (run && !conditions_latest(tx, arena, run->id, kind, &found, &condition, err))
        return false;
    if (found && !action_runs_list_condition(tx, arena, condition.id, &runs, &count, err))
        return false;
    struct json *one = json_object(arena);
    if (found)
        show_asked(arena, &condition, out, one);
    struct json *rules = json_set_array(arena, one, "ruleStates");
    for (size_t i = 0; i < declared->rule_count; i++)
        show_rule(arena, declared->rules[i].name, runs, count, json_append_object(arena, rules));
    json_append(json_set_array(arena, out, "conditionStates"), one);
    return true;
}

bool state_show_conditions(struct tx *tx, struct arena *arena, const struct pipeline_stage *stage,
                           const struct stage_run_row *run, struct json *out, struct err *err) {
    for (int kind = CONDITION_BEFORE_ENTRY; kind <= CONDITION_ON_FAILURE; kind++) {
        const struct pipeline_condition *declared = stage->conditions[kind];
        if (declared && !show_condition(tx, arena, declared, (enum condition_kind)kind, run,
                                        json_set_object(arena, out, members[kind]), err))
            return false;
    }
    return true;
}
