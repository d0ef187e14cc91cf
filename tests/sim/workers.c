/*
 * Job workers of a custom action: they poll, acknowledge with the nonce of their poll, and say how it ended, now and
 * then with a continuation token. Their answers are lost, they ask again, they forget what they held.
 */
#include "tests/sim/workers.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "server/jobs/worker_queue.h"
#include "tests/sim/draw.h"
#include "tests/sim/sim.h"

#include <stdio.h>

struct saying {
    struct sim *sim;
    struct worker *worker;
    const struct engine_worker_result *result;
    char job[UUID_SIZE], nonce[UUID_SIZE];
    bool found;
    enum worker_job_state state;
};

static bool poll(struct tx *tx, void *context, struct err *err) {
    struct saying *saying = context;
    const struct worker_poll question = {
        .category = WORKER_CATEGORY, .provider = WORKER_PROVIDER, .version = WORKER_VERSION, .most = 1};
    struct worker_job_row *rows = NULL;
    size_t count = 0;
    if (!worker_queue_poll(tx, &saying->sim->scratch, &question, &rows, &count, err))
        return false;
    saying->found = count > 0;
    if (count) {
        (void)snprintf(saying->job, sizeof saying->job, "%s", rows[0].id);
        (void)snprintf(saying->nonce, sizeof saying->nonce, "%s", rows[0].nonce);
    }
    return true;
}

static bool acknowledge(struct tx *tx, void *context, struct err *err) {
    struct saying *saying = context;
    return worker_queue_acknowledge(tx, saying->worker->job, saying->worker->nonce, &saying->state, err);
}

static bool finish(struct tx *tx, void *context, struct err *err) {
    struct saying *saying = context;
    return engine_finish_worker_job(tx, &saying->sim->scratch, saying->result, err);
}

/* What the worker hears; nothing where the answer is lost. */
static enum answer say(struct saying *saying, db_work *work, const char *what) {
    struct sim *sim = saying->sim;
    struct err err = {0};
    enum answer answer = server_ask(sim, work, saying, &err);
    note("worker %d %s %.8s: %s", (int)(saying->worker - sim->workers), what, saying->worker->job,
         answer == ANSWER_DONE   ? "ok"
         : answer == ANSWER_NONE ? "no answer"
         : err.code              ? err.code
                                 : err.message);
    if (answer == ANSWER_REFUSED && !str_equal(err.code, "InvalidNonceException") &&
        !str_equal(err.code, "InvalidJobStateException"))
        violated("what a job worker says in good order is taken", "%s: %s", what, err.message);
    if (sim->faults && answer != ANSWER_NONE && draw_chance(80)) {
        count(COUNT_ANSWER_LOST);
        return ANSWER_NONE;
    }
    return answer;
}

static void ask_for_work(struct saying *saying) {
    if (say(saying, poll, "polls") != ANSWER_DONE || !saying->found)
        return;
    saying->worker->state = WORKER_OFFERED;
    (void)snprintf(saying->worker->job, UUID_SIZE, "%s", saying->job);
    (void)snprintf(saying->worker->nonce, UUID_SIZE, "%s", saying->nonce);
}

static void take(struct saying *saying) {
    struct sim *sim = saying->sim;
    enum answer answer = say(saying, acknowledge, "acknowledges");
    if (answer == ANSWER_NONE)
        return;
    saying->worker->state =
        answer == ANSWER_DONE && saying->state == WORKER_JOB_IN_PROGRESS ? WORKER_HOLDS : WORKER_FREE;
    for (size_t i = 0; saying->worker->state == WORKER_HOLDS && i < WORKERS; i++) {
        const struct worker *other = &sim->workers[i];
        if (other != saying->worker && other->state == WORKER_HOLDS && str_equal(other->job, saying->worker->job))
            violated("a job never has two live owners", "two workers were told that job %s is theirs", other->job);
    }
    saying->worker->busy_ms = sim->now_ms + (sim->faults ? draw_between(0, 60000) : 0);
    saying->worker->outcome = (int)draw_below(sim->faults ? 5 : 10);
}

/* Fails, goes on with another job, or succeeds; said again, it says the same. */
static void end(struct saying *saying) {
    const struct engine_worker_result result = {
        .job_id = saying->worker->job,
        .failure_type = saying->worker->outcome == 0 ? "JobFailed" : NULL,
        .failure_message = saying->worker->outcome == 0 ? "it failed" : NULL,
        .continuation_token = saying->worker->outcome == 1 ? "go on" : NULL,
        .external_id = "work-1",
        .percent = -1,
    };
    saying->result = &result;
    enum answer answer = say(saying, finish, saying->worker->outcome == 0 ? "fails" : "ends");
    if (answer == ANSWER_NONE)
        return;
    saying->worker->state = WORKER_FREE;
    if (answer == ANSWER_DONE)
        count(COUNT_WORKER_JOBS);
}

static bool act(struct sim *sim, struct worker *worker) {
    struct saying saying = {.sim = sim, .worker = worker};
    if (worker->state == WORKER_HOLDS && sim->now_ms < worker->busy_ms)
        return false;
    if (worker->state != WORKER_FREE && sim->faults && draw_chance(40)) {
        note("worker %d forgets job %.8s", (int)(worker - sim->workers), worker->job);
        worker->state = WORKER_FREE;
        return true;
    }
    switch (worker->state) {
    case WORKER_FREE:
        ask_for_work(&saying);
        break;
    case WORKER_OFFERED:
        take(&saying);
        break;
    case WORKER_HOLDS:
        end(&saying);
        break;
    }
    return worker->state != WORKER_FREE;
}

void workers_act(struct sim *sim) {
    struct worker *worker = &sim->workers[draw_below(WORKERS)];
    for (size_t most = 1 + draw_below(3); most > 0 && sim->db && act(sim, worker); most--) {
    }
}

bool workers_settle(struct sim *sim) {
    bool any = false;
    for (size_t i = 0; i < WORKERS; i++) {
        for (int steps = 0; steps < 8 && act(sim, &sim->workers[i]); steps++)
            any = true;
    }
    return any;
}
