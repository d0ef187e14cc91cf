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

#define HISTORIES 6000
#define EVENTS 60
#define EXECUTIONS_MAX 40
#define STAGES_MAX 4
#define ACTIONS_MAX 4
#define RULES_MAX 3

struct history {
    uint64_t seed, state;
    struct arena arena;
    struct pipeline definition; /* of every version: what counts is the version's number */
    struct view view;
    int64_t version;
    int64_t number;
    bool deleted;
    bool retried; /* somebody was let in again */
    struct view_gate gates[STAGES_MAX];
};

static uint64_t draw(struct history *history, uint64_t below) {
    history->state = history->state * 6364136223846793005u + 1442695040888963407u;
    return (history->state >> 33) % below;
}

static const struct action_type by_runner = {.provider = "ECS", .worker = ACTION_BY_RUNNER};
static const struct action_type by_person = {.provider = "Manual", .worker = ACTION_BY_PERSON};

static const struct rule_type by_clock = {.provider = "DeploymentWindow", .judge = RULE_BY_CLOCK};
static const struct rule_type asked = {.provider = "Commands", .judge = RULE_BY_RUNNER};

/* A condition of one stage in four, with a result that its kind may have. */
static const struct pipeline_condition *make_condition(struct history *history, enum condition_kind kind) {
    static const enum condition_result results[][2] = {
        [CONDITION_BEFORE_ENTRY] = {RESULT_FAIL, RESULT_SKIP},
        [CONDITION_ON_SUCCESS] = {RESULT_FAIL, RESULT_ROLLBACK},
        [CONDITION_ON_FAILURE] = {RESULT_RETRY, RESULT_ROLLBACK},
    };
    if (draw(history, 4))
        return NULL;
    struct pipeline_condition *condition = arena_array(&history->arena, struct pipeline_condition, 1);
    size_t count = 1 + draw(history, RULES_MAX);
    struct pipeline_rule *rules = arena_array(&history->arena, struct pipeline_rule, count);
    for (size_t i = 0; i < count; i++)
        rules[i] = (struct pipeline_rule){.name = arena_printf(&history->arena, "r%zu", i),
                                          .type = draw(history, 2) ? &by_clock : &asked};
    *condition =
        (struct pipeline_condition){.result = results[kind][draw(history, 2)], .rules = rules, .rule_count = count};
    return condition;
}

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
        static const enum condition_result failures[] = {RESULT_FAIL, RESULT_FAIL, RESULT_RETRY, RESULT_ROLLBACK};
        stages[i] = (struct pipeline_stage){
            .name = arena_printf(&history->arena, "s%zu", i),
            .actions = actions,
            .action_count = action_count,
            .on_failure = failures[draw(history, 4)],
            .retry_mode = draw(history, 2) ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS,
        };
        for (int kind = 0; kind < 3; kind++)
            stages[i].conditions[kind] = make_condition(history, (enum condition_kind)kind);
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
    case DECIDE_REOPEN:
        CHECK(history, state_may_follow(&execution_statuses, (int)decision->status_from, EXECUTION_IN_PROGRESS));
        break;
    case DECIDE_PHASE:
        CHECK(history, state_may_follow(&stage_phases, (int)decision->phase_from, (int)decision->phase));
        break;
    case DECIDE_CONDITION_STATUS:
        CHECK(history, state_may_follow(&condition_statuses, CONDITION_IN_PROGRESS, (int)decision->condition_status));
        break;
    case DECIDE_START_RULE:
        CHECK(history, decision->execution->stop_mode == STOP_NONE);
        CHECK(history, decision->execution->type == EXECUTION_STANDARD);
        break;
    case DECIDE_ROLLBACK:
        CHECK(history, decision->rollback_target != 0 && decision->execution->type == EXECUTION_STANDARD);
        break;
    case DECIDE_WAIT:
    case DECIDE_ENTER:
    case DECIDE_GROUP:
    case DECIDE_RETRY:
    case DECIDE_CONDITION:
    case DECIDE_GIVE_UP_RULE:
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
    for (size_t i = 0; execution->condition_begun && i < execution->rule_count; i++) {
        if (execution->rules[i].status == ACTION_IN_PROGRESS)
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
    /* Nobody overtakes, but a rollback, which begins where it is, and whoever passes one that was tried again. */
    if (newer->type == EXECUTION_ROLLBACK || older->type == EXECUTION_ROLLBACK || history->retried)
        return;
    CHECK(history, newer->stage_index <= older->stage_index);
    CHECK(history, !(same && older->place == PLACE_WAITING && newer->place == PLACE_INSIDE));
}

/* No execution can neither move nor wait for something with a name. */
static void check_liveness(struct history *history, const struct view_execution *execution) {
    if (execution->place == PLACE_INSIDE)
        CHECK(history, works(execution));
    if (execution->place == PLACE_WAITING)
        CHECK(history, advance_wait(&history->view, execution).holder || advance_wait(&history->view, execution).gate);
    CHECK(history, (execution->place == PLACE_ENDED) == execution_has_ended(execution->status));
    CHECK(history, (execution->status == EXECUTION_STOPPING) ==
                       (execution->place != PLACE_ENDED &&
                        (execution->stop_mode == STOP_WAIT || execution->stop_mode == STOP_ABANDON)));
}

/* Of the groups that were started only the last may have anything but successes, and none was left out. */
static void check_groups(struct history *history, const struct view_execution *execution) {
    if (execution->place != PLACE_INSIDE || execution->phase != PHASE_ACTIONS)
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

static void add(struct history *history, enum execution_type type, int stage_index) {
    if (history->view.count == EXECUTIONS_MAX)
        return;
    history->number++;
    history->view.executions[history->view.count++] = (struct view_execution){
        .id = history->number,
        .number = history->number,
        .version = history->version,
        .definition = &history->definition,
        .mode = history->definition.mode,
        .type = type,
        .place = PLACE_WAITING,
        .stage_index = stage_index,
        /* What the store would find: an earlier one, most of the time. */
        .rollback_target = history->definition.mode != MODE_PARALLEL && draw(history, 3) ? 1 : 0,
        .actions = arena_array(&history->arena, struct view_action, ACTIONS_MAX),
        .rules = arena_array(&history->arena, struct view_action, RULES_MAX),
    };
}

static void apply(struct history *history, const struct engine_event *event) {
    static const struct engine_event look = {.kind = EVENT_LOOK};
    bool incomplete = true;
    for (bool first = true; incomplete; first = false) {
        struct decisions decisions = {.arena = &history->arena};
        advance(&history->view, first ? event : &look, &decisions);
        for (size_t i = 0; i < decisions.count; i++) {
            check_decision(history, &decisions.items[i]);
            if (decisions.items[i].kind == DECIDE_ROLLBACK)
                add(history, EXECUTION_ROLLBACK, decisions.items[i].stage_index);
        }
        incomplete = decisions.incomplete;
    }
    check_view(history);
}

static void start(struct history *history) {
    const struct engine_event look = {.kind = EVENT_LOOK};
    if (history->deleted)
        return;
    add(history, EXECUTION_STANDARD, 0);
    apply(history, &look);
}

/* What engine_retry_stage lets through: nobody has entered the stage since, and nothing works in it. */
static void retry_some(struct history *history, int64_t id) {
    struct view_execution *failed = NULL;
    for (size_t i = 0; i < history->view.count; i++) {
        if (history->view.executions[i].id == id)
            failed = &history->view.executions[i];
    }
    if (!failed || history->deleted || failed->place != PLACE_ENDED || failed->version != history->version ||
        (failed->stage_status != STAGE_FAILED && failed->stage_status != STAGE_STOPPED) ||
        (failed->status != EXECUTION_FAILED && failed->status != EXECUTION_STOPPED))
        return;
    for (size_t i = 0; i < history->view.count; i++) {
        const struct view_execution *other = &history->view.executions[i];
        bool entered = other->place == PLACE_INSIDE || other->number > failed->number;
        if (other != failed && entered && failed->mode != MODE_PARALLEL)
            return;
    }
    const struct engine_event event = {.kind = EVENT_RETRY,
                                       .execution_id = id,
                                       .retry_mode = draw(history, 2) ? RETRY_ALL_ACTIONS : RETRY_FAILED_ACTIONS};
    history->retried = true;
    apply(history, &event);
}

static void turn_some_gate(struct history *history) {
    const struct engine_event look = {.kind = EVENT_LOOK};
    const char *stage = history->definition.stages[draw(history, history->definition.stage_count)].name;
    size_t place = 0;
    while (place < history->view.gate_count && !str_equal(history->gates[place].stage, stage))
        place++;
    if (place < history->view.gate_count)
        history->gates[place] = history->gates[--history->view.gate_count];
    else
        history->gates[history->view.gate_count++] = (struct view_gate){.stage = stage, .reason = "closed"};
    apply(history, &look);
}

static void end_some_action(struct history *history) {
    static const enum action_status ends[] = {ACTION_SUCCEEDED, ACTION_SUCCEEDED, ACTION_SUCCEEDED,
                                              ACTION_SUCCEEDED, ACTION_FAILED,    ACTION_ABANDONED};
    const struct engine_event look = {.kind = EVENT_LOOK};
    struct view_action *running[EXECUTIONS_MAX * (ACTIONS_MAX + RULES_MAX)];
    size_t count = 0;
    for (size_t i = 0; i < history->view.count; i++) {
        struct view_execution *execution = &history->view.executions[i];
        for (size_t j = 0; execution->place == PLACE_INSIDE && j < execution->action_count; j++) {
            if (execution->actions[j].status == ACTION_IN_PROGRESS)
                running[count++] = &execution->actions[j];
        }
        bool asks = execution->place == PLACE_INSIDE && execution->condition_begun;
        for (size_t j = 0; asks && j < execution->rule_count; j++) {
            if (execution->rules[j].status == ACTION_IN_PROGRESS)
                running[count++] = &execution->rules[j];
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
    if (dice < 75) {
        end_some_action(history);
        return;
    }
    if (dice < 80) {
        turn_some_gate(history);
        return;
    }
    if (dice < 85) {
        retry_some(history, event.execution_id);
        return;
    }
    if (dice < 88) {
        event.kind = EVENT_OVERRIDE;
    } else if (dice < 91) {
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
    history.view.gates = history.gates;
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
         .phase = PHASE_ACTIONS,
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
