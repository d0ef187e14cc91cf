/*
 * The server's process: it is asked, it crashes before, within and after its transactions, it starts again. What the
 * program's main.c does at its start is done here too: open, then engine_open.
 */
#include "tests/sim/sim.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "server/store/settings.h"
#include "server/wake.h"
#include "tests/sim/disk.h"
#include "tests/sim/draw.h"
#include "tests/sim/group.h"
#include "tests/sim/path.h"

#include <stdio.h>
#include <string.h>

/* db.c checkpoints from here on, after the answer was given. */
#define CHECKPOINT_LOG_BYTES (INT64_C(1000) * 4096)
#define WOKEN_MAX 64

enum fault { FAULT_NONE, FAULT_BEFORE, FAULT_AFTER, FAULT_WITHIN, FAULT_WRITE, FAULT_SYNC };

/* What a commit woke; written by the writer's thread while we wait for it. */
static struct {
    bool work, clock;
    char jobs[WOKEN_MAX][WAKE_TOPIC_SIZE];
    size_t job_count;
} woken;

static void note_wake(void *context, const char *topic) {
    (void)context;
    if (str_equal(topic, WAKE_JOBS))
        woken.work = true;
    else if (str_equal(topic, WAKE_CLOCK))
        woken.clock = true;
    else if (str_starts_with(topic, "job/") && woken.job_count < WOKEN_MAX)
        memcpy(woken.jobs[woken.job_count++], topic, strlen(topic) + 1);
}

static void hand_on_wakes(struct sim *sim) {
    if (woken.work)
        runners_wake(sim);
    if (woken.clock)
        sim->clock_woken = true;
    for (size_t i = 0; i < woken.job_count; i++)
        runners_wake_job(sim, woken.jobs[i] + strlen("job/"));
    woken.work = woken.clock = false;
    woken.job_count = 0;
}

int64_t sim_boot_ms(const struct sim *sim) {
    return sim->now_ms - sim->booted_ms;
}

/* ---- up and down ---- */

static bool open_engine(struct tx *tx, void *context, struct err *err) {
    (void)context;
    return settings_put(tx, SETTING_REGION, "eu-central-1", err) && engine_open(tx, err);
}

static bool do_nothing(struct tx *tx, void *context, struct err *err) {
    (void)tx, (void)context, (void)err;
    return true;
}

/* A checkpoint runs after the answer, beside us; it is over when the next piece of work has been done. */
static void settle(struct sim *sim) {
    struct err err = {0};
    if (disk_log_bytes(path_of_log()) >= CHECKPOINT_LOG_BYTES)
        (void)db_write(sim->db, do_nothing, NULL, &err);
}

static void fall(struct sim *sim, bool power) {
    disk_stop();
    db_close(sim->db);
    sim->db = NULL;
    disk_crash(!power ? DISK_LOSES_NONE : draw_chance(400) ? DISK_LOSES_ALL : DISK_LOSES_SOME, draw_bits());
    if (sim->full)
        disk_set_full(true);
    if (power)
        count(COUNT_POWER_LOSS);
    sim->broken = false;
    runners_disconnect(sim);
    hand_on_wakes(sim);
    sim->up_ms = sim->now_ms + (draw_chance(600) ? draw_between(0, 3000) : draw_between(3000, 100000));
    if (power)
        sim->booted_ms = sim->up_ms - draw_between(500, 30000);
}

void server_crash(struct sim *sim, bool power) {
    note("the server %s", power ? "loses its power" : "is killed");
    fall(sim, power);
}

void server_stop(struct sim *sim) {
    note("the server ends in good order");
    db_close(sim->db);
    sim->db = NULL;
    sim->broken = false;
    runners_disconnect(sim);
    count(COUNT_RESTARTS);
    sim->up_ms = sim->now_ms + draw_between(0, 20000);
}

void server_start(struct sim *sim) {
    struct err err = {0};
    if (sim->faults && draw_chance(60))
        disk_stop_after(draw_between(0, 14));
    bool open = db_open(path_of_database(), &sim->clock, note_wake, sim, &sim->db, &err);
    bool ready = open && db_write(sim->db, open_engine, NULL, &err);
    if (ready)
        settle(sim);
    if (disk_is_stopped()) {
        note("the server dies while it starts");
        count(COUNT_CRASH_OPENING);
        if (!open)
            sim->db = NULL;
        fall(sim, draw_chance(500));
        return;
    }
    disk_stop_after(-1);
    if (!ready && sim->full) { /* it cannot write its leases' new terms; whoever runs it tries again */
        db_close(open ? sim->db : NULL);
        sim->db = NULL;
        sim->up_ms = sim->now_ms + 5000;
        return;
    }
    if (!ready)
        violated("the server starts", "%s", err.message);
    note("the server starts");
    hand_on_wakes(sim);
    sim->clock_woken = true;
    sim->clock_boot_ms = 0;
    sim->clock_stepped = false;
}

void server_begin(struct sim *sim) {
    sim->db = NULL;
    server_start(sim);
}

void server_end(struct sim *sim) {
    count_more(COUNT_DISK_REFUSED, disk_counts()->refused);
    count_more(COUNT_DISK_FAILED, disk_counts()->failed);
    db_close(sim->db);
    sim->db = NULL;
}

void server_set_full(struct sim *sim, bool full) {
    sim->full = full;
    disk_set_full(full);
    note("the disk %s", full ? "is full" : "has room again");
    if (full)
        count(COUNT_DISK_FULL);
}

/* ---- questions ---- */

static enum fault draw_fault(const struct sim *sim) {
    if (!sim->faults)
        return FAULT_NONE;
    uint64_t dice = draw_below(1000);
    return dice < 3    ? FAULT_BEFORE
           : dice < 9  ? FAULT_AFTER
           : dice < 18 ? FAULT_WITHIN
           : dice < 20 ? FAULT_WRITE
           : dice < 22 ? FAULT_SYNC
                       : FAULT_NONE;
}

static void arm(struct sim *sim, enum fault fault) {
    if (fault == FAULT_WITHIN)
        disk_stop_after(draw_between(0, 14));
    if (fault == FAULT_WRITE)
        disk_fail_write(draw_between(0, 8));
    if (fault == FAULT_SYNC)
        disk_fail_sync(0);
    sim->broken = sim->broken || fault == FAULT_WRITE || fault == FAULT_SYNC;
}

static void disarm(void) {
    disk_stop_after(-1);
    disk_fail_write(-1);
    disk_fail_sync(-1);
}

/* What an injected failure of the machine makes of an answer. */
static bool is_trouble(const struct sim *sim, const struct err *err) {
    return (sim->broken || sim->full) && strstr(err->message, "database") != NULL;
}

/* What whoever asked hears. */
static enum answer answer_of(const struct sim *sim, const struct piece *piece) {
    if (piece->done)
        return ANSWER_DONE;
    if (is_trouble(sim, &piece->err))
        return ANSWER_NONE;
    if (piece->err.kind == ERR_INTERNAL)
        violated("no request finds the database in a state that it does not know", "%s", piece->err.message);
    return ANSWER_REFUSED;
}

/* The server died with them. Death that came with the checkpoint came after the answers. */
static void answer_the_dead(struct sim *sim, enum fault fault, bool power, const struct piece *pieces,
                            size_t piece_count, enum answer *answers) {
    for (size_t i = 0; i < piece_count; i++) {
        answers[i] = pieces[i].done && fault == FAULT_WITHIN ? ANSWER_DONE : ANSWER_NONE;
        note("the transaction was %s", pieces[i].done ? "committed" : "not committed");
    }
    count(fault == FAULT_AFTER ? COUNT_CRASH_AFTER : COUNT_CRASH_WITHIN);
    server_crash(sim, power);
}

void server_ask_together(struct sim *sim, struct piece *pieces, size_t piece_count, enum answer *answers) {
    for (size_t i = 0; i < piece_count; i++)
        answers[i] = ANSWER_NONE;
    if (!sim->db)
        return;
    enum fault fault = draw_fault(sim);
    bool power = draw_chance(500), was_broken = sim->broken;
    if (fault == FAULT_BEFORE) {
        count(COUNT_CRASH_BEFORE);
        server_crash(sim, power);
        return;
    }
    uint64_t failed = disk_counts()->failed;
    arm(sim, fault);
    count_more(COUNT_WRITES, piece_count);
    if (piece_count == 1)
        pieces->done = db_write(sim->db, pieces->work, pieces->context, &pieces->err);
    else
        group_write(sim->db, pieces, piece_count);
    settle(sim);
    if (disk_is_stopped() || fault == FAULT_AFTER) {
        answer_the_dead(sim, fault, power, pieces, piece_count, answers);
        return;
    }
    disarm();
    sim->broken = was_broken || disk_counts()->failed != failed;
    hand_on_wakes(sim);
    for (size_t i = 0; i < piece_count; i++)
        answers[i] = answer_of(sim, &pieces[i]);
}

enum answer server_ask(struct sim *sim, db_work *work, void *context, struct err *err) {
    struct piece piece = {.work = work, .context = context};
    enum answer answer = ANSWER_NONE;
    server_ask_together(sim, &piece, 1, &answer);
    *err = piece.err;
    return answer;
}

bool server_read(struct sim *sim, db_work *work, void *context) {
    struct err err = {0};
    if (!sim->db)
        return false;
    /* On the writer's connection: it is open already. A connection of its own now and then. */
    bool done = sim->seed % 16 == 0 ? db_read(sim->db, work, context, &err) : db_write(sim->db, work, context, &err);
    if (!done && !is_trouble(sim, &err))
        violated("the database can be read", "%s", err.message);
    return done;
}
