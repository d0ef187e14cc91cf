/*
 * The slots' threads and the signals that end them. An idle slot sits in a long poll; at the end of the program it is
 * left there: a job that the server still offers to it is not acknowledged and goes back to the queue.
 */
#include "runner/loop.h"

#include "common/hash.h"
#include "common/log.h"
#include "common/wire.h"
#include "runner/actions/actions.h"
#include "runner/job.h"
#include "runner/link.h"
#include "runner/settle.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_SECONDS 25
#define SLOTS_MAX 64

struct slots {
    pthread_mutex_t mutex;
    struct heartbeat *held[SLOTS_MAX];
    int busy;
    bool draining;
    int exit_code;
};

struct slots *slots_new(void) {
    struct slots *slots = calloc(1, sizeof *slots);
    if (!slots)
        abort();
    pthread_mutex_init(&slots->mutex, NULL);
    return slots;
}

void runner_hold(const struct runner *runner, struct heartbeat *heartbeat) {
    struct slots *slots = runner->slots;
    pthread_mutex_lock(&slots->mutex);
    for (int i = 0; i < SLOTS_MAX; i++) {
        if (!slots->held[i]) {
            slots->held[i] = heartbeat;
            break;
        }
    }
    pthread_mutex_unlock(&slots->mutex);
}

void runner_let_go(const struct runner *runner, struct heartbeat *heartbeat) {
    struct slots *slots = runner->slots;
    pthread_mutex_lock(&slots->mutex);
    for (int i = 0; i < SLOTS_MAX; i++)
        if (slots->held[i] == heartbeat)
            slots->held[i] = NULL;
    pthread_mutex_unlock(&slots->mutex);
}

/* Wakes the thread in loop_run to look again. */
static void tell_main(void) {
    (void)kill(getpid(), SIGUSR1);
}

static bool is_draining(void *context) {
    struct slots *slots = context;
    pthread_mutex_lock(&slots->mutex);
    bool draining = slots->draining;
    pthread_mutex_unlock(&slots->mutex);
    return draining;
}

static void drain(struct slots *slots, int exit_code) {
    pthread_mutex_lock(&slots->mutex);
    slots->draining = true;
    if (exit_code)
        slots->exit_code = exit_code;
    pthread_mutex_unlock(&slots->mutex);
}

static bool become_busy(struct slots *slots) {
    pthread_mutex_lock(&slots->mutex);
    bool may = !slots->draining;
    if (may)
        slots->busy++;
    pthread_mutex_unlock(&slots->mutex);
    return may;
}

static void become_idle(struct slots *slots, bool once) {
    pthread_mutex_lock(&slots->mutex);
    slots->busy--;
    if (once)
        slots->draining = true;
    bool over = slots->draining && slots->busy == 0;
    pthread_mutex_unlock(&slots->mutex);
    if (over)
        tell_main();
}

/* One question for work. The claim id stays the same until the server has answered, so that an answer that was lost on
 * the way is given again. Returns false where the runner is no longer known. */
static bool lease(const struct runner *runner, struct link *link, struct arena *arena, const char *claim_id,
                  int *failures, struct wire_job *out, bool *got) {
    struct wire_lease question = {.claim_id = claim_id, .wait_seconds = WAIT_SECONDS};
    question.providers = actions_providers(&question.provider_count);
    const struct link_call call = {.method = "POST",
                                   .path = "/runner/lease",
                                   .body = wire_lease_encode(arena, &question),
                                   .wait_seconds = WAIT_SECONDS,
                                   .repeat = is_draining,
                                   .context = runner->slots};
    const struct json *answer = NULL;
    int status = 0;
    struct err err = {0};
    *got = false;
    if (!link_send(link, arena, &call, &status, &answer, &err)) {
        if (!is_draining(runner->slots))
            LOG_ERROR("the server gives no work", "error", err.message);
        link_back_off(failures, is_draining, runner->slots);
        return err.kind != ERR_DENIED;
    }
    if (status == 204 || !answer)
        return true;
    *got = wire_job_decode(arena, answer, out, &err);
    if (*got) {
        *failures = 0;
        return true;
    }
    LOG_ERROR("a job could not be read, is this runner older than its server?", "error", err.message);
    link_back_off(failures, is_draining, runner->slots);
    return true;
}

static bool one_round(const struct runner *runner, struct link *link, int *failures) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job message;
    bool got = false;
    char claim_id[UUID_SIZE];
    hash_uuid(claim_id);
    if (!lease(runner, link, &arena, claim_id, failures, &message, &got)) {
        drain(runner->slots, 1);
        tell_main();
        return false;
    }
    if (!got)
        return true;
    if (!become_busy(runner->slots))
        return false;
    job_run(runner, link, &arena, &message);
    arena_release(&arena);
    settle();
    become_idle(runner->slots, runner->config->once);
    return true;
}

static void *run_slot(void *context) {
    const struct runner *runner = context;
    struct link *link CLEANUP(link_cleanup) = link_new(runner->account);
    int failures = 0;
    while (!is_draining(runner->slots))
        if (!one_round(runner, link, &failures))
            break;
    return NULL;
}

bool loop_hello(const struct runner *runner, struct arena *arena, const char **region, struct err *err) {
    struct link *link CLEANUP(link_cleanup) = link_new(runner->account);
    char instance[UUID_SIZE];
    hash_uuid(instance);
    struct json *body = json_object(arena);
    json_set_text(arena, body, "instanceId", instance);
    json_set_text(arena, body, "version", PENSTOCK_VERSION);
    const struct json *answer = NULL;
    const struct link_call call = {
        .method = "POST", .path = "/runner/hello", .body = body, .repeat = is_draining, .context = runner->slots};
    if (!link_send(link, arena, &call, NULL, &answer, err))
        return err_wrap(err, "server '%s'", runner->account->url);
    *region = json_get_text_or(answer, "region", "us-east-1");
    return true;
}

static void cancel_all(struct slots *slots) {
    struct heartbeat *held[SLOTS_MAX];
    /* Raised under the lock: a heartbeat that is listed has not ended. */
    pthread_mutex_lock(&slots->mutex);
    memcpy(held, slots->held, sizeof held);
    for (int i = 0; i < SLOTS_MAX; i++)
        if (held[i])
            heartbeat_raise(held[i], STOP_CANCELLED);
    pthread_mutex_unlock(&slots->mutex);
}

static bool is_over(struct slots *slots, int *exit_code) {
    pthread_mutex_lock(&slots->mutex);
    bool over = slots->draining && slots->busy == 0;
    *exit_code = slots->exit_code;
    pthread_mutex_unlock(&slots->mutex);
    return over;
}

int loop_run(const struct runner *runner) {
    struct slots *slots = runner->slots;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < runner->config->jobs; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, run_slot, (void *)(uintptr_t)runner) != 0)
            abort();
    }
    pthread_attr_destroy(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    int exit_code = 0;
    while (!is_over(slots, &exit_code)) {
        int signal_number = 0;
        (void)sigwait(&signals, &signal_number);
        if (signal_number == SIGUSR1)
            continue;
        bool second = is_draining(slots);
        LOG_INFO(second ? "asked twice to end, cancelling what is in hand" : "ending when the work in hand is done");
        drain(slots, 0);
        if (second)
            cancel_all(slots);
    }
    return exit_code;
}
