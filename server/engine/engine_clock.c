/*
 * What time brings: offers and leases that are over (boot time), approvals, rules, schedules, job workers' jobs,
 * queued builds and batches whose time has come (wall time).
 */
#include "server/engine/engine.h"
#include "server/engine/finish.h"
#include "server/engine/rule.h"
#include "server/engine/schedules.h"
#include "server/engine/start_action.h"
#include "server/engine/workers.h"
#include "server/jobs/worker_queue.h"
#include "server/store/schedules.h"

static const struct engine_event look = {.kind = EVENT_LOOK};

bool engine_open(struct tx *tx, struct err *err) {
    /* The machine may have been started anew, so the deadlines that are stored mean nothing; and while the server was
     * away no runner could extend its lease. */
    return job_rows_extend_all(tx, clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS, err) &&
           worker_jobs_extend_offers(tx, clock_boot_ms(tx_clock(tx)) + WORKER_OFFER_MS, err) &&
           engine_recompute_schedules(tx, err);
}

/* Moments are 0 where there is none. */
static void bring_forward(int64_t *next, int64_t boot_ms) {
    if (boot_ms && boot_ms < *next)
        *next = boot_ms;
}

static int64_t in_boot_time(struct tx *tx, int64_t wall_ms) {
    return wall_ms ? clock_boot_ms(tx_clock(tx)) + wall_ms - clock_wall_ms(tx_clock(tx)) : 0;
}

bool engine_next_deadline(struct tx *tx, int64_t *boot_ms, struct err *err) {
    int64_t job = 0, overdue = 0, expiry = 0, offer = 0, life = 0, schedule = 0, batch = 0;
    int64_t next = INT64_MAX;
    if (!job_rows_next_deadline(tx, &job, err) || !job_rows_next_overdue(tx, &overdue, err) ||
        !action_runs_next_expiry(tx, &expiry, err) || !worker_jobs_next_due(tx, &offer, &life, err) ||
        !schedules_next_due(tx, &schedule, err) || !batches_next_expiry(tx, &batch, err))
        return false;
    bring_forward(&next, job);
    bring_forward(&next, offer);
    bring_forward(&next, in_boot_time(tx, overdue));
    bring_forward(&next, in_boot_time(tx, expiry));
    bring_forward(&next, in_boot_time(tx, life));
    bring_forward(&next, in_boot_time(tx, schedule));
    bring_forward(&next, in_boot_time(tx, batch));
    *boot_ms = next;
    return true;
}

bool engine_list_due(struct tx *tx, struct arena *arena, struct engine_due **out, size_t *count, struct err *err) {
    struct job_row *jobs = NULL, *overdue = NULL;
    struct action_run_row *approvals = NULL;
    const char *const *worker_jobs = NULL;
    int64_t boot_ms = clock_boot_ms(tx_clock(tx)), wall_ms = clock_wall_ms(tx_clock(tx));
    int64_t *schedules = NULL, *batches = NULL;
    size_t job_count = 0, overdue_count = 0, approval_count = 0, worker_job_count = 0, schedule_count = 0;
    size_t batch_count = 0, found = 0;
    if (!job_rows_expired(tx, arena, boot_ms, &jobs, &job_count, err) ||
        !job_rows_overdue(tx, arena, wall_ms, &overdue, &overdue_count, err) ||
        !action_runs_expired(tx, arena, wall_ms, &approvals, &approval_count, err) ||
        !worker_jobs_due(tx, arena, boot_ms, wall_ms, &worker_jobs, &worker_job_count, err) ||
        !schedules_due(tx, arena, wall_ms, &schedules, &schedule_count, err) ||
        !batches_expired(tx, arena, wall_ms, &batches, &batch_count, err))
        return false;
    struct engine_due *due =
        arena_array(arena, struct engine_due,
                    job_count + overdue_count + approval_count + worker_job_count + schedule_count + batch_count);
    for (size_t i = 0; i < job_count; i++)
        due[found++] = (struct engine_due){.job_id = jobs[i].id};
    for (size_t i = 0; i < overdue_count; i++)
        due[found++] = (struct engine_due){.job_id = overdue[i].id};
    for (size_t i = 0; i < approval_count; i++)
        due[found++] = (struct engine_due){.action_run_id = approvals[i].id};
    for (size_t i = 0; i < worker_job_count; i++)
        due[found++] = (struct engine_due){.worker_job_id = worker_jobs[i]};
    for (size_t i = 0; i < schedule_count; i++)
        due[found++] = (struct engine_due){.schedule_id = schedules[i]};
    for (size_t i = 0; i < batch_count; i++)
        due[found++] = (struct engine_due){.batch_id = batches[i]};
    *out = due;
    *count = found;
    return true;
}

static bool expire_job(struct tx *tx, struct arena *arena, const char *job_id, struct err *err) {
    struct queue_ending ending;
    bool ended = false;
    return queue_expire(tx, arena, job_id, &ended, &ending, err) && finish_endings(tx, arena, &ending, ended, err);
}

static bool has_come(struct tx *tx, int64_t wall_ms) {
    return wall_ms && wall_ms <= clock_wall_ms(tx_clock(tx));
}

static bool expire_approval(struct step *step, const struct action_run_row *action, struct err *err) {
    const struct action_end end = {.status = ACTION_FAILED,
                                   .error_code = "JobFailed",
                                   .error_message = "nobody answered before the approval expired"};
    return tell_of_action(step, action, "approval", "expired", NULL, err) && end_action(step, action, &end, err);
}

/* An approval, or a rule of a condition. */
static bool do_action(struct tx *tx, struct arena *arena, int64_t action_run_id, struct err *err) {
    struct action_run_row action;
    if (!action_runs_get_by_id(tx, arena, action_run_id, &action, err))
        return false;
    struct step step = {.tx = tx, .arena = arena, .pipeline_id = action.pipeline_id, .pipeline = action.pipeline};
    bool ok = true;
    if (action.status != ACTION_IN_PROGRESS)
        return true;
    if (has_come(tx, action.expires_ms))
        ok = action.condition_id ? expire_rule(&step, &action, err) : expire_approval(&step, &action, err);
    else if (has_come(tx, action.look_ms))
        ok = look_at_rule(&step, &action, err);
    return ok && engine_move(tx, arena, action.pipeline_id, &look, err);
}

bool engine_do_due(struct tx *tx, struct arena *arena, const struct engine_due *due, struct err *err) {
    if (due->job_id)
        return expire_job(tx, arena, due->job_id, err);
    if (due->worker_job_id)
        return expire_worker_job(tx, arena, due->worker_job_id, err);
    if (due->schedule_id)
        return do_schedule(tx, arena, due->schedule_id, err);
    if (due->batch_id)
        return expire_batch(tx, arena, due->batch_id, err);
    return do_action(tx, arena, due->action_run_id, err);
}
