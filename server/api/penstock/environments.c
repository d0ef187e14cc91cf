/*
 * ListEnvironments: what runs where. An environment is a stage with deploy actions; what runs on a target is what the
 * newest deploy that succeeded there put (server/store/releases.h).
 */
#include "server/api/penstock/penstock.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/penstock/view.h"

#include "common/str.h"

#define BATCH 1000

const struct shape list_environments_input = {
    .type = SHAPE_OBJECT,
    .fields = (const struct shape_field[]){{.name = "pipelineName", .shape = &pipeline_name_shape}, {0}},
};

/* Another pipeline, or another stage, deployed to the target since. */
static bool show_replaced(struct view *view, const struct release_row *release, struct json *out, struct err *err) {
    struct release_row newest;
    struct execution_row execution;
    bool found = false;
    if (!releases_of_target(view->tx, view->arena, release->target, &found, &newest, err))
        return false;
    bool same = newest.pipeline_id == release->pipeline_id && str_equal(newest.stage, release->stage) &&
                str_equal(newest.action, release->action);
    if (!found || newest.id <= release->id || same)
        return true;
    if (!executions_get_by_id(view->tx, view->arena, newest.execution_id, &execution, err))
        return false;
    struct json *replaced = json_set_object(view->arena, out, "replacedBy");
    json_set_text(view->arena, replaced, "pipelineName", newest.pipeline);
    json_set_text(view->arena, replaced, "stageName", newest.stage);
    json_set_text(view->arena, replaced, "actionName", newest.action);
    view_execution_name(view->arena, &execution, json_set_object(view->arena, replaced, "execution"));
    json_set_text(view->arena, replaced, "revision", newest.revision);
    json_set_time(view->arena, replaced, "since", newest.released_ms);
    return true;
}

static bool show_target(struct view *view, const struct release_row *release, struct json *out, struct err *err) {
    struct execution_row execution;
    view_target(view->arena, release, out);
    return executions_get_by_id(view->tx, view->arena, release->execution_id, &execution, err) &&
           view_release(view, &execution, release, out, err) && show_replaced(view, release, out, err);
}

static bool show_action(struct view *view, const struct pipeline_row *row, const char *stage,
                        const struct pipeline_action *action, struct json *targets, struct err *err) {
    struct release_row *releases = NULL;
    size_t count = 0;
    if (!releases_of_action(view->tx, view->arena, row->id, stage, action->name, &releases, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!show_target(view, &releases[i], json_append_object(view->arena, targets), err))
            return false;
    return true;
}

static bool deploys(const struct pipeline_stage *stage) {
    for (size_t i = 0; i < stage->action_count; i++)
        if (stage->actions[i].type->category == ACTION_DEPLOY)
            return true;
    return false;
}

static bool show_environment(struct view *view, const struct pipeline_row *row, const struct pipeline_stage *stage,
                             struct json *out, struct err *err) {
    json_set_text(view->arena, out, "pipelineName", row->name);
    json_set_text(view->arena, out, "stageName", stage->name);
    struct json *actions = json_set_array(view->arena, out, "actions");
    struct json *targets = json_set_array(view->arena, out, "targets");
    for (size_t i = 0; i < stage->action_count; i++) {
        const struct pipeline_action *action = &stage->actions[i];
        if (action->type->category != ACTION_DEPLOY)
            continue;
        struct json *item = json_append_object(view->arena, actions);
        json_set_text(view->arena, item, "name", action->name);
        json_set_text(view->arena, item, "provider", action->type->provider);
        if (!show_action(view, row, stage->name, action, targets, err))
            return false;
    }
    return view_stage_holder(view, row, stage->name, "inStage", out, err);
}

static bool show_pipeline(struct view *view, const struct pipeline_row *row, struct json *out, struct err *err) {
    const struct pipeline *pipeline;
    if (!view_definition(view, row->id, row->version, &pipeline, err))
        return false;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (deploys(&pipeline->stages[i]) &&
            !show_environment(view, row, &pipeline->stages[i], json_append_object(view->arena, out), err))
            return false;
    return true;
}

static bool show_all(struct view *view, struct json *out, struct err *err) {
    struct pipeline_row *rows;
    size_t count;
    const char *after = NULL;
    do {
        if (!pipelines_list(view->tx, view->arena, after, BATCH, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            after = rows[i].name;
            if (!show_pipeline(view, &rows[i], out, err))
                return false;
        }
    } while (count == BATCH);
    return true;
}

bool list_environments(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct view view = {.tx = tx, .call = call, .arena = call->arena};
    struct json *list = json_set_array(call->arena, out, "environments");
    const char *name = aws_text(call, "pipelineName");
    struct pipeline_row row;
    if (!name)
        return show_all(&view, list, err);
    return pipeline_find(tx, call, name, &row, err) && show_pipeline(&view, &row, list, err);
}
