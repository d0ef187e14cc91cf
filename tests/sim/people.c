/*
 * People and senders: what they ask of the server, often of a state that has passed, sometimes twice. What the state
 * does not allow is refused with AWS's error; any other failure is one of ours.
 */
#include "tests/sim/sim.h"

#include "common/str.h"
#include "server/engine/engine.h"
#include "tests/sim/draw.h"
#include "tests/sim/group.h"
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
static bool start_again(struct sim *sim) {
    if (sim->start_count == 0)
        return false;
    struct sent_start *sent = &sim->starts[draw_below(sim->start_count)];
    const struct design *design = &sim->designs[sent->pipeline];
    if (!*sent->token || sent->generation != design->generation || !design->exists)
        return false;
    count(COUNT_STARTS_AGAIN);
    send_start(sim, sent);
    return true;
}

/* Several senders at once, two of them perhaps with one token: their starts are committed together. */
static bool start_together(struct sim *sim) {
    struct engine_start_request requests[GROUP_PIECES_MAX];
    struct order orders[GROUP_PIECES_MAX];
    struct piece pieces[GROUP_PIECES_MAX];
    enum answer answers[GROUP_PIECES_MAX];
    size_t sent[GROUP_PIECES_MAX], many = 2 + draw_below(GROUP_PIECES_MAX - 1);
    const struct design *design = &sim->designs[draw_below(sim->design_count)];
    if (sim->seen->execution_count >= 10 || !design->exists || sim->broken)
        return false;
    for (size_t i = 0; i < many; i++) {
        sent[i] = sim->start_count;
        if (i > 0 && draw_chance(300))
            sent[i] = sent[i - 1];
        else
            (void)remember_start(sim, (size_t)(design - sim->designs),
                                 arena_printf(&sim->scratch, "token-%zu", sim->start_count));
        requests[i] = (struct engine_start_request){
            .pipeline = draw_chance(100) ? "nosuch" : design->name,
            .trigger_type = "StartPipelineExecution",
            .client_request_token = arena_strdup(&sim->scratch, sim->starts[sent[i]].token),
        };
        orders[i] = (struct order){.sim = sim, .start = &requests[i]};
        pieces[i] = (struct piece){.work = start, .context = &orders[i]};
    }
    server_ask_together(sim, pieces, many, answers);
    for (size_t i = 0; i < many; i++) {
        note("start %s at once: %s", requests[i].client_request_token, answers[i] == ANSWER_DONE ? "done" : "not done");
        if (answers[i] == ANSWER_DONE)
            acknowledge(&sim->starts[sent[i]], orders[i].execution);
        else if (answers[i] == ANSWER_REFUSED && !pieces[i].err.code)
            violated("what is refused is refused with AWS's error", "start: %s", pieces[i].err.message);
    }
    count(COUNT_GROUPS);
    return true;
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
    const char *what = say(sim, abandon ? "stop and abandon" : "stop", execution->uuid, NULL);
    if (ask(sim, stop, &order, what) == ANSWER_DONE)
        count(abandon ? COUNT_ABANDONS : COUNT_STOPS);
    return true;
}

/* An approval, or else an action that is being undone; now and then one that it is too late for. */
static const struct seen_action *pick_action(const struct sim *sim, bool approval) {
    const struct seen *seen = sim->seen;
    for (size_t i = 0, from = seen->action_count ? draw_below(seen->action_count) : 0; i < seen->action_count; i++) {
        const struct seen_action *action = &seen->actions[(from + i) % seen->action_count];
        if ((action->approval != NULL) != approval || action->condition_id)
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
                                          .token = action->approval,
                                          .approved = approved,
                                          .summary = "as said",
                                          .by = "someone"};
    struct order order = {.answer = &request};
    if (ask(sim, answer_approval, &order, say(sim, approved ? "approve" : "reject", action->uuid, NULL)) == ANSWER_DONE)
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
    if (ask(sim, abandon, &order, say(sim, "give up", action->uuid, NULL)) == ANSWER_DONE)
        count(COUNT_GIVEN_UP);
    return true;
}

/* ---- stages ---- */

/* One that an execution has been in, mostly of these, and one of the newest; NULL: there is none. */
static const struct seen_stage *pick_stage(const struct sim *sim, unsigned statuses, bool behind_source) {
    const struct seen *seen = sim->seen;
    const struct seen_stage *found = NULL;
    for (size_t i = 0; i < seen->stage_count; i++) {
        const struct seen_stage *stage = &seen->stages[i];
        bool right = (statuses & 1u << stage->status) && (stage->stage_index > 0 || !behind_source);
        if ((right && (!found || draw_chance(600))) || draw_chance(10))
            found = stage;
    }
    return found;
}

static bool retry(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_retry_stage(tx, &order->sim->scratch, order->retry, err);
}

/* What succeeded counts still, after the failed actions were retried; another retry may have followed by itself. */
static void check_kept(struct sim *sim, const struct seen_stage *before) {
    const struct seen *seen = sim->seen;
    bool *counted = arena_array(&sim->scratch, bool, seen->action_count);
    size_t were = seen->action_count;
    for (size_t i = 0; i < were; i++)
        counted[i] = seen->actions[i].stage_run_id == before->id && seen->actions[i].status == ACTION_SUCCEEDED &&
                     !seen->actions[i].set_aside;
    look(sim, false);
    if (seen_stage(seen, before->id)->retries != before->retries + 1)
        return;
    for (size_t i = 0; i < were; i++) {
        if (counted[i] && seen->actions[i].set_aside)
            violated("no action twice", "action run %s succeeded and a retry of what failed does it again",
                     seen->actions[i].uuid);
    }
}

static bool retry_one(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_FAILED | 1u << STAGE_STOPPED, false);
    if (!stage)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_retry_request request = {.pipeline = execution->pipeline,
                                                 .stage = stage->name,
                                                 .execution = execution->uuid,
                                                 .mode = draw_chance(500) ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
                                                 .by = "someone"};
    struct order order = {.retry = &request};
    struct seen_stage before = *stage;
    if (ask(sim, retry, &order, say(sim, "retry", stage->name, execution->uuid)) != ANSWER_DONE)
        return true;
    count(COUNT_RETRIES);
    if (request.mode == RETRY_FAILED_ACTIONS)
        check_kept(sim, &before);
    return true;
}

static bool rollback(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    return engine_rollback_stage(tx, &order->sim->scratch, order->rollback, &order->execution, err);
}

/* What was accepted is there afterwards, as every start is. */
static bool roll_back(struct sim *sim) {
    const struct seen_stage *stage = pick_stage(sim, 1u << STAGE_SUCCEEDED, true);
    if (!stage)
        return false;
    const struct seen_execution *execution = seen_execution(sim->seen, stage->execution_id);
    const struct engine_rollback_request request = {
        .pipeline = execution->pipeline, .stage = stage->name, .target = execution->uuid, .by = "someone"};
    struct order order = {.rollback = &request};
    if (ask(sim, rollback, &order, say(sim, "roll back", stage->name, execution->uuid)) != ANSWER_DONE)
        return true;
    acknowledge(remember_start(sim, 0, ""), order.execution);
    count(COUNT_ROLLBACKS);
    return true;
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

/* Mostly one that is at a condition. */
static bool override_one(struct sim *sim) {
    const struct seen_stage *stage = NULL;
    for (size_t i = 0; i < sim->seen->stage_count; i++) {
        const struct seen_stage *candidate = &sim->seen->stages[i];
        if (candidate->status == STAGE_IN_PROGRESS && (candidate->phase != PHASE_ACTIONS || draw_chance(50)))
            stage = candidate;
    }
    if (!stage)
        return false;
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
    return true;
}

/* ---- what they do when ---- */

static bool start_some(struct sim *sim, bool by_push) {
    if (sim->seen->execution_count >= 10)
        return false;
    if (by_push)
        push(sim);
    else
        people_start(sim);
    return true;
}

/* Mostly of a stage that somebody has been in. */
static bool turn_some(struct sim *sim, const struct design *design, bool enable) {
    const struct seen *seen = sim->seen;
    const char *stage = design_stage(draw_below(NAME_PLACES));
    if (seen->stage_count && draw_chance(800))
        stage = seen->stages[draw_below(seen->stage_count)].name;
    turn_transition(sim, design, stage, enable);
    return true;
}

static bool change_some(struct sim *sim, struct design *design, bool gone) {
    if (gone)
        delete_one(sim, design);
    else
        update(sim, design);
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
    DEED_RETRY,
    DEED_ROLL_BACK,
    DEED_CLOSE,
    DEED_OPEN,
    DEED_OVERRIDE,
};

static const unsigned deed_weights[] = {
    [DEED_START] = 22,  [DEED_AGAIN] = 8,     [DEED_TOGETHER] = 4, [DEED_PUSH] = 8,   [DEED_STOP] = 4,
    [DEED_ABANDON] = 9, [DEED_ANSWER] = 40,   [DEED_GIVE_UP] = 8,  [DEED_UPDATE] = 4, [DEED_DELETE] = 1,
    [DEED_RETRY] = 16,  [DEED_ROLL_BACK] = 7, [DEED_CLOSE] = 3,    [DEED_OPEN] = 5,   [DEED_OVERRIDE] = 10};

/* False: there was nothing to do that to. */
static bool act(struct sim *sim, struct design *design, enum deed deed) {
    switch (deed) {
    case DEED_START:
    case DEED_PUSH:
        return start_some(sim, deed == DEED_PUSH);
    case DEED_TOGETHER:
        return start_together(sim);
    case DEED_AGAIN:
        return start_again(sim);
    case DEED_STOP:
    case DEED_ABANDON:
        return stop_one(sim, deed == DEED_ABANDON);
    case DEED_ANSWER:
        return answer_one(sim);
    case DEED_GIVE_UP:
        return give_up(sim, pick_action(sim, false));
    case DEED_UPDATE:
    case DEED_DELETE:
        return change_some(sim, design, deed == DEED_DELETE);
    case DEED_RETRY:
        return retry_one(sim);
    case DEED_ROLL_BACK:
        return roll_back(sim);
    case DEED_CLOSE:
    case DEED_OPEN:
        return turn_some(sim, design, deed == DEED_OPEN);
    case DEED_OVERRIDE:
        return override_one(sim);
    }
    return false;
}

void people_act(struct sim *sim) {
    struct design *design = &sim->designs[draw_below(sim->design_count)];
    if (!design->exists) {
        create(sim, design);
        return;
    }
    for (int tries = 0; tries < 6; tries++) {
        if (act(sim, design, (enum deed)draw_weighted(deed_weights, sizeof deed_weights / sizeof *deed_weights)))
            return;
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
        if (sim->designs[i].exists)
            turn_transition(sim, &sim->designs[i], "Source", true);
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
