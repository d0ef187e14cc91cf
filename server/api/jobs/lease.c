/*
 * A runner asks for work. Looking is a read, so that a hundred idle runners cost the writer nothing; only where there
 * is work the job is offered, in a transaction that also puts its message together. The offer stands under the
 * runner's claim id: where our answer is lost, the same question gets the same job.
 */
#include "server/api/jobs/jobs.h"

#include "server/auth/auth.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/jobs/job_message.h"
#include "server/server.h"
#include "server/store/runners.h"
#include "server/wake.h"

/* A runner that only waits is to be seen as online (RUNNER_ONLINE_MS). */
#define SEEN_EACH_MS (RUNNER_ONLINE_MS / 3)

struct question {
    const struct request *request;
    struct wire_lease lease;
    bool work;
    bool unseen;               /* it was last seen long ago */
    const struct json *answer; /* the job; NULL: there is none */
    bool unfit;                /* a job was there that cannot be handed out */
};

/* A removed runner may still stand in a long poll that it began before: its token is checked at the head only. */
static bool read_runner(struct tx *tx, const struct question *question, struct runner_row *out, struct err *err) {
    if (runners_get(tx, question->request->arena, question->request->principal.id, out, err))
        return true;
    if (err->kind == ERR_NOT_FOUND)
        err->kind = ERR_DENIED;
    return false;
}

static bool look(struct tx *tx, void *context, struct err *err) {
    struct question *question = context;
    struct runner_row runner;
    if (!read_runner(tx, question, &runner, err) ||
        !queue_has_work(tx, runner.id, &question->lease, &question->work, err))
        return false;
    question->unseen = clock_wall_ms(tx_clock(tx)) - runner.seen_ms >= SEEN_EACH_MS;
    return true;
}

static bool see(struct tx *tx, void *context, struct err *err) {
    const struct question *question = context;
    return runners_seen(tx, question->request->principal.id, err);
}

/* A job whose message cannot be made (its input is gone, its secret cannot be opened) fails with that sentence. Left in
 * the queue, it would stand before all others for ever. */
static bool fail_unfit(struct tx *tx, struct question *question, const char *job_id, const struct err *why,
                       struct err *err) {
    const struct request *request = question->request;
    struct job_row job;
    if (!job_rows_get(tx, request->arena, job_id, &job, err))
        return false;
    const struct queue_fence fence = {.job_id = job_id, .token = job.token, .runner_id = request->principal.id};
    const struct wire_result result = {.token = job.token,
                                       .outcome = WIRE_FAILED,
                                       .error_code = "ConfigurationError",
                                       .error_message = arena_strdup(request->arena, why->message)};
    question->unfit = true;
    return engine_finish_job(tx, request->arena, &fence, &result, err);
}

static bool offer(struct tx *tx, void *context, struct err *err) {
    struct question *question = context;
    const struct request *request = question->request;
    const struct job_message_settings settings = {
        .base_url = request->server->config->base_url,
        .region = request->server->config->region,
        .account_id = request->server->config->account_id,
        .open_secret = auth_unseal,
        .context = request->server->auth,
    };
    const char *job_id = NULL;
    struct runner_row runner;
    struct wire_job job;
    struct err why = {0};
    question->answer = NULL;
    question->unfit = false;
    if (!read_runner(tx, question, &runner, err) ||
        !queue_lease(tx, request->arena, runner.id, &question->lease, &job_id, err))
        return false;
    if (!job_id)
        return true;
    if (job_message(tx, request->arena, &settings, job_id, &job, &why)) {
        question->answer = wire_job_encode(request->arena, &job);
        return true;
    }
    if (why.kind == ERR_UNAVAILABLE || why.kind == ERR_LIMIT) { /* the database's trouble, not the job's */
        *err = why;
        return false;
    }
    return fail_unfit(tx, question, job_id, &why, err);
}

static bool ask(struct question *question, struct err *err) {
    struct db *db = question->request->server->db;
    if (!db_read(db, look, question, err))
        return false;
    if (!question->work)
        return !question->unseen || db_write(db, see, question, err);
    if (!db_write(db, offer, question, err))
        return false;
    if (question->unfit)
        return err_set_code(err, ERR_CONFLICT, "StaleTokenException",
                            "the job for this claim could not be handed out and has failed; ask again with a new "
                            "claim id");
    return true;
}

void jobs_lease(struct request *request, struct reply *reply) {
    struct question question = {.request = request};
    const struct json *message;
    struct err err = {0};
    if (!request_json(request, &message, &err) || !wire_lease_decode(request->arena, message, &question.lease, &err) ||
        !ask(&question, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    int64_t until = request->arrived_boot_ms + question.lease.wait_seconds * INT64_C(1000);
    if (question.answer)
        reply_json(request, reply, 200, question.answer);
    else if (clock_boot_ms(request->server->clock) < until)
        reply_wait(reply, WAKE_JOBS, until);
    else
        reply_text(request, reply, 204, "application/json", "");
}
