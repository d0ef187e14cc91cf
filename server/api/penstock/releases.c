/*
 * ListReleases: what was released in a stage, newest first, and which of it one can go back to.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/codepipeline/codepipeline.h"
#include "server/api/page.h"
#include "server/api/penstock/view.h"
#include "server/engine/engine.h"

#include "common/str.h"

#define PAGE 25
#define TOKEN "releases" /* what its next tokens say */

const struct shape list_releases_input = {
    .type = SHAPE_OBJECT,
    .fields =
        (const struct shape_field[]){
            {.name = "pipelineName", .required = true, .shape = &pipeline_name_shape},
            {.name = "stageName", .required = true, .shape = &action_name_shape},
            {.name = "maxResults", .shape = &(const struct shape){.type = SHAPE_INTEGER, .least = 1, .most = 100}},
            {.name = "nextToken", .shape = &aws_next_token},
            {0},
        },
};

void view_target(struct arena *arena, const struct release_row *release, struct json *out) {
    const struct json *images = view_parse(arena, release->images);
    json_set_text(arena, out, "name", release->target);
    json_set_text(arena, out, "kind", release->kind);
    json_set_text(arena, out, "actionName", release->action);
    json_set_text(arena, out, "revision", release->revision);
    json_set_text(arena, out, "previous", release->previous);
    json_set(arena, out, "images", images ? json_copy(arena, images) : NULL);
    json_set_text(arena, out, "fingerprint", release->fingerprint);
}

bool view_release(struct view *view, const struct execution_row *execution, const struct release_row *release,
                  struct json *out, struct err *err) {
    struct execution_row earlier;
    json_set_time(view->arena, out, "since", release->released_ms);
    view_execution_name(view->arena, execution, json_set_object(view->arena, out, "execution"));
    if (execution->rollback_of) {
        if (!executions_get_by_id(view->tx, view->arena, execution->rollback_of, &earlier, err))
            return false;
        view_execution_name(view->arena, &earlier, json_set_object(view->arena, out, "rollbackOf"));
    }
    json_set_text(view->arena, out, "startedBy", execution->started_by);
    json_set_text(view->arena, out, "approvedBy", release->approved_by);
    return view_revisions(view, execution, out, err);
}

/* Whether the release is still what every one of its targets has: nobody else deployed to one of them since. */
static bool is_untouched(struct view *view, const char *stage, const struct release_row *releases, size_t count,
                         bool *out, struct err *err) {
    *out = true;
    for (size_t i = 0; i < count && *out; i++) {
        struct release_row newest;
        bool found = false;
        if (!releases_of_target(view->tx, view->arena, releases[i].target, &found, &newest, err))
            return false;
        *out = !found || (newest.pipeline_id == releases[i].pipeline_id && str_equal(newest.stage, stage));
    }
    return true;
}

/* RollbackStage itself takes what runs there, as on AWS; it is not offered. */
static bool show_possibility(struct view *view, const char *stage, const struct execution_row *execution,
                             const struct release_row *releases, size_t count, struct json *out, struct err *err) {
    const struct engine_rollback_request request = {
        .pipeline = execution->pipeline, .stage = stage, .target = execution->uuid};
    const char *why_not = NULL;
    bool there = false, untouched = false;
    if (!engine_why_not_roll_back(view->tx, view->arena, &request, &why_not, err) ||
        !view_is_there(view, execution, stage, &there, err) ||
        !is_untouched(view, stage, releases, count, &untouched, err))
        return false;
    if (!why_not && there && untouched)
        why_not = "it is what runs there";
    json_set_bool(view->arena, out, "canRollBack", !why_not);
    json_set_text(view->arena, out, "whyNot", why_not);
    return true;
}

static bool show_release(struct view *view, const struct pipeline_row *row, const char *stage, int64_t execution_id,
                         struct json *out, struct err *err) {
    struct execution_row execution;
    struct release_row *releases = NULL;
    size_t count = 0;
    if (!executions_get_by_id(view->tx, view->arena, execution_id, &execution, err) ||
        !releases_of_execution(view->tx, view->arena, row->id, stage, execution_id, &releases, &count, err))
        return false;
    struct json *targets = json_set_array(view->arena, out, "targets");
    for (size_t i = 0; i < count; i++)
        view_target(view->arena, &releases[i], json_append_object(view->arena, targets));
    return (count == 0 || view_release(view, &execution, &releases[count - 1], out, err)) &&
           show_possibility(view, stage, &execution, releases, count, out, err);
}

static bool check_stage(struct view *view, const struct pipeline_row *row, const char *stage, struct err *err) {
    const struct pipeline *pipeline;
    if (!view_definition(view, row->id, row->version, &pipeline, err))
        return false;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        if (str_equal(pipeline->stages[i].name, stage))
            return true;
    return err_set_code(err, ERR_NOT_FOUND, "StageNotFoundException", "the pipeline has no stage '%s'", stage);
}

bool list_releases(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct view view = {.tx = tx, .call = call, .arena = call->arena};
    const char *stage = aws_text(call, "stageName");
    const size_t limit = page_limit(call, PAGE);
    struct pipeline_row row;
    int64_t before = 0, *ids = NULL;
    size_t count = 0;
    if (!pipeline_find(tx, call, aws_text(call, "pipelineName"), &row, err) || !check_stage(&view, &row, stage, err) ||
        !page_begin_number(call, TOKEN, &before, err) ||
        !releases_executions(tx, call->arena, row.id, stage, before, limit + 1, &ids, &count, err))
        return false;
    struct json *list = json_set_array(call->arena, out, "releases");
    for (size_t i = 0; i < count && i < limit; i++) {
        struct json *item = json_append_object(call->arena, list);
        json_set_bool(call->arena, item, "current", !before && i == 0);
        if (!show_release(&view, &row, stage, ids[i], item, err))
            return false;
    }
    if (count > limit)
        page_next_number(call, out, TOKEN, ids[limit - 1]);
    return true;
}
