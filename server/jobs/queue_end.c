/*
 * How jobs come and go: queued, cancelled, finished, given back when a runner is lost.
 */
#include "common/hash.h"
#include "common/str.h"
#include "server/jobs/queue_write.h"
#include "server/store/action_runs.h"
#include "server/store/events.h"
#include "server/store/log_rows.h"
#include "server/store/runners.h"
#include "server/wake.h"

#include <stdio.h>

bool queue_tell(struct tx *tx, const struct job_row *job, const char *status, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct action_run_row action = {0};
    if (job->action_run_id && !action_runs_get_by_id(tx, &arena, job->action_run_id, &action, err))
        return false;
    struct json *detail = json_object(&arena);
    json_set_text(&arena, detail, "jobId", job->id);
    json_set_text(&arena, detail, "provider", job->provider);
    json_set_text(&arena, detail, "runner", job->runner_name);
    const struct event_row event = {
        .type = "job",
        .pipeline = action.pipeline,
        .execution = action.execution,
        .stage = action.stage,
        .action = action.action,
        .status = status,
        .detail = json_print(&arena, detail),
    };
    return events_add(tx, &event, err);
}

static void wake_job(struct tx *tx, const char *id) {
    char topic[WAKE_TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, WAKE_JOB, id);
    tx_wake(tx, topic);
}

bool queue_add(struct tx *tx, const struct queue_new_job *job, struct err *err) {
    char id[UUID_SIZE];
    bool room = false;
    if (!queue_has_room(tx, job->project, job->project_limit, &room, err))
        return false;
    hash_uuid(id);
    const struct job_row row = {
        .id = id,
        .provider = job->provider,
        .most_attempts = job->most_attempts,
        .action_run_id = job->action_run_id,
        .build_id = job->build_id,
        .batch_id = job->batch_id,
        .log_id = job->log_id,
        .timeout_seconds = job->timeout_seconds,
        .project = job->project,
        .held = !room,
        .queued_until_ms = job->queued_until_ms,
    };
    tx_wake(tx, WAKE_JOBS);
    if (job->queued_until_ms)
        tx_wake(tx, WAKE_CLOCK);
    return log_rows_add(tx, job->log_id, err) && job_rows_add(tx, &row, err) && queue_tell(tx, &row, "queued", err);
}

bool queue_end(struct tx *tx, const struct job_row *job, enum job_outcome outcome, bool fence_off, struct err *err) {
    wake_job(tx, job->id);
    return job_rows_finish(tx, job, outcome, fence_off, err) && log_rows_close(tx, job->log_id, err) &&
           queue_tell(tx, job, state_name(&job_outcomes, (int)outcome), err) && queue_let_go(tx, job->project, err);
}

/* Builds, commands and image builds run in containers. */
static bool has_container(const struct job_row *job) {
    return job->build_id || str_equal(job->provider, "Commands") || str_equal(job->provider, "ECRBuildAndPublish");
}

/* The runner on whose machine a job's container may still run, where nobody else can see it; NULL: on none. `gone`:
 * the holder's are known to have ended. */
static const char *left_with(const struct job_row *job, bool gone) {
    if (has_container(job) && job->state == JOB_RUNNING && !gone)
        return job->runner_id;
    return gone && str_equal(job->left_by, job->runner_id) ? NULL : job->left_by;
}

/* Back to the queue. */
static bool give_back(struct tx *tx, const struct job_row *job, bool gone, struct err *err) {
    tx_wake(tx, WAKE_JOBS);
    wake_job(tx, job->id);
    return job_rows_requeue(tx, job, left_with(job, gone), err) && queue_tell(tx, job, "returned", err);
}

bool queue_return(struct tx *tx, const struct queue_fence *fence, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    if (!queue_read_fenced(tx, &arena, fence, &job, err))
        return false;
    if (job.state != JOB_OFFERED)
        return err_set_code(err, ERR_CONFLICT, "ConflictException",
                            "job '%s' was begun; tell its result, or start this runner anew", job.id);
    return give_back(tx, &job, true, err);
}

bool queue_cancel(struct tx *tx, const char *job_id, enum job_cancel cancel, bool *ended, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    if (!job_rows_get(tx, &arena, job_id, &job, err))
        return false;
    *ended = false;
    if (job.state == JOB_DONE || job.cancel >= cancel)
        return true;
    /* Nothing may be begun before the acknowledgement, so what was only offered can still be taken away. */
    bool nothing_to_undo = (!job.checkpoint && !job.left_by) || cancel == JOB_CANCEL_ABANDON;
    if (!job_rows_set_cancel(tx, &job, cancel, err))
        return false;
    if (job.state != JOB_RUNNING && nothing_to_undo) {
        *ended = true;
        return queue_end(tx, &job, JOB_STOPPED, true, err);
    }
    /* Offered to one who would find nothing of it. */
    if (job.state == JOB_OFFERED && job.left_by && !give_back(tx, &job, false, err))
        return false;
    wake_job(tx, job.id);
    return queue_tell(tx, &job, "cancelling", err);
}

bool queue_finish(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const struct wire_result *result,
                  bool *again, struct job_row *job, struct err *err) {
    static const enum job_outcome outcomes[] = {
        [WIRE_SUCCEEDED] = JOB_SUCCEEDED, [WIRE_FAILED] = JOB_FAILED, [WIRE_STOPPED] = JOB_STOPPED};
    const struct queue_fence exact = {.job_id = fence->job_id, .token = result->token, .runner_id = fence->runner_id};
    struct job_row row;
    if (!job_rows_get(tx, arena, fence->job_id, &row, err))
        return false;
    *again = row.state == JOB_DONE && row.token == exact.token && str_equal(row.runner_id, exact.runner_id);
    *job = row;
    if (*again)
        return true;
    return queue_read_fenced(tx, arena, &exact, job, err) && queue_end(tx, job, outcomes[result->outcome], false, err);
}

/* What becomes of a job whose holder is lost: NULL, it is done again; else the outcome it ends with. */
static const enum job_outcome *end_without_holder(const struct job_row *job, bool gone) {
    static const enum job_outcome stopped = JOB_STOPPED, failed = JOB_FAILED;
    if (job->cancel == JOB_CANCEL_ABANDON)
        return &stopped;
    if (job->cancel == JOB_CANCEL_UNDO && !job->checkpoint && !left_with(job, gone))
        return &stopped;
    /* An undo is tried until it is seen done: a person may give it up, no counter does. */
    if (job->cancel == JOB_CANCEL_NONE && job->state == JOB_RUNNING && job->most_attempts &&
        job->attempts >= job->most_attempts)
        return &failed;
    return NULL;
}

/* The holder is lost: the job goes back to the queue, or ends (*ended, and *out says how). */
static bool part_from_holder(struct tx *tx, struct arena *arena, const struct job_row *job, bool gone, bool *ended,
                             struct queue_ending *out, struct err *err) {
    const enum job_outcome *outcome = end_without_holder(job, gone);
    *ended = outcome != NULL;
    if (!outcome)
        return give_back(tx, job, gone, err);
    *out = (struct queue_ending){
        .job_id = job->id, .action_run_id = job->action_run_id, .build_id = job->build_id, .outcome = *outcome};
    if (*outcome == JOB_FAILED)
        out->error_message = arena_printf(
            arena, "its runner was lost %d times, the last was '%s'; look at that runner's log and start again",
            job->attempts, job->runner_name ? job->runner_name : "unknown");
    return queue_end(tx, job, *outcome, true, err);
}

/* Nobody began it in time. */
static bool end_overdue(struct tx *tx, const struct job_row *job, bool *ended, struct queue_ending *out,
                        struct err *err) {
    *ended = true;
    *out =
        (struct queue_ending){.job_id = job->id,
                              .action_run_id = job->action_run_id,
                              .build_id = job->build_id,
                              .outcome = JOB_FAILED,
                              .timed_out = true,
                              .error_message = "no runner began it in the time that it may be queued; add runners, or "
                                               "raise 'queuedTimeoutInMinutes'"};
    return queue_end(tx, job, JOB_FAILED, true, err);
}

bool queue_expire(struct tx *tx, struct arena *arena, const char *job_id, bool *ended, struct queue_ending *out,
                  struct err *err) {
    struct job_row job;
    *ended = false;
    if (!job_rows_get(tx, arena, job_id, &job, err))
        return false;
    if (job.state == JOB_QUEUED && job.queued_until_ms && job.queued_until_ms <= clock_wall_ms(tx_clock(tx)))
        return end_overdue(tx, &job, ended, out, err);
    bool held = job.state == JOB_OFFERED || job.state == JOB_RUNNING;
    if (!held || job.deadline_boot_ms > clock_boot_ms(tx_clock(tx)))
        return true;
    return part_from_holder(tx, arena, &job, false, ended, out, err);
}

/* The jobs that the runner holds, from which it has parted for good; room for `more` endings behind them. */
static bool part_from_all(struct tx *tx, struct arena *arena, const char *runner_id, size_t more,
                          struct queue_ending **out, size_t *count, struct err *err) {
    struct job_row *jobs = NULL;
    size_t job_count = 0, found = 0;
    if (!job_rows_of_runner(tx, arena, runner_id, &jobs, &job_count, err))
        return false;
    struct queue_ending *endings = arena_array(arena, struct queue_ending, job_count + more);
    for (size_t i = 0; i < job_count; i++) {
        bool ended = false;
        if (!part_from_holder(tx, arena, &jobs[i], true, &ended, &endings[found], err))
            return false;
        found += ended;
    }
    *out = endings;
    *count = found;
    return true;
}

bool queue_hello(struct tx *tx, struct arena *arena, const char *runner_id, const char *instance_id,
                 const char *version, struct queue_ending **out, size_t *count, struct err *err) {
    struct runner_row runner;
    if (!runners_get(tx, arena, runner_id, &runner, err))
        return false;
    *count = 0;
    /* The same process said hello before and did not hear our answer: what it holds is its own. */
    if (str_equal(runner.instance_id, instance_id))
        return true;
    return runners_set_instance(tx, runner_id, instance_id, version, err) &&
           part_from_all(tx, arena, runner_id, 0, out, count, err);
}

bool queue_remove_runner(struct tx *tx, struct arena *arena, const char *runner_id, struct queue_ending **out,
                         size_t *count, struct err *err) {
    struct job_row *left = NULL;
    size_t left_count = 0;
    if (!runners_remove(tx, runner_id, err) || !job_rows_left_by(tx, arena, runner_id, &left, &left_count, err) ||
        !job_rows_forget_runner(tx, runner_id, err) ||
        !part_from_all(tx, arena, runner_id, left_count, out, count, err))
        return false;
    for (size_t i = 0; i < left_count; i++) {
        const struct job_row *job = &left[i];
        if (job->cancel == JOB_CANCEL_NONE)
            continue;
        if (!queue_end(tx, job, JOB_STOPPED, true, err))
            return false;
        (*out)[(*count)++] = (struct queue_ending){
            .job_id = job->id, .action_run_id = job->action_run_id, .build_id = job->build_id, .outcome = JOB_STOPPED};
    }
    return true;
}
