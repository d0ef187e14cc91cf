/*
 * The network between runners and server: requests and answers are lost, doubled and late. A message that is late comes
 * whenever it is drawn, before or after those that were sent later.
 */
#include "tests/sim/sim.h"

#include "common/str.h"
#include "tests/sim/draw.h"
#include "tests/sim/runner.h"

#include <string.h>

enum fate { FATE_WELL, FATE_REQUEST_LOST, FATE_ANSWER_LOST, FATE_DOUBLED, FATE_LATE };

/* Marks fare worse than others: what a late one would do is worst. */
static enum fate draw_fate(const struct sim *sim, enum request_kind kind) {
    static const unsigned weights[] = {
        [FATE_WELL] = 880, [FATE_REQUEST_LOST] = 25, [FATE_ANSWER_LOST] = 30, [FATE_DOUBLED] = 30, [FATE_LATE] = 35};
    static const unsigned worse[] = {
        [FATE_WELL] = 700, [FATE_REQUEST_LOST] = 25, [FATE_ANSWER_LOST] = 35, [FATE_DOUBLED] = 120, [FATE_LATE] = 120};
    if (!sim->faults)
        return FATE_WELL;
    return (enum fate)draw_weighted(kind == REQUEST_CHECKPOINT ? worse : weights, sizeof weights / sizeof *weights);
}

static void post(struct sim *sim, const struct request *request) {
    for (size_t i = 0; i < LETTERS_MAX; i++) {
        if (!sim->letters[i].used) {
            sim->letters[i] = (struct letter){.request = *request, .used = true};
            return;
        }
    }
}

/* The request reaches the server; its answer reaches who sent it, where that one still wants it. */
static void deliver(struct sim *sim, const struct request *request, bool answered) {
    struct reply reply = {0};
    struct err err = {0};
    struct runner *runner = &sim->runners[request->runner];
    enum answer answer = runner_request(sim, request, &reply, &err);
    bool wanted = runner->alive && runner->instance == request->instance;
    if (answer == ANSWER_REFUSED && str_equal(err.code, "StaleTokenException"))
        count(COUNT_FENCED);
    if (answered && wanted && answer != ANSWER_NONE)
        runner_hear(sim, request, answer, &reply, &err);
}

void network_send(struct sim *sim, struct request *request) {
    request->id = ++sim->last_request;
    request->sent_ms = sim->now_ms;
    switch (draw_fate(sim, request->kind)) {
    case FATE_WELL:
        deliver(sim, request, true);
        break;
    case FATE_REQUEST_LOST:
        count(COUNT_REQUEST_LOST);
        break;
    case FATE_ANSWER_LOST:
        count(COUNT_ANSWER_LOST);
        deliver(sim, request, false);
        break;
    case FATE_DOUBLED:
        count(COUNT_DOUBLED);
        post(sim, request);
        deliver(sim, request, true);
        break;
    case FATE_LATE:
        post(sim, request);
        break;
    }
}

void network_deliver(struct sim *sim, bool all) {
    size_t from = draw_below(LETTERS_MAX);
    for (size_t i = 0; i < LETTERS_MAX; i++) {
        struct letter *letter = &sim->letters[(from + i) % LETTERS_MAX];
        if (!letter->used)
            continue;
        letter->used = false;
        count(COUNT_LATE);
        deliver(sim, &letter->request, draw_chance(500));
        if (!all)
            return;
    }
}
