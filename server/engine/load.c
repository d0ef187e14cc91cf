/*
 * Loading. Executions of one version share its definition.
 */
#include "server/engine/load.h"

#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/carry_out.h"
#include "server/store/action_runs.h"
#include "server/store/executions.h"
#include "server/store/pipelines.h"
#include "server/store/stage_runs.h"

#include <string.h>

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
            .by_person = rows[i].approval_token != NULL,
            .status = rows[i].status,
        };
    }
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
    if (execution->unreadable)
        execution->definition = stand_in(arena, execution->stage_index, stage.name);
    return load_actions(tx, arena, execution, err);
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
        .number = row->number,
        .version = row->version,
        .definition = definition,
        .unreadable = unreadable,
        .mode = row->mode,
        .status = row->status,
        .place = row->place,
        .stage_index = row->stage_index,
        .stop_mode = row->stop_mode,
    };
    if (row->place == PLACE_INSIDE)
        return load_stage(tx, arena, execution, err);
    execution->actions = arena_array(arena, struct view_action, largest_stage(definition));
    return true;
}

bool load_view(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct view *out, struct err *err) {
    struct execution_row *rows = NULL;
    size_t count = 0;
    if (!executions_active(tx, arena, pipeline_id, &rows, &count, err))
        return false;
    struct view view = {.executions = arena_array(arena, struct view_execution, count)};
    for (size_t i = 0; i < count; i++) {
        if (!load_execution(tx, arena, &rows[i], &view, err))
            return false;
    }
    *out = view;
    return true;
}
