/*
 * Deploys that tell what they do, and ask.
 */
#include "server/jobs/deployment.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/store/deployments.h"
#include "server/store/events.h"
#include "server/store/job_rows.h"
#include "server/wake.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_NAME_MAX 200 /* bytes */

static bool tell(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char *pause,
                 const char *status, const char *by, struct err *err) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "pause", pause);
    json_set_text(arena, detail, "by", by);
    const struct event_row event = {
        .type = "approval",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = status,
        .detail = json_print(arena, detail),
    };
    return events_add(tx, &event, err);
}

static bool read_pause(const struct json *pause, struct pause_row *out, struct err *err) {
    const struct json *expires = json_get(pause, "expires");
    *out = (struct pause_row){
        .pause = json_get_text(pause, "id"),
        .stage = json_get_text(pause, "stage"),
        .sentence = json_get_text(pause, "sentence"),
        .test_url = json_get_text(pause, "testUrl"),
        .expires_ms = expires && expires->type == JSON_NUMBER ? (int64_t)(expires->number * 1000) : 0,
    };
    if (!out->pause || !*out->pause || strlen(out->pause) > PAUSE_NAME_MAX)
        return err_set(err, ERR_INVALID, "member 'id' of a deployment's pause must be a text of 1 to %d bytes",
                       PAUSE_NAME_MAX);
    return out->sentence || err_set(err, ERR_INVALID, "member 'sentence' of a deployment's pause is missing");
}

static bool end_waiting(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char *but,
                        struct err *err) {
    struct pause_row waiting;
    bool found = false;
    if (!pauses_waiting(tx, arena, action->id, &found, &waiting, err))
        return false;
    if (!found || str_equal(waiting.pause, but))
        return true;
    return pauses_end(tx, waiting.id, err) && tell(tx, arena, action, waiting.pause, "gone", NULL, err);
}

/* One that was answered stays so, however often it is told: the runner has not heard yet. */
static bool ask(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct pause_row *asked,
                struct err *err) {
    struct pause_row before;
    char token[UUID_SIZE];
    bool found = false;
    hash_uuid(token);
    asked->action_run_id = action->id;
    asked->token = token;
    if (!pauses_of_name(tx, arena, action->id, asked->pause, &found, &before, err))
        return false;
    if (found && before.state == PAUSE_WAITING)
        return pauses_describe(tx, before.id, asked, err);
    if (found && before.state != PAUSE_GONE)
        return true;
    if (found ? !pauses_reopen(tx, before.id, token, err) || !pauses_describe(tx, before.id, asked, err)
              : !pauses_add(tx, asked, err))
        return false;
    return tell(tx, arena, action, asked->pause, "requested", NULL, err);
}

bool deployment_told(struct tx *tx, struct arena *arena, const struct action_run_row *action,
                     const struct json *deployment, bool may_ask, struct err *err) {
    const struct json *pause = may_ask ? json_get(deployment, "pause") : NULL;
    struct pause_row asked = {0};
    if (pause && !read_pause(pause, &asked, err))
        return false;
    return deployments_put(tx, action->id, json_print(arena, deployment), err) &&
           end_waiting(tx, arena, action, asked.pause, err) && (!pause || ask(tx, arena, action, &asked, err));
}

bool deployment_stop_asking(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct err *err) {
    return end_waiting(tx, arena, action, NULL, err);
}

static bool wake_holder(struct tx *tx, struct arena *arena, int64_t action_run_id, struct err *err) {
    struct job_row job;
    bool found = false;
    if (!job_rows_of_action(tx, arena, action_run_id, &found, &job, err))
        return false;
    if (found)
        tx_wake(tx, arena_printf(arena, WAKE_JOB, job.id));
    return true;
}

bool deployment_answer(struct tx *tx, struct arena *arena, const struct action_run_row *action,
                       const struct pause_row *pause, bool approved, const char *by, const char *summary,
                       struct err *err) {
    return pauses_answer(tx, pause->id, approved ? PAUSE_APPROVED : PAUSE_REJECTED, by, summary, err) &&
           tell(tx, arena, action, pause->pause, approved ? "approved" : "rejected", by, err) &&
           wake_holder(tx, arena, action->id, err);
}

bool deployment_get_answer(struct tx *tx, struct arena *arena, int64_t action_run_id, bool *found,
                           struct pause_row *out, struct err *err) {
    if (!pauses_newest(tx, arena, action_run_id, found, out, err))
        return false;
    *found = *found && (out->state == PAUSE_APPROVED || out->state == PAUSE_REJECTED);
    return true;
}
