/*
 * GetSession, GetOverview: what the dashboard shows first.
 */
#include "server/api/penstock/penstock.h"

#include "server/api/penstock/view.h"
#include "server/auth/auth.h"
#include "server/store/job_rows.h"
#include "server/store/runners.h"

#define BATCH 1000

const struct shape get_session_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};
const struct shape get_overview_input = {.type = SHAPE_OBJECT, .fields = (const struct shape_field[]){{0}}};

bool get_session(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    int64_t online;
    if (!runners_count_online(tx, &online, err))
        return false;
    json_set_text(call->arena, out, "user", call->user);
    json_set_text(call->arena, out, "csrfToken", auth_csrf_token(call->request));
    json_set_text(call->arena, out, "serverVersion", PENSTOCK_VERSION);
    json_set_text(call->arena, out, "region", call->region);
    json_set_text(call->arena, out, "accountId", call->account_id);
    json_set_integer(call->arena, out, "runnersOnline", online);
    return true;
}

static bool show_pipelines(struct tx *tx, const struct aws_call *call, struct json *out, struct err *err) {
    struct view view = {.tx = tx, .call = call, .arena = call->arena};
    struct pipeline_row *rows;
    size_t count;
    const char *after = NULL;
    do {
        if (!pipelines_list(tx, call->arena, after, BATCH, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            after = rows[i].name;
            if (!view_pipeline(&view, &rows[i], json_append_object(call->arena, out), err))
                return false;
        }
    } while (count == BATCH);
    return true;
}

bool get_overview(struct tx *tx, struct aws_call *call, struct json *out, struct err *err) {
    struct action_run_row *approvals;
    size_t approval_count;
    int64_t queued, online;
    if (!show_pipelines(tx, call, json_set_array(call->arena, out, "pipelines"), err) ||
        !action_runs_pending_approvals(tx, call->arena, 0, &approvals, &approval_count, err) ||
        !job_rows_count_queued(tx, &queued, err) || !runners_count_online(tx, &online, err))
        return false;
    json_set_integer(call->arena, out, "approvalsPending", (int64_t)approval_count);
    json_set_integer(call->arena, out, "jobsQueued", queued);
    json_set_integer(call->arena, out, "runnersOnline", online);
    return true;
}
