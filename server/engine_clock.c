#include "server/engine_clock.h"

#include "common/log.h"
#include "server/engine/engine.h"
#include "server/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define THREAD_STACK_BYTES (512 * 1024)
#define AFTER_FAILURE_MS 1000

struct engine_clock {
    struct server *server;
    pthread_t thread;
    bool started;
    bool stepped; /* the wall clock was set, and the schedules are still to be computed anew */
    atomic_bool stopped;
    int woken; /* eventfd */
    int timer; /* timerfd on the boot clock, which goes on through suspend */
    int steps; /* timerfd on the wall clock that never comes; reading it fails where that clock was set */
};

bool engine_clock_new(struct engine_clock **out, struct err *err) {
    struct engine_clock *clock = calloc(1, sizeof *clock);
    if (!clock)
        return err_set(err, ERR_INTERNAL, "no memory for the clock");
    clock->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    clock->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    clock->steps = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (clock->woken < 0 || clock->timer < 0 || clock->steps < 0) {
        err_set_errno(err, errno, "cannot make a timer");
        engine_clock_free(clock);
        return false;
    }
    *out = clock;
    return true;
}

void engine_clock_free(struct engine_clock *clock) {
    if (!clock)
        return;
    if (clock->woken >= 0)
        close(clock->woken);
    if (clock->timer >= 0)
        close(clock->timer);
    if (clock->steps >= 0)
        close(clock->steps);
    free(clock);
}

void engine_clock_wake(struct engine_clock *clock) {
    uint64_t one = 1;
    (void)!write(clock->woken, &one, sizeof one); /* it can only fail where a wake is pending anyway */
}

/* One look: what is due, the one of it that is done now, when something is next. */
struct looking {
    struct arena arena;
    struct engine_due *due;
    size_t count;
    const struct engine_due *now;
    int64_t next_ms;
};

static void release(struct looking *looking) {
    arena_release(&looking->arena);
}

static bool list_due(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return engine_list_due(tx, &looking->arena, &looking->due, &looking->count, err);
}

static bool do_due(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    return engine_do_due(tx, &arena, looking->now, err);
}

static bool find_next(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    return engine_next_deadline(tx, &looking->next_ms, err);
}

/* A transaction for each: one pipeline that cannot go on must not keep the leases and approvals of the others. */
static bool do_all(struct server *server, struct looking *looking) {
    struct err err = {0};
    bool all = true;
    for (size_t i = 0; i < looking->count; i++) {
        looking->now = &looking->due[i];
        if (db_write(server->db, do_due, looking, &err))
            continue;
        all = false;
        LOG_ERROR("what is due by the clock could not be done", "job", looking->now->job_id, "err", err.message);
    }
    return all;
}

/* Does what is due; returns when to look again. */
static int64_t run(struct server *server) {
    struct looking looking CLEANUP(release) = {.arena = ARENA_INIT};
    struct err err = {0};
    if (!db_read(server->db, list_due, &looking, &err)) {
        LOG_ERROR("what is due by the clock could not be read", "err", err.message);
        return clock_boot_ms(server->clock) + AFTER_FAILURE_MS;
    }
    if (!do_all(server, &looking) || !db_read(server->db, find_next, &looking, &err))
        return clock_boot_ms(server->clock) + AFTER_FAILURE_MS;
    return looking.next_ms;
}

/* From here on a step of the wall clock shows. The moment itself is centuries away. */
static void watch_steps(struct engine_clock *clock) {
    static const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX * (int64_t)4}};
    timerfd_settime(clock->steps, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static bool was_set(struct engine_clock *clock) {
    uint64_t count;
    return read(clock->steps, &count, sizeof count) < 0 && errno == ECANCELED;
}

static bool recompute(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_recompute_schedules(tx, err);
}

/* After a step the stored instants are those of another time. Tried until it is done. */
static void look_at_wall_clock(struct engine_clock *clock) {
    struct err err = {0};
    if (was_set(clock)) {
        watch_steps(clock); /* first: a step meanwhile must not be missed */
        clock->stepped = true;
        LOG_INFO("the wall clock was set");
    }
    if (clock->stepped && db_write(clock->server->db, recompute, NULL, &err))
        clock->stepped = false;
    else if (clock->stepped)
        LOG_ERROR("schedules could not be computed anew", "err", err.message);
}

static void sleep_until(struct engine_clock *clock, int64_t boot_ms) {
    struct itimerspec at = {0}; /* zero: never */
    if (boot_ms < INT64_MAX) {
        int64_t ms = boot_ms > 0 ? boot_ms : 1;
        at.it_value = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    }
    timerfd_settime(clock->timer, TFD_TIMER_ABSTIME, &at, NULL);
    struct pollfd watched[3] = {{.fd = clock->timer, .events = POLLIN},
                                {.fd = clock->woken, .events = POLLIN},
                                {.fd = clock->steps, .events = POLLIN}};
    poll(watched, 3, -1);
    uint64_t count;
    (void)!read(clock->timer, &count, sizeof count);
    (void)!read(clock->woken, &count, sizeof count);
}

static void *clock_main(void *context) {
    struct engine_clock *clock = context;
    pthread_setname_np(pthread_self(), "engine-clock");
    watch_steps(clock);
    clock->stepped = true; /* it may have been set since the server's start */
    while (!atomic_load(&clock->stopped)) {
        look_at_wall_clock(clock);
        int64_t next_ms = run(clock->server), soon_ms = clock_boot_ms(clock->server->clock) + AFTER_FAILURE_MS;
        sleep_until(clock, clock->stepped && soon_ms < next_ms ? soon_ms : next_ms);
    }
    return NULL;
}

bool engine_clock_start(struct engine_clock *clock, struct server *server, struct err *err) {
    clock->server = server;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int failure = pthread_create(&clock->thread, &attributes, clock_main, clock);
    pthread_attr_destroy(&attributes);
    clock->started = !failure;
    return !failure || err_set_errno(err, failure, "cannot start a thread");
}

void engine_clock_stop(struct engine_clock *clock) {
    if (!clock->started)
        return;
    atomic_store(&clock->stopped, true);
    engine_clock_wake(clock);
    pthread_join(clock->thread, NULL);
    clock->started = false;
}
