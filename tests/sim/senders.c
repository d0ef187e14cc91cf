/*
 * Senders: starts with and without a client request token, again, several at once, and pushes. What was acknowledged is
 * remembered: it must be there ever after.
 */
#include "tests/sim/people.h"

#include "common/str.h"
#include "tests/sim/draw.h"
#include "tests/sim/group.h"

#include <stdio.h>

static bool start(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    order->execution = NULL;
    return engine_start(tx, &order->sim->scratch, order->start, &order->execution, err);
}

struct sent_start *people_remember_start(struct sim *sim, size_t pipeline, const char *token) {
    if (sim->start_count == sim->start_capacity)
        sim->starts = arena_grow(&sim->arena, sim->starts, sizeof *sim->starts, &sim->start_capacity);
    struct sent_start *sent = &sim->starts[sim->start_count++];
    *sent = (struct sent_start){.pipeline = (int)pipeline, .generation = sim->designs[pipeline].generation};
    (void)snprintf(sent->token, sizeof sent->token, "%s", token);
    return sent;
}

void people_acknowledge(struct sent_start *sent, const char *execution) {
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
    if (people_ask(sim, start, &order, people_say(sim, "start", request.pipeline, NULL)) == ANSWER_DONE)
        people_acknowledge(sent, order.execution);
}

void people_start_one(struct sim *sim, size_t pipeline) {
    char token[UUID_SIZE] = "";
    if (draw_chance(600))
        (void)snprintf(token, sizeof token, "token-%zu", sim->start_count);
    send_start(sim, people_remember_start(sim, pipeline, token));
}

void people_start(struct sim *sim) {
    people_start_one(sim, draw_below(sim->design_count));
}

/* The same token again, heard or not. */
bool people_start_again(struct sim *sim) {
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
bool people_start_together(struct sim *sim) {
    struct engine_start_request requests[GROUP_PIECES_MAX];
    struct order orders[GROUP_PIECES_MAX];
    struct piece pieces[GROUP_PIECES_MAX];
    enum answer answers[GROUP_PIECES_MAX];
    size_t sent[GROUP_PIECES_MAX], many = 2 + draw_below(GROUP_PIECES_MAX - 1);
    const struct design *design = &sim->designs[draw_below(sim->design_count)];
    if (sim->seen->execution_count >= EXECUTIONS_MOST || !design->exists || sim->broken)
        return false;
    for (size_t i = 0; i < many; i++) {
        sent[i] = sim->start_count;
        if (i > 0 && draw_chance(300))
            sent[i] = sent[i - 1];
        else
            (void)people_remember_start(sim, (size_t)(design - sim->designs),
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
            people_acknowledge(&sim->starts[sent[i]], orders[i].execution);
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
    static const char *const files[] = {"README.md", "src/app.js"};
    const char *commit = arena_printf(&sim->scratch, "%040llx", (unsigned long long)draw_bits());
    const struct engine_change_request request = {.hosted = true,
                                                  .repository = "shop",
                                                  .branch = "main",
                                                  .commit_id = commit,
                                                  .files = &files[draw_below(2)],
                                                  .file_count = 1,
                                                  .files_known = true,
                                                  .summary = "a change",
                                                  .trigger_type = "CloudWatchEvent",
                                                  .by = "git"};
    struct order order = {.change = &request};
    if (people_ask(sim, change, &order, "push") != ANSWER_DONE)
        return;
    for (size_t i = 0; i < order.count; i++)
        people_acknowledge(people_remember_start(sim, 0, ""), order.executions[i]);
}

bool people_start_some(struct sim *sim, bool by_push) {
    if (sim->seen->execution_count >= EXECUTIONS_MOST)
        return false;
    if (by_push)
        push(sim);
    else
        people_start(sim);
    return true;
}
