/*
 * The slots' threads, and the signals that end them. At the end nothing that the server thinks we have may be left with
 * us: a slot that waits for work asks once more what its question was given, and gives that back.
 */
#include "runner/loop.h"

#include "common/clock.h"
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
#define GIVE_BACK_MS 2000 /* a server that is away gives it to somebody else by itself, a little later */

struct slots {
    pthread_mutex_t mutex;
    struct heartbeat *held[SLOTS_MAX];
    struct link *asking[SLOTS_MAX]; /* questions for work that are under way */
    int busy;
    bool draining;
    bool given_up; /* the grace is over */
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
    for (int i = 0; i < SLOTS_MAX; i++)
        if (slots->asking[i])
            link_wake(slots->asking[i]);
    pthread_mutex_unlock(&slots->mutex);
}

/* A slot asks for work, then does it or not. */

static bool begin_asking(struct slots *slots, struct link *link) {
    pthread_mutex_lock(&slots->mutex);
    bool may = !slots->draining;
    for (int i = 0; may && i < SLOTS_MAX; i++) {
        if (!slots->asking[i]) {
            slots->asking[i] = link;
            break;
        }
    }
    pthread_mutex_unlock(&slots->mutex);
    return may;
}

static void remove_asking(struct slots *slots, const struct link *link) {
    for (int i = 0; i < SLOTS_MAX; i++)
        if (slots->asking[i] == link)
            slots->asking[i] = NULL;
}

static void end_asking(struct slots *slots, const struct link *link) {
    pthread_mutex_lock(&slots->mutex);
    remove_asking(slots, link);
    bool draining = slots->draining;
    pthread_mutex_unlock(&slots->mutex);
    if (draining)
        tell_main();
}

static bool become_busy(struct slots *slots, const struct link *link) {
    pthread_mutex_lock(&slots->mutex);
    bool may = !slots->draining;
    if (may) {
        remove_asking(slots, link);
        slots->busy++;
    }
    pthread_mutex_unlock(&slots->mutex);
    return may;
}

static void become_idle(struct slots *slots, bool once) {
    pthread_mutex_lock(&slots->mutex);
    slots->busy--;
    if (once)
        slots->draining = true;
    bool draining = slots->draining;
    pthread_mutex_unlock(&slots->mutex);
    if (draining)
        tell_main();
}

/* One question for work. The claim id stays the same until the server has answered, so that an answer that was lost on
 * the way is given again. Returns false where the runner is no longer known. */
static bool lease(const struct runner *runner, struct link *link, struct arena *arena, const char *claim_id,
                  int *failures, struct wire_job *out, bool *got) {
    struct wire_lease question = {.claim_id = claim_id, .wait_seconds = WAIT_SECONDS};
    question.providers = actions_providers(arena, &question.provider_count);
    const struct link_call call = {.method = "POST",
                                   .path = "/runner/lease",
                                   .body = wire_lease_encode(arena, &question),
                                   .wait_seconds = WAIT_SECONDS,
                                   .repeat = is_draining,
                                   .interrupted = is_draining,
                                   .until_woken = true,
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

/* What the claim was given while its question was taken back: asked without providers, it is given nothing new. */
static bool find_claimed(struct link *link, struct arena *arena, const char *claim_id, struct wire_job *out) {
    const struct wire_lease question = {.claim_id = claim_id};
    const struct json *answer = NULL;
    const struct link_call call = {.method = "POST",
                                   .path = "/runner/lease",
                                   .body = wire_lease_encode(arena, &question),
                                   .patience_ms = GIVE_BACK_MS};
    return link_send(link, arena, &call, NULL, &answer, NULL) && answer && wire_job_decode(arena, answer, out, NULL);
}

static void give_back(struct link *link, struct arena *arena, const struct wire_job *job) {
    struct json *body = json_object(arena);
    json_set_integer(arena, body, "token", job->token);
    const struct link_call call = {.method = "POST",
                                   .path = arena_printf(arena, "/runner/jobs/%s/return", job->id),
                                   .body = body,
                                   .patience_ms = GIVE_BACK_MS};
    struct err err = {0};
    if (link_send(link, arena, &call, NULL, NULL, &err))
        LOG_INFO("gave back a job that was not begun", "job", job->id);
    else
        LOG_WARNING("a job that was not begun goes back when its offer is over", "job", job->id, "error", err.message);
}

static bool one_round(const struct runner *runner, struct link *link, int *failures) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct wire_job message;
    bool got = false;
    char claim_id[UUID_SIZE];
    hash_uuid(claim_id);
    if (!begin_asking(runner->slots, link))
        return false;
    bool known = lease(runner, link, &arena, claim_id, failures, &message, &got);
    if (got && become_busy(runner->slots, link)) {
        job_run(runner, link, &arena, &message);
        arena_release(&arena);
        settle();
        become_idle(runner->slots, runner->config->once);
        return true;
    }
    if (!known)
        drain(runner->slots, 1);
    else if (got || (is_draining(runner->slots) && find_claimed(link, &arena, claim_id, &message)))
        give_back(link, &arena, &message);
    end_asking(runner->slots, link);
    return known;
}

static void *run_slot(void *context) {
    const struct runner *runner = context;
    struct link *link CLEANUP(link_cleanup) = link_new(runner->account);
    int failures = 0;
    while (one_round(runner, link, &failures))
        ;
    return NULL;
}

/* Signals are blocked until loop_run takes them. */
bool loop_is_unwanted(void) {
    sigset_t waiting;
    return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

static bool hello_is_unwanted(void *context) {
    (void)context;
    return loop_is_unwanted();
}

static bool say_hello(const struct runner *runner, struct arena *arena, struct link_call call,
                      const struct json **answer, struct err *err) {
    struct link *link CLEANUP(link_cleanup) = link_new(runner->account);
    char instance[UUID_SIZE];
    hash_uuid(instance);
    struct json *body = json_object(arena);
    json_set_text(arena, body, "instanceId", instance);
    json_set_text(arena, body, "version", PENSTOCK_VERSION);
    call.method = "POST";
    call.path = "/runner/hello";
    call.body = body;
    return link_send(link, arena, &call, NULL, answer, err) || err_wrap(err, "server '%s'", runner->account->url);
}

bool loop_hello(const struct runner *runner, struct arena *arena, const char **region, struct err *err) {
    const struct json *answer = NULL;
    if (!say_hello(runner, arena, (struct link_call){.repeat = hello_is_unwanted}, &answer, err))
        return false;
    *region = json_get_text_or(answer, "region", "us-east-1");
    return true;
}

/* The end */

/* Raised under the lock: a heartbeat that is listed has not ended. */
static void raise_all(struct slots *slots, enum stop_reason reason) {
    pthread_mutex_lock(&slots->mutex);
    for (int i = 0; i < SLOTS_MAX; i++)
        if (slots->held[i])
            heartbeat_raise(slots->held[i], reason);
    pthread_mutex_unlock(&slots->mutex);
}

static bool is_over(struct slots *slots, int *exit_code) {
    pthread_mutex_lock(&slots->mutex);
    bool over = slots->draining && slots->busy == 0;
    for (int i = 0; i < SLOTS_MAX; i++)
        over = over && !slots->asking[i];
    *exit_code = slots->exit_code;
    pthread_mutex_unlock(&slots->mutex);
    return over;
}

/* The next signal; 0 where the moment (0: none) has come before. */
static int await_signal(const sigset_t *signals, int64_t until_ms) {
    if (until_ms == 0)
        return sigwaitinfo(signals, NULL);
    int64_t left = until_ms - clock_boot_ms(&clock_system);
    if (left < 0)
        left = 0;
    const struct timespec rest = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    int number = sigtimedwait(signals, NULL, &rest);
    return number < 0 && clock_boot_ms(&clock_system) >= until_ms ? 0 : number;
}

/* Ends what is in hand without a result; the jobs are somebody else's when the server hears of it (goodbye). */
static void give_up_all(struct slots *slots) {
    LOG_WARNING("the grace is over, giving back what is in hand");
    slots->given_up = true;
    raise_all(slots, STOP_LOST);
}

/* As the next process of this runner would: what we held goes back to the queue at once. Our containers are gone. */
static void goodbye(const struct runner *runner) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct err err = {0};
    if (!say_hello(runner, &arena, (struct link_call){.patience_ms = GIVE_BACK_MS}, NULL, &err))
        LOG_WARNING("the jobs go back when their leases are over", "error", err.message);
}

static void stay_until_over(const struct runner *runner, const sigset_t *signals, int *exit_code) {
    struct slots *slots = runner->slots;
    int64_t grace_ends_ms = 0;
    while (!is_over(slots, exit_code)) {
        int number = await_signal(signals, slots->given_up ? 0 : grace_ends_ms);
        if (number == 0)
            give_up_all(slots);
        if (number != SIGTERM && number != SIGINT)
            continue;
        bool second = is_draining(slots);
        LOG_INFO(second ? "asked twice to end, cancelling what is in hand" : "ending when the work in hand is done");
        drain(slots, 0);
        if (second)
            raise_all(slots, STOP_CANCELLED);
        else if (runner->config->grace_seconds)
            grace_ends_ms = clock_boot_ms(&clock_system) + runner->config->grace_seconds * INT64_C(1000);
    }
}

static void start_slots(const struct runner *runner) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < runner->config->jobs; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, run_slot, (void *)(uintptr_t)runner) != 0)
            abort();
    }
    pthread_attr_destroy(&attributes);
}

int loop_run(const struct runner *runner) {
    sigset_t signals;
    int exit_code = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    start_slots(runner);
    stay_until_over(runner, &signals, &exit_code);
    if (runner->slots->given_up)
        goodbye(runner);
    return exit_code;
}
