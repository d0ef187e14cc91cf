/*
 * The queue of job workers.
 */
#include "server/jobs/worker_queue.h"

#include "common/hash.h"
#include "common/json.h"
#include "common/str.h"
#include "server/store/artifact_rows.h"
#include "server/store/worker_uploads.h"
#include "server/wake.h"

#include <string.h>

#define KEY_PIPELINE_MAX 20 /* characters of its name in an object key, as AWS has it */
#define KEY_ARTIFACT_MAX 10
#define KEY_RANDOM 10

/* ---- adding ---- */

/* A part of an object key. A name of dots alone would be a way out of a folder to whoever reads it as a path. */
static const char *key_part(struct arena *arena, const char *name, size_t most) {
    char *part = arena_strndup(arena, name, strnlen(name, most));
    if (strspn(part, ".") == strlen(part))
        memset(part, '-', strlen(part));
    return part;
}

static bool give_key(struct tx *tx, struct arena *arena, const char *pipeline, int64_t action_run_id, const char *name,
                     struct err *err) {
    const char *key = NULL;
    if (!artifact_place_find(tx, arena, action_run_id, name, &key, err))
        return false;
    if (key)
        return true;
    char random[KEY_RANDOM + 1];
    hash_random_text(random, KEY_RANDOM);
    key = arena_printf(arena, "%s/%s/%s", key_part(arena, pipeline, KEY_PIPELINE_MAX),
                       key_part(arena, name, KEY_ARTIFACT_MAX), random);
    return artifact_place_add(tx, action_run_id, name, key, err);
}

static bool give_input_keys(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct err *err) {
    const struct json *names = NULL;
    if (!json_parse(arena, action->inputs, strlen(action->inputs), &names, err))
        return false;
    json_each(name, names) {
        struct artifact_row row;
        bool found = false;
        if (!artifact_rows_find(tx, arena, action->execution_id, name->text, &found, &row, err))
            return false;
        if (!found)
            return err_set(err, ERR_NOT_FOUND, "the execution has no artifact '%s'", name->text);
        if (!give_key(tx, arena, action->pipeline, row.action_run_id, name->text, err))
            return false;
    }
    return true;
}

static bool give_output_keys(struct tx *tx, struct arena *arena, const struct action_run_row *action, struct err *err) {
    const struct json *names = NULL;
    if (!json_parse(arena, action->outputs, strlen(action->outputs), &names, err))
        return false;
    json_each(name, names) {
        if (!give_key(tx, arena, action->pipeline, action->id, name->text, err))
            return false;
    }
    return true;
}

static bool add_job(struct tx *tx, struct worker_job_row *row, struct err *err) {
    char id[UUID_SIZE];
    hash_uuid(id);
    row->id = id;
    tx_wake(tx, WAKE_CLOCK);
    return worker_jobs_add(tx, row, err);
}

bool worker_queue_add(struct tx *tx, struct arena *arena, const struct action_run_row *action, const char *query_value,
                      struct err *err) {
    struct worker_job_row row = {
        .action_run_id = action->id,
        .category = action->category,
        .provider = action->provider,
        .version = action->type_version,
        .query_value = query_value,
        .expires_ms = clock_wall_ms(tx_clock(tx)) + WORKER_LIFE_MS,
    };
    return give_input_keys(tx, arena, action, err) && give_output_keys(tx, arena, action, err) &&
           add_job(tx, &row, err);
}

bool worker_queue_continue(struct tx *tx, const struct worker_job_row *job, const char *continuation_token,
                           struct err *err) {
    struct worker_job_row row = *job;
    row.continuation_token = continuation_token;
    return add_job(tx, &row, err);
}

/* ---- offering ---- */

static struct worker_job_row type_of(const struct worker_poll *poll) {
    return (struct worker_job_row){.category = poll->category, .provider = poll->provider, .version = poll->version};
}

static bool offer(struct tx *tx, struct arena *arena, struct worker_job_row *job, struct err *err) {
    char nonce[UUID_SIZE];
    hash_uuid(nonce);
    int64_t until = clock_boot_ms(tx_clock(tx)) + WORKER_OFFER_MS;
    if (!worker_jobs_offer(tx, job, nonce, until, err))
        return false;
    job->state = WORKER_JOB_DISPATCHED;
    job->nonce = arena_strdup(arena, nonce);
    job->offered_until_boot_ms = until;
    return true;
}

bool worker_queue_poll(struct tx *tx, struct arena *arena, const struct worker_poll *poll, struct worker_job_row **out,
                       size_t *count, struct err *err) {
    const struct worker_job_row type = type_of(poll);
    struct worker_job_row *jobs = NULL;
    size_t found = 0, most = poll->most < WORKER_BATCH_MAX ? poll->most : WORKER_BATCH_MAX;
    if (!worker_jobs_queued(tx, arena, &type, poll->query_value, most, &jobs, &found, err))
        return false;
    for (size_t i = 0; i < found; i++) {
        if (!offer(tx, arena, &jobs[i], err))
            return false;
    }
    if (found > 0)
        tx_wake(tx, WAKE_CLOCK);
    *out = jobs;
    *count = found;
    return true;
}

bool worker_queue_has_work(struct tx *tx, const struct worker_poll *poll, bool *any, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct worker_job_row type = type_of(poll);
    struct worker_job_row *jobs = NULL;
    size_t found = 0;
    if (!worker_jobs_queued(tx, &arena, &type, poll->query_value, 1, &jobs, &found, err))
        return false;
    *any = found > 0;
    return true;
}

bool worker_queue_acknowledge(struct tx *tx, const char *job_id, const char *nonce, enum worker_job_state *state,
                              struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct worker_job_row job;
    if (!worker_jobs_get(tx, &arena, job_id, &job, err))
        return false;
    if (!job.nonce || !hash_equal_text(job.nonce, nonce))
        return err_set_code(err, ERR_CONFLICT, "InvalidNonceException",
                            "the nonce is not that of the newest answer to PollForJobs; poll again");
    bool begins = job.state == WORKER_JOB_DISPATCHED;
    if (begins && !worker_jobs_begin(tx, &job, err))
        return false;
    *state = begins ? WORKER_JOB_IN_PROGRESS : job.state;
    return true;
}

/* ---- artifacts ---- */

static bool is_held(const struct worker_job_row *job, const char *nonce) {
    return (job->state == WORKER_JOB_DISPATCHED || job->state == WORKER_JOB_IN_PROGRESS) &&
           hash_equal_text(job->nonce, nonce);
}

bool worker_queue_look(struct tx *tx, struct arena *arena, const char *job_id, const char *nonce,
                       struct worker_message *out, struct err *err) {
    struct worker_message message;
    if (!worker_message(tx, arena, job_id, &message, err))
        return false;
    if (!is_held(&message.job, nonce))
        return err_set_code(err, ERR_DENIED, "ExpiredToken", "the job has ended, or was offered again");
    *out = message;
    return true;
}

bool worker_queue_put_artifact(struct tx *tx, struct arena *arena, const char *job_id, const char *nonce,
                               const struct artifact_row *artifact, struct err *err) {
    struct worker_message message;
    bool declared = false;
    if (!worker_queue_look(tx, arena, job_id, nonce, &message, err))
        return false;
    for (size_t i = 0; i < message.output_count; i++)
        declared = declared || str_equal(message.outputs[i].name, artifact->name);
    if (!declared)
        return err_set(err, ERR_INVALID, "action '%s' has no output artifact '%s'", message.action.action,
                       artifact->name);
    struct artifact_row row = *artifact;
    row.action_run_id = message.action.id;
    row.execution_id = message.action.execution_id;
    return artifact_rows_put_of_worker(tx, &row, err);
}

/* ---- ending ---- */

static bool end(struct tx *tx, const struct worker_job_row *job, enum worker_job_state state, struct err *err) {
    return worker_jobs_end(tx, job, state, err) && worker_uploads_remove_of_job(tx, job->id, err);
}

bool worker_queue_finish(struct tx *tx, struct arena *arena, const char *job_id, enum worker_job_state state,
                         struct worker_job_row *out, struct err *err) {
    struct worker_job_row job;
    if (!worker_jobs_get(tx, arena, job_id, &job, err))
        return false;
    if (job.state != WORKER_JOB_IN_PROGRESS)
        return err_set_code(err, ERR_CONFLICT, "InvalidJobStateException",
                            "the job is %s; only one that was acknowledged and is InProgress takes a result",
                            state_name(&worker_job_states, (int)job.state));
    if (!end(tx, &job, state, err))
        return false;
    *out = job;
    return true;
}

bool worker_queue_drop(struct tx *tx, struct arena *arena, int64_t action_run_id, bool only_unbegun, bool *found,
                       bool *dropped, struct err *err) {
    struct worker_job_row job;
    *dropped = false;
    if (!worker_jobs_of_action(tx, arena, action_run_id, found, &job, err))
        return false;
    /* A job with a token goes on with what a worker has begun. */
    if (!*found || (only_unbegun && (job.state == WORKER_JOB_IN_PROGRESS || job.continuation_token)))
        return true;
    *dropped = true;
    return end(tx, &job, WORKER_JOB_FAILED, err);
}

bool worker_queue_expire(struct tx *tx, struct arena *arena, const char *job_id, bool *timed_out,
                         struct worker_job_row *out, struct err *err) {
    struct worker_job_row job;
    *timed_out = false;
    if (!worker_jobs_get(tx, arena, job_id, &job, err))
        return false;
    if (job.ended_ms)
        return true;
    if (job.expires_ms <= clock_wall_ms(tx_clock(tx))) {
        *timed_out = true;
        *out = job;
        return end(tx, &job, WORKER_JOB_TIMED_OUT, err);
    }
    if (job.state != WORKER_JOB_DISPATCHED || job.offered_until_boot_ms > clock_boot_ms(tx_clock(tx)))
        return true;
    return worker_jobs_take_back(tx, &job, err);
}
