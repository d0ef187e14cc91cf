/*
 * What deploys tell of themselves, where they pause, and whether one is stuck.
 */
#include "server/api/penstock/view.h"

#include "server/store/deployments.h"
#include "server/store/pauses.h"

static bool show_pauses(struct view *view, const struct action_run_row *run, struct json *out, struct err *err) {
    struct arena *arena = view->arena;
    struct pause_row *rows = NULL;
    size_t count = 0;
    if (!pauses_list(view->tx, arena, run->id, &rows, &count, err))
        return false;
    struct json *list = count > 0 ? json_set_array(arena, out, "pauses") : NULL;
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_append_object(arena, list);
        json_set_text(arena, item, "id", rows[i].pause);
        json_set_text(arena, item, "stage", rows[i].stage);
        json_set_text(arena, item, "sentence", rows[i].sentence);
        json_set_text(arena, item, "testUrl", rows[i].test_url);
        json_set_text(arena, item, "state", state_name(&pause_states, (int)rows[i].state));
        json_set_time(arena, item, "asked", rows[i].asked_ms);
        json_set_time(arena, item, "expires", rows[i].expires_ms);
        json_set_time(arena, item, "answered", rows[i].answered_ms);
        json_set_text(arena, item, "answeredBy", rows[i].answered_by);
        json_set_text(arena, item, "summary", rows[i].summary);
    }
    return true;
}

bool view_deployment(struct view *view, const struct action_run_row *run, bool *told, struct json *out,
                     struct err *err) {
    struct deployment_row row;
    if (!deployments_get(view->tx, view->arena, run->id, told, &row, err))
        return false;
    if (!*told)
        return true;
    const struct json *deployment = view_parse(view->arena, row.document);
    json_set(view->arena, out, "deployment", deployment ? json_copy(view->arena, deployment) : NULL);
    json_set_time(view->arena, out, "deploymentUpdated", row.updated_ms);
    return show_pauses(view, run, out, err);
}

bool view_stuck(struct view *view, const struct execution_row *execution, struct json *out, struct err *err) {
    struct action_run_row *rows = NULL;
    size_t count = 0;
    if (!action_runs_list(view->tx, view->arena, execution->id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *text = NULL;
        if (rows[i].status != ACTION_IN_PROGRESS)
            continue;
        if (!deployments_cause(view->tx, view->arena, rows[i].id, &text, err))
            return false;
        const struct json *cause = view_parse(view->arena, text);
        if (!cause || cause->type != JSON_OBJECT)
            continue;
        struct json *stuck = json_set_object(view->arena, out, "stuck");
        json_set_text(view->arena, stuck, "stageName", rows[i].stage);
        json_set_text(view->arena, stuck, "actionName", rows[i].action);
        json_set(view->arena, stuck, "cause", json_copy(view->arena, cause));
        return true;
    }
    return true;
}
