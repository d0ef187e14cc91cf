/*
 * The conditions of a stage of an execution, with their rules.
 */
#include "server/api/penstock/view.h"

#include "server/store/conditions.h"
#include "server/store/stage_runs.h"

#include "common/str.h"

/* As it was asked, with variables resolved; as it is written, where it was not. */
static void show_configuration(struct arena *arena, const struct pipeline_rule *rule, const struct action_run_row *run,
                               struct json *out) {
    struct json *shown = json_set_object(arena, out, "configuration");
    for (size_t i = 0; i < rule->configuration_count; i++)
        json_set_text(arena, shown, rule->configuration[i].key, rule->configuration[i].value);
    if (run)
        json_each(setting, view_parse(arena, run->configuration)) {
            json_set_text(arena, shown, setting->name, setting->text);
        }
}

static void show_commands(struct arena *arena, const struct pipeline_rule *rule, const struct action_run_row *run,
                          struct json *out) {
    if (rule->command_count == 0)
        return;
    const struct json *ran = run ? view_parse(arena, run->commands) : NULL;
    struct json *shown = json_set_array(arena, out, "commands");
    json_each(command, ran) {
        json_append_text(arena, shown, command->text);
    }
    for (size_t i = 0; !ran && i < rule->command_count; i++)
        json_append_text(arena, shown, rule->commands[i]);
}

static bool show_rule(struct view *view, const struct pipeline_rule *rule, const struct action_run_row *run,
                      struct json *out, struct err *err) {
    json_set_text(view->arena, out, "name", rule->name);
    json_set_text(view->arena, out, "provider", rule->type->provider);
    show_configuration(view->arena, rule, run, out);
    show_commands(view->arena, rule, run, out);
    if (!run)
        return true;
    json_set_time(view->arena, out, "expires", run->status == ACTION_IN_PROGRESS ? run->expires_ms : 0);
    return view_run(view, run, out, err);
}

/* AWS: what a condition that may skip says stands, and so does what failed the stage. */
static bool can_override(const struct stage_run_row *stage, const struct condition_row *condition) {
    if (condition->status != CONDITION_IN_PROGRESS || stage->status != STAGE_IN_PROGRESS ||
        stage->condition_id != condition->id)
        return false;
    return condition->kind != CONDITION_ON_FAILURE && condition->result != RESULT_SKIP;
}

static void show_asked(struct arena *arena, const struct stage_run_row *stage, const struct condition_row *condition,
                       struct json *out) {
    json_set_text(arena, out, "status", state_name(&condition_statuses, (int)condition->status));
    json_set_text(arena, out, "summary", condition->summary);
    json_set_time(arena, out, "started", condition->started_ms);
    json_set_time(arena, out, "updated", condition->updated_ms);
    json_set_time(arena, out, "ended", condition->ended_ms);
    json_set_bool(arena, out, "canOverride", can_override(stage, condition));
}

static const struct action_run_row *find_run(const struct action_run_row *runs, size_t count, const char *rule) {
    for (size_t i = count; i > 0; i--)
        if (str_equal(runs[i - 1].action, rule))
            return &runs[i - 1];
    return NULL;
}

static bool show_condition(struct view *view, const struct pipeline_condition *declared, enum condition_kind kind,
                           const struct stage_run_row *stage, struct json *out, struct err *err) {
    struct condition_row condition;
    struct action_run_row *runs = NULL;
    size_t count = 0;
    bool found = false;
    json_set_text(view->arena, out, "type", state_name(&condition_kinds, (int)kind));
    json_set_text(view->arena, out, "result", state_name(&condition_results, (int)declared->result));
    if (stage && !conditions_latest(view->tx, view->arena, stage->id, kind, &found, &condition, err))
        return false;
    if (found && !action_runs_list_condition(view->tx, view->arena, condition.id, &runs, &count, err))
        return false;
    if (found)
        show_asked(view->arena, stage, &condition, out);
    struct json *rules = json_set_array(view->arena, out, "rules");
    for (size_t i = 0; i < declared->rule_count; i++)
        if (!show_rule(view, &declared->rules[i], find_run(runs, count, declared->rules[i].name),
                       json_append_object(view->arena, rules), err))
            return false;
    return true;
}

bool view_conditions(struct view *view, const struct pipeline_stage *stage, const struct stage_run_row *run,
                     struct json *out, struct err *err) {
    struct json *list = NULL;
    for (int kind = CONDITION_BEFORE_ENTRY; kind <= CONDITION_ON_FAILURE; kind++) {
        const struct pipeline_condition *declared = stage->conditions[kind];
        if (!declared)
            continue;
        list = list ? list : json_set_array(view->arena, out, "conditions");
        if (!show_condition(view, declared, (enum condition_kind)kind, run, json_append_object(view->arena, list), err))
            return false;
    }
    return true;
}
