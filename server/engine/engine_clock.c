/*
 * What time brings: offers and leases that are over (boot time), approvals that expire (wall time).
 */
#include "server/engine/engine.h"
#include "server/engine/finish.h"
#include "server/store/events.h"

static const struct engine_event look = {.kind = EVENT_LOOK};

bool engine_open(struct tx *tx, struct err *err) {
    /* The machine may have been started anew, so the deadlines that are stored mean nothing; and while the server was
     * away no runner could extend its lease. */
    return job_rows_extend_all(tx, clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS, err);
}

bool engine_next_deadline(struct tx *tx, int64_t *boot_ms, struct err *err) {
    int64_t job = 0, expiry = 0, next = INT64_MAX;
    if (!job_rows_next_deadline(tx, &job, err) || !action_runs_next_expiry(tx, &expiry, err))
        return false;
    if (job)
        next = job;
    if (expiry) {
        int64_t in_boot_time = clock_boot_ms(tx_clock(tx)) + expiry - clock_wall_ms(tx_clock(tx));
        next = in_boot_time < next ? in_boot_time : next;
    }
    *boot_ms = next;
    return true;
}

static bool expire_approval(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct err *err) {
    struct step step = {.tx = tx, .arena = arena, .pipeline_id = action->pipeline_id, .pipeline = action->pipeline};
    const struct action_end end = {.status = ACTION_FAILED,
                                   .error_code = "JobFailed",
                                   .error_message = "nobody answered before the approval expired"};
    const struct event_row event = {
        .type = "approval",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = "expired",
    };
    return events_add(tx, &event, err) && end_action(&step, action, &end, err) &&
           engine_move(tx, arena, action->pipeline_id, &look, err);
}

bool engine_on_clock(struct tx *tx, struct arena *arena, struct err *err) {
    struct queue_ending *endings = NULL;
    struct action_run_row *expired = NULL;
    size_t ending_count = 0, expired_count = 0;
    if (!queue_expire(tx, arena, &endings, &ending_count, err) ||
        !finish_endings(tx, arena, endings, ending_count, err) ||
        !action_runs_expired(tx, arena, clock_wall_ms(tx_clock(tx)), &expired, &expired_count, err))
        return false;
    for (size_t i = 0; i < expired_count; i++) {
        if (!expire_approval(tx, arena, &expired[i], err))
            return false;
    }
    return true;
}
