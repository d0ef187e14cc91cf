/*
 * One slot of a runner: a little state machine over the queue's messages. It does what a runner's rules say (it leaves
 * the mark before a side effect, looks before it repeats one, gives a job up 45 seconds after its last sign of life was
 * taken). Crashes and stalls are runner.c's.
 */
#include "tests/sim/runner.h"

#include "common/str.h"
#include "tests/sim/draw.h"

#include <stdio.h>
#include <string.h>

#define BELIEF_MS 45000 /* runner/heartbeat.c: GIVE_UP_MS */
#define BEAT_MS 10000
#define POLL_MS 25000

void slot_forget_job(struct slot *slot) {
    *slot = (struct slot){.state = SLOT_FREE};
}

struct request slot_request(const struct sim *sim, const struct runner *runner, const struct slot *slot,
                            enum request_kind kind) {
    struct request request = {.kind = kind,
                              .runner = (size_t)(runner - sim->runners),
                              .slot = (size_t)(slot - runner->slots),
                              .instance = runner->instance,
                              .token = slot->token,
                              .action_run = slot->action_run,
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
    struct request request = slot_request(sim, runner, slot, kind);
    request.name = name;
    send(sim, slot, &request);
}

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
    /* Whoever has the job asks the same. */
    slot->pauses = slot->has_effect && strchr("0123", *slot->action_run);
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
        slot->work = WORK_PAUSE;
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

/* In the midst of its traffic shift: only a person's word, or a cancel, brings it on. */
static void wait_for_answer(struct sim *sim, const struct runner *runner, struct slot *slot) {
    if (slot->pauses && !slot->has_asked) {
        struct request request = slot_request(sim, runner, slot, REQUEST_PROGRESS);
        request.asks = true;
        send(sim, slot, &request);
    } else if (slot->pauses && slot->answer == PAUSE_WAITING) {
        slot->busy_ms = sim->now_ms + 1000;
    } else {
        if (slot->answer == PAUSE_REJECTED) {
            slot->outcome = WIRE_FAILED;
            count(COUNT_REJECTED);
        }
        slot->work = WORK_PROGRESS;
    }
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
        slot->work = WORK_PAUSE;
        take_time(sim, slot);
        break;
    case WORK_PAUSE:
        wait_for_answer(sim, runner, slot);
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
    bool news = reply->answer != slot->answer;
    slot->answer = reply->answer;
    slot->beat_parked = reply->cancel == JOB_CANCEL_NONE && !news;
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
        if (request->asks)
            count(COUNT_PAUSES);
        else
            slot->work = WORK_OUTPUTS;
        slot->has_asked = slot->has_asked || request->asks;
        break;
    case REQUEST_RESULT:
    case REQUEST_RETURN:
        slot_forget_job(slot);
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
            slot_forget_job(slot);
        else
            hear_beat(sim, slot, request, reply);
        return;
    }
    if (!slot->waits || slot->asked.id != request->id)
        return;
    slot->waits = false;
    if (answer == ANSWER_REFUSED) /* stale: the job is somebody else's, or the claim is over */
        slot_forget_job(slot);
    else if (request->kind == REQUEST_LEASE)
        hear_lease(sim, slot, reply);
    else
        hear_progress_of_work(slot, request);
}

/* ---- steps ---- */

bool slot_act(struct sim *sim, const struct runner *runner, struct slot *slot) {
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

bool slot_gave_up(struct sim *sim, struct slot *slot) {
    if (slot->state != SLOT_WORKS || sim->now_ms < slot->believed_ms)
        return false;
    note("job %.8s is given up by its runner", slot->job);
    count(COUNT_LEASES_OVER);
    slot_forget_job(slot);
    return true;
}

void slot_beat(struct sim *sim, const struct runner *runner, struct slot *slot) {
    if (slot->state != SLOT_WORKS || sim->now_ms < slot->beat_ms)
        return;
    slot->beat_parked = false;
    slot->beat_ms = sim->now_ms + 2000;
    struct request request = slot_request(sim, runner, slot, REQUEST_HEARTBEAT);
    network_send(sim, &request);
}
