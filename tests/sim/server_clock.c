/*
 * The thread of the server's clock, as server/engine_clock.c has it: it does what is due, and sleeps until the next
 * deadline unless it is woken.
 */
#include "server/engine/engine.h"
#include "tests/sim/sim.h"

#define AFTER_FAILURE_MS 1000 /* server/engine_clock.c: when it looks again after a failure */

struct ticking {
    struct sim *sim;
    struct engine_due *due;
    size_t count, next;
    int64_t deadline_ms;
};

static bool list_due(struct tx *tx, void *context, struct err *err) {
    struct ticking *ticking = context;
    return engine_list_due(tx, &ticking->sim->scratch, &ticking->due, &ticking->count, err);
}

static bool do_due(struct tx *tx, void *context, struct err *err) {
    struct ticking *ticking = context;
    return engine_do_due(tx, &ticking->sim->scratch, &ticking->due[ticking->next], err);
}

static bool find_next(struct tx *tx, void *context, struct err *err) {
    struct ticking *ticking = context;
    return engine_next_deadline(tx, &ticking->deadline_ms, err);
}

static void look_again_soon(struct sim *sim) {
    sim->clock_boot_ms = sim_boot_ms(sim) + AFTER_FAILURE_MS;
    sim->clock_failed = true;
}

static bool recompute(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return engine_recompute_schedules(tx, err);
}

/* After a step of the wall clock; tried until it is done. */
static bool recompute_schedules(struct sim *sim) {
    struct err err = {0};
    sim->clock_stepped = server_ask(sim, recompute, NULL, &err) != ANSWER_DONE;
    note("the clock computes the schedules anew: %s", sim->clock_stepped ? "not done" : "done");
    return !sim->clock_stepped;
}

static void tell_due(const struct engine_due *due) {
    if (due->job_id)
        note("the clock ends the offer or lease of job %s", due->job_id);
    else if (due->schedule_id)
        note("the clock starts what is scheduled");
    else
        note("the clock does %s", due->worker_job_id ? "a worker's job" : "an approval or a rule");
}

/* As server/engine_clock.c does it. */
void server_tick(struct sim *sim) {
    struct ticking ticking = {.sim = sim};
    if (!sim->db || (!sim->clock_woken && sim_boot_ms(sim) < sim->clock_boot_ms))
        return;
    sim->clock_woken = sim->clock_failed = false;
    if (sim->clock_stepped && !recompute_schedules(sim)) {
        look_again_soon(sim);
        return;
    }
    if (!server_read(sim, list_due, &ticking)) {
        look_again_soon(sim);
        return;
    }
    bool all = true;
    for (; ticking.next < ticking.count; ticking.next++) {
        struct err err = {0};
        enum answer answer = server_ask(sim, do_due, &ticking, &err);
        if (!sim->db)
            return;
        tell_due(&ticking.due[ticking.next]);
        if (answer == ANSWER_REFUSED)
            violated("what is due can be done", "%s", err.message);
        if (answer == ANSWER_DONE && ticking.due[ticking.next].job_id)
            count(COUNT_LEASES_OVER);
        if (answer == ANSWER_DONE && ticking.due[ticking.next].schedule_id)
            count(COUNT_SCHEDULED);
        all = all && answer == ANSWER_DONE;
    }
    if (!all || !server_read(sim, find_next, &ticking))
        look_again_soon(sim);
    else
        sim->clock_boot_ms = ticking.deadline_ms;
}
