/*
 * The rules by themselves: random pipelines and random events, and after each of them what must always be so. A failure
 * prints its seed; PENSTOCK_SEED=N runs that one history.
 */
#include "server/engine/advance.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HISTORIES 3000
#define EVENTS 60
#define EXECUTIONS_MAX 40
#define STAGES_MAX 4
#define ACTIONS_MAX 4

struct history {
    uint64_t seed, state;
    struct arena arena;
    struct pipeline definition; /* of every version: what counts is the version's number */
    struct view view;
    int64_t version;
    int64_t number;
    bool deleted;
};

static uint64_t draw(struct history *history, uint64_t below) {
    history->state = history->state * 6364136223846793005u + 1442695040888963407u;
    return (history->state >> 33) % below;
}

static const struct action_type by_runner = {.provider = "ECS", .worker = ACTION_BY_RUNNER};
static const struct action_type by_person = {.provider = "Manual", .worker = ACTION_BY_PERSON};

static void make_definition(struct history *history) {
    static const int orders[] = {1, 1, 2, 7};
    size_t stage_count = 2 + draw(history, STAGES_MAX - 1);
    struct pipeline_stage *stages = arena_array(&history->arena, struct pipeline_stage, stage_count);
    for (size_t i = 0; i < stage_count; i++) {
        size_t action_count = 1 + draw(history, ACTIONS_MAX);
        struct pipeline_action *actions = arena_array(&history->arena, struct pipeline_action, action_count);
        for (size_t j = 0; j < action_count; j++)
            actions[j] = (struct pipeline_action){.name = arena_printf(&history->arena, "a%zu", j),
                                                  .type = draw(history, 4) ? &by_runner : &by_person,
                                                  .run_order = orders[draw(history, 4)]};
        stages[i] = (struct pipeline_stage){
            .name = arena_printf(&history->arena, "s%zu", i), .actions = actions, .action_count = action_count};
    }
    history->definition = (struct pipeline){
        .name = "p", .mode = (enum execution_mode)draw(history, 3), .stages = stages, .stage_count = stage_count};
}

#define CHECK(history, condition)                                                                                      \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s; run with PENSTOCK_SEED=%llu", #condition, (unsigned long long)(history)->seed);              \
    } while (0)

/* ---- what each decision must be ---- */

static void check_decision(struct history *history, const struct decision *decision) {
    switch (decision->kind) {
    case DECIDE_STATUS:
        CHECK(history, state_may_follow(&execution_statuses, (int)decision->status_from, (int)decision->status));
        break;
    case DECIDE_STOP_MODE:
        CHECK(history, state_may_follow(&stop_modes, (int)decision->stop_from, (int)decision->stop));
        break;
    case DECIDE_STAGE_STATUS:
        CHECK(history, state_may_follow(&stage_statuses, (int)decision->stage_from, (int)decision->stage));
        break;
    case DECIDE_START_ACTION:
        CHECK(history, decision->execution->stop_mode == STOP_NONE);
        break;
    case DECIDE_UNDO_ACTION:
    case DECIDE_DROP_ACTION:
    case DECIDE_ABANDON_ACTION:
        CHECK(history, decision->execution->stop_mode != STOP_NONE);
        break;
    case DECIDE_WAIT:
    case DECIDE_ENTER:
    case DECIDE_GROUP:
        break;
    }
}

/* ---- what must always be so ---- */

static const char *stage_name(const struct view_execution *execution) {
    return execution->definition->stages[execution->stage_index].name;
}

static bool works(const struct view_execution *execution) {
    for (size_t i = 0; i < execution->action_count; i++) {
        if (execution->actions[i].status == ACTION_IN_PROGRESS)
            return true;
    }
    return false;
}

static void check_pair(struct history *history, const struct view_execution *older,
                       const struct view_execution *newer) {
    if (older->place == PLACE_ENDED || newer->place == PLACE_ENDED || older->mode == MODE_PARALLEL)
        return;
    bool same = str_equal(stage_name(older), stage_name(newer));
    CHECK(history, !(same && older->place == PLACE_INSIDE && newer->place == PLACE_INSIDE));
    CHECK(history,
          !(same && older->mode == MODE_SUPERSEDED && older->place == PLACE_WAITING && newer->place == PLACE_WAITING));
    CHECK(history, newer->stage_index <= older->stage_index); /* nobody overtakes */
    CHECK(history, !(same && older->place == PLACE_WAITING && newer->place == PLACE_INSIDE));
}

/* No execution can neither move nor wait for something with a name. */
static void check_liveness(struct history *history, const struct view_execution *execution) {
    if (execution->place == PLACE_INSIDE)
        CHECK(history, works(execution));
    if (execution->place == PLACE_WAITING)
        CHECK(history, advance_holder(&history->view, execution) != NULL);
    CHECK(history, (execution->place == PLACE_ENDED) == execution_has_ended(execution->status));
    CHECK(history, (execution->status == EXECUTION_STOPPING) ==
                       (execution->place != PLACE_ENDED &&
                        (execution->stop_mode == STOP_WAIT || execution->stop_mode == STOP_ABANDON)));
}

/* Of the groups that were started only the last may have anything but successes, and none was left out. */
static void check_groups(struct history *history, const struct view_execution *execution) {
    if (execution->place != PLACE_INSIDE)
        return;
    const struct pipeline_stage *stage = &execution->definition->stages[execution->stage_index];
    for (size_t i = 0; i < stage->action_count; i++) {
        const struct view_action *run = NULL;
        for (size_t j = 0; j < execution->action_count; j++) {
            if (str_equal(execution->actions[j].name, stage->actions[i].name))
                run = &execution->actions[j];
        }
        CHECK(history, (run != NULL) == (stage->actions[i].run_order <= execution->run_order));
        if (run && stage->actions[i].run_order < execution->run_order)
            CHECK(history, run->status == ACTION_SUCCEEDED);
    }
}

static void check_view(struct history *history) {
    const struct engine_event look = {.kind = EVENT_LOOK};
    struct decisions more = {.arena = &history->arena};
    advance(&history->view, &look, &more);
    CHECK(history, more.count == 0); /* all that follows has followed */
    for (size_t i = 0; i < history->view.count; i++) {
        check_liveness(history, &history->view.executions[i]);
        check_groups(history, &history->view.executions[i]);
        for (size_t j = i + 1; j < history->view.count; j++)
            check_pair(history, &history->view.executions[i], &history->view.executions[j]);
    }
}

/* ---- events ---- */

static void apply(struct history *history, const struct engine_event *event) {
    struct decisions decisions = {.arena = &history->arena};
    advance(&history->view, event, &decisions);
    for (size_t i = 0; i < decisions.count; i++)
        check_decision(history, &decisions.items[i]);
    check_view(history);
}

static void start(struct history *history) {
    const struct engine_event look = {.kind = EVENT_LOOK};
    if (history->view.count == EXECUTIONS_MAX || history->deleted)
        return;
    history->number++;
    history->view.executions[history->view.count++] = (struct view_execution){
        .id = history->number,
        .number = history->number,
        .version = history->version,
        .definition = &history->definition,
        .mode = history->definition.mode,
        .place = PLACE_WAITING,
        .actions = arena_array(&history->arena, struct view_action, ACTIONS_MAX),
    };
    apply(history, &look);
}

static void end_some_action(struct history *history) {
    static const enum action_status ends[] = {ACTION_SUCCEEDED, ACTION_SUCCEEDED, ACTION_SUCCEEDED,
                                              ACTION_SUCCEEDED, ACTION_FAILED,    ACTION_ABANDONED};
    const struct engine_event look = {.kind = EVENT_LOOK};
    struct view_action *running[EXECUTIONS_MAX * ACTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < history->view.count; i++) {
        struct view_execution *execution = &history->view.executions[i];
        for (size_t j = 0; execution->place == PLACE_INSIDE && j < execution->action_count; j++) {
            if (execution->actions[j].status == ACTION_IN_PROGRESS)
                running[count++] = &execution->actions[j];
        }
    }
    if (count == 0)
        return;
    running[draw(history, count)]->status = ends[draw(history, 6)];
    apply(history, &look);
}

static void some_event(struct history *history) {
    struct engine_event event = {.execution_id = 1 + (int64_t)draw(history, (uint64_t)history->number + 1)};
    uint64_t dice = draw(history, 100);
    if (dice < 25) {
        start(history);
        return;
    }
    if (dice < 85) {
        end_some_action(history);
        return;
    }
    if (dice < 90) {
        event.kind = EVENT_STOP;
    } else if (dice < 95) {
        event.kind = EVENT_ABANDON;
    } else if (dice < 99) {
        event.kind = EVENT_UPDATE;
        event.version = ++history->version;
    } else {
        event.kind = EVENT_DELETE;
        history->deleted = true;
    }
    apply(history, &event);
}

static void run_history(uint64_t seed) {
    struct view_execution executions[EXECUTIONS_MAX];
    struct history history = {.seed = seed, .state = seed * 2654435761u + 1, .view.executions = executions};
    make_definition(&history);
    for (int i = 0; i < EVENTS; i++)
        some_event(&history);
    arena_release(&history.arena);
}

static void random_histories_keep_every_rule(void **state) {
    (void)state;
    const char *only = getenv("PENSTOCK_SEED");
    if (only) {
        run_history(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= HISTORIES; seed++)
        run_history(seed);
}

/* ---- the order in which decisions are written ---- */

static void a_stage_is_left_before_the_next_one_enters(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const struct pipeline_action action = {.name = "a0", .type = &by_runner, .run_order = 1};
    const struct pipeline_stage stages[] = {{.name = "s0", .actions = &action, .action_count = 1},
                                            {.name = "s1", .actions = &action, .action_count = 1}};
    const struct pipeline definition = {.name = "p", .stages = stages, .stage_count = 2};
    struct view_action first = {.run_id = 9, .name = "a0", .status = ACTION_SUCCEEDED}, second;
    struct view_execution executions[] = {
        {.id = 1,
         .number = 1,
         .definition = &definition,
         .place = PLACE_INSIDE,
         .stage_run_id = 5,
         .run_order = 1,
         .actions = &first,
         .action_count = 1},
        {.id = 2, .number = 2, .definition = &definition, .place = PLACE_WAITING, .actions = &second},
    };
    struct view view = {.executions = executions, .count = 2};
    const struct engine_event look = {.kind = EVENT_LOOK};
    struct decisions decisions = {.arena = &arena};
    advance(&view, &look, &decisions);
    /* Where the first leaves, before where the second enters: else both would hold the stage's lock. */
    assert_int_equal(decisions.items[0].kind, DECIDE_STAGE_STATUS);
    for (size_t i = 0; i < decisions.count; i++) {
        if (decisions.items[i].kind == DECIDE_ENTER && decisions.items[i].execution == &executions[1])
            assert_true(i > 0);
    }
    assert_int_equal(decisions.items[0].stage_run_id, 5);
    assert_int_equal(executions[0].stage_index, 1);
    assert_int_equal(executions[1].place, PLACE_INSIDE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_keep_every_rule),
        cmocka_unit_test(a_stage_is_left_before_the_next_one_enters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
