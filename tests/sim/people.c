/*
 * People and senders: what they ask of the server, often of a state that has passed, sometimes twice. What the state
 * does not allow is refused with AWS's error; any other failure is one of ours.
 */
#include "tests/sim/sim.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "tests/sim/draw.h"
#include "tests/sim/look.h"

#include <stdio.h>
#include <string.h>

struct order {
    struct sim *sim;
    const struct pipeline *definition;
    const struct engine_start_request *start;
    const struct engine_change_request *change;
    const struct engine_stop_request *stop;
    const struct engine_answer *answer;
    const struct engine_abandon_request *abandon;
    const struct engine_retry_request *retry;
    const struct engine_rollback_request *rollback;
    const struct engine_transition_request *transition;
    const struct engine_override_request *override;
    struct design *design; /* that it is about, or NULL */
    bool create;
    const char *execution; /* what was started */
    const char *const *executions;
    size_t count;
};

/* Asks, and tells in one line what came of it. */
static enum answer ask(struct sim *sim, db_work *work, struct order *order, const char *what) {
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

static const char *say(struct sim *sim, const char *verb, const char *what, const char *of) {
    return arena_printf(&sim->scratch, "%s %s%s%s", verb, what, of ? " of " : "", of ? of : "");
}

/* ---- pipelines ---- */

static bool write_pipeline(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    const struct engine_definition definition = {.pipeline = order->definition, .origin = ORIGIN_API};
    return order->create ? engine_create_pipeline(tx, &order->sim->scratch, &definition, err)
                         : engine_update_pipeline(tx, &order->sim->scratch, &definition, err);
}

static void create(struct sim *sim, struct design *design) {
    struct order order = {.definition = design_read(sim, design), .create = true};
    enum answer answer = ask(sim, write_pipeline, &order, say(sim, "create", design->name, NULL));
    /* Where nobody heard, the next to try finds the name in use. */
    if (answer != ANSWER_NONE) {
        design->exists = true;
        design->generation++;
    }
}

static void update(struct sim *sim, struct design *design) {
    if (draw_chance(850))
        design_change(design);
    struct order order = {.definition = design_read(sim, design), .design = design};
    if (ask(sim, write_pipeline, &order, say(sim, "update", design->name, NULL)) == ANSWER_DONE)
        count(COUNT_UPDATES);
}

static bool delete_pipeline(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_delete_pipeline(tx, &order->sim->scratch, order->design->name, "someone", err);
}

static void delete_one(struct sim *sim, struct design *design) {
    struct order order = {.design = design};
    /* Unheard or not, it counts as gone for senders: what they sent before is of the earlier pipeline. */
    design->generation++;
    if (ask(sim, delete_pipeline, &order, say(sim, "delete", design->name, NULL)) == ANSWER_DONE) {
        design->exists = false;
        count(COUNT_DELETIONS);
    }
}

/* ---- starts ---- */

static bool start(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    order->execution = NULL;
    return engine_start(tx, &order->sim->scratch, order->start, &order->execution, err);
}

static struct sent_start *remember_start(struct sim *sim, size_t pipeline, const char *token) {
    if (sim->start_count == sim->start_capacity)
        sim->starts = arena_grow(&sim->arena, sim->starts, sizeof *sim->starts, &sim->start_capacity);
    struct sent_start *sent = &sim->starts[sim->start_count++];
    *sent = (struct sent_start){.pipeline = (int)pipeline, .generation = sim->designs[pipeline].generation};
    (void)snprintf(sent->token, sizeof sent->token, "%s", token);
    return sent;
}

static void acknowledge(struct sent_start *sent, const char *execution) {
    if (*sent->execution && !str_equal(sent->execution, execution))
        violated("a client request token starts one execution", "token %s gave %s, then %s", sent->token,
                 sent->execution, execution);
    (void)snprintf(sent->execution, sizeof sent->execution, "%s", execution);
}

static void send_start(struct sim *sim, struct sent_start *sent) {
    static const struct wire_variable color = {.name = "color", .value = "blue"};
    const struct engine_start_request request = {
        .pipeline = sim->designs[sent->pipeline].name,
        .trigger_type = "StartPipelineExecution",
        .by = "sender",
        .client_request_token = *sent->token ? sent->token : NULL,
        .variables = &color,
        .variable_count = sim->seed % 2,
    };
    struct order order = {.start = &request, .design = &sim->designs[sent->pipeline]};
    if (ask(sim, start, &order, say(sim, "start", request.pipeline, NULL)) == ANSWER_DONE)
        acknowledge(sent, order.execution);
}

static void start_one(struct sim *sim, size_t pipeline) {
    char token[UUID_SIZE] = "";
    if (draw_chance(600))
        (void)snprintf(token, sizeof token, "token-%zu", sim->start_count);
    send_start(sim, remember_start(sim, pipeline, token));
}

void people_start(struct sim *sim) {
    start_one(sim, draw_below(sim->design_count));
}

/* The same token again, heard or not. */
static void start_again(struct sim *sim) {
    if (sim->start_count == 0)
        return;
    struct sent_start *sent = &sim->starts[draw_below(sim->start_count)];
    const struct design *design = &sim->designs[sent->pipeline];
    if (!*sent->token || sent->generation != design->generation || !design->exists)
        return;
    count(COUNT_STARTS_AGAIN);
    send_start(sim, sent);
}

static bool change(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    struct engine_change_result result;
    if (!engine_change(tx, &order->sim->scratch, order->change, &result, err))
        return false;
    order->executions = result.executions;
    order->count = result.count;
    return true;
}

static void push(struct sim *sim) {
    const char *commit = arena_printf(&sim->scratch, "%040llx", (unsigned long long)draw_bits());
    const struct engine_change_request request = {.hosted = true,
                                                  .repository = "shop",
                                                  .branch = "main",
                                                  .commit_id = commit,
                                                  .summary = "a change",
                                                  .trigger_type = "CloudWatchEvent",
                                                  .by = "git"};
    struct order order = {.change = &request};
    if (ask(sim, change, &order, "push") != ANSWER_DONE)
        return;
    for (size_t i = 0; i < order.count; i++)
        acknowledge(remember_start(sim, 0, ""), order.executions[i]);
}

/* ---- executions ---- */

static const struct seen_execution *pick_execution(const struct sim *sim) {
    const struct seen *seen = sim->seen;
    if (seen->execution_count == 0)
        return NULL;
    /* Mostly one of the newest: they are the ones that move. */
    size_t back = draw_chance(800) ? draw_below(4) : draw_below(seen->execution_count);
    return &seen->executions[seen->execution_count - 1 - back % seen->execution_count];
}

static bool stop(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_stop(tx, &order->sim->scratch, order->stop, err);
}

static void stop_one(struct sim *sim, bool abandon) {
    const struct seen_execution *execution = pick_execution(sim);
    if (!execution)
        return;
    const struct engine_stop_request request = {.pipeline = execution->pipeline,
                                                .execution = execution->uuid,
                                                .abandon = abandon,
                                                .reason = "because",
                                                .by = "someone"};
    struct order order = {.stop = &request};
    const char *what = say(sim, abandon ? "stop and abandon" : "stop", execution->uuid, NULL);
    if (ask(sim, stop, &order, what) == ANSWER_DONE)
        count(abandon ? COUNT_ABANDONS : COUNT_STOPS);
}

static const struct seen_action *pick_action(const struct sim *sim, bool approval) {
    const struct seen *seen = sim->seen;
    for (size_t i = 0, from = seen->action_count ? draw_below(seen->action_count) : 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[(from + i) % seen->action_count];
        if ((action->approval != NULL) == approval && !action->condition_id &&
            (action->status == ACTION_IN_PROGRESS || draw_chance(100)))
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
                                          .token = action->approval,
                                          .approved = approved,
                                          .summary = "as said",
                                          .by = "someone"};
    struct order order = {.answer = &request};
    if (ask(sim, answer_approval, &order, say(sim, approved ? "approve" : "reject", action->uuid, NULL)) == ANSWER_DONE)
        count(COUNT_APPROVALS);
}

static void answer_one(struct sim *sim) {
    const struct seen_action *action = pick_action(sim, true);
    if (action)
        answer(sim, action, draw_chance(800));
}

static bool abandon(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_abandon_action(tx, &order->sim->scratch, order->abandon, err);
}

static void give_up(struct sim *sim, const struct seen_action *action) {
    if (!action)
        return;
    const struct seen_execution *execution = seen_execution(sim->seen, action->execution_id);
    const struct engine_abandon_request request = {.pipeline = execution->pipeline,
                                                   .execution = execution->uuid,
                                                   .stage = action->stage,
                                                   .action = action->action,
                                                   .by = "someone"};
    struct order order = {.abandon = &request};
    if (ask(sim, abandon, &order, say(sim, "give up", action->uuid, NULL)) == ANSWER_DONE)
        count(COUNT_GIVEN_UP);
}

/* ---- stages ---- */

/* One that an execution has been in; mostly one of the newest. */
static const struct seen_stage *pick_stage(const struct sim *sim, unsigned statuses) {
    const struct seen *seen = sim->seen;
    for (size_t i = 0; i < seen->stage_count; i++) {
        const struct seen_stage *stage = &seen->stages[seen->stage_count - 1 - i];
        if ((statuses & 1u << stage->status) && draw_chance(600))
            return stage;
    }
    return seen->stage_count ? &seen->stages[draw_below(seen->stage_count)] : NULL;
}

static bool retry(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_retry_stage(tx, &order->sim->scratch, order->retry, err);
}

static void retry_one(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_FAILED | 1u << STAGE_STOPPED);
    if (!stage)
        return;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_retry_request request = {.pipeline = execution->pipeline,
                                                 .stage = stage->name,
                                                 .execution = execution->uuid,
                                                 .mode = draw_chance(500) ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
                                                 .by = "someone"};
    struct order order = {.retry = &request};
    if (ask(sim, retry, &order, say(sim, "retry", stage->name, execution->uuid)) == ANSWER_DONE)
        count(COUNT_RETRIES);
}

static bool rollback(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    return engine_rollback_stage(tx, &order->sim->scratch, order->rollback, &order->execution, err);
}

/* What was accepted is there afterwards, as every start is. */
static void roll_back(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_SUCCEEDED);
    if (!stage)
        return;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_rollback_request request = {
        .pipeline = execution->pipeline, .stage = stage->name, .target = execution->uuid, .by = "someone"};
    struct order order = {.rollback = &request};
    if (ask(sim, rollback, &order, say(sim, "roll back", stage->name, execution->uuid)) != ANSWER_DONE)
        return;
    acknowledge(remember_start(sim, 0, ""), order.execution);
    count(COUNT_ROLLBACKS);
}

static bool set_transition(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_set_transition(tx, &order->sim->scratch, order->transition, err);
}

static void turn_transition(struct sim *sim, const struct design *design, const char *stage, bool enable) {
    const struct engine_transition_request request = {.pipeline = design->name,
                                                      .stage = stage,
                                                      .enable = enable,
                                                      .reason = enable ? NULL : "not now",
                                                      .by = "someone"};
    struct order order = {.transition = &request};
    if (ask(sim, set_transition, &order, say(sim, enable ? "open the way into" : "close the way into", stage, NULL)) ==
        ANSWER_DONE)
        count(COUNT_TRANSITIONS);
}

static bool override(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_override_condition(tx, &order->sim->scratch, order->override, err);
}

static void override_one(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_IN_PROGRESS);
    if (!stage)
        return;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_override_request request = {.pipeline = execution->pipeline,
                                                    .stage = stage->name,
                                                    .execution = execution->uuid,
                                                    .kind = stage->phase == PHASE_ENTRY ? CONDITION_BEFORE_ENTRY
                                                                                        : CONDITION_ON_SUCCESS,
                                                    .by = "someone"};
    struct order order = {.override = &request};
    if (ask(sim, override, &order, say(sim, "override", stage->name, execution->uuid)) == ANSWER_DONE)
        count(COUNT_OVERRIDES);
}

/* ---- what they do when ---- */

static bool wants_start(const struct sim *sim) {
    return sim->seen->execution_count < 8;
}

void people_act(struct sim *sim) {
    enum what {
        START,
        AGAIN,
        PUSH,
        STOP,
        ABANDON,
        ANSWER,
        GIVE_UP,
        UPDATE,
        DELETE,
        RETRY,
        ROLL_BACK,
        CLOSE,
        OPEN,
        OVERRIDE,
    };
    static const unsigned weights[] = {
        [START] = 26, [AGAIN] = 12, [PUSH] = 8,   [STOP] = 5,      [ABANDON] = 9, [ANSWER] = 26, [GIVE_UP] = 6,
        [UPDATE] = 6, [DELETE] = 1, [RETRY] = 14, [ROLL_BACK] = 8, [CLOSE] = 4,   [OPEN] = 5,    [OVERRIDE] = 5};
    struct design *design = &sim->designs[draw_below(sim->design_count)];
    if (!design->exists) {
        create(sim, design);
        return;
    }
    enum what what = (enum what)draw_weighted(weights, sizeof weights / sizeof *weights);
    switch (what) {
    case START:
        if (wants_start(sim))
            people_start(sim);
        break;
    case AGAIN:
        start_again(sim);
        break;
    case PUSH:
        if (wants_start(sim))
            push(sim);
        break;
    case STOP:
        stop_one(sim, false);
        break;
    case ABANDON:
        stop_one(sim, true);
        break;
    case ANSWER:
        answer_one(sim);
        break;
    case GIVE_UP:
        give_up(sim, pick_action(sim, false));
        break;
    case UPDATE:
        update(sim, design);
        break;
    case DELETE:
        delete_one(sim, design);
        break;
    case RETRY:
        retry_one(sim);
        break;
    case ROLL_BACK:
        roll_back(sim);
        break;
    case CLOSE:
    case OPEN:
        turn_transition(sim, design, design_stage(draw_below(NAME_PLACES)), what == OPEN);
        break;
    case OVERRIDE:
        override_one(sim);
        break;
    }
}

void people_begin(struct sim *sim) {
    for (size_t i = 0; i < sim->design_count; i++)
        create(sim, &sim->designs[i]);
}

bool people_settle(struct sim *sim) {
    bool any = false;
    for (size_t i = 0; i < sim->design_count && !sim->ways_open; i++) {
        for (size_t j = 0; j < NAME_PLACES && sim->designs[i].exists; j++)
            turn_transition(sim, &sim->designs[i], design_stage(j), true);
        /* Where the way was closed for long, those who wait go in with the next start. */
        if (sim->designs[i].exists)
            start_one(sim, i);
        any = true;
    }
    sim->ways_open = true;
    for (size_t i = 0; i < sim->seen->action_count; i++) {
        const struct seen_action *action = &sim->seen->actions[i];
        if (action->approval && action->status == ACTION_IN_PROGRESS) {
            answer(sim, action, draw_chance(800));
            any = true;
        }
    }
    return any;
}
