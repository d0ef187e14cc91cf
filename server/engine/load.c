/*
 * Loading. Executions of one version share its definition.
 */
#include "server/engine/load.h"

#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/carry_out.h"
#include "server/store/action_runs.h"
#include "server/store/conditions.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"
#include "server/store/stage_gates.h"
#include "server/store/stage_runs.h"

#include <string.h>

/* AWS: of a QUEUED or PARALLEL pipeline. */
#define EXECUTIONS_MAX 50

bool load_definition(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                     const struct pipeline **out, struct err *err) {
    const char *text = NULL;
    const struct json *declaration = NULL;
    struct pipeline *pipeline = NULL;
    if (!pipelines_get_version(tx, arena, pipeline_id, version, &text, NULL, err))
        return false;
    struct err why = {.kind = ERR_NONE};
    if (!json_parse(arena, text, strlen(text), &declaration, &why) ||
        !definition_read(arena, declaration, &pipeline, &why))
        return err_set_code(err, ERR_INVALID, UNREADABLE_DEFINITION,
                            "version %lld of the pipeline cannot be read, update it: %s", (long long)version,
                            why.message);
    *out = pipeline;
    return true;
}

static size_t largest_stage(const struct pipeline *definition) {
    size_t largest = 0;
    for (size_t i = 0; i < definition->stage_count; i++) {
        if (definition->stages[i].action_count > largest)
            largest = definition->stages[i].action_count;
    }
    return largest;
}

static size_t largest_condition(const struct pipeline *definition) {
    size_t largest = 0;
    for (size_t i = 0; i < definition->stage_count; i++) {
        for (size_t kind = 0; kind < 3; kind++) {
            const struct pipeline_condition *condition = definition->stages[i].conditions[kind];
            if (condition && condition->rule_count > largest)
                largest = condition->rule_count;
        }
    }
    return largest;
}

/* In place of a definition that cannot be read: as many stages, without actions. */
static const struct pipeline *stand_in(struct arena *arena, int stage_index, const char *stage) {
    struct pipeline *pipeline = arena_array(arena, struct pipeline, 1);
    struct pipeline_stage *stages = arena_array(arena, struct pipeline_stage, (size_t)stage_index + 1);
    for (int i = 0; i <= stage_index; i++)
        stages[i] = (struct pipeline_stage){.name = i == stage_index ? stage : ""};
    *pipeline = (struct pipeline){.stages = stages, .stage_count = (size_t)stage_index + 1};
    return pipeline;
}

static struct view_action *action_named(struct view_execution *execution, const char *name) {
    for (size_t i = 0; i < execution->action_count; i++) {
        if (str_equal(execution->actions[i].name, name))
            return &execution->actions[i];
    }
    return &execution->actions[execution->action_count++];
}

static bool load_actions(struct tx *tx, struct arena *arena, struct view_execution *execution, struct err *err) {
    struct action_run_row *rows = NULL;
    size_t count = 0;
    if (!action_runs_list_stage(tx, arena, execution->stage_run_id, &rows, &count, err))
        return false;
    execution->actions = arena_array(arena, struct view_action,
                                     largest_stage(execution->definition) + (execution->unreadable ? count : 0));
    for (size_t i = 0; i < count; i++) { /* oldest first: the newest run of an action is what counts */
        *action_named(execution, rows[i].action) = (struct view_action){
            .run_id = rows[i].id,
            .name = rows[i].action,
            .without_job = rows[i].approval_token != NULL,
            .waits_for_target = rows[i].target && !rows[i].holds_target,
            .status = rows[i].status,
        };
    }
    return true;
}

/* The condition that the stage is at, with its rules. */
static bool load_condition(struct tx *tx, struct arena *arena, int64_t condition_id, struct view_execution *execution,
                           struct err *err) {
    struct condition_row condition;
    struct action_run_row *rows = NULL;
    size_t count = 0;
    if (!conditions_get(tx, arena, condition_id, &condition, err) ||
        !action_runs_list_condition(tx, arena, condition_id, &rows, &count, err))
        return false;
    execution->condition_begun = true;
    execution->condition_status = condition.status;
    execution->rules = arena_array(arena, struct view_action, largest_condition(execution->definition) + count);
    for (size_t i = 0; i < count; i++) {
        const struct rule_type *type = rule_types_find(rows[i].provider);
        execution->rules[execution->rule_count++] = (struct view_action){
            .run_id = rows[i].id,
            .name = rows[i].action,
            .without_job = type && type->judge != RULE_BY_RUNNER,
            .status = rows[i].status,
        };
    }
    return true;
}

/* Whom a failure of its stage would go back to. */
static bool load_rollback_target(struct tx *tx, struct arena *arena, const struct execution_row *row,
                                 struct view_execution *execution, struct err *err) {
    const struct pipeline_stage *stage = &execution->definition->stages[execution->stage_index];
    bool wanted = stage->on_failure == RESULT_ROLLBACK;
    for (size_t kind = 0; kind < 3; kind++)
        wanted = wanted || (stage->conditions[kind] && stage->conditions[kind]->result == RESULT_ROLLBACK);
    if (!wanted || row->type == EXECUTION_ROLLBACK || row->mode == MODE_PARALLEL)
        return true;
    struct execution_row target;
    bool found = false;
    if (!executions_find_rollback_target(tx, arena, row->pipeline_id, row->version, stage->name, row->id, &found,
                                         &target, err))
        return false;
    execution->rollback_target = found ? target.id : 0;
    return true;
}

static bool load_stage(struct tx *tx, struct arena *arena, struct view_execution *execution, struct err *err) {
    struct stage_run_row stage;
    bool found = false;
    if (!stage_runs_get(tx, arena, execution->id, execution->stage_index, &found, &stage, err))
        return false;
    if (!found)
        return err_set(err, ERR_INTERNAL, "execution %lld is in a stage without a row", (long long)execution->number);
    execution->stage_run_id = stage.id;
    execution->stage_status = stage.status;
    execution->run_order = stage.run_order;
    execution->phase = stage.phase;
    execution->auto_retries = stage.auto_retries;
    if (execution->unreadable)
        execution->definition = stand_in(arena, execution->stage_index, stage.name);
    return load_actions(tx, arena, execution, err) &&
           (!stage.condition_id || load_condition(tx, arena, stage.condition_id, execution, err));
}

static bool was_inside(const struct execution_row *row) {
    return row->place != PLACE_WAITING;
}

static const struct pipeline *definition_of_version(const struct view *view, int64_t version) {
    for (size_t i = 0; i < view->count; i++) {
        if (view->executions[i].version == version && !view->executions[i].unreadable)
            return view->executions[i].definition;
    }
    return NULL;
}

static bool load_execution(struct tx *tx, struct arena *arena, const struct execution_row *row, struct view *view,
                           struct err *err) {
    const struct pipeline *definition = definition_of_version(view, row->version);
    const char *unreadable = NULL;
    struct err why = {.kind = ERR_NONE};
    if (!definition && !load_definition(tx, arena, row->pipeline_id, row->version, &definition, &why)) {
        if (!str_equal(why.code, UNREADABLE_DEFINITION))
            return pass_on(err, &why);
        unreadable = arena_strdup(arena, why.message);
        definition = stand_in(arena, row->stage_index, "");
    }
    struct view_execution *execution = &view->executions[view->count++];
    *execution = (struct view_execution){
        .id = row->id,
        .uuid = row->uuid,
        .number = row->number,
        .version = row->version,
        .definition = definition,
        .unreadable = unreadable,
        .mode = row->mode,
        .type = row->type,
        .status = row->status,
        .place = row->place,
        .stage_index = row->stage_index,
        .stop_mode = row->stop_mode,
    };
    execution->actions = arena_array(arena, struct view_action, largest_stage(definition));
    execution->rules = arena_array(arena, struct view_action, largest_condition(definition));
    return (!was_inside(row) || load_stage(tx, arena, execution, err)) &&
           load_rollback_target(tx, arena, row, execution, err);
}

/* A transition that is closed, or opened too late for those who wait. */
static bool load_gates(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct view *view, struct err *err) {
    struct stage_gate_row *rows = NULL;
    int64_t newest = 0;
    size_t count = 0;
    if (!stage_gates_list(tx, arena, pipeline_id, &rows, &count, err))
        return false;
    if (count == 0)
        return true;
    if (!executions_newest_start(tx, pipeline_id, &newest, err))
        return false;
    struct view_gate *gates = arena_array(arena, struct view_gate, count);
    for (size_t i = 0; i < count; i++) {
        bool too_late = rows[i].enabled && rows[i].resume_after && newest <= rows[i].resume_after;
        if (rows[i].enabled && !too_late)
            continue;
        const char *reason =
            too_late ? "it was opened after more than 30 days; start the pipeline again"
                     : arena_printf(arena, "%s closed it: %s", rows[i].changed_by ? rows[i].changed_by : "somebody",
                                    rows[i].reason ? rows[i].reason : "no reason given");
        gates[view->gate_count++] = (struct view_gate){.stage = rows[i].stage, .reason = reason};
    }
    view->gates = gates;
    return true;
}

/* The active ones and, at its place by number, the one that is wanted too. */
static bool list_executions(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t also,
                            struct execution_row **out, size_t *count, struct err *err) {
    struct execution_row *active = NULL, ended;
    size_t active_count = 0, place = 0;
    if (!executions_active(tx, arena, pipeline_id, &active, &active_count, err) ||
        (also && !executions_get_by_id(tx, arena, also, &ended, err)))
        return false;
    *out = active;
    *count = active_count;
    if (!also || ended.place != PLACE_ENDED)
        return true;
    struct execution_row *rows = arena_array(arena, struct execution_row, active_count + 1);
    while (place < active_count && active[place].number < ended.number)
        place++;
    for (size_t i = 0; i <= active_count; i++)
        rows[i] = i == place ? ended : active[i < place ? i : i - 1];
    *out = rows;
    *count = active_count + 1;
    return true;
}

bool load_view(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t also, struct view *out,
               struct err *err) {
    struct execution_row *rows = NULL;
    size_t count = 0;
    if (!list_executions(tx, arena, pipeline_id, also, &rows, &count, err))
        return false;
    struct view view = {.executions = arena_array(arena, struct view_execution, count)};
    for (size_t i = 0; i < count; i++) {
        if (!load_execution(tx, arena, &rows[i], &view, err))
            return false;
    }
    if (!load_gates(tx, arena, pipeline_id, &view, err))
        return false;
    *out = view;
    return true;
}

bool check_execution_limit(struct tx *tx, struct arena *arena, const struct pipeline_row *pipeline, struct err *err) {
    struct execution_row *rows = NULL;
    size_t count = 0;
    if (pipeline->mode == MODE_SUPERSEDED)
        return true;
    if (!executions_active(tx, arena, pipeline->id, &rows, &count, err))
        return false;
    return count < EXECUTIONS_MAX ||
           err_set_code(err, ERR_LIMIT, "ConcurrentPipelineExecutionsLimitExceededException",
                        "pipeline '%s' has %d executions under way already", pipeline->name, EXECUTIONS_MAX);
}
