/*
 * The thread that asks "is this job still mine, and still wanted?".
 */
#include "runner/heartbeat.h"

#include "common/arena.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"
#include "common/wire.h"
#include "runner/link.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_SECONDS 10
#define PATIENCE_MS 5000 /* a hung question must not use up the time until the lease ends */
#define LOCAL_ROUND_MS 1000
#define GIVE_UP_MS 45000 /* reference: the holder gives up before the granter does (60 s) */

struct heartbeat {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_mutex_t callback_mutex; /* held while the callback runs */
    struct account account;
    char *path; /* NULL: local */
    int64_t token;
    int64_t deadline_ms;
    int64_t last_success_ms;
    enum stop_reason reason;
    bool cancel_seen;
    bool abandoned;
    bool news;          /* an answer to a pause came, and nobody has looked */
    struct arena words; /* of the four below; those of answers before stay with whoever has them */
    const char *cancelled_by;
    const char *cancel_reason;
    const char *pause_id; /* NULL: no answer */
    struct heartbeat_decision decision;
    bool ended; /* the job is over and does not touch this any more: the thread frees it */
    void (*stop)(void *context);
    void *context;
};

static void free_heartbeat(struct heartbeat *heartbeat) {
    pthread_mutex_destroy(&heartbeat->mutex);
    pthread_mutex_destroy(&heartbeat->callback_mutex);
    pthread_cond_destroy(&heartbeat->changed);
    arena_release(&heartbeat->words);
    free(heartbeat->path);
    free((void *)(uintptr_t)heartbeat->account.url);
    free((void *)(uintptr_t)heartbeat->account.token);
    free(heartbeat);
}

static int64_t now_ms(void) {
    return clock_boot_ms(&clock_system);
}

void heartbeat_raise(struct heartbeat *heartbeat, enum stop_reason reason) {
    pthread_mutex_lock(&heartbeat->callback_mutex);
    pthread_mutex_lock(&heartbeat->mutex);
    bool rises = reason > heartbeat->reason && !heartbeat->ended;
    if (rises)
        heartbeat->reason = reason;
    void (*stop)(void *) = rises ? heartbeat->stop : NULL;
    void *context = heartbeat->context;
    pthread_cond_broadcast(&heartbeat->changed);
    pthread_mutex_unlock(&heartbeat->mutex);
    if (stop)
        stop(context);
    pthread_mutex_unlock(&heartbeat->callback_mutex);
}

void heartbeat_on_stop(struct heartbeat *heartbeat, void (*stop)(void *context), void *context) {
    pthread_mutex_lock(&heartbeat->callback_mutex);
    pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->stop = stop;
    heartbeat->context = context;
    bool now = stop && heartbeat->reason != STOP_NONE;
    pthread_mutex_unlock(&heartbeat->mutex);
    if (now)
        stop(context);
    pthread_mutex_unlock(&heartbeat->callback_mutex);
}

enum stop_reason heartbeat_reason(struct heartbeat *heartbeat) {
    pthread_mutex_lock(&heartbeat->mutex);
    enum stop_reason reason = heartbeat->reason;
    pthread_mutex_unlock(&heartbeat->mutex);
    return reason;
}

bool heartbeat_abandoned(struct heartbeat *heartbeat) {
    pthread_mutex_lock(&heartbeat->mutex);
    bool abandoned = heartbeat->abandoned;
    pthread_mutex_unlock(&heartbeat->mutex);
    return abandoned;
}

void heartbeat_set_deadline(struct heartbeat *heartbeat, int64_t boot_ms) {
    pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->deadline_ms = boot_ms;
    pthread_mutex_unlock(&heartbeat->mutex);
}

const char *heartbeat_cancelled_by(struct heartbeat *heartbeat, struct arena *arena) {
    pthread_mutex_lock(&heartbeat->mutex);
    const char *by = arena_strdup(arena, heartbeat->cancelled_by);
    pthread_mutex_unlock(&heartbeat->mutex);
    return by;
}

const char *heartbeat_cancel_reason(struct heartbeat *heartbeat, struct arena *arena) {
    pthread_mutex_lock(&heartbeat->mutex);
    const char *reason = arena_strdup(arena, heartbeat->cancel_reason);
    pthread_mutex_unlock(&heartbeat->mutex);
    return reason;
}

bool heartbeat_decision(struct heartbeat *heartbeat, const char *pause_id, struct heartbeat_decision *out) {
    pthread_mutex_lock(&heartbeat->mutex);
    bool answered = heartbeat->pause_id && str_equal(heartbeat->pause_id, pause_id);
    if (answered)
        *out = heartbeat->decision;
    heartbeat->news = false;
    pthread_mutex_unlock(&heartbeat->mutex);
    return answered;
}

bool heartbeat_sleep(struct heartbeat *heartbeat, int64_t milliseconds, enum stop_reason wake_at) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int waited = 0;
    pthread_mutex_lock(&heartbeat->mutex);
    while (heartbeat->reason < wake_at && !heartbeat->abandoned && !heartbeat->news && waited == 0)
        waited = pthread_cond_timedwait(&heartbeat->changed, &heartbeat->mutex, &until);
    heartbeat->news = false; /* who sleeps without asking for answers sleeps on */
    bool undisturbed = heartbeat->reason < wake_at && !heartbeat->abandoned;
    pthread_mutex_unlock(&heartbeat->mutex);
    return undisturbed;
}

/* Asked by the link about once a second: ends the question, and is the clock of the two time limits. */
static bool watch(void *context) {
    struct heartbeat *heartbeat = context;
    pthread_mutex_lock(&heartbeat->mutex);
    bool ended = heartbeat->ended;
    bool timed_out = heartbeat->deadline_ms && now_ms() >= heartbeat->deadline_ms;
    bool lost = heartbeat->path && now_ms() - heartbeat->last_success_ms >= GIVE_UP_MS;
    enum stop_reason reason = heartbeat->reason;
    pthread_mutex_unlock(&heartbeat->mutex);
    if (lost && reason != STOP_LOST && !ended)
        LOG_WARNING("no heartbeat got through for 45 seconds, giving the job up", "job", heartbeat->path);
    if (lost || timed_out)
        heartbeat_raise(heartbeat, lost ? STOP_LOST : STOP_TIMED_OUT);
    return ended;
}

/* Under the mutex. */
static void note_words(struct heartbeat *heartbeat, const struct json *answer) {
    struct arena *words = &heartbeat->words;
    if (json_get_bool(answer, "cancel", false) && !heartbeat->cancel_seen) {
        heartbeat->cancelled_by = arena_strdup(words, json_get_text(answer, "cancelledBy"));
        heartbeat->cancel_reason = arena_strdup(words, json_get_text(answer, "reason"));
    }
    const struct json *decision = json_get(answer, "decision");
    const char *pause_id = json_get_text(decision, "pauseId");
    if (!pause_id || str_equal(pause_id, heartbeat->pause_id))
        return;
    heartbeat->pause_id = arena_strdup(words, pause_id);
    heartbeat->decision = (struct heartbeat_decision){
        .approved = str_equal(json_get_text(decision, "answer"), "APPROVED"),
        .by = arena_strdup(words, json_get_text(decision, "by")),
        .summary = arena_strdup(words, json_get_text(decision, "summary")),
    };
    heartbeat->news = true;
}

/* What counts is when the question was sent: the server's sixty seconds begin no earlier. */
static void note_answer(struct heartbeat *heartbeat, const struct json *answer, int64_t sent_ms) {
    bool cancel = json_get_bool(answer, "cancel", false);
    pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->last_success_ms = sent_ms;
    note_words(heartbeat, answer);
    if (cancel)
        heartbeat->cancel_seen = true;
    if (json_get_bool(answer, "abandon", false))
        heartbeat->abandoned = true;
    pthread_cond_broadcast(&heartbeat->changed);
    pthread_mutex_unlock(&heartbeat->mutex);
    if (cancel)
        heartbeat_raise(heartbeat, STOP_CANCELLED);
}

static void ask_once(struct heartbeat *heartbeat, struct link *link, int *failures) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *body = json_object(&arena);
    json_set_integer(&arena, body, "token", heartbeat->token);
    json_set_integer(&arena, body, "waitSeconds", WAIT_SECONDS);
    json_set_bool(&arena, body, "cancelSeen", heartbeat->cancel_seen);
    json_set_text(&arena, body, "decisionSeen", heartbeat->pause_id); /* this thread alone writes it */
    const struct link_call call = {.method = "POST",
                                   .path = heartbeat->path,
                                   .body = body,
                                   .wait_seconds = WAIT_SECONDS,
                                   .patience_ms = PATIENCE_MS,
                                   .interrupted = watch,
                                   .context = heartbeat};
    const struct json *answer = NULL;
    struct err err = {0};
    int64_t sent_ms = now_ms();
    if (link_send(link, &arena, &call, NULL, &answer, &err)) {
        *failures = 0;
        note_answer(heartbeat, answer, sent_ms);
        return;
    }
    bool passing = err.kind == ERR_UNAVAILABLE || err.kind == ERR_LIMIT || err.kind == ERR_INTERNAL;
    if (!passing)
        heartbeat_raise(heartbeat, STOP_LOST);
    link_back_off(failures, watch, heartbeat);
    if (*failures > 3)
        *failures = 3; /* while the lease runs out, ask every two seconds or so */
}

static void *run(void *context) {
    struct heartbeat *heartbeat = context;
    struct link *link CLEANUP(link_cleanup) = link_new(&heartbeat->account);
    int failures = 0;
    while (!watch(heartbeat))
        ask_once(heartbeat, link, &failures);
    pthread_mutex_lock(&heartbeat->mutex); /* heartbeat_end has left it */
    pthread_mutex_unlock(&heartbeat->mutex);
    free_heartbeat(heartbeat);
    return NULL;
}

static char *copy(const char *text) {
    char *result = strdup(text);
    if (!result)
        abort();
    return result;
}

static struct heartbeat *new_heartbeat(void) {
    struct heartbeat *heartbeat = calloc(1, sizeof *heartbeat);
    if (!heartbeat)
        abort();
    pthread_condattr_t attributes;
    pthread_mutex_init(&heartbeat->mutex, NULL);
    pthread_mutex_init(&heartbeat->callback_mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&heartbeat->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return heartbeat;
}

static void begin(struct heartbeat *heartbeat, void *(*routine)(void *context)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, routine, heartbeat) != 0)
        abort();
    pthread_detach(thread);
}

struct heartbeat *heartbeat_start(const struct account *account, const struct wire_job *message) {
    struct heartbeat *heartbeat = new_heartbeat();
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    heartbeat->account = (struct account){.url = copy(account->url), .token = copy(account->token)};
    heartbeat->path = copy(arena_printf(&arena, "/runner/jobs/%s/heartbeat", message->id));
    heartbeat->token = message->token;
    heartbeat->last_success_ms = now_ms();
    heartbeat->reason = message->cancelled ? STOP_CANCELLED : STOP_NONE;
    heartbeat->cancel_seen = message->cancelled;
    heartbeat->cancelled_by = arena_strdup(&heartbeat->words, message->stopped_by);
    heartbeat->cancel_reason = arena_strdup(&heartbeat->words, message->stop_reason);
    begin(heartbeat, run);
    return heartbeat;
}

/* Wakes for the deadline, and at the end. */
static void *run_local(void *context) {
    struct heartbeat *heartbeat = context;
    while (!watch(heartbeat)) {
        struct timespec until;
        pthread_mutex_lock(&heartbeat->mutex);
        int64_t left = heartbeat->deadline_ms ? heartbeat->deadline_ms - now_ms() : LOCAL_ROUND_MS;
        int64_t wait_ms = left > 0 && left < LOCAL_ROUND_MS ? left : LOCAL_ROUND_MS;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += wait_ms * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (!heartbeat->ended)
            (void)pthread_cond_timedwait(&heartbeat->changed, &heartbeat->mutex, &until);
        pthread_mutex_unlock(&heartbeat->mutex);
    }
    pthread_mutex_lock(&heartbeat->mutex); /* heartbeat_end has left it */
    pthread_mutex_unlock(&heartbeat->mutex);
    free_heartbeat(heartbeat);
    return NULL;
}

struct heartbeat *heartbeat_start_local(void) {
    struct heartbeat *heartbeat = new_heartbeat();
    begin(heartbeat, run_local);
    return heartbeat;
}

void heartbeat_end(struct heartbeat *heartbeat) {
    heartbeat_on_stop(heartbeat, NULL, NULL);
    pthread_mutex_lock(&heartbeat->mutex);
    heartbeat->ended = true;
    pthread_cond_broadcast(&heartbeat->changed);
    pthread_mutex_unlock(&heartbeat->mutex);
}
