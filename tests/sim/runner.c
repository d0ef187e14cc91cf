/*
 * Runners: each slot is a little state machine over the queue's messages. A runner does what its rules say (it leaves
 * the mark before a side effect, looks before it repeats one, gives a job up 45 seconds after its last sign of life was
 * taken), but it crashes, stalls and comes back at any of its steps.
 */
#include "tests/sim/runner.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "tests/sim/draw.h"

#include <stdio.h>
#include <string.h>

#define BELIEF_MS 45000 /* runner/heartbeat.c: GIVE_UP_MS */
#define BEAT_MS 10000
#define POLL_MS 25000

static void forget_job(struct slot *slot) {
    *slot = (struct slot){.state = SLOT_FREE};
}

static struct request request_of(const struct sim *sim, const struct runner *runner, const struct slot *slot,
                                 enum request_kind kind) {
    struct request request = {.kind = kind,
                              .runner = (size_t)(runner - sim->runners),
                              .slot = (size_t)(slot - runner->slots),
                              .instance = runner->instance,
                              .token = slot->token,
                              .outcome = slot->outcome};
    memcpy(request.claim, slot->claim, UUID_SIZE);
    memcpy(request.job, slot->job, UUID_SIZE);
    return request;
}

static void send(struct sim *sim, struct slot *slot, struct request *request) {
    slot->waits = true;
    slot->repeat_ms = sim->now_ms + draw_between(3000, 20000);
    slot->asked = *request;
    slot->asked.id = sim->last_request + 1; /* the network numbers it so */
    network_send(sim, request);
}

static void ask(struct sim *sim, const struct runner *runner, struct slot *slot, enum request_kind kind,
                const char *name) {
    struct request request = request_of(sim, runner, slot, kind);
    request.name = name;
    send(sim, slot, &request);
}

struct removal {
    struct sim *sim;
    const struct runner *runner;
};

/* ---- a job ---- */

static const char *copy_text(struct sim *sim, const char *text) {
    return text ? arena_strdup(&sim->arena, text) : "";
}

static void copy_names(struct sim *sim, struct slot *slot, const struct wire_job *job) {
    const char **inputs = arena_array(&sim->arena, const char *, job->input_count);
    const char **outputs = arena_array(&sim->arena, const char *, job->output_count);
    for (size_t i = 0; i < job->input_count; i++)
        inputs[i] = arena_strdup(&sim->arena, job->inputs[i].name);
    for (size_t i = 0; i < job->output_count; i++)
        outputs[i] = arena_strdup(&sim->arena, job->outputs[i]);
    slot->inputs = inputs;
    slot->input_count = job->input_count;
    slot->outputs = outputs;
    slot->output_count = job->output_count;
}

static void take(struct sim *sim, struct slot *slot, const struct wire_job *job) {
    slot->state = SLOT_TAKEN;
    (void)snprintf(slot->job, sizeof slot->job, "%s", job->id);
    slot->token = job->token;
    slot->work = WORK_ACKNOWLEDGE;
    slot->next = 0;
    slot->cancel = job->cancelled;
    slot->abandon = false;
    slot->marked = job->checkpoint != NULL;
    slot->has_effect = str_equal(job->provider, "ECS");
    slot->is_build = job->build != NULL;
    slot->action_run = copy_text(sim, job->action_execution_id);
    slot->target = slot->has_effect ? copy_text(sim, json_get_text(job->configuration, "ServiceName")) : "";
    slot->outcome = draw_chance(sim->faults ? 180 : 60) ? WIRE_FAILED : WIRE_SUCCEEDED;
    copy_names(sim, slot, job);
}

static void turn_to_undo(struct slot *slot) {
    if (slot->state != SLOT_WORKS || slot->work >= WORK_UNDO || slot->waits)
        return;
    slot->work = WORK_UNDO;
    slot->busy_ms = 0;
}

/* A deploy: the mark, then the effect; who comes after another looks what is there first. */
static void mark(struct sim *sim, const struct runner *runner, struct slot *slot) {
    if (!slot->marked) {
        ask(sim, runner, slot, REQUEST_CHECKPOINT, NULL);
    } else if (provider_has(sim, slot->action_run)) {
        count(COUNT_ADOPTED);
        slot->work = WORK_PROGRESS;
    } else {
        slot->work = WORK_EFFECT;
    }
}

/* A build or a rollout takes a while, and is watched. */
static void take_time(struct sim *sim, struct slot *slot) {
    if (sim->faults && draw_chance(700))
        slot->busy_ms = sim->now_ms + draw_between(1000, 40000);
}

static void begin(struct sim *sim, struct slot *slot) {
    slot->work = slot->has_effect ? WORK_MARK : WORK_PROGRESS;
    if (!slot->has_effect)
        take_time(sim, slot);
}

static void undo(struct sim *sim, struct slot *slot) {
    if (slot->has_effect && !slot->abandon)
        provider_undo(sim, slot->action_run);
    slot->outcome = WIRE_STOPPED;
    slot->work = WORK_RESULT;
}

static void work(struct sim *sim, const struct runner *runner, struct slot *slot) {
    switch (slot->work) {
    case WORK_ACKNOWLEDGE:
        ask(sim, runner, slot, REQUEST_ACKNOWLEDGE, NULL);
        break;
    case WORK_INPUTS:
        if (slot->next < slot->input_count)
            ask(sim, runner, slot, REQUEST_INPUT, slot->inputs[slot->next]);
        else
            begin(sim, slot);
        break;
    case WORK_MARK:
        mark(sim, runner, slot);
        break;
    case WORK_EFFECT:
        provider_apply(sim, slot->action_run, slot->target);
        slot->work = WORK_PROGRESS;
        take_time(sim, slot);
        break;
    case WORK_PROGRESS:
        slot->next = 0;
        if (sim->faults && draw_chance(300))
            ask(sim, runner, slot, REQUEST_PROGRESS, NULL);
        else
            slot->work = WORK_OUTPUTS;
        break;
    case WORK_OUTPUTS:
        if (slot->outcome == WIRE_SUCCEEDED && slot->next < slot->output_count)
            ask(sim, runner, slot, REQUEST_ARTIFACT, slot->outputs[slot->next]);
        else
            slot->work = WORK_RESULT;
        break;
    case WORK_UNDO:
        undo(sim, slot);
        break;
    case WORK_RESULT:
        ask(sim, runner, slot, REQUEST_RESULT, NULL);
        break;
    }
}

/* ---- answers ---- */

static void hear_lease(struct sim *sim, struct slot *slot, const struct reply *reply) {
    if (reply->has_job) {
        take(sim, slot, &reply->job);
        return;
    }
    slot->state = SLOT_PARKED;
    slot->repeat_ms = sim->now_ms + POLL_MS;
}

static void hear_beat(struct sim *sim, struct slot *slot, const struct request *request, const struct reply *reply) {
    slot->believed_ms = request->sent_ms + BELIEF_MS;
    slot->beat_ms = sim->now_ms + BEAT_MS;
    slot->beat_parked = reply->cancel == JOB_CANCEL_NONE;
    if (reply->cancel == JOB_CANCEL_NONE)
        return;
    slot->cancel = true;
    slot->abandon = reply->cancel == JOB_CANCEL_ABANDON;
    turn_to_undo(slot);
}

static void hear_progress_of_work(struct slot *slot, const struct request *request) {
    switch (request->kind) {
    case REQUEST_ACKNOWLEDGE:
        slot->state = SLOT_WORKS;
        slot->believed_ms = request->sent_ms + BELIEF_MS;
        slot->beat_ms = request->sent_ms + BEAT_MS;
        slot->work = WORK_INPUTS;
        break;
    case REQUEST_INPUT:
    case REQUEST_ARTIFACT:
        slot->next++;
        break;
    case REQUEST_CHECKPOINT:
        slot->marked = true;
        slot->work = WORK_EFFECT;
        break;
    case REQUEST_PROGRESS:
        slot->work = WORK_OUTPUTS;
        break;
    case REQUEST_RESULT:
        forget_job(slot);
        break;
    case REQUEST_HELLO:
    case REQUEST_LEASE:
    case REQUEST_HEARTBEAT:
        break;
    }
    if (slot->cancel)
        turn_to_undo(slot);
}

void runner_hear(struct sim *sim, const struct request *request, enum answer answer, const struct reply *reply,
                 const struct err *err) {
    struct runner *runner = &sim->runners[request->runner];
    struct slot *slot = &runner->slots[request->slot];
    (void)err;
    if (request->kind == REQUEST_HELLO) {
        runner->said_hello = answer == ANSWER_DONE;
        return;
    }
    bool about_job = request->kind != REQUEST_LEASE;
    if (about_job && (!str_equal(slot->job, request->job) || slot->token != request->token))
        return;
    if (request->kind == REQUEST_HEARTBEAT) {
        if (answer == ANSWER_REFUSED)
            forget_job(slot);
        else
            hear_beat(sim, slot, request, reply);
        return;
    }
    if (!slot->waits || slot->asked.id != request->id)
        return;
    slot->waits = false;
    if (answer == ANSWER_REFUSED) /* stale: the job is somebody else's, or the claim is over */
        forget_job(slot);
    else if (request->kind == REQUEST_LEASE)
        hear_lease(sim, slot, reply);
    else
        hear_progress_of_work(slot, request);
}

/* ---- steps ---- */

/* True: something was done. */
static bool slot_act(struct sim *sim, const struct runner *runner, struct slot *slot) {
    if (slot->state == SLOT_PARKED) {
        if (sim->now_ms < slot->repeat_ms)
            return false;
        slot->state = SLOT_FREE;
    }
    if (slot->waits) {
        if (sim->now_ms < slot->repeat_ms)
            return false;
        struct request again = slot->asked;
        send(sim, slot, &again);
        return true;
    }
    if (sim->now_ms < slot->busy_ms)
        return false;
    if (slot->state == SLOT_FREE) {
        if (!*slot->claim)
            hash_uuid(slot->claim);
        ask(sim, runner, slot, REQUEST_LEASE, NULL);
        return true;
    }
    work(sim, runner, slot);
    return true;
}

static bool gave_up(struct sim *sim, struct slot *slot) {
    if (slot->state != SLOT_WORKS || sim->now_ms < slot->believed_ms)
        return false;
    note("job %.8s is given up by its runner", slot->job);
    count(COUNT_LEASES_OVER);
    forget_job(slot);
    return true;
}

static void beat(struct sim *sim, const struct runner *runner, struct slot *slot) {
    if (slot->state != SLOT_WORKS || sim->now_ms < slot->beat_ms)
        return;
    slot->beat_parked = false;
    slot->beat_ms = sim->now_ms + 2000;
    struct request request = request_of(sim, runner, slot, REQUEST_HEARTBEAT);
    network_send(sim, &request);
}

static bool is_up(const struct sim *sim, const struct runner *runner) {
    return runner->exists && runner->alive && sim->now_ms >= runner->stalled_ms;
}

static bool greet(struct sim *sim, struct runner *runner) {
    struct request request = request_of(sim, runner, &runner->slots[0], REQUEST_HELLO);
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
    if (!careless && gave_up(sim, slot))
        return;
    size_t most = 1 + draw_below(5);
    for (size_t i = 0; i < most && sim->db && runner->alive; i++) {
        if ((slot->work == WORK_EFFECT || slot->work == WORK_UNDO) && gave_up(sim, slot))
            return;
        beat(sim, runner, slot);
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
        forget_job(&runner->slots[i]);
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

void runner_trouble(struct sim *sim) {
    struct runner *runner = &sim->runners[draw_below(sim->runner_count)];
    if (runner->exists && !runner->alive && draw_chance(300)) {
        replace(sim, runner);
        return;
    }
    if (!is_up(sim, runner))
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
            beat(sim, runner, &runner->slots[j]);
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
            (void)gave_up(sim, slot);
            for (int k = 0; k < 40 && slot->state != SLOT_PARKED; k++) {
                beat(sim, runner, slot);
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
