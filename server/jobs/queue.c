/*
 * The queue as a runner sees it: lease, acknowledge, heartbeat, checkpoint, progress, artifacts.
 */
#include "server/jobs/queue.h"

#include "common/str.h"
#include "server/jobs/batch.h"
#include "server/jobs/batch_inputs.h"
#include "server/jobs/build_start.h"
#include "server/jobs/deployment.h"
#include "server/jobs/queue_write.h"
#include "server/jobs/stop_words.h"
#include "server/store/action_runs.h"
#include "server/store/artifact_rows.h"
#include "server/store/events.h"
#include "server/store/runners.h"
#include "server/wake.h"

#include <string.h>

static bool stale(const char *job_id, struct err *err) {
    return err_set_code(err, ERR_CONFLICT, "StaleTokenException",
                        "job '%s' has ended or was given to another runner; drop it", job_id);
}

static bool is_held(const struct job_row *job) {
    return job->state == JOB_OFFERED || job->state == JOB_RUNNING;
}

bool queue_read_fenced(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct job_row *out,
                       struct err *err) {
    struct job_row job;
    if (!job_rows_get(tx, arena, fence->job_id, &job, err))
        return false;
    if (!is_held(&job) || job.token != fence->token || !str_equal(job.runner_id, fence->runner_id))
        return stale(fence->job_id, err);
    *out = job;
    return true;
}

bool queue_hold(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct job_row *out,
                struct err *err) {
    struct job_row job;
    if (!queue_read_fenced(tx, arena, fence, &job, err))
        return false;
    int64_t deadline = clock_boot_ms(tx_clock(tx)) + QUEUE_LEASE_MS;
    if (job.state == JOB_RUNNING) {
        *out = job;
        return job_rows_extend(tx, &job, deadline, err);
    }
    if (!job_rows_begin(tx, &job, deadline, err) || !queue_tell(tx, &job, "running", err))
        return false;
    job.state = JOB_RUNNING;
    job.attempts++;
    *out = job;
    return true;
}

/* The job that the claim has already: an answer of ours was lost. */
static bool lease_again(const struct job_row *job, const char *runner_id, const char **job_id, struct err *err) {
    if (!str_equal(job->runner_id, runner_id) || !is_held(job))
        return err_set_code(err, ERR_CONFLICT, "StaleTokenException",
                            "the claim '%s' is over; ask again with a new claim id", job->claim_id);
    *job_id = job->id;
    return true;
}

bool queue_lease(struct tx *tx, struct arena *arena, const char *runner_id, const struct wire_lease *lease,
                 const char **job_id, struct err *err) {
    struct job_row job;
    bool found = false;
    if (!runners_seen(tx, runner_id, err) || !job_rows_of_claim(tx, arena, lease->claim_id, &found, &job, err))
        return false;
    if (found)
        return lease_again(&job, runner_id, job_id, err);
    if (!job_rows_first_queued(tx, arena, runner_id, lease->providers, lease->provider_count, &found, &job, err))
        return false;
    *job_id = found ? job.id : NULL;
    if (!found)
        return true;
    tx_wake(tx, WAKE_CLOCK);
    return job_rows_offer(tx, &job, runner_id, lease->claim_id, clock_boot_ms(tx_clock(tx)) + QUEUE_OFFER_MS, err);
}

bool queue_has_work(struct tx *tx, const char *runner_id, const struct wire_lease *lease, bool *any, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    bool claimed = false, queued = false;
    if (!job_rows_of_claim(tx, &arena, lease->claim_id, &claimed, &job, err) ||
        !job_rows_first_queued(tx, &arena, runner_id, lease->providers, lease->provider_count, &queued, &job, err))
        return false;
    *any = claimed || queued;
    return true;
}

bool queue_acknowledge(struct tx *tx, const struct queue_fence *fence, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    return queue_hold(tx, &arena, fence, &job, err);
}

bool queue_heartbeat(struct tx *tx, struct arena *arena, const struct queue_fence *fence, struct queue_word *out,
                     struct err *err) {
    struct job_row job;
    struct queue_word word = {0};
    struct stop_words stop;
    if (!queue_hold(tx, arena, fence, &job, err) || !runners_seen(tx, fence->runner_id, err) ||
        !stop_words_read(tx, arena, &job, &stop, err) ||
        (job.action_run_id && !deployment_get_answer(tx, arena, job.action_run_id, &word.answered, &word.answer, err)))
        return false;
    word.cancel = job.cancel;
    word.cancelled_by = stop.by;
    word.cancel_reason = stop.reason;
    *out = word;
    return true;
}

bool queue_checkpoint(struct tx *tx, const struct queue_fence *fence, const struct json *checkpoint, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct job_row job;
    if (!checkpoint || checkpoint->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "member 'checkpoint' must be an object");
    if (!queue_hold(tx, &arena, fence, &job, err))
        return false;
    /* Its action has ended without it, and another deploy may have its target: it must not begin anything more. */
    if (job.cancel == JOB_CANCEL_ABANDON)
        return stale(fence->job_id, err);
    return job_rows_set_checkpoint(tx, &job, json_print(&arena, checkpoint), err);
}

static void tell_deployment(struct arena *arena, const struct json *deployment, struct json *detail) {
    const struct json *cause = json_get(deployment, "cause");
    json_set_text(arena, detail, "stage", json_get_text(deployment, "stage"));
    if (!cause)
        return;
    struct json *shown = json_set_object(arena, detail, "cause");
    json_set_text(arena, shown, "id", json_get_text(cause, "id"));
    json_set_text(arena, shown, "sentence", json_get_text(cause, "sentence"));
}

static bool tell_progress(struct tx *tx, struct arena *arena, const struct action_run_row *action,
                          const struct wire_progress *progress, struct err *err) {
    struct json *detail = json_object(arena);
    json_set_text(arena, detail, "summary", progress->summary);
    if (progress->percent >= 0)
        json_set_integer(arena, detail, "percentComplete", progress->percent);
    tell_deployment(arena, progress->deployment, detail);
    const struct event_row event = {
        .type = "action",
        .pipeline = action->pipeline,
        .execution = action->execution,
        .stage = action->stage,
        .action = action->action,
        .status = action_status_name(action->status),
        .detail = json_print(arena, detail),
    };
    return events_add(tx, &event, err);
}

bool queue_progress(struct tx *tx, struct arena *arena, const struct queue_fence *fence,
                    const struct wire_progress *progress, struct err *err) {
    const struct queue_fence exact = {.job_id = fence->job_id, .token = progress->token, .runner_id = fence->runner_id};
    struct job_row job;
    struct action_run_row action;
    if (!queue_hold(tx, arena, &exact, &job, err))
        return false;
    if (progress->build && job.build_id && !build_progress(tx, arena, &job, progress->build, err))
        return false;
    if (!job.action_run_id || job.batch_id)
        return true;
    if (!action_runs_get_by_id(tx, arena, job.action_run_id, &action, err))
        return false;
    bool may_ask = action.status == ACTION_IN_PROGRESS && job.cancel == JOB_CANCEL_NONE;
    return (!progress->deployment || deployment_told(tx, arena, &action, progress->deployment, may_ask, err)) &&
           action_runs_progress(tx, action.id, progress->summary, progress->external_id, progress->external_url,
                                progress->percent, err) &&
           tell_progress(tx, arena, &action, progress, err);
}

/* Whether the JSON list of texts holds the name. */
static bool lists(struct arena *arena, const char *list_text, const char *name) {
    const struct json *list = NULL;
    if (!json_parse(arena, list_text, strlen(list_text), &list, NULL))
        return false;
    json_each(item, list) {
        if (str_equal(item->text, name))
            return true;
    }
    return false;
}

bool queue_put_artifact(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char *name,
                        const char *sha256, int64_t size_bytes, struct err *err) {
    struct job_row job;
    struct action_run_row action = {0};
    if (!queue_hold(tx, arena, fence, &job, err))
        return false;
    if (job.action_run_id && !action_runs_get_by_id(tx, arena, job.action_run_id, &action, err))
        return false;
    if (!job.action_run_id)
        return err_set(err, ERR_INVALID, "a build that no pipeline started has no output artifact '%s'", name);
    if (!lists(arena, action.outputs, name))
        return err_set(err, ERR_INVALID, "action '%s' has no output artifact '%s'", action.action, name);
    /* What one build of a batch puts out is nobody's input: it is combined with the others' first. */
    bool combined = !job.batch_id || str_equal(job.provider, BATCH_PROVIDER);
    const struct artifact_row row = {.job_id = job.id,
                                     .name = name,
                                     .execution_id = combined ? action.execution_id : 0,
                                     .sha256 = sha256,
                                     .size_bytes = size_bytes};
    return artifact_rows_put(tx, &row, err);
}

/* The artifact of one of the batch's builds, for the build that combines them. */
static bool find_batch_input(struct tx *tx, struct arena *arena, const struct job_row *job, const char *name,
                             bool *found, struct artifact_row *out, struct err *err) {
    struct batch_input *rows = NULL;
    size_t count = 0;
    if (!batch_inputs_list(tx, arena, job->batch_id, &rows, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(rows[i].name, name))
            continue;
        *found = true;
        *out = (struct artifact_row){.name = rows[i].name, .sha256 = rows[i].sha256, .size_bytes = rows[i].size_bytes};
    }
    return true;
}

bool queue_get_artifact(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char *name,
                        const char **sha256, int64_t *size_bytes, struct err *err) {
    struct job_row job;
    struct action_run_row action = {0};
    struct artifact_row artifact;
    bool found = false;
    if (!queue_read_fenced(tx, arena, fence, &job, err))
        return false;
    if (job.action_run_id && !action_runs_get_by_id(tx, arena, job.action_run_id, &action, err))
        return false;
    if (job.action_run_id && lists(arena, action.inputs, name) &&
        !artifact_rows_find(tx, arena, action.execution_id, name, &found, &artifact, err))
        return false;
    if (!found && job.batch_id && str_equal(job.provider, BATCH_PROVIDER) &&
        !find_batch_input(tx, arena, &job, name, &found, &artifact, err))
        return false;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "the job has no input artifact '%s'", name);
    *sha256 = artifact.sha256;
    *size_bytes = artifact.size_bytes;
    return true;
}

bool queue_check_fence(struct tx *tx, struct arena *arena, const struct queue_fence *fence, const char **log_id,
                       struct err *err) {
    struct job_row job;
    if (!queue_read_fenced(tx, arena, fence, &job, err))
        return false;
    *log_id = job.log_id;
    return true;
}
