/*
 * People and senders: what they ask of the server, often of a state that has passed, sometimes twice. What the state
 * does not allow is refused with AWS's error; any other failure is one of ours.
 */
#include "tests/sim/people.h"

#include "common/str.h"
#include "tests/sim/draw.h"

enum answer people_ask(struct sim *sim, db_work *work, struct order *order, const char *what) {
    static const char *const words[] = {[ANSWER_DONE] = "done", [ANSWER_NONE] = "no answer"};
    struct err err = {0};
    order->sim = sim;
    enum answer answer = server_ask(sim, work, order, &err);
    if (answer == ANSWER_REFUSED)
        count(COUNT_REFUSALS);
    note("%s: %s", what, answer == ANSWER_REFUSED ? err.code ? err.code : err.message : words[answer]);
    if (answer == ANSWER_REFUSED && !err.code && err.kind != ERR_INVALID)
        violated("what is refused is refused with AWS's error", "%s: %s", what, err.message);
    if (order->design && answer == ANSWER_REFUSED && str_equal(err.code, "PipelineNotFoundException"))
        order->design->exists = false; /* it was deleted, and nobody heard */
    return answer;
}

const char *people_say(struct sim *sim, const char *verb, const char *what, const char *of) {
    return arena_printf(&sim->scratch, "%s %s%s%s", verb, what, of ? " of " : "", of ? of : "");
}

/* ---- executions ---- */

static const struct seen_execution *pick_execution(const struct sim *sim) {
    const struct seen *seen = sim->seen;
    if (seen->execution_count == 0)
        return NULL;
    size_t from = draw_below(seen->execution_count);
    for (size_t i = 0; i < seen->execution_count; i++) {
        const struct seen_execution *execution = &seen->executions[(from + i) % seen->execution_count];
        if (execution->place == PLACE_INSIDE || draw_chance(100)) /* mostly one that moves */
            return execution;
    }
    return &seen->executions[from];
}

static bool stop(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_stop(tx, &order->sim->scratch, order->stop, err);
}

static bool stop_one(struct sim *sim, bool abandon) {
    const struct seen_execution *execution = pick_execution(sim);
    if (!execution)
        return false;
    const struct engine_stop_request request = {.pipeline = execution->pipeline,
                                                .execution = execution->uuid,
                                                .abandon = abandon,
                                                .reason = "because",
                                                .by = "someone"};
    struct order order = {.stop = &request};
    const char *what = people_say(sim, abandon ? "stop and abandon" : "stop", execution->uuid, NULL);
    if (people_ask(sim, stop, &order, what) == ANSWER_DONE)
        count(abandon ? COUNT_ABANDONS : COUNT_STOPS);
    return true;
}

/* An approval, or else an action that is being undone; now and then one that it is too late for. */
/* What answers it: a manual approval, or a deploy in a pause; NULL: nothing. */
static const char *token_of(const struct seen_action *action) {
    return action->approval ? action->approval : *action->question ? action->question : NULL;
}

static const struct seen_action *pick_action(const struct sim *sim, bool approval) {
    const struct seen *seen = sim->seen;
    for (size_t i = 0, from = seen->action_count ? draw_below(seen->action_count) : 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[(from + i) % seen->action_count];
        if ((token_of(action) != NULL) != approval || action->condition_id)
            continue;
        bool right = action->status == ACTION_IN_PROGRESS &&
                     (approval || seen_execution(seen, action->execution_id)->stop == STOP_ABANDON);
        if (right || draw_chance(50))
            return action;
    }
    return NULL;
}

static bool answer_approval(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    int64_t answered_ms = 0;
    return engine_answer_approval(tx, &order->sim->scratch, order->answer, &answered_ms, err);
}

static void answer(struct sim *sim, const struct seen_action *action, bool approved) {
    const struct seen_execution *execution = seen_execution(sim->seen, action->execution_id);
    const struct engine_answer request = {.pipeline = execution->pipeline,
                                          .stage = action->stage,
                                          .action = action->action,
                                          .token = token_of(action),
                                          .approved = approved,
                                          .summary = "as said",
                                          .by = "someone"};
    struct order order = {.answer = &request};
    if (people_ask(sim, answer_approval, &order,
                   people_say(sim, approved ? "approve" : "reject", action->uuid, NULL)) == ANSWER_DONE)
        count(COUNT_APPROVALS);
}

static bool answer_one(struct sim *sim) {
    const struct seen_action *action = pick_action(sim, true);
    if (action)
        answer(sim, action, draw_chance(800));
    return action != NULL;
}

static bool abandon(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_abandon_action(tx, &order->sim->scratch, order->abandon, err);
}

static bool give_up(struct sim *sim, const struct seen_action *action) {
    if (!action)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, action->execution_id);
    const struct engine_abandon_request request = {.pipeline = execution->pipeline,
                                                   .execution = execution->uuid,
                                                   .stage = action->stage,
                                                   .action = action->action,
                                                   .by = "someone"};
    struct order order = {.abandon = &request};
    if (people_ask(sim, abandon, &order, people_say(sim, "give up", action->uuid, NULL)) == ANSWER_DONE)
        count(COUNT_GIVEN_UP);
    return true;
}

/* ---- what they do when ---- */

/* Mostly of a stage that somebody has been in. */
static bool turn_some(struct sim *sim, const struct design *design, bool enable) {
    const struct seen *seen = sim->seen;
    const char *stage = design_stage(draw_below(NAME_PLACES));
    if (seen->stage_count && draw_chance(800))
        stage = seen->stages[draw_below(seen->stage_count)].name;
    people_turn_transition(sim, design, stage, enable);
    return true;
}

enum deed {
    DEED_START,
    DEED_AGAIN,
    DEED_TOGETHER,
    DEED_PUSH,
    DEED_STOP,
    DEED_ABANDON,
    DEED_ANSWER,
    DEED_GIVE_UP,
    DEED_UPDATE,
    DEED_DELETE,
    DEED_SCHEDULE,
    DEED_STOP_BUILD,
    DEED_RETRY,
    DEED_ROLL_BACK,
    DEED_CLOSE,
    DEED_OPEN,
    DEED_OVERRIDE,
};

static const unsigned deed_weights[] = {
    [DEED_START] = 22,   [DEED_AGAIN] = 8,      [DEED_TOGETHER] = 4, [DEED_PUSH] = 8,      [DEED_STOP] = 4,
    [DEED_ABANDON] = 9,  [DEED_ANSWER] = 40,    [DEED_GIVE_UP] = 8,  [DEED_UPDATE] = 4,    [DEED_DELETE] = 1,
    [DEED_SCHEDULE] = 6, [DEED_STOP_BUILD] = 3, [DEED_RETRY] = 16,   [DEED_ROLL_BACK] = 7, [DEED_CLOSE] = 3,
    [DEED_OPEN] = 5,     [DEED_OVERRIDE] = 10};

/* False: there was nothing to do that to. */
static bool act(struct sim *sim, struct design *design, enum deed deed) {
    switch (deed) {
    case DEED_START:
    case DEED_PUSH:
        return people_start_some(sim, deed == DEED_PUSH);
    case DEED_TOGETHER:
        return people_start_together(sim);
    case DEED_AGAIN:
        return people_start_again(sim);
    case DEED_STOP:
    case DEED_ABANDON:
        return stop_one(sim, deed == DEED_ABANDON);
    case DEED_ANSWER:
        return answer_one(sim);
    case DEED_GIVE_UP:
        return give_up(sim, pick_action(sim, false));
    case DEED_UPDATE:
    case DEED_DELETE:
        return deed == DEED_DELETE ? people_delete(sim, design) : people_update(sim, design);
    case DEED_SCHEDULE:
        return draw_chance(800) ? people_put_schedule(sim, design) : people_delete_schedule(sim, design);
    case DEED_STOP_BUILD:
        return people_stop_build(sim);
    case DEED_RETRY:
        return people_retry(sim);
    case DEED_ROLL_BACK:
        return people_roll_back(sim);
    case DEED_CLOSE:
    case DEED_OPEN:
        return turn_some(sim, design, deed == DEED_OPEN);
    case DEED_OVERRIDE:
        return people_override(sim);
    }
    return false;
}

void people_act(struct sim *sim) {
    struct design *design = &sim->designs[draw_below(sim->design_count)];
    if (!design->exists) {
        people_create(sim, design);
        return;
    }
    for (int tries = 0; tries < 6; tries++) {
        if (act(sim, design, (enum deed)draw_weighted(deed_weights, sizeof deed_weights / sizeof *deed_weights)))
            return;
    }
}

void people_begin(struct sim *sim) {
    for (size_t i = 0; i < sim->design_count; i++)
        people_create(sim, &sim->designs[i]);
}

bool people_settle(struct sim *sim) {
    bool any = false;
    for (size_t i = 0; i < sim->design_count && !sim->ways_open; i++) {
        for (size_t j = 0; j < NAME_PLACES && sim->designs[i].exists; j++)
            people_turn_transition(sim, &sim->designs[i], design_stage(j), true);
        if (sim->designs[i].exists)
            people_turn_transition(sim, &sim->designs[i], "Source", true);
        if (sim->designs[i].exists) /* what starts for ever never ends */
            (void)people_delete_schedule(sim, &sim->designs[i]);
        /* Where the way was closed for long, those who wait go in with the next start. */
        if (sim->designs[i].exists)
            people_start_one(sim, i);
        any = true;
    }
    sim->ways_open = true;
    for (size_t i = 0; i < sim->seen->action_count; i++) {
        const struct seen_action *action = &sim->seen->actions[i];
        if (token_of(action) && action->status == ACTION_IN_PROGRESS) {
            answer(sim, action, draw_chance(800));
            any = true;
        }
    }
    return any;
}
