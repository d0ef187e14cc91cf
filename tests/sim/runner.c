/*
 * Runners: processes that crash, stall and come back at any step of their slots; and who wakes them.
 */
#include "tests/sim/runner.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "tests/sim/draw.h"

#include <stdio.h>

struct removal {
    struct sim *sim;
    const struct runner *runner;
};

static bool is_up(const struct sim *sim, const struct runner *runner) {
    return runner->exists && runner->alive && sim->now_ms >= runner->stalled_ms;
}

static bool greet(struct sim *sim, struct runner *runner) {
    struct request request = slot_request(sim, runner, &runner->slots[0], REQUEST_HELLO);
    network_send(sim, &request);
    return true;
}

static bool has_work(const struct sim *sim, const struct slot *slot) {
    return slot->state != SLOT_PARKED && (!slot->waits || sim->now_ms >= slot->repeat_ms) &&
           sim->now_ms >= slot->busy_ms;
}

/* Some messages of one slot, one after the other. Who wakes from a stall may send what was next before it looks at its
 * clock; a side effect it does not. */
static void act(struct sim *sim, struct runner *runner, struct slot *slot) {
    bool careless = slot->work != WORK_EFFECT && slot->work != WORK_UNDO && draw_chance(500);
    if (!careless && slot_gave_up(sim, slot))
        return;
    size_t most = 1 + draw_below(5);
    for (size_t i = 0; i < most && sim->db && runner->alive; i++) {
        if ((slot->work == WORK_EFFECT || slot->work == WORK_UNDO) && slot_gave_up(sim, slot))
            return;
        slot_beat(sim, runner, slot);
        if (!slot_act(sim, runner, slot))
            return;
    }
}

/* How much a slot is wanted to move: what works rather than what asks for work. */
static unsigned urge(const struct sim *sim, size_t which) {
    const struct runner *runner = &sim->runners[which / SLOTS];
    const struct slot *slot = &runner->slots[which % SLOTS];
    if (!is_up(sim, runner))
        return 0;
    if (!runner->said_hello)
        return 2;
    if (!has_work(sim, slot))
        return 0;
    return slot->state == SLOT_FREE ? 1 : 6;
}

bool runners_act(struct sim *sim) {
    unsigned urges[RUNNERS_MAX * SLOTS] = {0}, all = 0;
    size_t slots = sim->runner_count * SLOTS;
    for (size_t i = 0; i < slots; i++)
        all += urges[i] = urge(sim, i);
    if (all == 0)
        return false;
    size_t which = draw_weighted(urges, slots);
    struct runner *runner = &sim->runners[which / SLOTS];
    if (runner->said_hello)
        act(sim, runner, &runner->slots[which % SLOTS]);
    else
        (void)greet(sim, runner);
    return true;
}

static void crash(struct sim *sim, struct runner *runner) {
    note("runner %d crashes", (int)(runner - sim->runners));
    count(COUNT_RUNNER_CRASHES);
    runner->alive = false;
    runner->back_ms = sim->now_ms + draw_between(1000, 120000);
    for (size_t i = 0; i < SLOTS; i++)
        slot_forget_job(&runner->slots[i]);
}

static void come_back(struct sim *sim, struct runner *runner) {
    note("runner %d is started again", (int)(runner - sim->runners));
    runner->alive = true;
    runner->said_hello = false;
    runner->stalled_ms = 0;
    runner->instance++;
}

static bool remove_runner(struct tx *tx, void *context, struct err *err) {
    const struct removal *removal = context;
    return engine_remove_runner(tx, &removal->sim->scratch, removal->runner->id, err);
}

/* A person says that a machine is gone, and it is; another one joins. */
static void replace(struct sim *sim, struct runner *runner) {
    struct removal removal = {.sim = sim, .runner = runner};
    struct err err = {0};
    if (sim->runner_count == RUNNERS_MAX)
        return;
    sim->runners[sim->runner_count].exists = true;
    come_back(sim, &sim->runners[sim->runner_count++]);
    enum answer answer = server_ask(sim, remove_runner, &removal, &err);
    note("runner %d is removed: %s", (int)(runner - sim->runners), answer == ANSWER_DONE ? "done" : "no answer");
    count(COUNT_RUNNERS_REMOVED);
    runner->exists = answer != ANSWER_DONE;
    runner->doubtful = runner->exists;
}

/* In good order: what it was offered and has not begun goes back at once. */
static bool end_well(struct sim *sim, struct runner *runner) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (runner->slots[i].state == SLOT_WORKS)
            return false;
    }
    for (size_t i = 0; i < SLOTS && runner->said_hello; i++) {
        struct request request = slot_request(sim, runner, &runner->slots[i], REQUEST_RETURN);
        if (runner->slots[i].state != SLOT_TAKEN)
            continue;
        network_send(sim, &request);
        count(COUNT_RETURNED);
    }
    note("runner %d ends in good order", (int)(runner - sim->runners));
    runner->alive = false;
    runner->back_ms = sim->now_ms + draw_between(1000, 30000);
    for (size_t i = 0; i < SLOTS; i++)
        slot_forget_job(&runner->slots[i]);
    return true;
}

void runner_trouble(struct sim *sim) {
    struct runner *runner = &sim->runners[draw_below(sim->runner_count)];
    if (runner->exists && !runner->alive && draw_chance(300)) {
        replace(sim, runner);
        return;
    }
    if (!is_up(sim, runner) || (draw_chance(250) && end_well(sim, runner)))
        return;
    if (draw_chance(500)) {
        crash(sim, runner);
        return;
    }
    note("runner %d stalls", (int)(runner - sim->runners));
    count(COUNT_RUNNER_STALLS);
    runner->stalled_ms = sim->now_ms + draw_between(20000, 3 * 60000);
}

void runners_pass_time(struct sim *sim) {
    for (size_t i = 0; i < sim->runner_count; i++) {
        struct runner *runner = &sim->runners[i];
        if (runner->exists && !runner->alive && sim->now_ms >= runner->back_ms)
            come_back(sim, runner);
        if (!is_up(sim, runner))
            continue;
        for (size_t j = 0; j < SLOTS && runner->alive; j++)
            slot_beat(sim, runner, &runner->slots[j]);
    }
}

bool runners_settle(struct sim *sim) {
    bool any = false;
    for (size_t i = 0; i < sim->runner_count; i++) {
        struct runner *runner = &sim->runners[i];
        if (!is_up(sim, runner))
            continue;
        if (!runner->said_hello)
            any = greet(sim, runner);
        for (size_t j = 0; j < SLOTS; j++) {
            struct slot *slot = &runner->slots[j];
            (void)slot_gave_up(sim, slot);
            for (int k = 0; k < 40 && slot->state != SLOT_PARKED; k++) {
                slot_beat(sim, runner, slot);
                bool done = slot_act(sim, runner, slot);
                any = any || (done && slot->state != SLOT_PARKED);
                if (!done)
                    break;
            }
        }
    }
    return any;
}

void runners_begin(struct sim *sim) {
    sim->runner_count = 1 + draw_below(3);
    for (size_t i = 0; i < RUNNERS_MAX; i++) {
        struct runner *runner = &sim->runners[i];
        (void)snprintf(runner->id, sizeof runner->id, "00000000-0000-4000-8000-00000000000%zu", i);
        runner->exists = runner->alive = i < sim->runner_count;
        runner->instance = 1;
    }
}

/* ---- wakes ---- */

void runners_wake(struct sim *sim) {
    for (size_t i = 0; i < sim->runner_count; i++) {
        for (size_t j = 0; j < SLOTS; j++) {
            if (sim->runners[i].slots[j].state == SLOT_PARKED)
                sim->runners[i].slots[j].state = SLOT_FREE;
        }
    }
}

void runners_wake_job(struct sim *sim, const char *job) {
    for (size_t i = 0; i < sim->runner_count; i++) {
        for (size_t j = 0; j < SLOTS; j++) {
            struct slot *slot = &sim->runners[i].slots[j];
            if (slot->beat_parked && str_equal(slot->job, job)) {
                slot->beat_parked = false;
                slot->beat_ms = sim->now_ms;
            }
        }
    }
}

/* The server is gone, and with it what was parked there. */
void runners_disconnect(struct sim *sim) {
    runners_wake(sim);
    for (size_t i = 0; i < sim->runner_count; i++) {
        for (size_t j = 0; j < SLOTS; j++) {
            struct slot *slot = &sim->runners[i].slots[j];
            if (slot->beat_parked)
                slot->beat_ms = sim->now_ms + 2000;
            slot->beat_parked = false;
        }
    }
}
