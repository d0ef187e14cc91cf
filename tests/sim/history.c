/*
 * One history: a world from its seed, some dozens of steps with everything that can go wrong, then the quiet end, in
 * which all faults stop, everything is let run, and every execution must end.
 */
#include "tests/sim/sim.h"

#include "server/engine/wait.h"
#include "server/store/custom_type_rows.h"
#include "server/store/executions.h"
#include "server/store/projects.h"
#include "server/store/runners.h"
#include "server/store/states.h"
#include "tests/sim/disk.h"
#include "tests/sim/draw.h"
#include "tests/sim/look.h"
#include "tests/sim/path.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS_LEAST 22
#define STEPS_MOST 56
#define WHOLE_LOOK_EACH 10
#define ROUNDS_MAX 400

static struct disk_image fresh; /* a database with its schema, runners and projects */

static int64_t wall_now(void *context) {
    const struct sim *sim = context;
    return sim->now_ms + sim->wall_ms;
}

static int64_t boot_now(void *context) {
    return sim_boot_ms(context);
}

/* ---- the first image ---- */

static bool add_surroundings(struct tx *tx, void *context, struct err *err) {
    /* What fails in the one is tried again by itself; of the other's builds one waits for the other. */
    static const struct project_row projects[] = {
        {.name = "shop",
         .document = "{\"source\":{\"type\":\"CODEPIPELINE\"},\"environment\":{\"image\":\"x\"},\"autoRetryLimit\":2}"},
        {.name = "tools",
         .document = "{\"source\":{\"type\":\"CODEPIPELINE\"},\"environment\":{\"image\":\"x\"},"
                     "\"concurrentBuildLimit\":1}"}};
    (void)context;
    for (unsigned i = 0; i < RUNNERS_MAX; i++) {
        const uint8_t hash[SHA256_BYTES] = {(uint8_t)(i + 1)};
        char id[UUID_SIZE], name[16];
        (void)snprintf(id, sizeof id, "00000000-0000-4000-8000-00000000000%u", i);
        (void)snprintf(name, sizeof name, "runner-%u", i);
        const struct runner_row runner = {.id = id, .name = name, .version = "1"};
        if (!runners_add(tx, &runner, hash, err))
            return false;
    }
    const struct custom_type_row type = {.category = WORKER_CATEGORY,
                                         .provider = WORKER_PROVIDER,
                                         .version = WORKER_VERSION,
                                         .document = WORKER_TYPE_DOCUMENT};
    if (!custom_type_rows_add(tx, &type, err))
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!projects_add(tx, &projects[i], err))
            return false;
    }
    return true;
}

void history_prepare(void) {
    struct sim sim = {.wall_ms = INT64_C(1700000000000)};
    struct err err = {0};
    sim.clock = (struct clock){.wall_ms = wall_now, .boot_ms = boot_now, .context = &sim};
    disk_register();
    disk_clear();
    if (!db_open(path_of_database(), &sim.clock, NULL, NULL, &sim.db, &err) ||
        !db_write(sim.db, add_surroundings, NULL, &err)) {
        (void)fprintf(stderr, "sim: %s\n", err.message);
        exit(2);
    }
    db_close(sim.db);
    disk_save(path_of_database(), &fresh);
}

/* ---- time ---- */

/* Everybody is awake and on time, mostly. */
static void pass(struct sim *sim, int64_t ms) {
    sim->now_ms += ms;
    if (sim->full && sim->now_ms >= sim->roomy_ms)
        server_set_full(sim, false);
    if (!sim->db && sim->now_ms >= sim->up_ms)
        server_start(sim);
    if (!sim->faults || draw_chance(900))
        runners_pass_time(sim);
    if (!sim->faults || draw_chance(900))
        server_tick(sim);
}

/* In pieces that let signs of life through; now and then all at once: the machine was asleep. */
static void let_time_pass(struct sim *sim) {
    static const int64_t lengths[] = {500, 3000, 10000, 16000, 61000, 400000};
    static const unsigned weights[] = {15, 30, 35, 12, 6, 2};
    int64_t left = lengths[draw_weighted(weights, 6)];
    note("%lld ms pass", (long long)left);
    if (draw_chance(150)) {
        pass(sim, left);
        return;
    }
    for (; left > 0; left -= 9000)
        pass(sim, left < 9000 ? left : 9000);
}

static void jump(struct sim *sim) {
    static const int64_t hours[] = {-24, 10 * 8766, 1, -1};
    int64_t jumped = hours[draw_below(4)];
    /* Ten years there and back: else everything that follows would be in the far future. */
    if (jumped == 10 * 8766 && sim->wall_ms > INT64_C(1900000000000))
        jumped = -jumped;
    note("the wall clock jumps by %lld hours", (long long)jumped);
    count(COUNT_CLOCK_JUMPS);
    sim->wall_ms += jumped * 3600000;
    sim->steps_back += jumped < 0;
    sim->clock_stepped = sim->clock_woken = true;
}

/* ---- steps ---- */

static void trouble(struct sim *sim) {
    enum what { CRASH, POWER, STOP, FULL, JUMP, RUNNER };
    static const unsigned weights[] = {[CRASH] = 6, [POWER] = 6, [STOP] = 4, [FULL] = 10, [JUMP] = 20, [RUNNER] = 60};
    enum what what = (enum what)draw_weighted(weights, sizeof weights / sizeof *weights);
    if (what == JUMP)
        jump(sim);
    else if (what == RUNNER)
        runner_trouble(sim);
    else if (!sim->db)
        return;
    else if (what == STOP)
        server_stop(sim);
    else if (what == FULL && !sim->full) {
        sim->roomy_ms = sim->now_ms + draw_between(1000, 40000);
        server_set_full(sim, true);
    } else if (what != FULL) {
        server_crash(sim, what == POWER);
    }
}

static void step(struct sim *sim) {
    enum what { PEOPLE, RUNNERS, WORKERS_TOO, TIME, LETTERS, TROUBLE };
    static const unsigned weights[] = {
        [PEOPLE] = 20, [RUNNERS] = 50, [WORKERS_TOO] = 6, [TIME] = 19, [LETTERS] = 5, [TROUBLE] = 6};
    if (sim->broken && sim->db && draw_chance(400)) /* whoever watches it starts it again */
        server_stop(sim);
    enum what what = (enum what)draw_weighted(weights, sizeof weights / sizeof *weights);
    if (!sim->db && draw_chance(600))
        what = TIME;
    switch (what) {
    case PEOPLE:
        people_act(sim);
        break;
    case RUNNERS:
        if (!runners_act(sim))
            let_time_pass(sim);
        break;
    case WORKERS_TOO:
        workers_act(sim);
        break;
    case TIME:
        let_time_pass(sim);
        break;
    case LETTERS:
        network_deliver(sim, false);
        break;
    case TROUBLE:
        trouble(sim);
        break;
    }
    server_tick(sim);
}

static void finish_step(struct sim *sim, uint64_t number) {
    look(sim, number % WHOLE_LOOK_EACH == 0);
    arena_release(&sim->scratch);
    count(COUNT_STEPS);
}

/* ---- the quiet end ---- */

static void end_faults(struct sim *sim) {
    note("all faults end");
    sim->faults = false;
    if (sim->full)
        server_set_full(sim, false);
    if (sim->broken && sim->db)
        server_stop(sim);
    if (!sim->db) {
        sim->now_ms = sim->now_ms > sim->up_ms ? sim->now_ms : sim->up_ms;
        server_start(sim);
    }
    network_deliver(sim, true);
}

static const struct seen_execution *unfinished(const struct sim *sim) {
    for (size_t i = 0; i < sim->seen->execution_count; i++) {
        if (sim->seen->executions[i].place != PLACE_ENDED)
            return &sim->seen->executions[i];
    }
    return NULL;
}

/* Nobody has anything to do: to where the server's clock has, at least. */
static void pass_until_something(struct sim *sim) {
    int64_t until_ms = sim->clock_boot_ms - sim_boot_ms(sim);
    bool ever = sim->clock_boot_ms < INT64_MAX;
    pass(sim, ever && until_ms > 10000 ? until_ms : 10000);
}

struct waiting {
    struct sim *sim;
    int64_t execution_id;
    const char *text;
};

static bool read_wait(struct tx *tx, void *context, struct err *err) {
    struct waiting *waiting = context;
    struct execution_row row;
    return executions_get_by_id(tx, &waiting->sim->scratch, waiting->execution_id, &row, err) &&
           wait_of_execution(tx, &waiting->sim->scratch, &row, &waiting->text, err);
}

static void run_to_the_end(struct sim *sim) {
    const struct seen_execution *left = NULL;
    end_faults(sim);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool any = runners_settle(sim);
        any = workers_settle(sim) || any;
        server_tick(sim);
        finish_step(sim, (uint64_t)round + 1);
        left = unfinished(sim);
        if (!left)
            return;
        if (!any && !people_settle(sim))
            pass_until_something(sim);
    }
    struct waiting waiting = {.sim = sim, .execution_id = left->id};
    (void)server_read(sim, read_wait, &waiting);
    violated("everything ends", "execution %lld (%s) has not ended, though nothing fails any more: %s",
             (long long)left->id, left->uuid, waiting.text ? waiting.text : "it waits for nothing");
}

uint64_t history_run(uint64_t seed) {
    static struct sim sim;
    sim = (struct sim){.seed = seed, .wall_ms = INT64_C(1700000000000)};
    sim.clock = (struct clock){.wall_ms = wall_now, .boot_ms = boot_now, .context = &sim};
    draw_seed(seed);
    sqlite3_randomness(0, NULL);
    disk_clear();
    disk_load(path_of_database(), &fresh);
    sim.booted_ms = -draw_between(1000, 1000000);
    look_begin(&sim);
    design_begin(&sim);
    runners_begin(&sim);
    server_begin(&sim);
    people_begin(&sim);
    people_start(&sim);
    (void)runners_settle(&sim);
    people_start(&sim);
    look(&sim, false);
    sim.faults = seed % 8 != 0;
    uint64_t steps = STEPS_LEAST + draw_below(STEPS_MOST - STEPS_LEAST);
    for (uint64_t i = 1; i <= steps; i++) {
        step(&sim);
        finish_step(&sim, i);
    }
    run_to_the_end(&sim);
    look(&sim, true);
    server_end(&sim);
    uint64_t hash = record_hash();
    arena_release(&sim.arena);
    arena_release(&sim.scratch);
    count(COUNT_HISTORIES);
    return hash;
}
