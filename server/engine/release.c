/*
 * Releases: written in the transaction that ends the deploy, so that what is said to run somewhere was seen there, and
 * a deploy that failed or was undone leaves what was there before.
 */
#include "server/engine/release.h"

#include "common/str.h"
#include "server/store/deployments.h"
#include "server/store/pauses.h"
#include "server/store/releases.h"

#include <string.h>

static bool of_pauses(struct step *step, const struct action_run_row *action, const char **out, struct err *err) {
    struct pause_row *rows = NULL;
    size_t count = 0;
    if (!pauses_list(step->tx, step->arena, action->id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (rows[i].state == PAUSE_APPROVED && rows[i].answered_by)
            *out = rows[i].answered_by;
    return true;
}

/* The last yes before it went out: to a pause of the deploy, else to a manual approval of its execution. */
static bool find_approval(struct step *step, const struct action_run_row *action, const char **out, struct err *err) {
    struct action_run_row *rows = NULL;
    size_t count = 0;
    *out = NULL;
    if (!action_runs_list(step->tx, step->arena, action->execution_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (rows[i].approval_token && rows[i].status == ACTION_SUCCEEDED)
            *out = rows[i].updated_by;
    return of_pauses(step, action, out, err);
}

static bool add_target(struct step *step, const struct action_run_row *action, const char *kind,
                       const struct json *target, const char *approved_by, struct err *err) {
    const struct json *images = json_get(target, "images");
    const struct release_row row = {
        .target = json_get_text(target, "name"),
        .kind = kind,
        .revision = json_get_text(target, "to"),
        .previous = json_get_text(target, "from"),
        .images = images && images->type == JSON_ARRAY ? json_print(step->arena, images) : NULL,
        .fingerprint = json_get_text(target, "fingerprint"),
        .pipeline_id = action->pipeline_id,
        .stage = action->stage,
        .action = action->action,
        .execution_id = action->execution_id,
        .action_run_id = action->id,
        .approved_by = approved_by,
    };
    return !row.target || releases_add(step->tx, &row, err);
}

bool release_note(struct step *step, const struct action_run_row *action, struct err *err) {
    struct deployment_row row;
    const struct json *deployment = NULL;
    const char *approved_by = NULL;
    bool found = false;
    if (!str_equal(action->category, action_category_name(ACTION_DEPLOY)))
        return true;
    if (!deployments_get(step->tx, step->arena, action->id, &found, &row, err))
        return false;
    if (!found)
        return true;
    if (!json_parse(step->arena, row.document, strlen(row.document), &deployment, err) ||
        !find_approval(step, action, &approved_by, err))
        return false;
    const struct json *targets = json_get(deployment, "targets");
    json_each(target, targets && targets->type == JSON_ARRAY ? targets : NULL) {
        if (!add_target(step, action, json_get_text_or(deployment, "kind", ""), target, approved_by, err))
            return false;
    }
    return true;
}
